// Five points, so that files written out in a test stay short.
#pragma once
#include "lineament/faces/scheme.hpp"

namespace test {

inline const lineament::Scheme& small_scheme() {
  static const lineament::Scheme scheme = lineament::scheme_from_json(
      R"({"scheme": "five", "points": 5, "names": ["left eye", "right eye", "nose", "left mouth", "right mouth"],
          "mirror": [[0, 1], [3, 4]], "eye_corners": [0, 1]})");
  return scheme;
}

/// Equal, where points that are not known are equal to each other.
inline bool same(const lineament::Landmarks& a, const lineament::Landmarks& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lineament::is_known(a[i]) != lineament::is_known(b[i]) || (lineament::is_known(a[i]) && !(a[i] == b[i])))
      return false;
  return true;
}

}  // namespace test
