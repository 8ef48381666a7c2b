// How wide the true distribution of a heat map may be.
#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/landmarker/face_losses.hpp"

using namespace lineament;

namespace {

/// Of flat maps, with points at corners of pixels, in their middles and at the map's edges.
double value_at(double sigma) {
  const HeatmapDivergence loss{.height = 8, .width = 8, .points = 3, .sigma = sigma};
  const std::vector<double> maps(8 * 8 * 3, 0.0), truth{0.5, 0.5, 0.5625, 0.5625, 1, 1};
  std::vector<double> gradient(maps.size());
  const double value = loss(std::span<const double>(maps), truth, {}, gradient, 1);
  for (const double g : gradient)
    if (!std::isfinite(g)) return std::nan("");
  return value;
}

}  // namespace

TEST_CASE("a sigma of heat maps at its bounds gives numbers, and beyond them an error") {
  CHECK(value_at(0.1) > value_at(1));
  CHECK(value_at(1000) == Approx(0).margin(1e-6));  // as flat as the maps
  for (const double sigma : {0.01, 1e-9, 0.0, -1.0, 1e9, std::nan(""), std::numeric_limits<double>::infinity()})
    CHECK_THROWS_AS(value_at(sigma), ArgumentError);
  CHECK_THROWS_WITH(value_at(0.01),
                    "loss of heat maps: sigma is out of range (wanted 0.1 to 1000 pixels of the map, got 0.010000)");
  const std::vector<float> truth(2 * kPoints, 0.5f);
  const std::span<const float> none;
  const HeatmapDivergence without_maps{.height = 0};
  CHECK_THROWS_AS(without_maps(none, truth, {}, {}, 1), ArgumentError);
  CHECK_THROWS_AS(FaceCrossEntropy{}(none, {}, {}, 0), ArgumentError);
}
