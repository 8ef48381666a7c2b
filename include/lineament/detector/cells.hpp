// Faces of a picture as values of a detector's cells, and back: see detector_network().
#pragma once
#include <span>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/detector/found_face.hpp"

namespace LINEAMENT_API lineament {

/// The number of values of all cells of a picture: of the three outputs, one after the other.
/// Throws ArgumentError unless the sides are multiples of 32 above 0.
std::size_t cell_values(int width, int height);

/// A face of a picture to learn from.
struct TrueFace {
  Box box{};
  std::array<Point, 2> eyes{};  ///< see FoundFace
  bool counts = true;           ///< false: too hidden to be asked for; finding it is no mistake, either
};

/// The truth of a picture's cells, and how much each value counts, cell_values() of both. A face is asked for in the
/// grid that fits its size, at the cells around its middle; at the others inside it nothing is asked for, nor in a
/// grid that would fit nearly as well. All that a cell without a face has to say is that there is none.
/// Throws ArgumentError for spans of another length.
void faces_to_cells(std::span<const TrueFace> faces, int width, int height, std::span<float> values,
                    std::span<float> weights);

/// Adds the faces of at least `score` that an output of `stride` shows: height / stride x width / stride cells. Those
/// of neighbouring cells are mostly the same face: see without_doubles(). Throws ArgumentError for another number of
/// values, and where a stride or a size is not positive.
void cells_to_faces(std::span<const float> cells, int stride, int width, int height, float score,
                    std::vector<FoundFace>& faces);

}  // namespace lineament
