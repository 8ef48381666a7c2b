// The weight gradient of Winograd convolutions: the derivative of the forward pass's formula, G^T [(A dy A^T) * (B^T x
// B)] G.
#include <algorithm>
#include <cstring>

#include "kernels/targets.hpp"
#include "lineament/kernels/threads.hpp"
#include "lineament/kernels/winograd.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/winograd_gradient.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/winograd_tiles-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

HWY_ATTR void WinogradWeightGradient(const GradientPlan& plan, const float* x, const ConvGradient& dy, float* dw,
                                     float* dbias, float* scratch, Threads& threads) {
  const WinogradPlan& p = plan.tiles;
  const ConvGeometry& g = p.g;
  const Pictures inputs{{x}, g.in_h, g.in_w, g.in_c, g.pad_top, g.pad_left};
  const Pictures gradients{dy, g.out_h, g.out_w, g.out_c, 0, 0};
  const std::size_t matrix = static_cast<std::size_t>(g.in_c) * static_cast<std::size_t>(g.out_c);
  const std::size_t most_channels = static_cast<std::size_t>(std::max(g.in_c, g.out_c));
  std::memset(scratch, 0, sizeof(float) * most_channels);
  float* partial = scratch + most_channels;
  float* tiles = partial + static_cast<std::size_t>(plan.parts) * plan.part_size;
  threads.run(plan.parts, [&](int part, int thread) HWY_ATTR {
    float* sums = partial + static_cast<std::size_t>(part) * plan.part_size;
    float* in = tiles + static_cast<std::size_t>(thread) * p.own_size();
    float *out = in + p.x_size(), *room = out + p.y_size();
    const int begin = part * p.tasks() / plan.parts, end = (part + 1) * p.tasks() / plan.parts;
    std::memset(sums, 0, sizeof(float) * plan.part_size);
    for (int task = begin; task < end; ++task) {
      const int first = task * p.tiles, count = std::min(p.tiles, p.total - first);
      TransformTiles<InputTransform>(p, inputs, first, count, scratch, room, in, p.x_stride);
      TransformTiles<GradientTransform>(p, gradients, first, count, scratch, room, out, p.y_stride,
                                        dbias == nullptr ? nullptr : sums + kProducts * matrix);
      Product m{};
      m.a_row = 1;
      m.a_step = g.in_c;
      m.b_row = g.out_c;
      m.segments = 1;
      m.length = count;
      m.c_row = g.out_c;
      m.add = true;
      for (int k = 0; k < kProducts; ++k) {
        m.a = in + static_cast<std::size_t>(k) * p.x_stride;
        m.b = out + static_cast<std::size_t>(k) * p.y_stride;
        m.c = sums + static_cast<std::size_t>(k) * matrix;
        Multiply(m, g.in_c, g.out_c);
      }
    }
  });
  // The parts are added up in order, and turned into gradients of the weights: G^T u G.
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  threads.run(g.in_c, [&](int i, int) HWY_ATTR {
    const std::size_t begin = static_cast<std::size_t>(i) * static_cast<std::size_t>(g.out_c);
    for (std::size_t n = begin; n < begin + static_cast<std::size_t>(g.out_c); n += lanes) {
      Vector in[kProducts], out[9];
      for (int k = 0; k < kProducts; ++k) in[k] = hn::LoadU(d, partial + static_cast<std::size_t>(k) * matrix + n);
      for (int part = 1; part < plan.parts; ++part)
        for (int k = 0; k < kProducts; ++k)
          in[k] = hn::Add(in[k], hn::LoadU(d, partial + static_cast<std::size_t>(part) * plan.part_size +
                                                  static_cast<std::size_t>(k) * matrix + n));
      Sandwich<WeightGradientTransform>(in, out);
      for (std::size_t tap = 0; tap < 9; ++tap)
        hn::StoreU(hn::Add(hn::LoadU(d, dw + tap * matrix + n), out[tap]), d, dw + tap * matrix + n);
    }
  });
  if (dbias != nullptr)
    for (int part = 0; part < plan.parts; ++part)
      for (int c = 0; c < g.out_c; ++c)
        dbias[c] +=
            partial[static_cast<std::size_t>(part) * plan.part_size + kProducts * matrix + static_cast<std::size_t>(c)];
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(WinogradWeightGradient);

void winograd_weight_gradient(const ConvGeometry& g, const float* x, const ConvGradient& dy, float* dw, float* dbias,
                              float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(WinogradWeightGradient)(plan_weight_gradient(g), x, dy, dw, dbias, scratch, threads);
}

}  // namespace lineament
#endif
