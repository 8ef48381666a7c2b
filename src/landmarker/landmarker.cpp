#include "lineament/landmarker/landmarker.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <list>
#include <optional>
#include <string>
#include <utility>

#include "landmarker/mirror.hpp"
#include "landmarker/on_photo.hpp"
#include "landmarker/reduced.hpp"
#include "landmarker/shared_weights.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/model/default_models.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/zoo/heatmap_networks.hpp"

namespace lineament {
namespace {

void require_in_range(const char* option, int value, int most) {
  if (value < 1 || value > most)
    throw ArgumentError({option, "out of range", "1 to " + std::to_string(most), std::to_string(value), ""});
}

void check(const Model& model, const LandmarkerOptions& options) {
  const Shape in = model.network.input_shape(), wanted{model.preprocessing.size, model.preprocessing.size, 3};
  const Shape out = model.network.outputs().front().shape;  // the points; others may follow
  const int values = model.scheme.values();
  if (!(in == wanted) || !(out == Shape{values}))
    throw ModelError({"model", "not a network for face landmarks",
                      to_string(wanted) + " in and " + std::to_string(values) + " out",
                      to_string(in) + " in and " + to_string(out) + " out", "give a model made by training on faces"});
  require_in_range("passes", options.passes, 10);
  require_in_range("batch", options.batch, 256);
  if (!(options.min_score >= 0 && options.min_score <= 1))
    throw ArgumentError({"min_score", "out of range", "0 to 1", std::to_string(options.min_score), ""});
}

/// As `options` say, but for what is given in `call`.
LandmarkerOptions for_call(LandmarkerOptions options, const PredictOptions& call) {
  options.passes = call.passes.value_or(options.passes);
  options.mirror = call.mirror.value_or(options.mirror);
  options.threads = call.threads.value_or(options.threads);
  require_in_range("passes", options.passes, 10);
  return options;
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

/// Of faces whose points cover the same place, the first one: two boxes may have led to one face.
std::vector<FaceLandmarks> without_repeats(std::vector<FaceLandmarks> faces, float most) {
  std::vector<FaceLandmarks> kept;
  for (FaceLandmarks& face : faces) {
    const Box place = bounding_box(face.points);
    if (std::none_of(kept.begin(), kept.end(),
                     [&](const FaceLandmarks& k) { return overlap(bounding_box(k.points), place) > most; }))
      kept.push_back(std::move(face));
  }
  return kept;
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
        weights(let_go ? pack_weights(m->network, inference(1, o.threads)) : shared_weights(m)) {
    session(1, o.threads);
    check(o.finder);
    if (o.detector) make_finder(o.threads);  // throws for what is no detector
    if (!let_go) model = std::move(m);
  }

  /// For one face, or for up to options.batch. Made when it is first asked for.
  InferenceSession& session(int batch, int threads) {
    for (Made& made : sessions)
      if (made.batch == batch && made.threads == threads) return made.session;
    return sessions.emplace_back(Made{batch, threads, {weights, inference(batch, threads)}}).session;
  }
  InferenceOptions inference(int batch, int threads) const {
    return {.batch = batch,
            .threads = threads,
            .precision = options.precision,
            .ranges = ranges,
            .tuning = options.tuning.get()};
  }

  /// `boxes` are at most as many as the session's batch.
  void run(InferenceSession& session, const ImageView& photo, std::span<const Box> boxes, bool mirror,
           std::span<FaceLandmarks> faces) {
    const int size = preprocessing.size;
    const std::size_t pixels = session.input().size() / static_cast<std::size_t>(session.batch());
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      faces[i].crop_to_image = crop_to_image(boxes[i], preprocessing);
      crop(photo, faces[i].crop_to_image, size, session.input().subspan(i * pixels, pixels));
    }
    if (mirror) crops.assign(session.input().begin(), session.input().end());  // forward() reuses its memory
    session.forward();
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const auto values = points_of(session, i), scales = scales_of(session, i);
      faces[i].values.assign(values.begin(), values.end());
      faces[i].spread.assign(scales.begin(), scales.end());
      if (odds) faces[i].score = 1 / (1 + std::exp(-session.output(*odds)[i]));
    }
    if (mirror) average_with_mirrored(session, faces.first(boxes.size()), pixels);
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

  /// One pass for any number of boxes.
  void run(const ImageView& photo, std::span<const Box> boxes, const LandmarkerOptions& o,
           std::span<FaceLandmarks> faces) {
    const auto most = static_cast<std::size_t>(o.batch);
    for (std::size_t done = 0; done < boxes.size();) {
      // Full batches only: one for eight takes as long for five.
      const std::size_t left = boxes.size() - done, count = left >= most ? most : std::bit_floor(left);
      run(session(static_cast<int>(count), o.threads), photo, boxes.subspan(done, count), o.mirror,
          faces.subspan(done, count));
      done += count;
    }
  }

  /// All passes. Faces whose score is below `hopeless` get no further one.
  std::vector<FaceLandmarks> predict(const ImageView& photo, std::span<const Box> given, const LandmarkerOptions& o,
                                     float hopeless = 0) {
    std::vector<FaceLandmarks> faces(given.size()), again;
    run(photo, given, o, faces);
    std::vector<std::size_t> going(given.size());
    for (std::size_t i = 0; i < going.size(); ++i) going[i] = i;
    std::vector<Box> boxes;
    for (int pass = 1; pass < o.passes; ++pass) {
      std::erase_if(going, [&](std::size_t i) {
        return faces[i].score.value_or(1) < hopeless || !looks_like_a_face(bounding_box(faces[i].points), given[i]);
      });
      boxes.clear();
      for (const std::size_t i : going) boxes.push_back(bounding_box(faces[i].points));
      again.resize(going.size());
      run(photo, boxes, o, again);
      for (std::size_t i = 0; i < going.size(); ++i) faces[going[i]] = again[i];
    }
    for (std::size_t i = 0; i < given.size(); ++i) faces[i].box = given[i];
    return faces;
  }

  /// How far a photo may be reduced for the crops of these boxes. Why 0.8: the next pass crops to the points, which may
  /// take less room than the box.
  int reduction(std::span<const Box> boxes) const {
    float least = std::numeric_limits<float>::max();
    for (const Box& box : boxes) least = std::min(least, 0.8f * crop_to_image(box, preprocessing).a);
    return reduction_for(least);
  }

  /// predict() of a file, decoded no larger than the crops need it; `photo` is what has been decoded of it.
  std::vector<FaceLandmarks> predict(const PhotoFile& file, ReducedPhoto photo, std::span<const Box> given,
                                     const LandmarkerOptions& o, float hopeless = 0) {
    if (given.empty()) return {};
    for (int reduce = reduction(given);;) {
      if (photo.image.empty() || reduce < photo.reduced) {
        photo.image = {};  // its memory first
        photo = file.decode(reduce);
      }
      if (photo.reduced == 1) return predict(photo.image, given, o, hopeless);
      std::vector<FaceLandmarks> faces = predict(photo.image, boxes_in(photo, given), o, hopeless);
      to_whole_photo(photo, given, faces);
      reduce = reduction_for(least_step(faces));
      if (reduce >= photo.reduced) return faces;
    }
  }

  /// The points of faces that were found in a photo of that size, by `predict` of boxes. Those that are none are left
  /// out.
  template <class Predict>
  std::vector<FaceLandmarks> of_found(std::vector<FoundFace> found, const ImageView& size, const LandmarkerOptions& o,
                                      Predict predict) const {
    std::erase_if(found, [&](const FoundFace& face) { return !is_on_photo(size, face.box); });
    std::vector<Box> boxes;
    for (const FoundFace& face : found) boxes.push_back(face.box);
    std::vector<FaceLandmarks> faces = predict(boxes, 0.1f * o.min_score);
    for (std::size_t i = 0; i < faces.size(); ++i) faces[i].detection = found[i].score;
    std::erase_if(faces, [&](const FaceLandmarks& face) { return face.score.value_or(1) < o.min_score; });
    return without_repeats(std::move(faces), o.finder.overlap);
  }

  void make_finder(int threads) {
    FinderOptions o = options.finder;
    o.threads = threads;
    o.precision = options.precision;
    finder = options.detector ? FaceFinder(options.detector, o) : FaceFinder(o);
    finder_threads = threads;
  }
  FaceFinder& finder_for(int threads) {
    if (!finder || finder_threads != threads) make_finder(threads);
    return *finder;
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
  struct Made {
    int batch, threads;
    InferenceSession session;
  };
  std::list<Made> sessions;
  std::optional<FaceFinder> finder;  // made for the first photo without a box, and its threads
  int finder_threads = 0;
};

Landmarker::Landmarker() : Landmarker(LandmarkerOptions()) {}
Landmarker::Landmarker(const LandmarkerOptions& options) : Landmarker(shared_default_model(), options) {}
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

std::vector<FaceLandmarks> Landmarker::predict(const ImageView& photo, std::span<const Box> boxes,
                                               const PredictOptions& options) {
  require_not_empty(photo);
  require_on_photo(photo, boxes);
  return state_->predict(photo, boxes, for_call(state_->options, options));
}

FaceLandmarks Landmarker::predict(const ImageView& photo, const Box& box, const PredictOptions& options) {
  return std::move(predict(photo, {&box, 1}, options).front());
}

std::vector<FaceLandmarks> Landmarker::predict(const ImageView& photo, const PredictOptions& options) {
  require_not_empty(photo);
  const LandmarkerOptions o = for_call(state_->options, options);
  return state_->of_found(state_->finder_for(o.threads).find(photo), photo, o, [&](const auto& boxes, float hopeless) {
    return state_->predict(photo, boxes, o, hopeless);
  });
}

std::vector<FaceLandmarks> Landmarker::predict(const PhotoFile& photo, std::span<const Box> boxes,
                                               const PredictOptions& options) {
  require_on_photo(size_alone(photo), boxes);
  return state_->predict(photo, {}, boxes, for_call(state_->options, options));
}

std::vector<FaceLandmarks> Landmarker::predict(const PhotoFile& photo, const PredictOptions& options) {
  const LandmarkerOptions o = for_call(state_->options, options);
  FaceFinder& finder = state_->finder_for(o.threads);
  ReducedPhoto seen = photo.decode(finder.reduction(photo.size().width, photo.size().height));
  return state_->of_found(finder.find(seen), size_alone(photo), o, [&](const auto& boxes, float hopeless) {
    return state_->predict(photo, std::move(seen), boxes, o, hopeless);
  });
}

Box Landmarker::whole_image_face(const ImageView& photo) const {
  return face_box(BoxSource::whole_image, {}, std::nullopt, photo.width, photo.height, state_->preprocessing);
}
Box Landmarker::whole_image_face(const PhotoFile& photo) const {
  return whole_image_face(size_alone(photo));
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
