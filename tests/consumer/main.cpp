// A user's program: things from each part of the installed headers; a network that is run, saved and loaded.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "lineament/lineament.hpp"

namespace {

constexpr lineament::Spec kSpec = lineament::Spec()
                                  << lineament::Conv2d{.channels = 4, .stride = 2} << lineament::ReLU{}
                                  << lineament::Flatten{} << lineament::Dense{.features = lineament::kValues};
static_assert(output_shape(kSpec, lineament::Shape{16, 16, 3}) == lineament::Shape{136});

/// Saves a network, loads it, and compares what both make of one input; false if they differ.
bool network_survives_a_file(const std::filesystem::path& file) {
  const lineament::Model model{.network = lineament::Network(kSpec, {16, 16, 3}, 1), .preprocessing = {.size = 16}};
  save_model(file, model);
  const lineament::Model loaded = lineament::load_model(file);
  lineament::InferenceSession first(model.network), second(loaded.network);
  std::fill(first.input().begin(), first.input().end(), 0.5f);
  std::fill(second.input().begin(), second.input().end(), 0.5f);
  const auto a = first.forward(), b = second.forward();
  return a.size() == 136 && std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

int main(int argc, char** argv) try {
  const lineament::Shape crop{128, 128, 3};
  const lineament::Image image(crop.width(), crop.height());
  lineament::Landmarks points(lineament::kPoints);
  points[45] = {30, 40};
  const lineament::Box box = lineament::bounding_box(points);
  std::printf("%s %zu %g %gx%g\n", to_string(crop).c_str(), image.pixels().size(),
              static_cast<double>(lineament::inter_ocular(points)), static_cast<double>(box.width),
              static_cast<double>(box.height));
  const std::filesystem::path file = argc > 1 ? argv[1] : "consumer.safetensors";
  if (!network_survives_a_file(file)) return 1;
  const auto face = lineament::Landmarker(file).predict(image, {20, 20, 80, 80});
  std::printf("network, model file and landmarker: %zu points\n", face.points.size());
  lineament::Landmarker without_file;
  std::printf("the library's own models: %zu faces in a grey picture\n", without_file.predict(image).size());
  lineament::read_file("no such file");
  return 1;
} catch (const lineament::FileError& error) {
  std::puts(error.what());
  return 0;
}
