// Augmentation of what a crop looks like: occlusion, light and colour, blur, noise. Works in place on size x size x 3
// floats in [0, 1], in plain loops a compiler turns into vector code; the only memory is a row or two kept by each
// thread.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/augment_options.hpp"
#include "lineament/random.hpp"

namespace LINEAMENT_API lineament {
namespace detail {

/// Normal, cut at two deviations: an outlier would make a sample that teaches nothing.
inline float bounded(Random& random, float deviation) {
  return deviation * std::clamp(random.normal(), -2.0f, 2.0f);
}

/// A 32-bit mix with low bias (Wellons, "Prospecting for hash functions", 2018): far cheaper a value than a Philox
/// block.
constexpr std::uint32_t mix(std::uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return x ^ (x >> 16);
}

/// Close to a standard normal: the sum of the hash's four bytes (mean 510, deviation 147.8).
constexpr float noise_value(std::uint32_t key, std::uint32_t index) {
  const std::uint32_t h = mix(key + index * 0x9E3779B9u);
  const std::uint32_t sum = (h & 255u) + ((h >> 8) & 255u) + ((h >> 16) & 255u) + (h >> 24);
  return static_cast<float>(static_cast<std::int32_t>(sum) - 510) * (1.0f / 147.8f);
}

inline std::vector<float>& row_scratch(std::size_t length) {
  thread_local std::vector<float> scratch;
  if (scratch.size() < length) scratch.resize(length);
  return scratch;
}

/// An ellipse or a rectangle of one colour, half of them grainy.
inline void occlude(std::span<float> pixels, int size, float largest, Random& random) {
  const float side = static_cast<float>(size);
  const float cx = random.uniform(0, side), cy = random.uniform(0, side);
  const float rx = 0.5f * side * largest * random.uniform(0.2f, 1),
              ry = 0.5f * side * largest * random.uniform(0.2f, 1);
  const bool ellipse = random.chance(0.5f);
  const float grain = random.chance(0.5f) ? random.uniform(0.05f, 0.3f) : 0;
  const std::array<float, 3> color{random.uniform(), random.uniform(), random.uniform()};
  const std::uint32_t key = random.bits();
  const int top = std::max(0, static_cast<int>(cy - ry)), bottom = std::min(size, static_cast<int>(cy + ry) + 1);
  for (int y = top; y < bottom; ++y) {
    const float v = (static_cast<float>(y) - cy) / ry;
    const float half = ellipse ? rx * std::sqrt(std::max(0.0f, 1 - v * v)) : rx;
    const int left = std::max(0, static_cast<int>(cx - half)), right = std::min(size, static_cast<int>(cx + half) + 1);
    const int end = (y * size + right) * 3;
    for (int i = (y * size + left) * 3; i < end; ++i) {
      const float n = grain * noise_value(key, static_cast<std::uint32_t>(i));
      pixels[static_cast<std::size_t>(i)] = std::clamp(color[static_cast<std::size_t>(i % 3)] + n, 0.0f, 1.0f);
    }
  }
}

inline void saturate(std::span<float> pixels, float factor) {
  for (std::size_t i = 0; i + 2 < pixels.size(); i += 3) {
    const float luma = 0.299f * pixels[i] + 0.587f * pixels[i + 1] + 0.114f * pixels[i + 2];
    for (std::size_t c = 0; c < 3; ++c) pixels[i + c] = luma + factor * (pixels[i + c] - luma);
  }
}

/// Light and colour in one pass: v * gain[c] * (1 + slope_x x + slope_y y) + offset, x and y from -1 to 1, cut to [0,
/// 1], then the curve v + bend v (1 - v), which keeps 0 and 1 and is v^2 at bend -1: a gamma without a power for each
/// value.
struct Tone {
  std::array<float, 3> gain{1, 1, 1};
  float slope_x = 0, slope_y = 0, offset = 0, bend = 0;
};

inline void apply(const Tone& tone, std::span<float> pixels, int size) {
  const std::size_t width = static_cast<std::size_t>(size) * 3;
  float* const gains = row_scratch(2 * width).data();
  float* const steps = gains + width;  // What a whole unit of y adds to the gain.
  const float unit = 2.0f / static_cast<float>(size);
  for (std::size_t i = 0; i < width; ++i) {
    const float x = (static_cast<float>(i / 3) + 0.5f) * unit - 1;
    gains[i] = tone.gain[i % 3] * (1 + tone.slope_x * x);
    steps[i] = tone.gain[i % 3] * tone.slope_y;
  }
  const float offset = tone.offset, bend = tone.bend;
  for (int row = 0; row < size; ++row) {
    const float y = (static_cast<float>(row) + 0.5f) * unit - 1;
    float* const p = pixels.data() + static_cast<std::size_t>(row) * width;
    for (std::size_t i = 0; i < width; ++i) {
      const float v = std::min(1.0f, std::max(0.0f, p[i] * (gains[i] + y * steps[i]) + offset));
      p[i] = v + bend * v * (1 - v);
    }
  }
}

/// One pass of the kernel (a, 1 - 2a, a) along rows, edge pixels going on outside.
inline void blur_rows(std::span<float> pixels, int size, float a) {
  const std::size_t width = static_cast<std::size_t>(size) * 3;
  float* const old = row_scratch(width + 6).data();
  for (float* p = pixels.data(); p != pixels.data() + pixels.size(); p += width) {
    std::copy(p, p + width, old + 3);
    std::copy(p, p + 3, old);
    std::copy(p + width - 3, p + width, old + 3 + width);
    for (std::size_t i = 0; i < width; ++i) p[i] = old[i + 3] + a * (old[i] + old[i + 6] - 2 * old[i + 3]);
  }
}

/// The same along columns.
inline void blur_columns(std::span<float> pixels, int size, float a) {
  const std::size_t width = static_cast<std::size_t>(size) * 3;
  float* const above = row_scratch(width).data();
  std::copy(pixels.data(), pixels.data() + width, above);
  for (int row = 0; row < size; ++row) {
    float* const p = pixels.data() + static_cast<std::size_t>(row) * width;
    const float* const below = row + 1 < size ? p + width : p;
    for (std::size_t i = 0; i < width; ++i) {
      const float old = p[i];
      p[i] = old + a * (above[i] + below[i] - 2 * old);
      above[i] = old;
    }
  }
}

/// A Gaussian to the eye: repeated small kernels, whose variances (2a each) add up.
inline void blur(std::span<float> pixels, int size, float deviation_x, float deviation_y) {
  for (const bool rows : {true, false}) {
    const float variance = rows ? deviation_x * deviation_x : deviation_y * deviation_y;
    const int passes =
        static_cast<int>(std::ceil(variance * 2));  // a <= 1/4: no kernel weight below zero or two humps.
    for (int i = 0; i < passes; ++i) {
      const float a = variance / (2 * static_cast<float>(passes));
      rows ? blur_rows(pixels, size, a) : blur_columns(pixels, size, a);
    }
  }
}

inline void add_noise(std::span<float> pixels, float deviation, std::uint32_t key) {
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const float v = pixels[i] + deviation * noise_value(key, static_cast<std::uint32_t>(i));
    pixels[i] = std::min(1.0f, std::max(0.0f, v));
  }
}

/// Sums over neighbours and colours with weights drawn at random, and as light and rich in contrast as before, mixed
/// with the pixels themselves: edges stay where they are, what lies between them looks like other stuff.
inline void filter(std::span<float> pixels, int size, Random& random) {
  constexpr int kReach = 5, kSteps = 2 * kReach + 1;  // a neighbour's colours are 1 to 5 values away
  const std::size_t width = static_cast<std::size_t>(size) * 3;
  std::array<float, 3 * kSteps * 3> weights{};  // row, step, colour
  for (int row = 0; row < 3; ++row)
    for (int dx = -1; dx <= 1; ++dx)
      for (int to = 0; to < 3; ++to)
        for (int from = 0; from < 3; ++from)
          weights[static_cast<std::size_t>((row * kSteps + 3 * dx + from - to + kReach) * 3 + to)] = random.normal();
  const float own = random.uniform();
  thread_local std::vector<float> padded, made;
  const std::size_t stride = width + 2 * kReach;
  padded.resize(stride * static_cast<std::size_t>(size + 2));
  made.assign(pixels.size(), 0.0f);
  for (int y = -1; y <= size; ++y) {
    const float* from = pixels.data() + static_cast<std::size_t>(std::clamp(y, 0, size - 1)) * width;
    float* to = padded.data() + static_cast<std::size_t>(y + 1) * stride;
    for (std::size_t i = 0; i < kReach; ++i)
      to[i] = from[(i + 1) % 3], to[kReach + width + i] = from[width - 3 + i % 3];
    std::copy(from, from + width, to + kReach);
  }
  std::vector<float>& by_place = row_scratch(width);
  for (int row = 0; row < 3; ++row)
    for (int step = 0; step < kSteps; ++step) {
      for (std::size_t i = 0; i < width; ++i)
        by_place[i] = weights[static_cast<std::size_t>((row * kSteps + step) * 3) + i % 3];
      for (int y = 0; y < size; ++y) {
        const float* from = padded.data() + static_cast<std::size_t>(y + row) * stride + step;
        float* to = made.data() + static_cast<std::size_t>(y) * width;
        for (std::size_t i = 0; i < width; ++i) to[i] += by_place[i] * from[i];
      }
    }
  const auto moments = [](std::span<const float> values) {
    float sum = 0, squares = 0;
    for (const float v : values) sum += v, squares += v * v;
    const float n = static_cast<float>(values.size()), mean = sum / n;
    return std::pair(mean, std::sqrt(std::max(squares / n - mean * mean, 1e-6f)));
  };
  const auto [mean, deviation] = moments(pixels);
  const auto [made_mean, made_deviation] = moments(made);
  const float gain = deviation / made_deviation;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const float other = mean + gain * (made[i] - made_mean);
    pixels[i] = std::clamp(own * pixels[i] + (1 - own) * other, 0.0f, 1.0f);
  }
}

