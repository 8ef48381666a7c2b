#include "landmarker/face_passes.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "landmarker/mirror.hpp"
#include "landmarker/shared_weights.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/zoo/heatmap_networks.hpp"

namespace lineament {
namespace {

void check(const LandmarkerOptions& options) {
  require_in_range("passes", options.passes, 10);
  require_in_range("batch", options.batch, 256);
  if (!(options.min_score >= 0 && options.min_score <= 1))
    throw ArgumentError({"min_score", "out of range", "0 to 1", std::to_string(options.min_score), ""});
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

}  // namespace

void require_landmarks(const Model& model, const std::string& name) {
  const Shape in = model.network.input_shape(), wanted{model.preprocessing.size, model.preprocessing.size, 3};
  const Shape out = model.network.outputs().front().shape;  // the points; others may follow
  const int values = model.scheme.values();
  if (model.network.inputs().size() != 1)
    throw ModelError({name, "not a network for face landmarks", "one input, a picture",
                      std::to_string(model.network.inputs().size()) + " inputs",
                      "give a model made by training on faces"});
  if (!(in == wanted) || !(out == Shape{values}))
    throw ModelError({name, "not a network for face landmarks",
                      to_string(wanted) + " in and " + std::to_string(values) + " out",
                      to_string(in) + " in and " + to_string(out) + " out", "give a model made by training on faces"});
}

void require_in_range(const char* option, int value, int most) {
  if (value < 1 || value > most)
    throw ArgumentError({option, "out of range", "1 to " + std::to_string(most), std::to_string(value), ""});
}

FacePasses::FacePasses(std::shared_ptr<const Model> model, const LandmarkerOptions& options, bool let_go)
    : options_(options),
      preprocessing_((require_landmarks(*model, "model"), check(options), model->preprocessing)),
      scheme_(model->scheme),
      ranges_(model->ranges),
      spread_(output_of(*model, kSpreadOutput, model->scheme.points)),
      odds_(output_of(*model, kFaceOutput, 1)),
      weights_(let_go ? pack_weights(model->network, inference(1, options.threads)) : shared_weights(model)) {
  session(1, options.threads);
  if (!let_go) model_ = std::move(model);
}

/// For one face, or for up to options.batch. Made when it is first asked for.
InferenceSession& FacePasses::session(int batch, int threads) {
  for (Made& made : sessions_)
    if (made.batch == batch && made.threads == threads) return made.session;
  return sessions_.emplace_back(Made{batch, threads, {weights_, inference(batch, threads)}}).session;
}

InferenceOptions FacePasses::inference(int batch, int threads) const {
  return {.batch = batch,
          .threads = threads,
          .precision = options_.precision,
          .ranges = ranges_,
          .tuning = options_.tuning.get()};
}

/// `boxes` are at most as many as the session's batch.
void FacePasses::run_batch(InferenceSession& session, const ImageView& photo, std::span<const Box> boxes, bool mirror,
                           std::span<FaceLandmarks> faces) {
  const int size = preprocessing_.size;
  const std::size_t pixels = session.input().size() / static_cast<std::size_t>(session.batch());
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    faces[i].crop_to_image = crop_to_image(boxes[i], preprocessing_);
    crop(photo, faces[i].crop_to_image, size, session.input().subspan(i * pixels, pixels));
  }
  if (mirror) crops_.assign(session.input().begin(), session.input().end());  // forward() reuses its memory
  session.forward();
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const auto values = points_of(session, i), scales = scales_of(session, i);
    faces[i].values.assign(values.begin(), values.end());
    faces[i].spread.assign(scales.begin(), scales.end());
    if (odds_) faces[i].score = 1 / (1 + std::exp(-session.output(*odds_)[i]));
  }
  if (mirror) average_with_mirrored(session, faces.first(boxes.size()), pixels);
  for (FaceLandmarks& face : faces.first(boxes.size())) {
    face.crop_points = values_to_crop_points(face.values, size);
    face.points = values_to_points(face.values, face.crop_to_image, size);
    if (face.spread.empty()) continue;
    const float unit = spread_unit(face.points, face.crop_to_image.a * static_cast<float>(size), scheme_);
    for (float& s : face.spread) s = spread_of(s, unit);
  }
}

/// Of face `i` of the last forward.
std::span<const float> FacePasses::points_of(const InferenceSession& session, std::size_t i) const {
  const auto count = static_cast<std::size_t>(scheme_.values());
  return session.output().subspan(i * count, count);
}

std::span<const float> FacePasses::scales_of(const InferenceSession& session, std::size_t i) const {
  const auto count = static_cast<std::size_t>(scheme_.points);
  return spread_ ? session.output(*spread_).subspan(i * count, count) : std::span<const float>();
}

void FacePasses::average_with_mirrored(InferenceSession& session, std::span<FaceLandmarks> faces, std::size_t pixels) {
  std::copy(crops_.begin(), crops_.end(), session.input().begin());
  for (std::size_t i = 0; i < faces.size(); ++i)
    mirror_pixels(session.input().subspan(i * pixels, pixels), preprocessing_.size);
  session.forward();
  for (std::size_t i = 0; i < faces.size(); ++i) {
    average_mirrored_points(faces[i].values, points_of(session, i), scheme_);
    average_mirrored_scales(faces[i].spread, scales_of(session, i), scheme_);
  }
}

/// One pass for any number of boxes.
void FacePasses::run(const ImageView& photo, std::span<const Box> boxes, const LandmarkerOptions& o,
                     std::span<FaceLandmarks> faces) {
  const auto most = static_cast<std::size_t>(o.batch);
  for (std::size_t done = 0; done < boxes.size();) {
    // Full batches only: one for eight takes as long for five.
    const std::size_t left = boxes.size() - done, count = left >= most ? most : std::bit_floor(left);
    run_batch(session(static_cast<int>(count), o.threads), photo, boxes.subspan(done, count), o.mirror,
              faces.subspan(done, count));
    done += count;
  }
}

std::vector<FaceLandmarks> FacePasses::predict(const ImageView& photo, std::span<const Box> given,
                                               const LandmarkerOptions& o, float hopeless) {
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

}  // namespace lineament
