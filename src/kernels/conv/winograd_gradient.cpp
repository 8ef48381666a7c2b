// Both gradients of Winograd convolutions, the derivatives of the forward pass's formula, in one pass: the output's
// gradient becomes tiles A dy A^T once, which give the weights' G^T [(B^T x B) * (A dy A^T)] G, summed over tiles, and
// the input's B [(G w G^T) * (A dy A^T)] B^T, summed where windows of neighbouring tiles overlap.
#include <cstring>

#include "kernels/conv/kernels.hpp"
#include "kernels/conv/winograd_plan.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/winograd_gradient.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/sums-inl.hpp"
#include "kernels/conv/winograd_4x4-inl.hpp"
#include "kernels/conv/winograd_6x6-inl.hpp"
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
template <class Transform>
HWY_ATTR void AddTiles(const WinogradPlan& p, const TileRun& run, const float* from, float* outside, float* dx) {
  constexpr int kWindow = Transform::kOut;
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const ConvGeometry& g = p.g;
  TwoPasses<Transform> passes;
  for (int i = 0; i < run.count; ++i) {
    const TilePlace tile = tile_at(p, run.first + i);
    const int top = tile.y - g.pad_top, left = tile.x - g.pad_left;
    float* image = dx + static_cast<std::ptrdiff_t>(tile.image) * g.in_h * g.in_w * g.in_c;
    float* to[kWindow * kWindow];
    const float* before[kWindow * kWindow];
    for (int r = 0; r < kWindow; ++r)
      for (int s = 0; s < kWindow; ++s) {
        const int y = top + r, x = left + s, k = r * kWindow + s;
        const bool inside = y >= 0 && y < g.in_h && x >= 0 && x < g.in_w;
        to[k] = inside ? image + (static_cast<std::ptrdiff_t>(y) * g.in_w + x) * g.in_c : outside;
        before[k] = (tile.y > 0 && r < 2) || (tile.x > 0 && s < 2) ? to[k] : run.zeros;
      }
    for (int c = 0; c < g.in_c; c += lanes) {
      const float* place = from + static_cast<std::ptrdiff_t>(i) * g.in_c + c;
      passes.run([&](int r, int s)
                     HWY_ATTR { return hn::LoadU(d, place + static_cast<std::size_t>(r * kWindow + s) * p.x_stride); },
                 [&](int r, int s, Vector v) HWY_ATTR {
                   const int k = r * kWindow + s;
                   hn::StoreU(hn::Add(v, hn::LoadU(d, before[k] + c)), d, to[k] + c);
                 });
    }
  }
}

/// The parts' sums, added up in order in those of the first, become gradients of the weights: G^T u G.
template <class Transform>
HWY_ATTR void FinishWeightGradient(const WinogradGradientPlan& plan, float* sums, const ConvBackward& b) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d), row = static_cast<std::size_t>(plan.tiles.g.out_c);
  const std::size_t tap = static_cast<std::size_t>(plan.tiles.g.in_c) * row;
  const auto products = static_cast<std::size_t>(plan.tiles.products());
  b.threads->run(plan.tiles.g.in_c, [&](int i, int) HWY_ATTR {
    float* first = sums + static_cast<std::size_t>(i) * row;
    for (std::size_t k = 0; k < products; ++k)
      for (int part = 1; part < plan.parts; ++part) {
        float* to = first + k * plan.sum_stride;
        const float* from = to + static_cast<std::size_t>(part) * plan.part_size;
        for (std::size_t n = 0; n < row; n += lanes)
          hn::StoreU(hn::Add(hn::LoadU(d, to + n), hn::LoadU(d, from + n)), d, to + n);
      }
    TwoPasses<Transform> passes;
    for (std::size_t n = 0; n < row; n += lanes)
      passes.run(
          [&](int r, int s) HWY_ATTR {
            return hn::LoadU(d, first + static_cast<std::size_t>(r * Transform::kIn + s) * plan.sum_stride + n);
          },
          [&](int r, int s, Vector v) HWY_ATTR {
            float* to = b.dw + static_cast<std::size_t>(3 * r + s) * tap + static_cast<std::size_t>(i) * row + n;
            hn::StoreU(hn::Add(hn::LoadU(d, to), v), d, to);
          });
  });
  if (b.dbias != nullptr)
    AddParts(sums + products * plan.sum_stride, plan.parts, plan.part_size, row, b.dbias, *b.threads);
}

