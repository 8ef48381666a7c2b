// The input of a strip of rows, with its padding. Compiled once for each instruction set.
#if defined(LINEAMENT_STRIPS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_STRIPS_INL
#undef LINEAMENT_STRIPS_INL
#else
#define LINEAMENT_STRIPS_INL
#endif

#include <hwy/highway.h>

#include <cstring>

#include "kernels/conv/direct_plan.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// Where row `number` of an image lies, with as many after (or before) it as are read.
struct ImageRow {
  const float* at;
  int number;
};

/// Rows first … first + count - 1 of the padded input of one group, zeros included.
inline HWY_ATTR void FillStrip(const StripPlan& p, ImageRow from, int group, int first, int count, float* strip) {
  const ConvGeometry& g = p.g;
  const int channels = p.channels;
  const auto zero = [&](float* to, int pixels)
                        HWY_ATTR { std::memset(to, 0, sizeof(float) * static_cast<std::size_t>(pixels * channels)); };
  // Of a row: one run of pixels between two runs of zeros.
  const int left = std::min(std::max(g.pad_left, 0), p.padded_width);
  const int skip = std::max(-g.pad_left, 0);
  const int inside = std::max(0, std::min(g.in_w - skip, p.padded_width - left));
  for (int r = 0; r < count; ++r) {
    float* to = strip + r * p.row_size();
    const int row = first + r - g.pad_top;
    if (row < 0 || row >= g.in_h) {
      zero(to, p.padded_width);
      continue;
    }
    const float* pixels = from.at + (static_cast<std::ptrdiff_t>(row - from.number) * g.in_w + skip) * g.in_c +
                          std::ptrdiff_t{group} * channels;
    zero(to, left);
    to += left * channels;
    if (g.groups == 1) {
      std::memcpy(to, pixels, sizeof(float) * static_cast<std::size_t>(inside * channels));
    } else {
      for (int pixel = 0; pixel < inside; ++pixel)
        std::memcpy(to + pixel * channels, pixels + static_cast<std::ptrdiff_t>(pixel) * g.in_c,
                    sizeof(float) * static_cast<std::size_t>(channels));
    }
    zero(to + inside * channels, p.padded_width - left - inside);
  }
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
