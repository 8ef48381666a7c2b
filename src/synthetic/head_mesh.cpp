// The head's grid with the light that reaches it: ambient occlusion from how far a point lies below its neighbourhood,
// and soft shadows from a short march over the surface towards the light.
#include <numbers>

#include "mesh.hpp"

namespace lineament::synthetic {
namespace {

constexpr int kFront = 43, kBack = 11, kColumns = kFront + kBack, kRows = 70;

/// Dense where the nose is: columns near the middle are a quarter of an even spacing's width.
float column_place(int column) {
  const float q = 2 * static_cast<float>(column) / (kFront - 1) - 1;
  return std::sin(std::numbers::pi_v<float> / 2 * (0.42f * q + 0.58f * q * q * q));
}

/// Heights of the rows from crown to chin, dense from the brows to the chin.
std::array<float, kRows> row_heights(const Head& head) {
  constexpr int kFine = 256;
  std::array<float, kFine + 1> sum{};
  const float top = head.top(), height = top - head.chin();
  for (int i = 1; i <= kFine; ++i) {
    const float part = static_cast<float>(i) / kFine, y = top - part * height;
    // Both ends close like a sphere and need rows of their own.
    const float ends = 2 * bump(part / 0.1f) + 4 * bump((1 - part) / 0.06f);
    sum[i] = sum[i - 1] + 0.45f + 0.7f * ramp(4, 2, y) + 0.35f * ramp(-2.5f, -3.5f, y) + ends;
  }
  std::array<float, kRows> heights;
  int i = 1;
  for (int r = 0; r < kRows; ++r) {
    const float wanted = sum[kFine] * static_cast<float>(r) / (kRows - 1);
    while (i < kFine && sum[i] < wanted) ++i;
    const float at = static_cast<float>(i - 1) + clamp01((wanted - sum[i - 1]) / (sum[i] - sum[i - 1]));
    heights[r] = top - height * at / kFine;
  }
  heights[kRows - 1] = head.chin();
  return heights;
}

using Depths = std::array<std::array<float, kFront>, kRows>;

Depths blurred(const Depths& z) {
  const auto pass = [](const Depths& in, int dr, int dc) {
    Depths out;
    for (int r = 0; r < kRows; ++r) {
      for (int c = 0; c < kFront; ++c) {
        float sum = 0;
        for (int k = -3; k <= 3; ++k) {
          sum += in[std::clamp(r + k * dr, 0, kRows - 1)][std::clamp(c + k * dc, 0, kFront - 1)];
        }
        out[r][c] = sum / 7;
      }
    }
    return out;
  };
  return pass(pass(z, 1, 0), 0, 1);
}

/// The front's depth at any (x, y), from the grid's own vertices: nearest one.
class DepthMap {
 public:
  DepthMap(const Head& head, const std::array<float, kRows>& heights, const Depths& z) : head_(&head), z_(&z) {
    int r = 0, c = 0;
    for (int i = 0; i < kBins; ++i) {
      const float y = mix(head.top(), head.chin(), (static_cast<float>(i) + 0.5f) / kBins);
      while (r + 1 < kRows && 0.5f * (heights[r] + heights[r + 1]) > y) ++r;
      row_[i] = r;
      const float s = 2 * (static_cast<float>(i) + 0.5f) / kBins - 1;
      while (c + 1 < kFront && 0.5f * (column_place(c) + column_place(c + 1)) < s) ++c;
      column_[i] = c;
      width_[i] = head.section(y).width;
    }
  }
  float operator()(float x, float y) const {
    const float part = (head_->top() - y) / (head_->top() - head_->chin());
    if (part < 0 || part >= 1) return -1e9f;
    const int i = static_cast<int>(part * kBins);
    const float s = 0.5f + 0.5f * x / std::max(width_[i], 0.1f);
    if (s < 0 || s >= 1) return -1e9f;
    return (*z_)[row_[i]][column_[static_cast<int>(s * kBins)]];
  }

 private:
  static constexpr int kBins = 256;
  const Head* head_;
  const Depths* z_;
  std::array<int, kBins> row_, column_;
  std::array<float, kBins> width_;
};

/// Share of the light from `to` (unit, head frame) that reaches `from`.
float reached(const DepthMap& depth, Vec3 from, Vec3 to) {
  float blocked = 0;
  for (const float t : {0.45f, 0.8f, 1.3f, 2.0f, 2.9f, 4.0f}) {
    const Vec3 p = from + to * t;
    blocked = std::max(blocked, (depth(p.x, p.y) - p.z - 0.1f) / (0.2f + 0.22f * t));
  }
  return 1 - ramp(0, 1, blocked);
}

}  // namespace

Grid head_grid(const Head& head, const Camera& camera, const Look& look) {
  Grid grid(kRows, kColumns, true);
  const std::array<float, kRows> heights = row_heights(head);
  std::array<float, kFront> place;
  for (int c = 0; c < kFront; ++c) place[c] = column_place(c);
  Depths z;
  std::vector<Vec3> points(grid.vertices.size());
  for (int r = 0; r < kRows; ++r) {
    const float y = heights[r];
    const Section s = head.section(y);
    for (int c = 0; c < kColumns; ++c) {
      Vertex& v = grid.at(r, c);
      Vec3 p;
      if (c < kFront) {
        const float x = place[c] * s.width;
        p = {x, y, z[r][c] = head.depth(x, y, s)};
        v.a = x;
      } else {
        const float angle = std::numbers::pi_v<float> * static_cast<float>(c - kFront + 1) / (kBack + 1);
        p = {s.width * std::cos(angle), y, s.outline - s.back * std::sin(angle)};
        v.a = p.x >= 0 ? 2 * s.width - p.x : -2 * s.width - p.x;
      }
      v.b = y;
      points[static_cast<std::size_t>(r * kColumns + c)] = p;
      v.at = camera.view(p);
    }
  }
  grid.set_normals();
  const Depths around = blurred(z);
  const DepthMap map(head, heights, z);
  const Vec3 light = camera.turn.transposed(look.key_direction);
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < kFront; ++c) {
      Vertex& v = grid.at(r, c);
      v.open = 1 - 0.75f * clamp01((around[r][c] - z[r][c]) / 0.9f);
      if (dot(v.normal, look.key_direction) > -0.3f) {
        v.light = mix(1, reached(map, points[static_cast<std::size_t>(r * kColumns + c)], light), look.shadow);
      }
    }
    for (int c = kFront; c < kColumns; ++c) {
      // Behind the ears and under the jaw little light arrives.
      const float under = ramp(-5, -8, heights[r]);
      grid.at(r, c).open = mix(0.8f, 0.4f, under);
      grid.at(r, c).light = mix(1, 0.5f, under);
    }
  }
  return grid;
}

}  // namespace lineament::synthetic
