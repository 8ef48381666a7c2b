// Both gradients of Winograd convolutions, the derivatives of the forward pass's formula, in one visit: the output's
// gradient becomes tiles A dy A^T once, which give the weights' G^T [(B^T x B) * (A dy A^T)] G, summed over tiles, and
// the input's B [(G w G^T) * (A dy A^T)] B^T, summed where the 6x6 windows of neighbouring tiles overlap.
#include <algorithm>
#include <cstring>

#include "kernels/targets.hpp"
#include "kernels/winograd.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/winograd_gradient.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/winograd_tiles-inl.hpp"

#ifndef LINEAMENT_WINOGRAD_GRADIENT_SCRATCH
#define LINEAMENT_WINOGRAD_GRADIENT_SCRATCH
namespace lineament {
namespace {

/// Where things lie in scratch, in floats. Weights with their channels exchanged are in the place of the sums: they are
/// transformed before the first sum is made.
struct GradientScratch {
  std::size_t zeros, weights, sums, own, size;

  GradientScratch(const GradientPlan& plan, int threads) {
    const ConvGeometry& g = plan.tiles.g;
    zeros = 0;
    weights = zeros + static_cast<std::size_t>(std::max(g.in_c, g.out_c));
    sums = weights + winograd_weights_size(g);
    own = sums + static_cast<std::size_t>(plan.parts) * plan.part_size;
    size = own + static_cast<std::size_t>(threads) * plan.tiles.own_size();
  }
};

}  // namespace
}  // namespace lineament
#endif

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// w {3, 3, in, out} as {3, 3, out, in}.
HWY_ATTR void ExchangeChannels(const ConvGeometry& g, const float* w, float* to, Threads& threads) {
  constexpr int kBlock = 16;  // inputs: a cache line
  const std::ptrdiff_t tap = static_cast<std::ptrdiff_t>(g.in_c) * g.out_c;
  const int blocks = g.in_c / kBlock;
  threads.run(9 * blocks, [&](int task, int) HWY_ATTR {
    const int first = task % blocks * kBlock;
    const float* from = w + task / blocks * tap + static_cast<std::ptrdiff_t>(first) * g.out_c;
    float* place = to + task / blocks * tap + first;
    for (int o = 0; o < g.out_c; ++o)
      for (int i = 0; i < kBlock; ++i)
        place[static_cast<std::ptrdiff_t>(o) * g.in_c + i] = from[static_cast<std::ptrdiff_t>(i) * g.out_c + o];
  });
}

/// B m B^T for tiles first … first + count - 1, added up in dx. A picture's tiles come in order: what an earlier one
/// has put into a pixel is added to, other pixels are overwritten.
HWY_ATTR void AddTiles(const WinogradPlan& p, const float* from, int first, int count, const float* zeros,
                       float* outside, float* dx) {
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const ConvGeometry& g = p.g;
  for (int i = 0; i < count; ++i) {
    const Tile4 tile = tile_at(p, first + i);
    const int top = tile.y - g.pad_top, left = tile.x - g.pad_left;
    float* picture = dx + static_cast<std::ptrdiff_t>(tile.image) * g.in_h * g.in_w * g.in_c;
    float* to[kProducts];
    const float* before[kProducts];
    for (int k = 0; k < kProducts; ++k) {
      const int y = top + k / 6, x = left + k % 6;
      const bool inside = y >= 0 && y < g.in_h && x >= 0 && x < g.in_w;
      to[k] = inside ? picture + (static_cast<std::ptrdiff_t>(y) * g.in_w + x) * g.in_c : outside;
      before[k] = (tile.y > 0 && k / 6 < 2) || (tile.x > 0 && k % 6 < 2) ? to[k] : zeros;
    }
    for (int c = 0; c < g.in_c; c += lanes) {
      Vector in[kProducts], out[kProducts];
      const float* place = from + static_cast<std::ptrdiff_t>(i) * g.in_c + c;
#pragma GCC unroll 36
      for (int k = 0; k < kProducts; ++k) in[k] = hn::LoadU(d, place + static_cast<std::size_t>(k) * p.x_stride);
      Sandwich<InputGradientTransform>(in, out);
#pragma GCC unroll 36
      for (int k = 0; k < kProducts; ++k) hn::StoreU(hn::Add(out[k], hn::LoadU(d, before[k] + c)), d, to[k] + c);
    }
  }
}

/// The parts' sums, added up in order, become gradients of the weights: G^T u G.
HWY_ATTR void FinishWeightGradient(const GradientPlan& plan, const float* sums, float* dw, float* dbias,
                                   Threads& threads) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const ConvGeometry& g = plan.tiles.g;
  const std::size_t row = static_cast<std::size_t>(g.out_c), matrix = static_cast<std::size_t>(g.in_c) * row;
  const auto part = [&](int i) { return sums + static_cast<std::size_t>(i) * plan.part_size; };
  threads.run(g.in_c, [&](int i, int) HWY_ATTR {
    const std::size_t begin = static_cast<std::size_t>(i) * row;
    for (std::size_t n = begin; n < begin + row; n += lanes) {
      Vector in[kProducts], out[9];
      for (std::size_t k = 0; k < kProducts; ++k) in[k] = hn::LoadU(d, part(0) + k * matrix + n);
      for (int other = 1; other < plan.parts; ++other)
        for (std::size_t k = 0; k < kProducts; ++k) in[k] = hn::Add(in[k], hn::LoadU(d, part(other) + k * matrix + n));
      Sandwich<WeightGradientTransform>(in, out);
      for (std::size_t tap = 0; tap < 9; ++tap)
        hn::StoreU(hn::Add(hn::LoadU(d, dw + tap * matrix + n), out[tap]), d, dw + tap * matrix + n);
    }
  });
  if (dbias == nullptr) return;
  for (int i = 0; i < plan.parts; ++i)
    for (std::size_t c = 0; c < row; ++c) dbias[c] += part(i)[kProducts * matrix + c];
}

