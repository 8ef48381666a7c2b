// Labels to points.
#include "point_labels.hpp"

#include <algorithm>

#include "text.hpp"

namespace lineament {

std::optional<int> PointLabels::named(std::string_view label) const {
  const auto name = std::find(scheme_.names.begin(), scheme_.names.end(), label);
  if (name == scheme_.names.end()) return std::nullopt;
  return static_cast<int>(name - scheme_.names.begin());
}

void PointLabels::see(std::string_view label) {
  label = text::trim(label);
  if (named(label)) return;
  const std::optional<int> number = text::index(label);
  zero_ = zero_ || number == 0;
  last_ = last_ || number == scheme_.points;
}

std::size_t PointLabels::point(std::string_view label, const std::string& where) const {
  label = text::trim(label);
  if (const auto i = named(label)) return static_cast<std::size_t>(*i);
  const int first = from_one() ? 1 : 0;
  if (const auto number = text::index(label); number && *number >= first && *number - first < scheme_.points)
    return static_cast<std::size_t>(*number - first);
  throw FormatError({where, "a point has an unknown label",
                     "'" + std::to_string(first) + "' to '" + std::to_string(scheme_.points - 1 + first) +
                         "', or a name of the scheme " + scheme_.name,
                     text::in_quotes(label), "correct the label"});
}

std::string PointLabels::note(const std::string& file) const {
  return from_one() ? file + ": its points are numbered from 1 to " + std::to_string(scheme_.points) + "; 1 is the " +
                          "scheme's first"
                    : "";
}

LabelledPoints::LabelledPoints(const PointLabels& labels)
    : labels_(labels),
      points_(static_cast<std::size_t>(labels.scheme().points), kUnknownPoint),
      seen_(points_.size()) {}

void LabelledPoints::set(std::string_view label, Point p, const std::string& where) {
  const std::size_t i = labels_.point(label, where);
  if (seen_[i])
    throw FormatError({where, "a point stands twice", "each once", text::in_quotes(label),
                       "remove one; where a photo has several faces, group the points of each"});
  seen_[i] = true;
  points_[i] = p;
}

Landmarks LabelledPoints::take(const std::string& where) {
  if (std::none_of(points_.begin(), points_.end(), is_known))
    throw FormatError({where, "the face has no points", std::to_string(points_.size()) + " points", "none",
                       text::fix_points(labels_.scheme())});
  return std::move(points_);
}

}  // namespace lineament
