// Resizing in two passes: rows first, then columns, each with weights worked out once for its axis.
#include "lineament/image/resize.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "image/pixel_rows.hpp"
#include "image/rgb_rows.hpp"
#include "lineament/error.hpp"

namespace lineament {
namespace {

/// For each output position of one axis: the first input position and the weights of it and its followers, summing
/// to 1.
struct Axis {
  std::vector<int> first;
  std::vector<float> weights;  // `taps` for each output position, zero where fewer are needed
  int taps = 0;

  Axis(int in, int out) : first(static_cast<std::size_t>(out)) {
    const double scale = static_cast<double>(in) / out;
    taps = in > out ? std::min(in, static_cast<int>(std::ceil(scale)) + 1) : std::min(in, 2);
    weights.resize(static_cast<std::size_t>(out) * static_cast<std::size_t>(taps));
    for (int i = 0; i < out; ++i) {
      float* w = weights.data() + static_cast<std::ptrdiff_t>(i) * taps;
      int& start = first[static_cast<std::size_t>(i)];
      if (in > out) {
        const double low = i * scale, high = (i + 1) * scale;
        start = std::min(static_cast<int>(low), in - taps);
        for (int k = 0; k < taps; ++k) {
          const double overlap = std::min(high, start + k + 1.0) - std::max(low, static_cast<double>(start + k));
          w[k] = static_cast<float>(std::max(0.0, overlap) / scale);
        }
      } else {
        const double centre = std::clamp((i + 0.5) * scale - 0.5, 0.0, in - 1.0);
        start = std::min(static_cast<int>(centre), in - taps);
        const auto part = static_cast<float>(centre - start);
        w[0] = 1 - part;
        if (taps == 2) w[1] = part;
      }
    }
  }
};

void resize_row(const std::uint8_t* in, const Axis& axis, float* out) {
  const float* w = axis.weights.data();
  for (const int first : axis.first) {
    const std::uint8_t* p = in + static_cast<std::ptrdiff_t>(first) * 3;
    float r = 0, g = 0, b = 0;
    for (int k = 0; k < axis.taps; ++k, p += 3) {
      r += w[k] * p[0];
      g += w[k] * p[1];
      b += w[k] * p[2];
    }
    out[0] = r;
    out[1] = g;
    out[2] = b;
    out += 3;
    w += axis.taps;
  }
}

}  // namespace

Image resize(const ImageView& image, int width, int height) {
  const ImageView all = completed(image);
  if (width <= 0 || height <= 0)
    throw ArgumentError(
        {"resize", "the new size is not positive", "", std::to_string(width) + " x " + std::to_string(height), ""});
  if (width == image.width && height == image.height) return to_image(image);

  const Axis across(image.width, width), down(image.height, height);
  const auto row = static_cast<std::size_t>(width) * 3;
  std::vector<float> narrow(row * static_cast<std::size_t>(image.height));
  RgbRows rows(all, 0, 0, image.width, image.height);
  rows.keep(1);
  for (int y = 0; y < image.height; ++y)
    resize_row(rows.row(y), across, narrow.data() + row * static_cast<std::size_t>(y));

  Image result(width, height);
  std::vector<float> sum(row);
  for (int y = 0; y < height; ++y) {
    std::fill(sum.begin(), sum.end(), 0.5f);  // Rounds to nearest when the fraction is cut off.
    for (int k = 0; k < down.taps; ++k) {
      const float w =
          down.weights[static_cast<std::size_t>(y) * static_cast<std::size_t>(down.taps) + static_cast<std::size_t>(k)];
      if (w == 0) continue;
      const float* in = narrow.data() + row * static_cast<std::size_t>(down.first[static_cast<std::size_t>(y)] + k);
      for (std::size_t i = 0; i < row; ++i) sum[i] += w * in[i];
    }
    std::uint8_t* out = result.row(y);
    for (std::size_t i = 0; i < row; ++i)
      out[i] = static_cast<std::uint8_t>(static_cast<int>(std::min(sum[i], 255.0f)));
  }
  return result;
}

}  // namespace lineament