/// `weights`: G w G^T of the weights with their channels exchanged; not read if dx is nullptr.
HWY_ATTR void WinogradGradients(const GradientPlan& plan, const float* x, const float* weights, const ConvGradient& dy,
                                float* dx, float* dw, float* dbias, float* scratch, Threads& threads) {
  const WinogradPlan& p = plan.tiles;
  const ConvGeometry& g = p.g;
  const GradientScratch at(plan, threads.count());
  const Pictures inputs{{x}, g.in_h, g.in_w, g.in_c, g.pad_top, g.pad_left};
  const Pictures gradients{dy, g.out_h, g.out_w, g.out_c, 0, 0};
  const std::size_t matrix = static_cast<std::size_t>(g.in_c) * static_cast<std::size_t>(g.out_c);
  const float* zeros = scratch + at.zeros;
  std::memset(scratch + at.zeros, 0, sizeof(float) * (at.weights - at.zeros));
  threads.run(plan.parts, [&](int part, int thread) HWY_ATTR {
    float* sums = scratch + at.sums + static_cast<std::size_t>(part) * plan.part_size;
    float* bias_sums = sums + kProducts * matrix;
    std::memset(bias_sums, 0, sizeof(float) * static_cast<std::size_t>(g.out_c));
    float* in = scratch + at.own + static_cast<std::size_t>(thread) * p.own_size();
    float *out = in + p.x_size(), *room = out + p.y_size(), *outside = room + p.room - g.in_c;
    const int begin = plan.first_tile(part), end = plan.first_tile(part + 1);
    for (int first = begin; first < end; first += p.tiles) {
      const int count = std::min(p.tiles, end - first);
      TransformTiles<InputTransform>(p, inputs, first, count, zeros, room, in, p.x_stride);
      TransformTiles<GradientTransform>(p, gradients, first, count, zeros, room, out, p.y_stride,
                                        dbias == nullptr ? nullptr : bias_sums);
      Product sum{};  // {in, tiles} times {tiles, out}
      sum.a_row = 1;
      sum.a_step = g.in_c;
      sum.b_row = g.out_c;
      sum.segments = 1;
      sum.length = count;
      sum.c_row = g.out_c;
      sum.add = first > begin;
      Product back{};  // {tiles, out} times {out, in}, in the place of the input's tiles
      back.a_row = g.out_c;
      back.a_step = 1;
      back.segments = 1;
      back.length = g.out_c;
      back.c_row = g.in_c;
      for (std::size_t k = 0; k < kProducts; ++k) {
        sum.a = in + k * p.x_stride;
        sum.b = out + k * p.y_stride;
        sum.c = sums + k * matrix;
        Multiply(sum, g.in_c, g.out_c);
        if (dx == nullptr) continue;
        for (int n = 0; n < g.in_c; n += PanelWidth()) {
          const int width = std::min(PanelWidth(), g.in_c - n);
          back.a = out + k * p.y_stride;
          back.b = weights + k * matrix + static_cast<std::ptrdiff_t>(n) * g.out_c;
          back.b_row = width;
          back.c = in + k * p.x_stride + n;
          Multiply(back, count, width);
        }
      }
      if (dx != nullptr) AddTiles(p, in, first, count, zeros, outside, dx);
    }
  });
  FinishWeightGradient(plan, scratch + at.sums, dw, dbias, threads);
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(ExchangeChannels);
HWY_EXPORT(WinogradGradients);

std::size_t winograd_gradient_scratch(const ConvGeometry& g, int threads) {
  return GradientScratch(plan_gradient(g), threads).size;
}

void winograd_backward(const ConvGeometry& g, const float* x, const float* w, const ConvGradient& dy, float* dx,
                       float* dw, float* dbias, float* scratch, Threads& threads) {
  const GradientPlan plan = plan_gradient(g);
  const GradientScratch at(plan, threads.count());
  float* weights = scratch + at.weights;
  if (dx != nullptr) {
    ConvGeometry exchanged = g;
    std::swap(exchanged.in_c, exchanged.out_c);
    HWY_DYNAMIC_DISPATCH(ExchangeChannels)(g, w, scratch + at.sums, threads);
    winograd_weights(exchanged, scratch + at.sums, weights, threads);
  }
  HWY_DYNAMIC_DISPATCH(WinogradGradients)(plan, x, weights, dy, dx, dw, dbias, scratch, threads);
}

}  // namespace lineament
#endif
