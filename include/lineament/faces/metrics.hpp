// How good predicted points are: normalised mean error (NME), percentage of correct keypoints (PCK), and the cumulative
// error distribution (CED) with its area (AUC) and failure rate (FR). An NME is in % everywhere, also where it is a
// threshold; PCK, AUC and FR are shares, in [0, 1].
// Sagonas et al., "300 Faces in-the-Wild Challenge", ICCV workshops 2013; Yang and Ramanan, CVPR 2011 (PCK).
#pragma once
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/faces/scheme.hpp"

namespace LINEAMENT_API lineament {

namespace detail {

/// Throws ArgumentError unless the points are as many.
inline void require_as_many(const Landmarks& predicted, const Landmarks& truth) {
  if (predicted.size() == truth.size()) return;
  throw ArgumentError({"errors of points", "predicted and true points are not as many", std::to_string(truth.size()),
                       std::to_string(predicted.size()), ""});
}

}  // namespace detail

/// The length that point-to-point errors are divided by; always measured on the true points.
enum class Normalisation {
  inter_ocular,  ///< Distance of the outer eye corners (points 36 and 45 of 68): the 300-W protocol.
  inter_pupil,   ///< Distance of the eyes' centres: about 0.7 of the above, so errors look larger.
  box_diagonal   ///< Diagonal of the points' bounding box: does not shrink when a face is turned.
};

/// The normalising length, in the points' unit. Throws ArgumentError when it is 0 or not finite (points it is measured
/// between are not known), and for points of another scheme.
inline double normaliser(const Landmarks& truth, Normalisation by, const Scheme& scheme = ibug_68()) {
  require_points(truth, scheme, "true points");
  const Box box = bounding_box(truth);
  const double length = by == Normalisation::inter_ocular  ? inter_ocular(truth, scheme)
                        : by == Normalisation::inter_pupil ? inter_pupil(truth, scheme)
                                                           : std::hypot(box.width, box.height);
  if (length > 0 && std::isfinite(length)) return length;
  throw ArgumentError({"true points", "have no size to measure errors by", "eye corners that lie apart",
                       "a distance of " + std::to_string(length), "leave this face out"});
}

/// Mean distance between predicted and true points that are known, in the points' unit. Throws ArgumentError when no
/// point is known or the numbers of points differ.
inline double mean_error(const Landmarks& predicted, const Landmarks& truth) {
  detail::require_as_many(predicted, truth);
  double sum = 0;
  std::size_t known = 0;
  for (std::size_t k = 0; k < truth.size(); ++k) {
    if (!is_known(truth[k])) continue;
    sum += distance(predicted[k], truth[k]);
    ++known;
  }
  if (known == 0) throw ArgumentError({"mean error", "no point of the face is known", "", "", "leave this face out"});
  return sum / static_cast<double>(known);
}

/// The same over points `of` alone; NaN when none of them is known. Throws ArgumentError for one there is not.
inline double mean_error(const Landmarks& predicted, const Landmarks& truth, std::span<const int> of) {
  detail::require_as_many(predicted, truth);
  double sum = 0;
  int known = 0;
  for (const int i : of) {
    const auto k = static_cast<std::size_t>(i);
    if (i < 0 || k >= truth.size())
      throw ArgumentError(
          {"mean error", "there is no such point", "0 to " + std::to_string(truth.size() - 1), std::to_string(i), ""});
    if (!is_known(truth[k])) continue;
    sum += distance(predicted[k], truth[k]);
    ++known;
  }
  return known > 0 ? sum / known : std::nan("");
}

/// Normalised mean error of one face, %. Throws like normaliser and mean_error.
inline double nme(const Landmarks& predicted, const Landmarks& truth, Normalisation by = Normalisation::inter_ocular,
                  const Scheme& scheme = ibug_68()) {
  return 100 * mean_error(predicted, truth) / normaliser(truth, by, scheme);
}

/// Share of one face's known points whose error is below `threshold` x the inter-ocular distance, in [0, 1].
/// Throws like normaliser and mean_error.
inline double pck(const Landmarks& predicted, const Landmarks& truth, double threshold = 0.1,
                  const Scheme& scheme = ibug_68()) {
  detail::require_as_many(predicted, truth);
  const double limit = threshold * normaliser(truth, Normalisation::inter_ocular, scheme);
  int correct = 0, known = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    known += is_known(truth[i]) ? 1 : 0;
    correct += distance(predicted[i], truth[i]) < limit ? 1 : 0;  // false for one that is not known
  }
  return correct / static_cast<double>(known);
}

