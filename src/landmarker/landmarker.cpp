#include "lineament/landmarker/landmarker.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "landmarker/mirror.hpp"
#include "landmarker/shared_weights.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/model/default_models.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/zoo/heatmap_networks.hpp"

namespace lineament {
namespace {

void check(const Model& model, const LandmarkerOptions& options) {
  const Shape in = model.network.input_shape(), wanted{model.preprocessing.size, model.preprocessing.size, 3};
  const Shape out = model.network.outputs().front().shape;  // the points; others may follow
  const int values = model.scheme.values();
  if (!(in == wanted) || !(out == Shape{values}))
    throw ModelError({"model", "not a network for face landmarks",
                      to_string(wanted) + " in and " + std::to_string(values) + " out",
                      to_string(in) + " in and " + to_string(out) + " out", "give a model made by training on faces"});
  const auto require = [](const char* option, int value, int most) {
    if (value < 1 || value > most)
      throw ArgumentError({option, "out of range", "1 to " + std::to_string(most), std::to_string(value), ""});
  };
  require("passes", options.passes, 10);
  require("batch", options.batch, 256);
}

/// Points found where there is no photo would look like any others.
void require_on_photo(const Image& photo, std::span<const Box> boxes) {
  if (photo.empty()) throw ArgumentError({"photo", "it is empty", "an image with pixels", "none", ""});
  const Box all = whole_image(photo.width(), photo.height());
  const auto number = [](float v) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%g", static_cast<double>(v));
    return std::string(digits);
  };
  // Why a ninth: a face may be cut off at the photo's edge, but no photo shows a part of a head three times its size.
  constexpr float kInside = 1.0f / 9;
  for (const Box& b : boxes) {
    if (!(b.width > 0 && b.height > 0)) continue;  // refused where the crop is made
    const float across = std::min(b.x + b.width, all.x + all.width) - std::max(b.x, all.x);
    const float down = std::min(b.y + b.height, all.y + all.height) - std::max(b.y, all.y);
    const bool outside = !(across > 0 && down > 0);
    if (outside || across * down < kInside * b.width * b.height)
      throw ArgumentError({"box", outside ? "it lies outside the photo" : "most of it lies outside the photo",
                           "a part of 0,0," + std::to_string(photo.width()) + "," + std::to_string(photo.height()),
                           number(b.x) + "," + number(b.y) + "," + number(b.width) + "," + number(b.height),
                           "give x, y, width, height in pixels of the upright photo"});
  }
}

/// The number of the output of that name and size, behind the points.
std::optional<std::size_t> output_of(const Model& model, std::string_view name, int size) {
  const std::vector<Port>& outputs = model.network.outputs();
  for (std::size_t i = 1; i < outputs.size(); ++i)
    if (outputs[i].name == name && outputs[i].shape == Shape{size}) return i;
  return std::nullopt;
}

/// Whether points are worth cropping to: not if they lie in a heap, or far outside the crop, as those of an untrained
/// network or of an image without a face do.
bool looks_like_a_face(const Box& seen, const Box& box) {
  const float side = std::max(box.width, box.height), seen_side = std::max(seen.width, seen.height);
  const bool near = distance(seen.center(), box.center()) < 5 * side;
  return near && seen_side > 0.2f * side && seen_side < 5 * side && seen.width > 0 && seen.height > 0;
}

/// One for all Landmarkers that use it at a time, so that they share its weights.
std::shared_ptr<const Model> default_model() {
  static std::mutex mutex;
  static std::weak_ptr<const Model> known;
  const std::lock_guard lock(mutex);
  std::shared_ptr<const Model> model = known.lock();
  if (!model) known = model = std::make_shared<const Model>(load_default_model());
  return model;
}

}  // namespace

struct Landmarker::State {
  State(std::shared_ptr<const Model> m, const LandmarkerOptions& o, bool let_go)
      : options(o),
        preprocessing((check(*m, o), m->preprocessing)),
        trained_on(m->trained_on),
        scheme(m->scheme),
        ranges(m->ranges),
        spread(output_of(*m, kSpreadOutput, m->scheme.points)),
        odds(output_of(*m, kFaceOutput, 1)),
        weights(let_go ? pack_weights(m->network, inference(1)) : shared_weights(m)) {
    session(1);
    if (!let_go) model = std::move(m);
  }

  /// For one face, or for up to options.batch.
  InferenceSession& session(int batch) {
    std::optional<InferenceSession>& made = batch == 1 ? one : many;
    if (!made) made.emplace(weights, inference(batch));
    return *made;
  }
  InferenceOptions inference(int batch) const {
    return {.batch = batch, .threads = options.threads, .precision = options.precision, .ranges = ranges};
  }

