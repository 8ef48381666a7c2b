// Batch normalisation in two passes over memory each way.
#include "lineament/kernels/batch_norm.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/targets.hpp"
#include "lineament/kernels/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/batch_norm.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef LINEAMENT_BATCH_NORM_PLAN
#define LINEAMENT_BATCH_NORM_PLAN
namespace lineament {
namespace {

// Sums over this many pixels are kept in float; the sums of blocks are added up in double, in order.
constexpr std::size_t kBlock = 128;
int blocks(std::size_t pixels) { return static_cast<int>((pixels + kBlock - 1) / kBlock); }

struct Range {
  std::size_t begin, count;
};
Range block_range(std::size_t pixels, int block) {
  const std::size_t begin = static_cast<std::size_t>(block) * kBlock;
  return {begin, std::min(kBlock, pixels - begin)};
}

/// Sum of entry `c` over all blocks' pairs of sums.
double total(const float* sums, int count, std::size_t channels, std::size_t c) {
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += static_cast<double>(sums[static_cast<std::size_t>(i) * 2 * channels + c]);
  return sum;
}

}  // namespace
}  // namespace lineament
#endif

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// y = (x - mean) * factor + shift, three values for each channel. (Taking the mean into the shift would save a subtraction and lose
/// digits wherever the mean is large beside the deviation.)
HWY_ATTR void Affine(const float* x, const float* HWY_RESTRICT mean, const float* HWY_RESTRICT factor,
                     const float* HWY_RESTRICT shift, float* y, std::size_t pixels, std::size_t channels, Threads& threads) {
  threads.run(blocks(pixels), [&](int block, int) HWY_ATTR {
    const Range range = block_range(pixels, block);
    const float* HWY_RESTRICT from = x + range.begin * channels;
    float* HWY_RESTRICT to = y + range.begin * channels;
    for (std::size_t p = 0; p < range.count; ++p, from += channels, to += channels)
      for (std::size_t c = 0; c < channels; ++c) to[c] = (from[c] - mean[c]) * factor[c] + shift[c];
  });
}

/// For each block: sums of (x - origin) and of its square. The origin, a value of the channel itself, keeps the difference
/// "mean of squares - square of mean" from cancelling.
HWY_ATTR void Moments(const float* x, const float* origin, std::size_t pixels, std::size_t channels, float* sums,
                      Threads& threads) {
  threads.run(blocks(pixels), [&](int block, int) HWY_ATTR {
    const Range range = block_range(pixels, block);
    const float* HWY_RESTRICT from = x + range.begin * channels;
    float* HWY_RESTRICT sum = sums + static_cast<std::size_t>(block) * 2 * channels;
    float* HWY_RESTRICT square = sum + channels;
    std::memset(sum, 0, sizeof(float) * 2 * channels);
    for (std::size_t p = 0; p < range.count; ++p, from += channels)
      for (std::size_t c = 0; c < channels; ++c) {
        const float v = from[c] - origin[c];
        sum[c] += v;
        square[c] += v * v;
      }
  });
}

/// For each block: sums of dy and of dy * normalised x.
HWY_ATTR void GradientSums(const float* x, const float* dy, const float* saved, std::size_t pixels, std::size_t channels,
                           float* sums, Threads& threads) {
  threads.run(blocks(pixels), [&](int block, int) HWY_ATTR {
    const Range range = block_range(pixels, block);
    const float* HWY_RESTRICT from = x + range.begin * channels;
    const float* HWY_RESTRICT g = dy + range.begin * channels;
    const float* HWY_RESTRICT mean = saved;
    const float* HWY_RESTRICT inverse = saved + channels;
    float* HWY_RESTRICT sum = sums + static_cast<std::size_t>(block) * 2 * channels;
    float* HWY_RESTRICT product = sum + channels;
    std::memset(sum, 0, sizeof(float) * 2 * channels);
    for (std::size_t p = 0; p < range.count; ++p, from += channels, g += channels)
      for (std::size_t c = 0; c < channels; ++c) {
        sum[c] += g[c];
        product[c] += g[c] * (from[c] - mean[c]) * inverse[c];
      }
  });
}