/// Area under the CED curve from 0 to `threshold` (an NME, %), divided by the threshold: 1 = every face is perfect, 0 =
/// none is below it. Exact: the curve is a staircase, and a face with error e < threshold adds a strip of width
/// threshold - e. Throws ArgumentError when there are no errors or the threshold is not above 0.
inline double auc(std::span<const double> errors, double threshold = 8) {
  if (errors.empty()) throw ArgumentError({"area under the curve", "there are no faces", "", "", ""});
  if (!(threshold > 0)) {
    throw ArgumentError({"area under the curve", "the threshold is not above 0", "", std::to_string(threshold), ""});
  }
  double sum = 0;
  for (const double e : errors) sum += e < threshold ? 1 - e / threshold : 0;  // A NaN counts as a miss.
  return sum / static_cast<double>(errors.size());
}

/// Share of faces whose error is above `threshold`, both in % (or NaN), in [0, 1]. Throws ArgumentError when there are
/// no errors.
inline double failure_rate(std::span<const double> errors, double threshold = 8) {
  if (errors.empty()) throw ArgumentError({"failure rate", "there are no faces", "", "", ""});
  std::size_t failed = 0;
  for (const double e : errors) failed += e <= threshold ? 0 : 1;
  return static_cast<double>(failed) / static_cast<double>(errors.size());
}

/// Cumulative error distribution: for each threshold, in %, the share of faces with an error at or below it.
/// Throws ArgumentError when there are no errors.
inline std::vector<double> ced(std::span<const double> errors, std::span<const double> thresholds) {
  std::vector<double> shares;
  shares.reserve(thresholds.size());
  for (const double t : thresholds) shares.push_back(1 - failure_rate(errors, t));
  return shares;
}

/// Results over many faces.
struct Evaluation {
  std::size_t faces = 0;
  double nme_inter_ocular = 0;       ///< Mean over faces, %.
  double nme_inter_pupil = 0;        ///< Mean over faces, %.
  double nme_box_diagonal = 0;       ///< Mean over faces, %.
  std::vector<std::string> regions;  ///< Names, as in the scheme.
  std::vector<double> region_nme;    ///< For each of them, by the inter-ocular distance, %; NaN where nothing is known.
  double pck = 0;                    ///< Share of points below 0.1 x inter-ocular, in [0, 1].
  double auc = 0;                    ///< AUC@8, in [0, 1].
  double failure_rate = 0;           ///< FR@8, in [0, 1].
  std::vector<double> errors;        ///< Inter-ocular NME of each face, %, in the order added.
};

/// Adds up results face by face.
class Evaluator {
 public:
  /// Throws ArgumentError for a scheme that does not fit itself: see require_valid().
  explicit Evaluator(Scheme scheme = ibug_68()) : scheme_(std::move(scheme)), region_faces_(scheme_.regions.size()) {
    for (const Region& region : scheme_.regions) sums_.regions.push_back(region.name);
    sums_.region_nme.resize(scheme_.regions.size());
    require_valid(scheme_);
  }

  /// Both in the same coordinates, any unit. Throws ArgumentError for a truth without size, or with eyes or eye corners
  /// that are not known; then nothing was added.
  void add(const Landmarks& predicted, const Landmarks& truth) {
    const double error = nme(predicted, truth, Normalisation::inter_ocular, scheme_);
    const double pupil = nme(predicted, truth, Normalisation::inter_pupil, scheme_);
    const double diagonal = nme(predicted, truth, Normalisation::box_diagonal, scheme_);
    const double ocular = normaliser(truth, Normalisation::inter_ocular, scheme_);
    sums_.nme_inter_ocular += error;
    sums_.nme_inter_pupil += pupil;
    sums_.nme_box_diagonal += diagonal;
    for (std::size_t r = 0; r < region_faces_.size(); ++r) {
      const double of_region = mean_error(predicted, truth, scheme_.regions[r].points);
      if (std::isnan(of_region) && !std::isnan(error)) continue;
      sums_.region_nme[r] += 100 * of_region / ocular;
      ++region_faces_[r];
    }
    sums_.pck += lineament::pck(predicted, truth, 0.1, scheme_);
    sums_.errors.push_back(error);
  }

  std::size_t faces() const noexcept { return sums_.errors.size(); }

  /// Throws ArgumentError when no face was added.
  Evaluation result() const {
    if (sums_.errors.empty()) throw ArgumentError({"evaluation", "there are no faces", "", "", "add some first"});
    Evaluation e = sums_;
    e.faces = e.errors.size();
    const double n = static_cast<double>(e.faces);
    e.nme_inter_ocular /= n;
    e.nme_inter_pupil /= n;
    e.nme_box_diagonal /= n;
    for (std::size_t r = 0; r < region_faces_.size(); ++r)
      e.region_nme[r] = region_faces_[r] > 0 ? e.region_nme[r] / static_cast<double>(region_faces_[r]) : std::nan("");
    e.pck /= n;
    e.auc = lineament::auc(e.errors);
    e.failure_rate = lineament::failure_rate(e.errors);
    return e;
  }

 private:
  Scheme scheme_;
  Evaluation sums_;
  std::vector<std::size_t> region_faces_;  // of which the region is known
};

}  // namespace lineament
