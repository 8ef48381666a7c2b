#include "lineament/detector/detection_metric.hpp"

#include <string>
#include <vector>

#include "lineament/detector/cells.hpp"
#include "lineament/detector/found_measures.hpp"
#include "lineament/error.hpp"
#include "lineament/zoo/detector_network.hpp"

namespace lineament {
namespace {

/// The faces of all three outputs, one after the other in `cells`.
std::vector<FoundFace> faces_in_cells(std::span<const float> cells, int width, int height, float score) {
  std::vector<FoundFace> faces;
  for (const int stride : kCellStrides) {
    const auto count = static_cast<std::size_t>(width / stride) * static_cast<std::size_t>(height / stride);
    cells_to_faces(cells.first(count * kCellValues), stride, width, height, score, faces);
    cells = cells.subspan(count * kCellValues);
  }
  return without_doubles(std::move(faces));
}

void require_values(const char* what, std::size_t wanted, std::size_t got) {
  if (wanted != got)
    throw ArgumentError({"detection metric", std::string("wrong number of ") + what, std::to_string(wanted),
                         std::to_string(got), "see faces_to_cells()"});
}

}  // namespace

Metric detection_metric(int width, int height, float score) {
  const std::size_t values = cell_values(width, height);
  return [=](std::span<const float> output, std::span<const float> truth,
             std::span<const float> weights) -> std::vector<NamedValue> {
    require_values("outputs", values, output.size());
    require_values("true values", values, truth.size());
    require_values("weights", values, weights.size());
    constexpr float kNone = -100, kSome = 100;  // log odds
    std::vector<float> asked(output.begin(), output.end()), known(truth.begin(), truth.end());
    for (std::size_t i = 0; i < values; i += kCellValues) {
      if (!(weights[i] > 0)) asked[i] = kNone;
      known[i] = truth[i] > 0.5f ? kSome : kNone;
    }
    SearchedPicture picture{faces_in_cells(asked, width, height, score), {}};
    for (const FoundFace& face : faces_in_cells(known, width, height, 0.5f))
      picture.truth.push_back({face.box, face.eyes, true});
    const FoundMeasures measures({&picture, 1});
    const FoundAt at = measures.at_score(score);
    const double right = static_cast<double>(at.right), wrong = static_cast<double>(at.wrong),
                 missed = static_cast<double>(measures.faces()) - right;
    if (right + wrong + missed == 0) return {};
    return {{"F1", 2 * right / (2 * right + wrong + missed), true}, {"wrong", wrong}};
  };
}

}  // namespace lineament
