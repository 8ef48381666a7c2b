// Points that carry a label, as labelling programs write them: the scheme's name of a point, or its number.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lineament/faces/scheme.hpp"

namespace lineament {

/// Which point a label means. Some people number points from 0, others from 1; a file in which '68' stands and '0' does
/// not (of 68 points) numbers them from 1. All labels of a file are shown to `see` before one is looked up.
class PointLabels {
 public:
  explicit PointLabels(const Scheme& scheme) : scheme_(scheme) {}

  void see(std::string_view label);
  bool from_one() const { return last_ && !zero_; }
  const Scheme& scheme() const { return scheme_; }
  /// Throws FormatError at `where` if the scheme has no such point.
  std::size_t point(std::string_view label, const std::string& where) const;
  /// What Dataset::notes should say; empty if the numbers are from 0.
  std::string note(const std::string& file) const;

 private:
  std::optional<int> named(std::string_view label) const;

  const Scheme& scheme_;
  bool zero_ = false, last_ = false;  ///< '0' and the number of points were seen
};

/// Collects the points of one face; those that nobody sets are missing.
class LabelledPoints {
 public:
  explicit LabelledPoints(const PointLabels& labels);

  /// Throws FormatError for an unknown label, or one that was there before.
  void set(std::string_view label, Point p, const std::string& where);
  /// Throws FormatError if no point is known.
  Landmarks take(const std::string& where);

 private:
  const PointLabels& labels_;
  Landmarks points_;
  std::vector<bool> seen_;
};

}  // namespace lineament