/// At the start of scratch zeros, and G w G^T of the weights with their channels exchanged, which is not read if dx is
/// nullptr.
template <class Transforms>
HWY_ATTR void WinogradGradientsIn(const WinogradGradientPlan& plan, const ConvBackward& b) {
  const WinogradPlan& p = plan.tiles;
  const ConvGeometry& g = p.g;
  const TileSource inputs{{{b.x}, g.in_h, g.in_w, g.in_c}, g.pad_top, g.pad_left, b.norm, b.added};
  const TileSource gradients{{b.dy, g.out_h, g.out_w, g.out_c}, 0, 0};
  const std::size_t weight_stride = static_cast<std::size_t>(g.in_c) * static_cast<std::size_t>(g.out_c);
  const auto products = static_cast<std::size_t>(p.products());
  float* zeros = as<float>(b.scratch);
  const float* weights = zeros + plan.weights_at();
  float* all_sums = zeros + plan.sums_at();
  std::memset(zeros, 0, sizeof(float) * plan.weights_at());
  b.threads->run(plan.parts, [&](int part, int thread) HWY_ATTR {
    float* sums = all_sums + static_cast<std::size_t>(part) * plan.part_size;
    float* bias_sums = sums + products * plan.sum_stride;
    std::memset(bias_sums, 0, sizeof(float) * static_cast<std::size_t>(g.out_c));
    float* in = zeros + plan.threads_at() + static_cast<std::size_t>(thread) * p.thread_size();
    float *out = in + p.x_size(), *work = out + p.y_size(), *outside = work + p.work - g.in_c;
    float* normalised = work + plan.gradient_rows();
    const int begin = plan.first_tile(part), end = plan.first_tile(part + 1);
    for (int first = begin; first < end; first += p.tiles) {
      const TileRun run{first, std::min(p.tiles, end - first), zeros, work};
      TransformTiles<typename Transforms::Input>(p, inputs, {first, run.count, zeros, normalised}, in, p.x_stride);
      TransformTiles<typename Transforms::Gradient>(p, gradients, run, out, p.y_stride,
                                                    b.dbias == nullptr ? nullptr : bias_sums);
      // {in, tiles} times {tiles, out}
      Product sum{.a = {nullptr, 1, g.in_c},
                  .b = {nullptr, g.out_c},
                  .length = run.count,
                  .c = {nullptr, g.out_c},
                  .add = first > begin};
      // {tiles, out} times {out, in}, in the place of the input's tiles
      Product back{.a = {nullptr, g.out_c}, .length = g.out_c, .c = {nullptr, g.in_c}};
      for (std::size_t k = 0; k < products; ++k) {
        sum.a.at = in + k * p.x_stride;
        sum.b.at = out + k * p.y_stride;
        sum.c.at = sums + k * plan.sum_stride;
        Multiply(sum, g.in_c, g.out_c);
        if (b.dx == nullptr) continue;
        for (int n = 0; n < g.in_c; n += TransformedPanel()) {
          const int width = std::min(TransformedPanel(), g.in_c - n);
          back.a.at = out + k * p.y_stride;
          back.b = {weights + k * weight_stride + static_cast<std::ptrdiff_t>(n) * g.out_c, width};
          back.c.at = in + k * p.x_stride + n;
          Multiply(back, run.count, width);
        }
      }
      if (b.dx != nullptr) AddTiles<typename Transforms::InputGradient>(p, run, in, outside, b.dx);
    }
  });
  FinishWeightGradient<typename Transforms::WeightGradient>(plan, all_sums, b);
}

HWY_ATTR void WinogradGradients(const WinogradGradientPlan& plan, const ConvBackward& b) {
  plan.tiles.side == 4 ? WinogradGradientsIn<Winograd4x4>(plan, b) : WinogradGradientsIn<Winograd6x6>(plan, b);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(ExchangeChannels);
HWY_EXPORT(WinogradGradients);

void Winograd::gradients(const ConvProblem& p, const ConvBackward& b) const {
  const WinogradGradientPlan plan = plan_winograd_gradient(p.g, side_);
  if (b.dx != nullptr) {
    ConvProblem exchanged = p;
    std::swap(exchanged.g.in_c, exchanged.g.out_c);
    float* weights = as<float>(b.scratch) + plan.sums_at();
    HWY_DYNAMIC_DISPATCH(ExchangeChannels)(p.g, b.w, weights, *b.threads);
    Winograd(plan.tiles.side)
        .pack_weights(exchanged, weights, nullptr, b.scratch.subspan(float_bytes(plan.weights_at())), *b.threads);
  }
  HWY_DYNAMIC_DISPATCH(WinogradGradients)(plan, b);
}

}  // namespace lineament
#endif
