// Winograd's F(4x4, 3x3): Y = A^T [(G w G^T) * (B^T x B)] A for each 4x4 tile of outputs and each pair of channels,
// where the product in the middle, over all tiles and channels, is 36 matrix products. The gradients are in
// winograd_gradient.cpp.
#include "kernels/winograd.hpp"

#include <algorithm>
#include <cstring>

#include "kernels/targets.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/winograd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/max_pool-inl.hpp"
#include "kernels/winograd_tiles-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// G w G^T as 36 matrices {in, out}, each in panels of columns.
HWY_ATTR void TransformWeights(const ConvGeometry& g, const float* w, float* to, Threads& threads) {
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d)), panel = PanelWidth();
  const std::ptrdiff_t tap = static_cast<std::ptrdiff_t>(g.in_c) * g.out_c;
  threads.run((g.out_c + panel - 1) / panel, [&](int task, int) HWY_ATTR {
    const int first = task * panel, width = std::min(panel, g.out_c - first);
    for (int i = 0; i < g.in_c; ++i)
      for (int o = first; o < first + width; o += lanes) {
        Vector in[9], out[kProducts];
        for (int t = 0; t < 9; ++t) in[t] = hn::LoadU(d, w + t * tap + static_cast<std::ptrdiff_t>(i) * g.out_c + o);
        Sandwich<WeightTransform>(in, out);
        float* place =
            to + static_cast<std::ptrdiff_t>(first) * g.in_c + static_cast<std::ptrdiff_t>(i) * width + (o - first);
        for (int k = 0; k < kProducts; ++k) hn::StoreU(out[k], d, place + k * tap);
      }
  });
}

/// A^T m A, the bias and the epilogue, for tiles first … first + count - 1 and channels begin … end - 1.
HWY_ATTR void FinishTiles(const WinogradPlan& p, const float* from, int first, int count, int begin, int end,
                          const float* bias, ConvEpilogue epilogue, float* y) {
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const ConvGeometry& g = p.g;
  const int shrink = epilogue.max_pool ? 2 : 1, height = g.out_h / shrink, width = g.out_w / shrink;
  for (int i = 0; i < count; ++i) {
    const Tile4 tile = tile_at(p, first + i);
    const int top = tile.y / shrink, left = tile.x / shrink;
    const int rows = std::min(4 / shrink, height - top), columns = std::min(4 / shrink, width - left);
    float* corner = y + ((static_cast<std::ptrdiff_t>(tile.image) * height + top) * width + left) * g.out_c;
    for (int c = begin; c < end; c += lanes) {
      Vector in[kProducts], out[16];
      const float* place = from + static_cast<std::ptrdiff_t>(i) * g.out_c + c;
#pragma GCC unroll 36
      for (int k = 0; k < kProducts; ++k) in[k] = hn::LoadU(d, place + static_cast<std::size_t>(k) * p.y_stride);
      Sandwich<OutputTransform>(in, out);
      const Vector shift = bias == nullptr ? hn::Zero(d) : hn::LoadU(d, bias + c);
      const Vector least = epilogue.relu ? hn::Zero(d) : hn::Set(d, kNothingCut);
      if (epilogue.max_pool)
        for (int r = 0; r < 2; ++r)
          for (int s = 0; s < 2; ++s) {
            const Vector* o = out + 8 * r + 2 * s;
            const Vector values[4] = {o[0], o[1], o[4], o[5]};
            const Vector largest = hn::Max(hn::Max(o[0], o[1]), hn::Max(o[4], o[5]));
            if (epilogue.winners != nullptr && r < rows && s < columns)
              StoreWinners(
                  values, largest, hn::Add(largest, shift), epilogue.relu,
                  epilogue.winners + (corner - y) + (static_cast<std::ptrdiff_t>(r) * width + s) * g.out_c + c);
            out[4 * r + s] = largest;
          }
      for (int r = 0; r < rows; ++r)
        for (int s = 0; s < columns; ++s) {
          float* to = corner + (static_cast<std::ptrdiff_t>(r) * width + s) * g.out_c + c;
          Vector value = hn::Add(out[4 * r + s], shift);
          if (epilogue.add != nullptr) value = hn::Add(value, hn::LoadU(d, epilogue.add + (to - y)));
          hn::StoreU(AtLeast(least, value), d, to);
        }
    }
  }
}

HWY_ATTR void RunWinograd(const WinogradPlan& p, const float* x, const float* weights, const float* bias,
                          ConvEpilogue epilogue, float* y, float* scratch, Threads& threads) {
  const ConvGeometry& g = p.g;
  const Pictures pictures{{x}, g.in_h, g.in_w, g.in_c, g.pad_top, g.pad_left};
  const int panel = PanelWidth();
  std::memset(scratch, 0, sizeof(float) * static_cast<std::size_t>(g.in_c));
  const int groups = p.channel_groups();
  threads.run(p.tasks() * groups, [&](int task, int thread) HWY_ATTR {
    float* in = scratch + g.in_c + static_cast<std::size_t>(thread) * p.own_size();
    float* out = in + p.x_size();
    const int first = task / groups * p.tiles, count = std::min(p.tiles, p.total - first);
    const int begin = task % groups * p.channels, end = std::min(begin + p.channels, g.out_c);
    TransformTiles<InputTransform>(p, pictures, first, count, scratch, nullptr, in, p.x_stride);
    Product m{};
    m.a_row = g.in_c;
    m.a_step = 1;
    m.segments = 1;
    m.length = g.in_c;
    m.c_row = g.out_c;
    for (int k = 0; k < kProducts; ++k)
      for (int n = begin; n < end; n += panel) {
        const int width = std::min(panel, g.out_c - n);
        m.a = in + static_cast<std::size_t>(k) * p.x_stride;
        m.b = weights + (static_cast<std::ptrdiff_t>(k) * g.out_c + n) * g.in_c;
        m.b_row = width;
        m.c = out + static_cast<std::size_t>(k) * p.y_stride + n;
        Multiply(m, count, width);
      }
    FinishTiles(p, out, first, count, begin, end, bias, epilogue, y);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(TransformWeights);
HWY_EXPORT(RunWinograd);

bool winograd_fits(const ConvGeometry& g) {
  return g.kernel == 3 && g.stride == 1 && g.groups == 1 && g.in_c % 16 == 0 && g.out_c % 16 == 0 && g.pad_top >= 0 &&
         g.pad_top <= 2 && g.pad_left >= 0 && g.pad_left <= 2;
}

bool winograd_pays_in_training(const ConvGeometry& g) {
  const WinogradPlan p = plan_forward(g, 1);
  return 2 * g.out_h * g.out_w > p.tiles_y * p.tiles_x * 16;
}

std::size_t winograd_weights_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(kProducts * g.in_c) * static_cast<std::size_t>(g.out_c);
}

void winograd_weights(const ConvGeometry& g, const float* w, float* transformed, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(TransformWeights)(g, w, transformed, threads);
}

std::size_t winograd_scratch(const ConvGeometry& g, bool train, int threads) {
  const WinogradPlan forward = plan_forward(g, threads);
  const std::size_t size = static_cast<std::size_t>(g.in_c) + static_cast<std::size_t>(threads) * forward.own_size();
  return train ? std::max(size, winograd_gradient_scratch(g, threads)) : size;
}

void winograd_forward(const ConvGeometry& g, const float* x, const float* transformed, const float* bias,
                      ConvEpilogue epilogue, float* y, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(RunWinograd)
  (plan_forward(g, threads.count()), x, transformed, bias, epilogue, y, scratch, threads);
}

}  // namespace lineament
#endif
