#include "lineament/landmarker/face_results.hpp"

#include <algorithm>
#include <cmath>

#include "landmarker/face_weights.hpp"
#include "landmarker/mirror.hpp"
#include "lineament/faces/pose.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/zoo/heatmap_networks.hpp"

namespace lineament {
namespace {

/// The faces in the mirror; what is true of them is not turned around.
class Mirrored : public SampleSource {
 public:
  explicit Mirrored(const SampleSource& faces) : faces_(faces) {}
  std::size_t size() const override { return faces_.size(); }
  std::size_t pixels_per_sample() const override { return faces_.pixels_per_sample(); }
  std::size_t values_per_sample() const override { return faces_.values_per_sample(); }
  bool weighted() const override { return faces_.weighted(); }
  void prepare(std::size_t index, Random random, bool augmented, const Sample& to) const override {
    faces_.prepare(index, random, augmented, to);
    mirror_pixels(to.pixels, static_cast<int>(std::lround(std::sqrt(static_cast<double>(to.pixels.size()) / 3))));
  }

 private:
  const SampleSource& faces_;
};

/// Where an output lies in a Prediction's; size 0: nowhere.
struct OutputPlace {
  std::size_t first = 0, size = 0;
};

OutputPlace place_of(const Network& network, std::string_view name, int size) {
  OutputPlace place;
  for (const Port& output : network.outputs()) {
    if (output.name == name && output.shape == Shape{size}) {
      place.size = output.shape.size();
      return place;
    }
    place.first += output.shape.size();
  }
  return {};
}

double error_of(const MeasuredFace& face, const Scheme& scheme) {
  return nme(face.predicted, face.truth, Normalisation::inter_ocular, scheme);
}

/// Faces sorted into groups by a number of theirs; those for which it is no number are in none.
class Groups {
 public:
  Groups(std::vector<double> ends, std::vector<std::string> names) : ends_(std::move(ends)) {
    for (std::string& name : names) groups_.push_back({std::move(name)});
  }
  void add(double value, double error) {
    if (std::isnan(value)) return;
    const auto at = static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), value) - ends_.begin());
    groups_[at].nme += error;
    ++groups_[at].faces;
    any_ = true;
  }
  std::vector<FaceGroup> means() const {
    std::vector<FaceGroup> means;
    if (!any_) return means;
    means = groups_;
    for (FaceGroup& g : means) g.nme = g.faces > 0 ? g.nme / static_cast<double>(g.faces) : std::nan("");
    return means;
  }

 private:
  std::vector<double> ends_;  // of all groups but the last
  std::vector<FaceGroup> groups_;
  bool any_ = false;
};

std::vector<CalibrationGroup> calibration_of(std::vector<std::pair<double, double>> points) {
  constexpr std::size_t kGroups = 10;
  std::vector<CalibrationGroup> groups;
  std::sort(points.begin(), points.end());
  for (std::size_t g = 0; g < kGroups && points.size() >= kGroups; ++g) {
    const std::size_t begin = g * points.size() / kGroups, end = (g + 1) * points.size() / kGroups;
    CalibrationGroup& group = groups.emplace_back();
    group.points = end - begin;
    for (std::size_t i = begin; i < end; ++i) {
      group.predicted += points[i].first / static_cast<double>(group.points);
      group.measured += points[i].second / static_cast<double>(group.points);
    }
  }
  return groups;
}

}  // namespace

std::vector<MeasuredFace> measure_faces(const Network& network, const SampleSource& faces, const FaceMeasuring& options,
                                        const Scheme& scheme) {
  require_faces("samples", faces.values_per_sample(), scheme.points);
  const OutputPlace place = place_of(network, kSpreadOutput, scheme.points);
  const std::size_t passes = options.mirror ? 2 : 1;
  std::vector<std::vector<float>> values(faces.size()), scales(faces.size());
  std::vector<MeasuredFace> measured;
  std::size_t done = 0;
  const auto say = [&] {
    if (options.progress) options.progress(++done / passes);
  };
  for_each_prediction(network, faces, options.inference, [&](const Prediction& p) {
    say();
    Landmarks truth = known_points(p.truth, p.weights);
    if (!has_corners(p.weights, scheme.eye_corners)) return;
    if (!p.weights.empty() && !std::isfinite(inter_pupil(truth, scheme))) return;
    values[p.index].assign(p.judged().begin(), p.judged().end());
    const auto spread = p.output.subspan(place.first, place.size);
    scales[p.index].assign(spread.begin(), spread.end());
    measured.push_back({p.index, {}, std::move(truth)});
  });
  if (options.mirror)
    for_each_prediction(network, Mirrored(faces), options.inference, [&](const Prediction& p) {
      say();
      if (values[p.index].empty()) return;
      average_mirrored_points(values[p.index], p.judged(), scheme);
      average_mirrored_scales(scales[p.index], p.output.subspan(place.first, place.size), scheme);
    });
  for (MeasuredFace& face : measured) {
    face.predicted = points_of(values[face.index]);
    const float unit = spread_unit(face.predicted, 1, scheme);
    for (const float s : scales[face.index]) face.spread.push_back(spread_of(s, unit));
  }
  return measured;
}

std::vector<float> face_scores(const Network& network, const SampleSource& crops, const EvaluationOptions& options) {
  const OutputPlace place = place_of(network, kFaceOutput, 1);
  std::vector<float> scores(place.size > 0 ? crops.size() : 0);
  if (!scores.empty())
    for_each_prediction(network, crops, options,
                        [&](const Prediction& p) { scores[p.index] = 1 / (1 + std::exp(-p.output[place.first])); });
  return scores;
}

Evaluation evaluation_of(std::span<const MeasuredFace> faces, const Scheme& scheme) {
  Evaluator evaluator(scheme);
  for (const MeasuredFace& face : faces) evaluator.add(face.predicted, face.truth);
  return evaluator.result();
}

FaceDetails details_of(std::span<const MeasuredFace> faces, const Scheme& scheme) {
  const auto points = static_cast<std::size_t>(scheme.points);
  FaceDetails details;
  details.by_point.assign(points, 0);
  std::vector<std::size_t> known(points, 0);
  Groups by_turn({0.05, 0.1, 0.2}, {"from the front", "turned a little", "turned", "turned far"}),
      by_side({80, 160, 320}, {"below 80 px", "80 to 160 px", "160 to 320 px", "320 px and more"});
  std::vector<std::pair<double, double>> spreads;  // expected and measured, of each point
  for (const MeasuredFace& face : faces) {
    const double unit = 100 / normaliser(face.truth, Normalisation::inter_ocular, scheme),
                 error = error_of(face, scheme);
    for (std::size_t i = 0; i < points; ++i) {
      if (!is_known(face.truth[i])) continue;
      const double off = unit * static_cast<double>(distance(face.predicted[i], face.truth[i]));
      details.by_point[i] += off;
      ++known[i];
      const double expected = face.spread.empty() ? std::nan("") : unit * static_cast<double>(face.spread[i]);
      if (std::isfinite(expected) && std::isfinite(off)) spreads.emplace_back(expected, off);
    }
    by_turn.add(std::abs(turn_of(face.truth, scheme)), error);
    by_side.add(face.side > 0 ? face.side : std::nan(""), error);
  }
  for (std::size_t i = 0; i < points; ++i)
    details.by_point[i] = known[i] > 0 ? details.by_point[i] / static_cast<double>(known[i]) : std::nan("");
  details.by_turn = by_turn.means();
  details.by_side = by_side.means();
  details.calibration = calibration_of(std::move(spreads));
  return details;
}

}  // namespace lineament
