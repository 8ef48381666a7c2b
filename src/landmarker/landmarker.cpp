#include "lineament/landmarker/landmarker.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "landmarker/face_passes.hpp"
#include "landmarker/on_photo.hpp"
#include "landmarker/reduced.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/model/default_models.hpp"

namespace lineament {
namespace {

Model landmarks_of(const std::filesystem::path& file) {
  Model model = load_model(file);
  require_landmarks(model, file.string());
  return model;
}

/// As `options` say, but for what is given in `call`.
LandmarkerOptions for_call(LandmarkerOptions options, const PredictOptions& call) {
  options.passes = call.passes.value_or(options.passes);
  options.mirror = call.mirror.value_or(options.mirror);
  options.threads = call.threads.value_or(options.threads);
  require_in_range("passes", options.passes, 10);
  return options;
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
  State(std::shared_ptr<const Model> model, const LandmarkerOptions& o, bool let_go)
      : options(o), trained_on(model->trained_on), found_box(model->found_box), passes(std::move(model), o, let_go) {
    check(o.finder);
    if (o.detector) finder_for(o.threads);  // throws for what is no detector
  }

  /// How far a photo may be reduced for the crops of these boxes. Why 0.8: the next pass crops to the points, which may
  /// take less room than the box.
  int reduction(std::span<const Box> boxes) const {
    float least = std::numeric_limits<float>::max();
    for (const Box& box : boxes) least = std::min(least, 0.8f * crop_to_image(box, passes.preprocessing()).a);
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
      if (photo.reduced == 1) return passes.predict(photo.image, given, o, hopeless);
      std::vector<FaceLandmarks> faces = passes.predict(photo.image, boxes_in(photo, given), o, hopeless);
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
    std::erase_if(found, [&](const FoundFace& face) { return !is_on_photo(size, box_of(face.box)); });
    std::vector<Box> boxes;
    for (const FoundFace& face : found) boxes.push_back(box_of(face.box));
    std::vector<FaceLandmarks> faces = predict(boxes, 0.1f * o.min_score);
    for (std::size_t i = 0; i < faces.size(); ++i) {
      faces[i].detection = found[i].score;
      faces[i].box = found[i].box;
    }
    std::erase_if(faces, [&](const FaceLandmarks& face) { return face.score.value_or(1) < o.min_score; });
    return without_repeats(std::move(faces), o.finder.overlap);
  }

  Box box_of(const Box& found) const { return found_box ? box_from(*found_box, found) : found; }

  FaceFinder& finder_for(int threads) {
    if (const auto made = finders.find(threads); made != finders.end()) return made->second;
    FinderOptions o = options.finder;
    o.threads = threads;
    o.precision = options.precision;
    o.tuning = options.tuning;
    return finders.emplace(threads, options.detector ? FaceFinder(options.detector, o) : FaceFinder(o)).first->second;
  }

  LandmarkerOptions options;
  std::string trained_on;
  std::optional<BoxFactors> found_box;
  FacePasses passes;
  std::map<int, FaceFinder> finders;  // by their threads, each made for the first photo without a box
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
    : Landmarker(landmarks_of(model), options) {}
Landmarker::~Landmarker() = default;
Landmarker::Landmarker(Landmarker&&) noexcept = default;
Landmarker& Landmarker::operator=(Landmarker&&) noexcept = default;

std::vector<FaceLandmarks> Landmarker::predict(const ImageView& photo, std::span<const Box> boxes,
                                               const PredictOptions& options) {
  require_not_empty(photo);
  require_on_photo(photo, boxes);
  return state_->passes.predict(photo, boxes, for_call(state_->options, options));
}

FaceLandmarks Landmarker::predict(const ImageView& photo, const Box& box, const PredictOptions& options) {
  return std::move(predict(photo, {&box, 1}, options).front());
}

std::vector<FaceLandmarks> Landmarker::predict(const ImageView& photo, const PredictOptions& options) {
  require_not_empty(photo);
  const LandmarkerOptions o = for_call(state_->options, options);
  return state_->of_found(state_->finder_for(o.threads).find(photo), photo, o, [&](const auto& boxes, float hopeless) {
    return state_->passes.predict(photo, boxes, o, hopeless);
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

Box Landmarker::box_of_found(const Box& found) const {
  return state_->box_of(found);
}
Box Landmarker::whole_image_face(const ImageView& photo) const {
  return face_box(BoxSource::whole_image, {}, std::nullopt, photo.width, photo.height, state_->passes.preprocessing());
}
Box Landmarker::whole_image_face(const PhotoFile& photo) const {
  return whole_image_face(size_alone(photo));
}

int Landmarker::crop_size() const {
  return state_->passes.preprocessing().size;
}
const Scheme& Landmarker::scheme() const {
  return state_->passes.scheme();
}
const std::string& Landmarker::trained_on() const {
  return state_->trained_on;
}

}  // namespace lineament
