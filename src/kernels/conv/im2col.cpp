// Convolutions whose windows are copied out as rows of a matrix product. See tile-inl.hpp for the inner loop.
#include "kernels/common/budgets.hpp"
#include "kernels/common/memory.hpp"
#include "kernels/conv/kernels.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/im2col.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/panels-inl.hpp"

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
std::size_t windows_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(pixel_count(g)) * static_cast<std::size_t>(window_size(g));
}

/// One row for each pixel of the output: its window, with zeros where that reaches beyond the image.
void copy_windows(const ConvGeometry& g, const float* x, float* to) {
  const std::ptrdiff_t row = std::ptrdiff_t{g.in_w} * g.in_c, image = g.in_h * row;
  const std::ptrdiff_t line = std::ptrdiff_t{g.kernel} * g.in_c;
  for (int pixel = 0; pixel < pixel_count(g); ++pixel) {
    const int top = pixel / g.out_w % g.out_h * g.stride - g.pad_top, left = pixel % g.out_w * g.stride - g.pad_left;
    const int begin = std::clamp(-left, 0, g.kernel), end = std::clamp(g.in_w - left, begin, g.kernel);
    const float* from = x + pixel / (g.out_w * g.out_h) * image;
    for (int y = top; y < top + g.kernel; ++y, to += line) {
      if (y < 0 || y >= g.in_h) {
        std::fill_n(to, line, 0.0f);
        continue;
      }
      std::fill_n(to, begin * g.in_c, 0.0f);
      std::copy_n(from + y * row + (left + begin) * g.in_c, (end - begin) * g.in_c, to + begin * g.in_c);
      std::fill(to + end * g.in_c, to + line, 0.0f);
    }
  }
}

}  // namespace
}  // namespace lineament
#endif

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

HWY_ATTR void PackWindowWeights(const ConvGeometry& g, const float* w, float* panels) {
  PackPanels({w, window_size(g), g.out_c, g.out_c, 1}, panels);
}

/// Every thread copies the windows for itself: that is sooner done than fetched from another core.
HWY_ATTR void RunWindows(const ConvGeometry& g, const ConvForward& f) {
  const int count = PanelCount(g.out_c), parts = std::min(f.threads->count(), count);
  f.threads->run(parts, [&](int part, int thread) HWY_ATTR {
    float* windows = as<float>(f.scratch) + static_cast<std::size_t>(thread) * windows_size(g);
    copy_windows(g, f.x, windows);
    MultiplyPanels({.a = {windows, window_size(g)},
                    .b = {as<float>(f.packed)},
                    .length = window_size(g),
                    .c = {f.y, g.out_c},
                    .bias = f.bias,
                    .residual = f.epilogue.add,
                    .relu = f.epilogue.relu},
                   pixel_count(g), g.out_c, {part * count / parts, (part + 1) * count / parts});
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(PackWindowWeights);
HWY_EXPORT(RunWindows);

const char* Im2col::unfit(const ConvProblem& p) const {
  constexpr int kChannels = 64;  // two panels, for two threads
  if (p.training()) return "training";
  if (p.g.groups != 1) return "groups";
  if (p.g.kernel == 1) return "needs a window of more than a pixel";
  if (p.g.out_c < kChannels) return "needs 64 channels out";
  return pixel_count(p.g) <= kWindowPixels ? nullptr : "more than a few pixels: Winograd is as fast";
}

Needs Im2col::memory(const ConvProblem& p) const {
  return {.packed = float_bytes(weights_size(p.g)),
          .scratch = float_bytes(static_cast<std::size_t>(p.threads) * windows_size(p.g))};
}

void Im2col::pack_weights(const ConvProblem& p, const float* w, const float*, std::span<std::byte> to, Threads&) const {
  HWY_DYNAMIC_DISPATCH(PackWindowWeights)(p.g, w, as<float>(to));
}

void Im2col::run(const ConvProblem& p, const ConvForward& f) const {
  HWY_DYNAMIC_DISPATCH(RunWindows)(p.g, f);
}

}  // namespace lineament
#endif
