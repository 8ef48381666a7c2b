// Both gradients of Winograd convolutions, the derivatives of the forward pass's formula, in one pass: the output's
// gradient becomes tiles A dy A^T once, which give the weights' G^T [(B^T x B) * (A dy A^T)] G, summed over tiles, and
// the input's B [(G w G^T) * (A dy A^T)] B^T, summed where the 6x6 windows of neighbouring tiles overlap.
#include <cstring>

#include "kernels/conv/kernels.hpp"
#include "kernels/conv/winograd_plan.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/winograd_gradient.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/sums-inl.hpp"
#include "kernels/conv/winograd_tiles-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

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

/// B m B^T for some tiles, added up in dx. An image's tiles come in order: what an earlier one has put into a pixel is
/// added to, other pixels are overwritten.
HWY_ATTR void AddTiles(const WinogradPlan& p, const TileRun& run, const float* from, float* outside, float* dx) {
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const ConvGeometry& g = p.g;
  for (int i = 0; i < run.count; ++i) {
    const Tile4 tile = tile_at(p, run.first + i);
    const int top = tile.y - g.pad_top, left = tile.x - g.pad_left;
    float* image = dx + static_cast<std::ptrdiff_t>(tile.image) * g.in_h * g.in_w * g.in_c;
    float* to[kProducts];
    const float* before[kProducts];
    for (int k = 0; k < kProducts; ++k) {
      const int y = top + k / 6, x = left + k % 6;
      const bool inside = y >= 0 && y < g.in_h && x >= 0 && x < g.in_w;
      to[k] = inside ? image + (static_cast<std::ptrdiff_t>(y) * g.in_w + x) * g.in_c : outside;
      before[k] = (tile.y > 0 && k / 6 < 2) || (tile.x > 0 && k % 6 < 2) ? to[k] : run.zeros;
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
HWY_ATTR void FinishWeightGradient(const WinogradGradientPlan& plan, const float* sums, const ConvBackward& b) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const ConvGeometry& g = plan.tiles.g;
  const std::size_t row = static_cast<std::size_t>(g.out_c), matrix = static_cast<std::size_t>(g.in_c) * row;
  const auto part = [&](int i) { return sums + static_cast<std::size_t>(i) * plan.part_size; };
  b.threads->run(g.in_c, [&](int i, int) HWY_ATTR {
    const std::size_t begin = static_cast<std::size_t>(i) * row;
    for (std::size_t n = begin; n < begin + row; n += lanes) {
      Vector in[kProducts], out[9];
      for (std::size_t k = 0; k < kProducts; ++k) in[k] = hn::LoadU(d, part(0) + k * matrix + n);
      for (int other = 1; other < plan.parts; ++other)
        for (std::size_t k = 0; k < kProducts; ++k) in[k] = hn::Add(in[k], hn::LoadU(d, part(other) + k * matrix + n));
      Sandwich<WeightGradientTransform>(in, out);
      for (std::size_t tap = 0; tap < 9; ++tap)
        hn::StoreU(hn::Add(hn::LoadU(d, b.dw + tap * matrix + n), out[tap]), d, b.dw + tap * matrix + n);
    }
  });
  if (b.dbias != nullptr) AddParts(sums + kProducts * matrix, plan.parts, plan.part_size, row, b.dbias, *b.threads);
}

/// At the start of scratch zeros, and G w G^T of the weights with their channels exchanged, which is not read if dx is
/// nullptr.
HWY_ATTR void WinogradGradients(const WinogradGradientPlan& plan, const ConvBackward& b) {
  const WinogradPlan& p = plan.tiles;
  const ConvGeometry& g = p.g;
  const TileSource inputs{{{b.x}, g.in_h, g.in_w, g.in_c}, g.pad_top, g.pad_left, b.norm, b.added};
  const TileSource gradients{{b.dy, g.out_h, g.out_w, g.out_c}, 0, 0};
  const std::size_t matrix = static_cast<std::size_t>(g.in_c) * static_cast<std::size_t>(g.out_c);
  float* zeros = as<float>(b.scratch);
  const float* weights = zeros + plan.weights_at();
  float* all_sums = zeros + plan.sums_at();
  std::memset(zeros, 0, sizeof(float) * plan.weights_at());
  b.threads->run(plan.parts, [&](int part, int thread) HWY_ATTR {
    float* sums = all_sums + static_cast<std::size_t>(part) * plan.part_size;
    float* bias_sums = sums + kProducts * matrix;
    std::memset(bias_sums, 0, sizeof(float) * static_cast<std::size_t>(g.out_c));
    float* in = zeros + plan.threads_at() + static_cast<std::size_t>(thread) * p.thread_size();
    float *out = in + p.x_size(), *work = out + p.y_size(), *outside = work + p.work - g.in_c;
    float* normalised = work + plan.gradient_rows();
    const int begin = plan.first_tile(part), end = plan.first_tile(part + 1);
    for (int first = begin; first < end; first += p.tiles) {
      const TileRun run{first, std::min(p.tiles, end - first), zeros, work};
      TransformTiles<InputTransform>(p, inputs, {first, run.count, zeros, normalised}, in, p.x_stride);
      TransformTiles<GradientTransform>(p, gradients, run, out, p.y_stride, b.dbias == nullptr ? nullptr : bias_sums);
      // {in, tiles} times {tiles, out}
      Product sum{.a = {nullptr, 1, g.in_c},
                  .b = {nullptr, g.out_c},
                  .length = run.count,
                  .c = {nullptr, g.out_c},
                  .add = first > begin};
      // {tiles, out} times {out, in}, in the place of the input's tiles
      Product back{.a = {nullptr, g.out_c}, .length = g.out_c, .c = {nullptr, g.in_c}};
      for (std::size_t k = 0; k < kProducts; ++k) {
        sum.a.at = in + k * p.x_stride;
        sum.b.at = out + k * p.y_stride;
        sum.c.at = sums + k * matrix;
        Multiply(sum, g.in_c, g.out_c);
        if (b.dx == nullptr) continue;
        for (int n = 0; n < g.in_c; n += TransformedPanel()) {
          const int width = std::min(TransformedPanel(), g.in_c - n);
          back.a.at = out + k * p.y_stride;
          back.b = {weights + k * matrix + static_cast<std::ptrdiff_t>(n) * g.out_c, width};
          back.c.at = in + k * p.x_stride + n;
          Multiply(back, run.count, width);
        }
      }
      if (b.dx != nullptr) AddTiles(p, run, in, outside, b.dx);
    }
  });
  FinishWeightGradient(plan, all_sums, b);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(ExchangeChannels);
HWY_EXPORT(WinogradGradients);

void Winograd::gradients(const ConvProblem& p, const ConvBackward& b) const {
  const WinogradGradientPlan plan = plan_winograd_gradient(p.g);
  if (b.dx != nullptr) {
    ConvProblem exchanged = p;
    std::swap(exchanged.g.in_c, exchanged.g.out_c);
    float* weights = as<float>(b.scratch) + plan.sums_at();
    HWY_DYNAMIC_DISPATCH(ExchangeChannels)(p.g, b.w, weights, *b.threads);
    pack_weights(exchanged, weights, nullptr, b.scratch.subspan(float_bytes(plan.weights_at())), *b.threads);
  }
  HWY_DYNAMIC_DISPATCH(WinogradGradients)(plan, b);
}

}  // namespace lineament
#endif
