#include "lineament/landmarker/landmarker.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "lineament/error.hpp"
#include "lineament/faces/crop.hpp"

namespace lineament {
namespace {

Model checked(Model model) {
  const Shape in = model.network.input_shape(), wanted{model.preprocessing.size, model.preprocessing.size, 3};
  const Shape out = model.network.output_shape();
  if (!(in == wanted) || !(out == Shape{kValues}))
    throw ModelError({"model", "not a network for face landmarks", to_string(wanted) + " in and 136 out",
                      to_string(in) + " in and " + to_string(out) + " out", "give a model made by training on faces"});
  return model;
}

}  // namespace

struct Landmarker::State {
  State(Model m, const LandmarkerOptions& o)
      : options(o),
        model(checked(std::move(m))),
        session(std::as_const(model.network),
                {.threads = o.threads, .kernels = o.kernels, .precision = o.precision, .ranges = model.ranges}) {
    if (options.passes < 1 || options.passes > 10)
      throw ArgumentError({"passes", "out of range", "1 to 10", std::to_string(options.passes), ""});
  }

  FaceLandmarks run(const Image& photo, const Box& box) {
    FaceLandmarks face;
    face.crop_to_image = crop_to_image(box, model.preprocessing);
    const int size = model.preprocessing.size;
    crop(photo, face.crop_to_image, size, session.input());
    const std::span<const float> values = session.forward();
    std::copy(values.begin(), values.end(), face.values.begin());
    face.crop_points = values_to_crop_points(values, size);
    face.points = values_to_points(values, face.crop_to_image, size);
    return face;
  }

  LandmarkerOptions options;
  Model model;
  Session session;
};

Landmarker::Landmarker(Model model, const LandmarkerOptions& options)
    : state_(std::make_unique<State>(std::move(model), options)) {}
Landmarker::Landmarker(const std::filesystem::path& model, const LandmarkerOptions& options)
    : Landmarker(load_model(model), options) {}
Landmarker::~Landmarker() = default;
Landmarker::Landmarker(Landmarker&&) noexcept = default;
Landmarker& Landmarker::operator=(Landmarker&&) noexcept = default;

FaceLandmarks Landmarker::predict(const Image& photo, const Box& box) {
  if (photo.empty()) throw ArgumentError({"photo", "it is empty", "an image with pixels", "none", ""});
  FaceLandmarks face = state_->run(photo, box);
  for (int pass = 1; pass < state_->options.passes; ++pass) {
    // Points in a heap, or far outside the crop, are no face to crop to: an untrained network, or a picture without
    // one.
    const Box seen = bounding_box(face.points);
    const float side = std::max(box.width, box.height), seen_side = std::max(seen.width, seen.height);
    const bool near = distance(seen.center(), box.center()) < 5 * side;
    if (!(near && seen_side > 0.2f * side && seen_side < 5 * side && seen.width > 0 && seen.height > 0)) break;
    face = state_->run(photo, seen);
  }
  return face;
}

FaceLandmarks Landmarker::predict(const Image& photo) {
  return predict(photo, face_box(BoxSource::whole_image, {}, std::nullopt, photo.width(), photo.height(),
                                 state_->model.preprocessing));
}

const Model& Landmarker::model() const {
  return state_->model;
}

}  // namespace lineament
