// A network of one's own, residual and with a concatenation: checked by the compiler, trained on drawn faces.
// Build: cmake --preset release && cmake --build --preset release
// Run: build/release/examples/03_own_network [FACES [EPOCHS]]
#include <cstdio>
#include <stdexcept>

#include "lineament/lineament.hpp"
#include "number.hpp"

using namespace lineament;

constexpr Shape kInput{64, 64, 3};

/// Convolution, batch norm, ReLU.
constexpr NodeId block(Spec& net, NodeId x, int channels, int stride = 1) {
  x = net.add(Conv2d{.channels = channels, .stride = stride, .bias = false}, x);
  return net.add(ReLU{}, net.add(BatchNorm{}, x));
}

constexpr Spec own_network() {
  Spec net;
  const NodeId stem = block(net, Spec::kInput, 16, 2);          // 32 x 32 x 16
  const NodeId coarse = net.add(MaxPool{}, stem, "coarse");     // 16 x 16 x 16
  const NodeId inner = block(net, block(net, coarse, 16), 16);  // the same
  const NodeId sum = net.add(Add{}, {coarse, inner}, "residual");
  const NodeId deep = block(net, sum, 32, 2);                       // 8 x 8 x 32
  const NodeId shrunk = net.add(AvgPool{}, sum);                    // 8 x 8 x 16
  const NodeId both = net.add(Concat{}, {deep, shrunk}, "concat");  // 8 x 8 x 48
  net.add(Flatten{}, both);
  net.add(Dropout{.rate = 0.1f}, net.last());
  net.add(Dense{.features = kValues}, net.last(), "points");
  return net;
}
// A layer that does not fit is an error of the compiler here, and a SpecError with the layer's name at run time.
static_assert(output_shape(own_network(), kInput) == Shape{kValues});

int main(int argc, char** argv) try {
  const auto count = static_cast<std::size_t>(number(argc, argv, 1, 2000));
  FitOptions options;
  options.epochs = number(argc, argv, 2, 15);
  StoreOptions store;
  store.preprocessing.size = kInput.width();
  const FaceStore train = FaceStore::draw(1, count, store), held_out = FaceStore::draw(2, count / 8 + 1, store);

  Network network(own_network(), kInput, 1);
  std::printf("%zu weights, %zu multiply-adds\n", network.weight_count(), network.multiply_adds());
  const InferenceSession session(network);
  for (const PlannedOp& step : session.plan())
    std::printf("%-28s %-12s %s\n", step.layers.c_str(), step.kernel.c_str(), to_string(step.output).c_str());

  options.metric = face_metric();
  FitCallbacks callbacks;
  callbacks.on_epoch = [](const EpochReport& r, const Network&, const TrainingState&) {
    std::printf("epoch %2zu  loss %.5f  held-out NME %6.2f %%\n", r.epoch, r.train.loss, r.validation->metric(kNme));
    return true;
  };
  const FitResult result = fit(network, train, &held_out, options, callbacks);
  std::printf("best: epoch %zu, NME %.2f %%\n", result.best_epoch, result.best);
  return 0;
} catch (const std::invalid_argument&) {  // of a word where a number is due
  std::fputs("usage: 03_own_network [FACES [EPOCHS]]\n", stderr);
  return 2;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