/// Draws light and colour.
inline Tone draw_tone(const AugmentOptions& options, Random& random) {
  Tone tone;
  const float contrast = std::exp(bounded(random, options.contrast));
  for (float& gain : tone.gain) gain = contrast * std::exp(bounded(random, options.cast));
  tone.offset = 0.5f * (1 - contrast) + bounded(random, options.brightness);
  tone.slope_x = bounded(random, options.shade);
  tone.slope_y = bounded(random, options.shade);
  // The bend that moves mid-grey to where the gamma curve has it; at most 1, beyond which the curve would overshoot.
  tone.bend = std::clamp(4 * (std::pow(0.5f, std::exp2(bounded(random, options.gamma))) - 0.5f), -1.0f, 1.0f);
  return tone;
}

}  // namespace detail

/// Changes the look of a crop, size x size x 3 floats in [0, 1], in place; values stay in [0, 1]. With the level "none"
/// not a bit changes.
inline void augment_pixels(std::span<float> pixels, int size, const AugmentOptions& options, Random& random) {
  using namespace detail;
  // What is in the scene comes first, what the camera does to it last.
  if (random.chance(options.patches)) {
    for (std::uint32_t n = 1 + random.below(3); n > 0; --n) occlude(pixels, size, options.patch_size, random);
  }
  const float saturation = random.chance(options.grey) ? 0 : std::exp(bounded(random, options.saturation));
  if (saturation != 1) saturate(pixels, saturation);
  if (options.filter > 0 && random.chance(options.filter)) filter(pixels, size, random);
  const Tone tone = draw_tone(options, random);
  if (tone.gain != Tone{}.gain || tone.slope_x != 0 || tone.slope_y != 0 || tone.offset != 0 || tone.bend != 0) {
    apply(tone, pixels, size);
  } else if (saturation != 1) {
    for (float& v : pixels) v = std::clamp(v, 0.0f, 1.0f);  // A strengthened colour may have left the range.
  }
  if (random.chance(options.blur)) {
    const float largest = options.blur_radius * static_cast<float>(size);
    const float dx = random.uniform(0, largest), dy = random.uniform(0, largest);
    blur(pixels, size, dx, dy);
  }
  if (random.chance(options.noise)) {
    const std::uint32_t seed = random.bits();
    add_noise(pixels, random.uniform(0, options.noise_level), seed);
  }
}

}  // namespace lineament