  /// `boxes` are at most as many as the session's batch.
  void run(InferenceSession& session, const Image& photo, std::span<const Box> boxes, std::span<FaceLandmarks> faces) {
    const int size = preprocessing.size;
    const std::size_t pixels = session.input().size() / static_cast<std::size_t>(session.batch());
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      faces[i].crop_to_image = crop_to_image(boxes[i], preprocessing);
      crop(photo, faces[i].crop_to_image, size, session.input().subspan(i * pixels, pixels));
    }
    if (options.mirror) crops.assign(session.input().begin(), session.input().end());  // forward() reuses its memory
    session.forward();
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const auto values = points_of(session, i), scales = scales_of(session, i);
      faces[i].values.assign(values.begin(), values.end());
      faces[i].spread.assign(scales.begin(), scales.end());
      if (odds) faces[i].score = 1 / (1 + std::exp(-session.output(*odds)[i]));
    }
    if (options.mirror) average_with_mirrored(session, faces.first(boxes.size()), pixels);
    for (FaceLandmarks& face : faces.first(boxes.size())) {
      face.crop_points = values_to_crop_points(face.values, size);
      face.points = values_to_points(face.values, face.crop_to_image, size);
      if (face.spread.empty()) continue;
      const float unit = spread_unit(face.points, face.crop_to_image.a * static_cast<float>(size), scheme);
      for (float& s : face.spread) s = spread_of(s, unit);
    }
  }

  /// Of face `i` of the last forward.
  std::span<const float> points_of(const InferenceSession& session, std::size_t i) const {
    const auto count = static_cast<std::size_t>(scheme.values());
    return session.output().subspan(i * count, count);
  }
  std::span<const float> scales_of(const InferenceSession& session, std::size_t i) const {
    const auto count = static_cast<std::size_t>(scheme.points);
    return spread ? session.output(*spread).subspan(i * count, count) : std::span<const float>();
  }

  void average_with_mirrored(InferenceSession& session, std::span<FaceLandmarks> faces, std::size_t pixels) {
    std::copy(crops.begin(), crops.end(), session.input().begin());
    for (std::size_t i = 0; i < faces.size(); ++i)
      mirror_pixels(session.input().subspan(i * pixels, pixels), preprocessing.size);
    session.forward();
    for (std::size_t i = 0; i < faces.size(); ++i) {
      average_mirrored_points(faces[i].values, points_of(session, i), scheme);
      average_mirrored_scales(faces[i].spread, scales_of(session, i), scheme);
    }
  }

  /// All passes for boxes that go through the network together.
  void predict(InferenceSession& session, const Image& photo, std::span<const Box> given,
               std::span<FaceLandmarks> faces) {
    run(session, photo, given, faces);
    std::vector<std::size_t> going(given.size());
    for (std::size_t i = 0; i < going.size(); ++i) going[i] = i;
    std::vector<Box> boxes;
    std::vector<FaceLandmarks> again;
    for (int pass = 1; pass < options.passes; ++pass) {
      std::erase_if(going, [&](std::size_t i) { return !looks_like_a_face(bounding_box(faces[i].points), given[i]); });
      if (going.empty()) return;
      boxes.clear();
      for (const std::size_t i : going) boxes.push_back(bounding_box(faces[i].points));
      again.resize(going.size());
      run(session, photo, boxes, again);
      for (std::size_t i = 0; i < going.size(); ++i) faces[going[i]] = again[i];
    }
  }

  LandmarkerOptions options;
  Preprocessing preprocessing;
  std::string trained_on;
  Scheme scheme;
  std::vector<LayerRange> ranges;
  std::optional<std::size_t> spread, odds;  // which output it is
  std::vector<float> crops;                 // of a batch, kept for the mirror
  std::shared_ptr<const Model> model;       // nullptr: let go of
  std::shared_ptr<PreparedWeights<float>> weights;
  std::optional<InferenceSession> one, many;
};

Landmarker::Landmarker() : Landmarker(LandmarkerOptions()) {}
Landmarker::Landmarker(const LandmarkerOptions& options) : Landmarker(default_model(), options) {}
Landmarker::Landmarker(std::shared_ptr<const Model> model, const LandmarkerOptions& options) {
  if (model == nullptr) throw ArgumentError({"model", "there is none", "a model", "a null pointer", ""});
  state_ = std::make_unique<State>(std::move(model), options, false);
}
Landmarker::Landmarker(Model model, const LandmarkerOptions& options)
    : state_(std::make_unique<State>(std::make_shared<const Model>(std::move(model)), options,
                                     options.precision == Precision::int8)) {}
Landmarker::Landmarker(const std::filesystem::path& model, const LandmarkerOptions& options)
    : Landmarker(load_model(model), options) {}
Landmarker::~Landmarker() = default;
Landmarker::Landmarker(Landmarker&&) noexcept = default;
Landmarker& Landmarker::operator=(Landmarker&&) noexcept = default;

std::vector<FaceLandmarks> Landmarker::predict(const Image& photo, std::span<const Box> boxes) {
  require_on_photo(photo, boxes);
  std::vector<FaceLandmarks> faces(boxes.size());
  const auto most = static_cast<std::size_t>(state_->options.batch);
  for (std::size_t done = 0; done < boxes.size();) {
    // A batch that is half empty takes longer than its faces one by one.
    const std::size_t left = boxes.size() - done, count = left * 2 >= most ? std::min(left, most) : 1;
    state_->predict(state_->session(count == 1 ? 1 : static_cast<int>(most)), photo, boxes.subspan(done, count),
                    std::span(faces).subspan(done, count));
    done += count;
  }
  return faces;
}

FaceLandmarks Landmarker::predict(const Image& photo, const Box& box) {
  require_on_photo(photo, {&box, 1});
  FaceLandmarks face;
  state_->predict(state_->session(1), photo, {&box, 1}, {&face, 1});
  return face;
}

FaceLandmarks Landmarker::predict(const Image& photo) {
  return predict(
      photo, face_box(BoxSource::whole_image, {}, std::nullopt, photo.width(), photo.height(), state_->preprocessing));
}

int Landmarker::crop_size() const {
  return state_->preprocessing.size;
}
const Scheme& Landmarker::scheme() const {
  return state_->scheme;
}
const std::string& Landmarker::trained_on() const {
  return state_->trained_on;
}

}  // namespace lineament
