// Exposure, contrast, and the sensor's pixels.
#include "film.hpp"

#include <array>
#include <bit>
#include <vector>

namespace lineament::synthetic {
namespace {

/// Linear light to 8-bit sRGB-like values, with exposure and contrast.
class Film {
 public:
  explicit Film(const Look& look) : exposure_(look.exposure), saturation_(look.saturation) {
    for (int i = 0; i < kSteps; ++i) {
      const float light = std::bit_cast<float>((kFirst + static_cast<std::uint32_t>(i)) << kShift);
      const float soft =
          light < 0.8f ? light : 0.8f + 0.35f * std::tanh((light - 0.8f) / 0.35f);  // highlights roll off
      const float plain = std::pow(soft, 1 / 2.2f), value = mix(plain, ramp(0, 1, plain), look.contrast);
      table_[i] = static_cast<std::uint8_t>(255 * clamp01(value) + 0.5f);
    }
  }
  Color operator()(Vec3 light) const {
    const float grey = 0.3f * light.x + 0.6f * light.y + 0.1f * light.z;
    const Vec3 c = mix({grey, grey, grey}, light, saturation_);
    return {value(c.x), value(c.y), value(c.z)};
  }

 private:
  // Indexed by the upper bits of the float, 128 steps for each doubling from 2^-10 to 4: even steps to the eye, no
  // root.
  static constexpr int kShift = 16, kSteps = 12 * 128;
  static constexpr std::uint32_t kFirst = (127 - 10) << 7;

  std::uint8_t value(float light) const {
    const float exposed = std::max(light * exposure_, 0.0009765625f);
    return table_[std::min(std::bit_cast<std::uint32_t>(exposed) >> kShift, kFirst + kSteps - 1) - kFirst];
  }
  float exposure_, saturation_;
  std::array<std::uint8_t, kSteps> table_;
};

/// The pixels that one pixel of the picture covers, along one side.
struct Taps {
  int first = 0;
  std::array<float, 3> share{};
};
std::vector<Taps> taps_of(int drawn, int size) {
  const float step = static_cast<float>(drawn) / static_cast<float>(size);
  std::vector<Taps> list(static_cast<std::size_t>(size));
  for (int i = 0; i < size; ++i) {
    const float begin = step * static_cast<float>(i), end = begin + step;
    Taps& c = list[static_cast<std::size_t>(i)];
    c.first = std::min(static_cast<int>(begin), drawn - 3);
    for (int k = 0; k < 3; ++k) {
      const float left = static_cast<float>(c.first + k);
      c.share[static_cast<std::size_t>(k)] = std::max(0.0f, std::min(end, left + 1) - std::max(begin, left)) / step;
    }
  }
  return list;
}

/// Calls use(mean) for each of the picture's pixels, row by row, with the mean of `light` over its area.
template <class Use>
void for_each_mean(std::span<const Vec3> light, int size, Use use) {
  const int side = drawn_side(size);
  const std::vector<Taps> taps = taps_of(side, size);
  std::vector<Vec3> row(static_cast<std::size_t>(side));
  for (const Taps& down : taps) {
    const Vec3* from = light.data() + static_cast<std::ptrdiff_t>(down.first) * side;
    for (int x = 0; x < side; ++x)
      row[static_cast<std::size_t>(x)] =
          from[x] * down.share[0] + from[x + side] * down.share[1] + from[x + 2 * side] * down.share[2];
    for (const Taps& across : taps) {
      const Vec3* p = row.data() + across.first;
      use(p[0] * across.share[0] + p[1] * across.share[1] + p[2] * across.share[2]);
    }
  }
}

std::uint8_t* put(std::uint8_t* to, Color c) {
  to[0] = c.r;
  to[1] = c.g;
  to[2] = c.b;
  return to + 3;
}

}  // namespace

Image develop(std::span<const Vec3> light, int size, const Look& look) {
  const Film film(look);
  Image image(size, size);
  std::uint8_t* to = image.pixels().data();
  for_each_mean(light, size, [&](Vec3 mean) { to = put(to, film(mean)); });
  return image;
}

Image develop(std::span<const Vec3> light, std::span<const float> cover, int size, const Look& look) {
  const Film film(look);
  Image image(size, size);
  std::uint8_t* to = image.pixels().data();
  const float* c = cover.data();
  constexpr float kSome = 1.0f / 512;  // less is no cover in 8 bits
  for_each_mean(light, size, [&](Vec3 mean) { to = put(to, film(mean * (1 / std::max(*c++, kSome)))); });
  return image;
}

std::vector<float> shrink(std::span<const Vec3> light, int size) {
  std::vector<float> means;
  means.reserve(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
  for_each_mean(light, size, [&](Vec3 mean) { means.push_back(mean.x); });
  return means;
}

}  // namespace lineament::synthetic
