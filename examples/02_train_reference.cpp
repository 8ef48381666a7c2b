// Trains the reference network: on the photos of a folder in the layout of 300-W, or on faces it draws itself.
// Build: cmake --preset release && cmake --build --preset release
// Run:   build/release/examples/02_train_reference [MODEL.safetensors [EPOCHS [FOLDER | NUMBER OF DRAWN FACES]]]
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "lineament/lineament.hpp"
#include "number.hpp"

using namespace lineament;

struct Data {
  FaceStore train, held_out;
};

Data load(const std::string& source) {
  const std::optional<int> drawn = whole_number(source);
  if (drawn && !std::filesystem::is_directory(source)) {
    const auto count = static_cast<std::size_t>(*drawn);
    return {FaceStore::draw(1, count), FaceStore::draw(2, count / 8 + 1)};
  }
  const Dataset data = read_dataset(source, {.part = Part::train});
  const Split split = split_by_photo(data.faces, 0.1, 1);  // a tenth of the photos is held out
  const auto pick = [&](const std::vector<std::size_t>& indices) {
    std::vector<Face> faces;
    for (const std::size_t i : indices) faces.push_back(data.faces[i]);
    return FaceStore::load(faces);
  };
  return {pick(split.train), pick(split.held_out)};
}

int main(int argc, char** argv) try {
  const std::string path = argc > 1 ? argv[1] : "model.safetensors", source = argc > 3 ? argv[3] : "2000";
  FitOptions options;
  options.epochs = number(argc, argv, 2, 15);
  const Data data = load(source);
  std::printf("%zu faces to train on, %zu held out\n", data.train.size(), data.held_out.size());

  Model model{.network = Network(reference_network(), kReferenceInput, 1), .trained_on = source};
  options.metric = face_metric();  // its first number, the NME, chooses the best epoch
  FitCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochReport& r, const Network&, const TrainingState&) {
    std::printf("epoch %2zu  loss %.5f  NME %6.2f %%  held out %6.2f %%  %4.0f images/s%s\n", r.epoch, r.train.loss,
                r.train.metric(kNme), r.validation->metric(kNme), r.images_per_second, r.best ? "  saved" : "");
    if (!r.best) return true;
    model.ranges = calibrate(model.network, data.held_out);  // what int8 needs
    save_model(path, model);
    return true;  // false would end training here
  };
  fit(model.network, data.train, &data.held_out, options, callbacks);
  return 0;
} catch (const std::invalid_argument&) {  // of a word where a number is due
  std::fputs("usage: 02_train_reference [MODEL.safetensors [EPOCHS [FOLDER | NUMBER OF DRAWN FACES]]]\n", stderr);
  return 2;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
