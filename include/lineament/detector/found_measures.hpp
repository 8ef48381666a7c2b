// How well faces are found: recall against false boxes, and the area under the curve of precision.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/detector/cells.hpp"

namespace LINEAMENT_API lineament {

/// What was found in one picture, and what is there.
struct SearchedPicture {
  std::vector<FoundFace> found;  ///< found with a low score, so that the curve is whole
  std::vector<TrueFace> truth;
};

/// One place of the curve: all found faces of at least this score.
struct FoundAt {
  float score = 0;
  std::size_t right = 0, wrong = 0;
};

/// Counts over many pictures.
class FoundMeasures {
 public:
  /// A found face is right if it overlaps a true one by `overlap` or more that no better one has taken. Those that
  /// overlap one that does not count are neither right nor wrong.
  explicit FoundMeasures(std::span<const SearchedPicture> pictures, float overlap = 0.5f);

  std::size_t faces() const { return faces_; }                  ///< those that count
  const std::vector<FoundAt>& curve() const { return curve_; }  ///< from high scores to low, each score once
  /// The area under precision over recall, the precision made falling (PASCAL VOC 2010). 0 without faces.
  double average_precision() const;
  /// At the lowest score with at most so many wrong ones in all pictures.
  FoundAt at_wrong(std::size_t most) const;
  /// All of at least this score.
  FoundAt at_score(float score) const;
  double recall(const FoundAt& at) const;  ///< 0 without faces

 private:
  std::size_t faces_ = 0;
  std::vector<FoundAt> curve_;
};

}  // namespace lineament
