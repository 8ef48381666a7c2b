// Windows as rows of a matrix product: see im2col.hpp, and tile-inl.hpp for the inner loop.
#include "kernels/im2col.hpp"

#include <algorithm>

#include "kernels/targets.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/im2col.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/panels-inl.hpp"

#ifndef LINEAMENT_IM2COL_SIZES
#define LINEAMENT_IM2COL_SIZES
namespace lineament {
namespace {

int window_size(const ConvGeometry& g) {
  return g.kernel * g.kernel * g.in_c;
}
int pixel_count(const ConvGeometry& g) {
  return g.batch * g.out_h * g.out_w;
}

/// One row for each pixel of the output: its window, with zeros where that reaches beyond the picture.
void copy_windows(const ConvGeometry& g, const float* x, float* to) {
  const std::ptrdiff_t row = std::ptrdiff_t{g.in_w} * g.in_c, picture = g.in_h * row;
  const std::ptrdiff_t line = std::ptrdiff_t{g.kernel} * g.in_c;
  for (int pixel = 0; pixel < pixel_count(g); ++pixel) {
    const int top = pixel / g.out_w % g.out_h * g.stride - g.pad_top, left = pixel % g.out_w * g.stride - g.pad_left;
    const int begin = std::clamp(-left, 0, g.kernel), end = std::clamp(g.in_w - left, begin, g.kernel);
    const float* image = x + pixel / (g.out_w * g.out_h) * picture;
    for (int y = top; y < top + g.kernel; ++y, to += line) {
      if (y < 0 || y >= g.in_h) {
        std::fill_n(to, line, 0.0f);
        continue;
      }
      std::fill_n(to, begin * g.in_c, 0.0f);
      std::copy_n(image + y * row + (left + begin) * g.in_c, (end - begin) * g.in_c, to + begin * g.in_c);
      std::fill(to + end * g.in_c, to + line, 0.0f);
    }
  }
}

}  // namespace
}  // namespace lineament
#endif

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

HWY_ATTR void PackWindowWeights(const ConvGeometry& g, const float* w, float* panels) {
  PackPanels(w, window_size(g), g.out_c, g.out_c, 1, panels);
}

/// Every thread copies the windows for itself: that is sooner done than fetched from another core.
HWY_ATTR void RunWindows(const ConvGeometry& g, const float* x, const float* panels, const float* bias,
                         ConvEpilogue epilogue, float* y, float* scratch, Threads& threads) {
  const int count = PanelCount(g.out_c), parts = std::min(threads.count(), count);
  const std::size_t size = static_cast<std::size_t>(pixel_count(g)) * static_cast<std::size_t>(window_size(g));
  threads.run(parts, [&](int part, int thread) HWY_ATTR {
    float* windows = scratch + static_cast<std::size_t>(thread) * size;
    copy_windows(g, x, windows);
    MultiplyPixels(pixel_count(g), window_size(g), g.out_c, windows, panels, bias, epilogue, y, nullptr,
                   part * count / parts, (part + 1) * count / parts);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(PackWindowWeights);
HWY_EXPORT(RunWindows);

bool im2col_fits(const ConvGeometry& g) {
  constexpr int kPixels = 32;    // with more, Winograd is as fast
  constexpr int kChannels = 64;  // two panels, for two threads
  return g.groups == 1 && g.kernel > 1 && pixel_count(g) <= kPixels && g.out_c >= kChannels;
}

std::size_t im2col_weights_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(window_size(g)) * static_cast<std::size_t>(g.out_c);
}

void im2col_weights(const ConvGeometry& g, const float* w, float* panels) {
  HWY_DYNAMIC_DISPATCH(PackWindowWeights)(g, w, panels);
}

std::size_t im2col_scratch(const ConvGeometry& g, int threads) {
  return static_cast<std::size_t>(threads) * static_cast<std::size_t>(pixel_count(g)) *
         static_cast<std::size_t>(window_size(g));
}

void im2col_forward(const ConvGeometry& g, const float* x, const float* panels, const float* bias,
                    ConvEpilogue epilogue, float* y, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(RunWindows)(g, x, panels, bias, epilogue, y, scratch, threads);
}

}  // namespace lineament
#endif
