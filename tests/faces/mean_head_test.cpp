// The table of mean_head.hpp is what drawn faces give: for each point the place in the head's frame that fits best
// where it is seen, and how far it strays. "[.print]" prints the table anew.
#include "../../src/faces/mean_head.hpp"

#include <cmath>
#include <cstdio>
#include <vector>

#include "../../src/synthetic/points.hpp"
#include "catch.hpp"
#include "lineament/faces/scheme.hpp"

using namespace lineament;

namespace {

namespace drawn = lineament::synthetic;

struct Sighting {
  drawn::Camera camera;
  Landmarks points;
};

/// Heads turned by less than 25 degrees: beyond, jaw points wander along the outline.
std::vector<Sighting> sightings(std::uint64_t seed, int count) {
  std::vector<Sighting> list;
  for (std::uint64_t i = 0; list.size() < static_cast<std::size_t>(count); ++i) {
    const drawn::Person person = drawn::draw_person(seed, i, {.max_yaw = 45});
    if (std::abs(person.pose.yaw) > 25 * 3.14159265f / 180) continue;
    const drawn::Head head(person.identity, person.expression);
    const drawn::Camera camera = drawn::aim(head, person.pose, 400);
    list.push_back({camera, drawn::place_points(head, camera)});
  }
  return list;
}

/// Least squares of three unknowns: sums rows, solves by Cramer's rule.
class Least3 {
 public:
  void add(drawn::Vec3 row, float value) {
    const double r[] = {row.x, row.y, row.z};
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) a_[i][j] += r[i] * r[j];
      b_[i] += r[i] * static_cast<double>(value);
    }
  }
  drawn::Vec3 solve() const {
    const double whole = determinant(-1);
    return {static_cast<float>(determinant(0) / whole), static_cast<float>(determinant(1) / whole),
            static_cast<float>(determinant(2) / whole)};
  }

 private:
  double determinant(int column) const {
    const auto at = [&](int i, int j) { return j == column ? b_[i] : a_[i][j]; };
    return at(0, 0) * (at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)) -
           at(0, 1) * (at(1, 0) * at(2, 2) - at(1, 2) * at(2, 0)) +
           at(0, 2) * (at(1, 0) * at(2, 1) - at(1, 1) * at(2, 0));
  }
  double a_[3][3]{}, b_[3]{};
};

/// Where the point would be seen: (p.x - cx) (distance - v.z) = focal v.x is linear in its place v = turn (place -
/// pivot).
drawn::Vec3 best_place(const std::vector<Sighting>& all, std::size_t k) {
  Least3 sums;
  for (const auto& [camera, points] : all) {
    const float x = (points[k].x - camera.center_x) / camera.focal, y = (camera.center_y - points[k].y) / camera.focal;
    sums.add(camera.turn.r0 + camera.turn.r2 * x, x * camera.distance);
    sums.add(camera.turn.r1 + camera.turn.r2 * y, y * camera.distance);
  }
  return sums.solve() + drawn::Camera::kPivot;
}

/// Root of the mean square of one coordinate's distance in the picture, cm.
float stray(const std::vector<Sighting>& all, std::size_t k, drawn::Vec3 place) {
  float sum = 0, count = 0;
  for (const auto& [camera, points] : all) {
    const float d = distance(camera.see(place), points[k]) / camera.scale();
    sum += d * d, count += 2;
  }
  return std::sqrt(sum / count);
}

std::vector<MeanHeadPoint> table_of(const std::vector<Sighting>& all) {
  std::vector<MeanHeadPoint> table;
  for (std::size_t k = 0; k < kMeanHead.size(); ++k) {
    const auto other = static_cast<std::size_t>(ibug_68().mirror[k]);
    const drawn::Vec3 a = best_place(all, k), b = best_place(all, other);
    const drawn::Vec3 place{0.5f * (a.x - b.x), 0.5f * (a.y + b.y), 0.5f * (a.z + b.z)};
    const float s = stray(all, k, place), t = stray(all, other, {-place.x, place.y, place.z});
    table.push_back({place.x, place.y, place.z, std::sqrt(0.5f * (s * s + t * t))});
  }
  return table;
}

}  // namespace

TEST_CASE("print the mean head's table", "[.print]") {
  for (const MeanHeadPoint& p : table_of(sightings(5, 4000)))
    std::printf("    {%.2ff, %.2ff, %.2ff, %.2ff},\n", static_cast<double>(p.x), static_cast<double>(p.y),
                static_cast<double>(p.z), static_cast<double>(p.stray));
}

TEST_CASE("the mean head's points are where drawn faces of another seed have theirs, and stray as much") {
  const std::vector<MeanHeadPoint> table = table_of(sightings(6, 1500));
  for (std::size_t k = 0; k < kMeanHead.size(); ++k) {
    INFO("point " << k);
    CHECK(kMeanHead[k].x == Approx(table[k].x).margin(0.06));
    CHECK(kMeanHead[k].y == Approx(table[k].y).margin(0.1));
    CHECK(kMeanHead[k].z == Approx(table[k].z).margin(0.25));
    CHECK(kMeanHead[k].stray == Approx(table[k].stray).epsilon(0.12).margin(0.01));
  }
}

TEST_CASE("the mean head is symmetric, and near the average neutral head's surface") {
  const drawn::Head head(drawn::Identity{}, drawn::Expression{});
  for (std::size_t k = 0; k < kMeanHead.size(); ++k) {
    INFO("point " << k);
    const MeanHeadPoint &p = kMeanHead[k], &other = kMeanHead[static_cast<std::size_t>(ibug_68().mirror[k])];
    CHECK(p.x == -other.x);
    CHECK(p.y == other.y);
    CHECK(p.z == other.z);
    CHECK(p.stray == other.stray);
    if (k < 17) continue;  // the outline has no place of its own on the surface
    CHECK(p.z == Approx(head.depth(p.x, p.y)).margin(0.6));
  }
}
