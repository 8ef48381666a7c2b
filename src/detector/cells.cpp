#include "lineament/detector/cells.hpp"

#include <algorithm>
#include <cmath>

#include "lineament/error.hpp"
#include "lineament/zoo/detector_network.hpp"

namespace lineament {
namespace {

/// The sides of faces that each grid is asked for, pixels. Why these: faces are 1.5 to 5 cells wide, so that one grid's
/// cells see a face whole and two faces side by side have cells of their own.
constexpr std::array<float, 3> kLargest{40, 96, 1e9f};
/// Within this factor of the limit a face may be found by either grid.
constexpr float kEither = 1.25f;
/// Cells this near the middle are asked for, in sides of the face and at least half a stride; farther ones, up to
/// kInside, may do as they like.
constexpr float kNear = 0.16f, kInside = 0.36f;
constexpr float kShortest = 0.05f;  ///< strides: logs of distances end here

struct Grid {
  int stride, columns, rows;
  Point centre(int column, int row) const {
    const auto s = static_cast<float>(stride);
    return {(static_cast<float>(column) + 0.5f) * s - 0.5f, (static_cast<float>(row) + 0.5f) * s - 0.5f};
  }
};

Grid grid_of(std::size_t level, int width, int height) {
  const int stride = kCellStrides[level];
  return {stride, width / stride, height / stride};
}

enum class Asked { no, perhaps, yes };

Asked asked(std::size_t level, const TrueFace& face) {
  const float side = std::max(face.box.width, face.box.height);
  const float above = level == 0 ? 0 : kLargest[level - 1], below = kLargest[level];
  if (side > above && side <= below) return Asked::yes;
  return side > above / kEither && side <= below * kEither ? Asked::perhaps : Asked::no;
}

void write_face(const TrueFace& face, Point centre, float stride, float* values, float* weights) {
  const auto distance_log = [&](float d) { return std::log(std::max(d / stride, kShortest)); };
  values[0] = 1;
  values[1] = distance_log(centre.x - face.box.x);
  values[2] = distance_log(centre.y - face.box.y);
  values[3] = distance_log(face.box.x + face.box.width - centre.x);
  values[4] = distance_log(face.box.y + face.box.height - centre.y);
  for (std::size_t eye = 0; eye < 2; ++eye) {
    values[5 + 2 * eye] = (face.eyes[eye].x - centre.x) / stride;
    values[6 + 2 * eye] = (face.eyes[eye].y - centre.y) / stride;
  }
  std::fill_n(weights, kCellValues, 1.0f);
}

void write_faces(std::span<const TrueFace> faces, std::size_t level, const Grid& grid, float* values, float* weights) {
  const auto stride = static_cast<float>(grid.stride);
  for (int row = 0; row < grid.rows; ++row) {
    for (int column = 0; column < grid.columns; ++column) {
      const Point centre = grid.centre(column, row);
      const TrueFace* nearest = nullptr;
      float nearest_off = kInside;
      bool counts = true;
      for (const TrueFace& face : faces) {
        const Asked here = asked(level, face);
        if (here == Asked::no) continue;
        const Point middle = face.box.center();
        const float side = std::max(face.box.width, face.box.height);
        const float off = std::max(std::abs(centre.x - middle.x), std::abs(centre.y - middle.y));
        const bool inside = off < std::max(kInside * side, stride);
        const bool near = off <= std::max(kNear * side, 0.5f * stride);
        if (inside) counts = false;
        if (near && here == Asked::yes && face.counts && off / side < nearest_off) {
          nearest = &face;
          nearest_off = off / side;
        }
      }
      if (nearest != nullptr)
        write_face(*nearest, centre, stride, values, weights);
      else
        weights[0] = counts ? 1.0f : 0.0f;
      values += kCellValues, weights += kCellValues;
    }
  }
}

}  // namespace

std::size_t cell_values(int width, int height) {
  constexpr int kMultiple = kCellStrides.back();
  if (width <= 0 || height <= 0 || width % kMultiple != 0 || height % kMultiple != 0)
    throw ArgumentError({"cells", "the picture's size does not fit the cells",
                         "sides that are multiples of " + std::to_string(kMultiple),
                         std::to_string(width) + " x " + std::to_string(height), ""});
  std::size_t cells = 0;
  for (const int stride : kCellStrides)
    cells += static_cast<std::size_t>(width / stride) * static_cast<std::size_t>(height / stride);
  return cells * kCellValues;
}

void faces_to_cells(std::span<const TrueFace> faces, int width, int height, std::span<float> values,
                    std::span<float> weights) {
  const std::size_t count = cell_values(width, height);
  if (values.size() != count || weights.size() != count)
    throw ArgumentError({"cells", "wrong number of values or weights", std::to_string(count),
                         std::to_string(values.size()) + " and " + std::to_string(weights.size()), ""});
  std::fill(values.begin(), values.end(), 0.0f);
  std::fill(weights.begin(), weights.end(), 0.0f);
  std::size_t at = 0;
  for (std::size_t level = 0; level < kCellStrides.size(); ++level) {
    const Grid grid = grid_of(level, width, height);
    write_faces(faces, level, grid, values.data() + at, weights.data() + at);
    at += static_cast<std::size_t>(grid.columns) * static_cast<std::size_t>(grid.rows) * kCellValues;
  }
}

void cells_to_faces(std::span<const float> cells, int stride, int width, int height, float score,
                    std::vector<FoundFace>& faces) {
  if (stride < 1 || width < 1 || height < 1)
    throw ArgumentError({"cells", "a stride or a size is not positive", "1 or more",
                         std::to_string(stride) + "; " + std::to_string(width) + " x " + std::to_string(height), ""});
  const Grid grid{stride, width / stride, height / stride};
  const auto s = static_cast<float>(stride);
  if (cells.size() != static_cast<std::size_t>(grid.columns) * static_cast<std::size_t>(grid.rows) * kCellValues)
    throw ArgumentError(
        {"cells", "wrong number of values for a picture of this size",
         std::to_string(grid.rows) + " x " + std::to_string(grid.columns) + " x " + std::to_string(kCellValues),
         std::to_string(cells.size()), ""});
  // Compared as log odds: most cells are far below, and need no exponential.
  const float odds = std::log(std::max(score, 1e-6f) / std::max(1 - score, 1e-6f));
  for (int row = 0; row < grid.rows; ++row) {
    for (int column = 0; column < grid.columns; ++column) {
      const float* v = cells.data() + static_cast<std::size_t>(row * grid.columns + column) * kCellValues;
      if (!(v[0] >= odds)) continue;
      const Point c = grid.centre(column, row);
      const auto edge = [&](int i) { return s * std::exp(std::clamp(v[i], -kMostCellLog, kMostCellLog)); };
      FoundFace& face = faces.emplace_back();
      face.score = 1 / (1 + std::exp(-v[0]));
      face.box = {c.x - edge(1), c.y - edge(2), edge(1) + edge(3), edge(2) + edge(4)};
      face.eyes = {c + Point{v[5], v[6]} * s, c + Point{v[7], v[8]} * s};
    }
  }
}

}  // namespace lineament
