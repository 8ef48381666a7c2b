// A scheme of landmarks: how many points, what they are called, and what a program must know of them.
#pragma once
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/landmarks.hpp"

namespace LINEAMENT_API lineament {

/// A part of the face. "left" and "right" are meant as in the picture: the left eye of an upright face has the smaller
/// x.
struct Region {
  std::string name;
  std::vector<int> points;
};

struct Scheme {
  std::string name;
  int points = 0;
  std::vector<std::string> names{};  ///< of the points; empty: "0", "1", …
  std::vector<int> mirror{};         ///< mirror[i] is the point that i becomes in a mirrored picture (an involution)
  std::array<int, 2> eye_corners{};  ///< left, right. Errors are divided by their distance: the inter-ocular NME
  std::array<std::vector<int>, 2> eyes{};  ///< points whose means are the eyes' centres: left, right
  std::vector<Region> regions{};           ///< results are given for each
  std::vector<std::vector<int>> lines{};   ///< to draw: each from point to point; closed where it ends at its first
  /// A face as most are, in any unit: what annotations are compared with to see whether their points are in order.
  /// Empty: they are not compared.
  Landmarks mean_shape{};

  int values() const { return 2 * points; }
  /// Throws ArgumentError for a point there is not.
  std::string point_name(int i) const;
};

/// For a Scheme that was made by hand: throws ArgumentError, naming what does not fit the number of points. Those of
/// scheme_from_json() fit.
void require_valid(const Scheme& scheme);
/// Throws ArgumentError, at `where`, unless the points are as many as the scheme's.
void require_points(const Landmarks& points, const Scheme& scheme, const char* where);

/// The scheme of 300-W: Sagonas et al., "300 Faces in-the-Wild Challenge", ICCV workshops 2013. Points count from 0.
const Scheme& ibug_68();

/// {
///   "scheme": "five", "points": 5,
///   "names": ["left eye", "right eye", "nose", "left mouth", "right mouth"],
///   "mirror": [[0, 1], [3, 4]],
///   "eye_corners": [0, 1],
///   "eyes": [[0], [1]],
///   "regions": {"eyes": [0, 1], "mouth": [3, 4]},
///   "lines": [[0, 1], [3, 4]],
///   "mean_shape": [[x, y], … one for each point]
/// }
/// "scheme", "points", "mirror" and "eye_corners" must be there; "eyes" are the eye corners where they are left out.
/// Points that are in no pair of "mirror" are their own mirror image. Throws FormatError naming what does not fit;
/// `name` stands in messages only.
Scheme scheme_from_json(std::string_view json, std::string_view name = "scheme");
std::string scheme_to_json(const Scheme& scheme);

/// "ibug-68", or a file ending in .json. Throws ArgumentError, FileError or FormatError.
Scheme scheme_by_name(const std::string& name);

/// Distance of the outer eye corners, in the unit of the points. Throws ArgumentError for points of another scheme.
float inter_ocular(const Landmarks& points, const Scheme& scheme = ibug_68());
/// Distance of the eyes' centres. Throws as inter_ocular().
float inter_pupil(const Landmarks& points, const Scheme& scheme = ibug_68());

}  // namespace lineament
