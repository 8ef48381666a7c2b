// A network of one's own, trained on several machines, or on several cores as if they were machines. Alone it is one
// rank. Where MPI is installed:
//
// Build: cmake --preset release && cmake --build --preset release
//
// Run: mpirun -n 4 build/release/examples/11_train_on_mpi [FACES [EPOCHS]]
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "lineament/lineament.hpp"
#include "lineament/mpi.hpp"
#include "number.hpp"

using namespace lineament;

constexpr Shape kInput{64, 64, 3};

constexpr Spec own_network() {
  Spec net;
  net << Conv2d{.channels = 16, .stride = 2, .bias = false} << BatchNorm{} << ReLU{} << MaxPool{};
  net << Conv2d{.channels = 32, .bias = false} << BatchNorm{} << ReLU{} << MaxPool{};
  net << Flatten{} << Dense{.features = kValues};
  return net;
}
static_assert(output_shape(own_network(), kInput) == Shape{kValues});

int main(int argc, char** argv) try {
  const MpiSession mpi;  // a program that starts MPI itself leaves it out, and gives the next line its own communicator
  MpiCommunicator ranks(MPI_COMM_WORLD, [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); });
  const auto count = static_cast<std::size_t>(number(argc, argv, 1, 2000));

  // Every rank has the same samples, network and options; of each batch it takes its share.
  StoreOptions store;
  store.preprocessing.size = kInput.width();
  const FaceStore train = FaceStore::draw(1, count, store), held_out = FaceStore::draw(2, count / 8 + 1, store);
  Network network(own_network(), kInput, 1);

  FitOptions options;
  options.epochs = number(argc, argv, 2, 15);
  options.batch_size = 16 * ranks.size();  // that of all ranks
  options.schedule.rate *= std::sqrt(static_cast<float>(ranks.size()));
  options.schedule.warmup = 1;  // see docs/scaling.md
  options.metric = face_metric();
  options.distributed.communicator = &ranks;
  FitCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochReport& r, const Network&, const TrainingState&) {
    if (ranks.rank() == 0)
      std::printf("epoch %2zu  loss %.5f  held-out NME %6.2f %%  %4.0f images/s\n", r.epoch, r.train.loss,
                  r.validation->metric(kNme), r.images_per_second);
    return true;
  };
  fit(network, train, &held_out, options, callbacks);
  return 0;
} catch (const std::invalid_argument&) {  // of a word where a number is due
  std::fputs("usage: 11_train_on_mpi [FACES [EPOCHS]]\n", stderr);
  return 2;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