/// dx = dy * a + (x - mean) * b + d, four values for each channel. dx may be dy.
HWY_ATTR void Combine(const float* x, const float* dy, const float* HWY_RESTRICT mean, const float* HWY_RESTRICT a,
                      const float* HWY_RESTRICT b, const float* HWY_RESTRICT d, float* dx, std::size_t pixels,
                      std::size_t channels, Threads& threads) {
  threads.run(blocks(pixels), [&](int block, int) HWY_ATTR {
    const Range range = block_range(pixels, block);
    const float* from = x + range.begin * channels;
    const float* g = dy + range.begin * channels;
    float* to = dx + range.begin * channels;
    for (std::size_t p = 0; p < range.count; ++p, from += channels, g += channels, to += channels)
#pragma GCC ivdep
      for (std::size_t c = 0; c < channels; ++c) to[c] = g[c] * a[c] + (from[c] - mean[c]) * b[c] + d[c];
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(Affine);
HWY_EXPORT(Moments);
HWY_EXPORT(GradientSums);
HWY_EXPORT(Combine);

std::size_t batch_norm_scratch(std::size_t pixels, int channels) {
  return static_cast<std::size_t>(2 * blocks(pixels) + 3) * static_cast<std::size_t>(channels);
}

void batch_norm_infer(const BatchNormGeometry& g, const float* x, const float* scale, const float* shift, const float* mean,
                      const float* variance, float* y, float* scratch, Threads& threads) {
  const auto channels = static_cast<std::size_t>(g.channels);
  for (std::size_t c = 0; c < channels; ++c) scratch[c] = scale[c] / std::sqrt(variance[c] + g.epsilon);
  HWY_DYNAMIC_DISPATCH(Affine)(x, mean, scratch, shift, y, g.pixels, channels, threads);
}

void batch_norm_forward(const BatchNormGeometry& g, const float* x, const float* scale, const float* shift,
                        float* running_mean, float* running_var, float* saved, float* y, float* scratch, Threads& threads) {
  const auto channels = static_cast<std::size_t>(g.channels);
  const int count = blocks(g.pixels);
  const double n = static_cast<double>(g.pixels), unbiased = g.pixels > 1 ? n / (n - 1) : 1;
  float* sums = scratch + 3 * channels;
  HWY_DYNAMIC_DISPATCH(Moments)(x, x, g.pixels, channels, sums, threads);
  for (std::size_t c = 0; c < channels; ++c) {
    const double offset = total(sums, count, channels, c) / n;
    const double mean = static_cast<double>(x[c]) + offset;
    const double variance = std::max(0.0, total(sums + channels, count, channels, c) / n - offset * offset);
    const double inverse = 1 / std::sqrt(variance + static_cast<double>(g.epsilon));
    saved[c] = static_cast<float>(mean);
    saved[channels + c] = static_cast<float>(inverse);
    running_mean[c] += g.momentum * (static_cast<float>(mean) - running_mean[c]);
    running_var[c] += g.momentum * (static_cast<float>(variance * unbiased) - running_var[c]);
    scratch[c] = static_cast<float>(inverse * static_cast<double>(scale[c]));
  }
  HWY_DYNAMIC_DISPATCH(Affine)(x, saved, scratch, shift, y, g.pixels, channels, threads);
}

void batch_norm_backward(const BatchNormGeometry& g, const float* x, const float* scale, const float* saved, const float* dy,
                         float* dx, float* dscale, float* dshift, float* scratch, Threads& threads) {
  const auto channels = static_cast<std::size_t>(g.channels);
  const int count = blocks(g.pixels);
  const double n = static_cast<double>(g.pixels);
  float* sums = scratch + 3 * channels;
  HWY_DYNAMIC_DISPATCH(GradientSums)(x, dy, saved, g.pixels, channels, sums, threads);
  // dx = scale * inverse * (dy - mean(dy) - normal * mean(dy * normal)), normal = (x - mean) * inverse, sorted by x and dy.
  for (std::size_t c = 0; c < channels; ++c) {
    const double sum = total(sums, count, channels, c), product = total(sums + channels, count, channels, c);
    dshift[c] += static_cast<float>(sum);
    dscale[c] += static_cast<float>(product);
    const double inverse = static_cast<double>(saved[channels + c]);
    const double factor = static_cast<double>(scale[c]) * inverse;
    scratch[c] = static_cast<float>(factor);
    scratch[channels + c] = static_cast<float>(-factor * inverse * product / n);
    scratch[2 * channels + c] = static_cast<float>(-factor * sum / n);
  }
  if (dx == nullptr) return;
  HWY_DYNAMIC_DISPATCH(Combine)
  (x, dy, saved, scratch, scratch + channels, scratch + 2 * channels, dx, g.pixels, channels, threads);
}

}  // namespace lineament
#endif
