// Winograd's F(4x4, 3x3) and F(6x6, 3x3): Y = A^T [(G w G^T) * (B^T x B)] A for each tile of outputs and each pair of
// channels, where the product in the middle, over all tiles and channels, is 36 or 64 matrix products. The gradients
// are in winograd_gradient.cpp.
#include <cstring>

#include "kernels/conv/kernels.hpp"
#include "kernels/conv/winograd_plan.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/winograd.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/sums-inl.hpp"
#include "kernels/conv/max_pool-inl.hpp"
#include "kernels/conv/winograd_4x4-inl.hpp"
#include "kernels/conv/winograd_6x6-inl.hpp"
#include "kernels/conv/winograd_tiles-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// G w G^T as matrices {in, out}, each in panels of columns.
template <class Transform>
HWY_ATTR void TransformWeights(const ConvGeometry& g, const float* w, float* to, Threads& threads) {
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d)), panel = TransformedPanel();
  const std::ptrdiff_t tap = static_cast<std::ptrdiff_t>(g.in_c) * g.out_c;
  threads.run((g.out_c + panel - 1) / panel, [&](int task, int) HWY_ATTR {
    const int first = task * panel, width = std::min(panel, g.out_c - first);
    TwoPasses<Transform> passes;
    for (int i = 0; i < g.in_c; ++i)
      for (int o = first; o < first + width; o += lanes) {
        const float* from = w + static_cast<std::ptrdiff_t>(i) * g.out_c + o;
        float* place =
            to + static_cast<std::ptrdiff_t>(first) * g.in_c + static_cast<std::ptrdiff_t>(i) * width + (o - first);
        passes.run([&](int r, int s) HWY_ATTR { return hn::LoadU(d, from + (3 * r + s) * tap); },
                   [&](int r, int s, Vector v) HWY_ATTR { hn::StoreU(v, d, place + (r * Transform::kOut + s) * tap); });
      }
  });
}

/// Tiles of a task and its channels begin … end - 1.
struct TileTask {
  int first, count, begin, end;
};

/// A^T m A, the bias and the epilogue.
template <class Transform>
HWY_ATTR void FinishTiles(const WinogradPlan& p, const ConvForward& f, const TileTask& task, const float* from) {
  constexpr int kSide = Transform::kOut;
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const ConvGeometry& g = p.g;
  const ConvEpilogue e = f.epilogue;  // a copy: winners are bytes, which may be anything, members, too
  const int shrink = e.max_pool ? 2 : 1, height = g.out_h / shrink, width = g.out_w / shrink;
  const Vector least = CutAt(e.relu);
  TwoPasses<Transform> passes;
  for (int i = 0; i < task.count; ++i) {
    const TilePlace tile = tile_at(p, task.first + i);
    const int top = tile.y / shrink, left = tile.x / shrink;
    const int rows = std::min(kSide / shrink, height - top), columns = std::min(kSide / shrink, width - left);
    const std::ptrdiff_t corner = ((static_cast<std::ptrdiff_t>(tile.image) * height + top) * width + left) * g.out_c;
    for (int c = task.begin; c < task.end; c += lanes) {
      const float* place = from + static_cast<std::ptrdiff_t>(i) * g.out_c + c;
      passes.columns([&](int r, int s) HWY_ATTR {
        return hn::LoadU(d, place + static_cast<std::size_t>(r * Transform::kIn + s) * p.y_stride);
      });
      const Vector shift = f.bias == nullptr ? hn::Zero(d) : hn::LoadU(d, f.bias + c);
      const auto at = [&](int r, int s) { return corner + (static_cast<std::ptrdiff_t>(r) * width + s) * g.out_c + c; };
      for (int r = 0; r < rows; ++r) {
        Vector out[2 * kSide];
        passes.row(shrink * r, out);
        if (e.max_pool) {
          passes.row(2 * r + 1, out + kSide);
#pragma GCC unroll 8
          for (int s = 0; s < kSide / 2; ++s) {
            const Vector values[4] = {out[2 * s], out[2 * s + 1], out[kSide + 2 * s], out[kSide + 2 * s + 1]};
            const Vector largest = hn::Max(hn::Max(values[0], values[1]), hn::Max(values[2], values[3]));
            if (e.winners != nullptr && s < columns)
              StoreWinners(values, largest, hn::Add(largest, shift), e.relu, e.winners + at(r, s));
            out[s] = largest;
          }
        }
#pragma GCC unroll 8
        for (int s = 0; s < kSide; ++s) {
          if (s >= columns) break;
          Vector value = hn::Add(out[s], shift);
          if (e.add != nullptr) value = hn::Add(value, hn::LoadU(d, e.add + at(r, s)));
          hn::StoreU(AtLeast(least, value), d, f.y + at(r, s));
        }
      }
    }
  }
}

/// Of a task's rows of tiles, each a block of pixels.
HWY_ATTR void TakeMoments(const WinogradPlan& p, const ConvForward& f, const TileTask& task) {
  const auto channels = static_cast<std::size_t>(p.g.out_c);
  for (int row = task.first / p.tiles_x; row < (task.first + task.count) / p.tiles_x; ++row) {
    const auto block = static_cast<std::size_t>(row);
    const std::size_t image = block / f.moments.in_image(), in_image = block % f.moments.in_image();
    const std::size_t first = image * f.moments.image_pixels + in_image * f.moments.pixels;
    BlockMoments(f.y + first * channels, f.moments.pixels_of(block), channels, static_cast<std::size_t>(task.begin),
                 static_cast<std::size_t>(task.end), f.moments.of(block, channels));
  }
}

template <class Transforms>
HWY_ATTR void RunWinogradIn(const WinogradPlan& p, const ConvForward& f) {
  const ConvGeometry& g = p.g;
  const TileSource source{{{f.x}, g.in_h, g.in_w, g.in_c}, g.pad_top, g.pad_left, f.norm};
  const int panel = TransformedPanel(), groups = p.channel_groups();
  float* zeros = as<float>(f.scratch);
  std::memset(zeros, 0, sizeof(float) * static_cast<std::size_t>(g.in_c));
  f.threads->run(p.tasks() * groups, [&](int number, int thread) HWY_ATTR {
    float* in = zeros + g.in_c + static_cast<std::size_t>(thread) * p.thread_size();
    float* out = in + p.x_size();
    const int first = number / groups * p.tiles, begin = number % groups * p.channels;
    const TileTask task{first, std::min(p.tiles, p.total - first), begin, std::min(begin + p.channels, g.out_c)};
    TransformTiles<typename Transforms::Input>(p, source, {first, task.count, zeros, out + p.y_size()}, in, p.x_stride);
    Product m{.a = {nullptr, g.in_c}, .length = g.in_c, .c = {nullptr, g.out_c}};
    for (int k = 0; k < p.products(); ++k)
      for (int n = begin; n < task.end; n += panel) {
        const int width = std::min(panel, g.out_c - n);
        m.a.at = in + static_cast<std::size_t>(k) * p.x_stride;
        m.b = {as<float>(f.packed) + (static_cast<std::ptrdiff_t>(k) * g.out_c + n) * g.in_c, width};
        m.c.at = out + static_cast<std::size_t>(k) * p.y_stride + n;
        Multiply(m, task.count, width);
      }
    FinishTiles<typename Transforms::Output>(p, f, task, out);
    if (f.moments) TakeMoments(p, f, task);
  });
}

HWY_ATTR void RunWinograd(const WinogradPlan& p, const ConvForward& f) {
  p.side == 4 ? RunWinogradIn<Winograd4x4>(p, f) : RunWinogradIn<Winograd6x6>(p, f);
}

HWY_ATTR void PackWinograd(const ConvGeometry& g, int side, const float* w, float* to, Threads& threads) {
  side == 4 ? TransformWeights<Winograd4x4::Weight>(g, w, to, threads)
            : TransformWeights<Winograd6x6::Weight>(g, w, to, threads);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(PackWinograd);
HWY_EXPORT(RunWinograd);

const char* Winograd::unfit(const ConvProblem& p) const {
  if (const char* reason = winograd_unfit(p.g)) return reason;
  if (side_ == 6)
    if (const char* reason = larger_tiles_unfit(p.g)) return reason;
  if (!p.training()) return nullptr;
  const bool pays = mostly_inside(p.g, gradient_side(p.g, side_));
  return pays ? nullptr : "training: more than half of the tiles' pixels lie outside";
}

Needs Winograd::memory(const ConvProblem& p) const {
  const std::size_t forward =
      static_cast<std::size_t>(p.g.in_c) +
      static_cast<std::size_t>(p.threads) * plan_winograd(p.g, side_, p.threads, p.training()).thread_size();
  const std::size_t backward = p.training() ? plan_winograd_gradient(p.g, side_).size(p.threads) : 0;
  return {.packed = float_bytes(winograd_weights(p.g, side_)), .scratch = float_bytes(std::max(forward, backward))};
}

NormBlocks Winograd::blocks(const ConvProblem& p, Side side) const {
  return side == Side::output && takes_moments(p.g) ? rows_as_blocks(p.g, side_) : NormBlocks();
}

void Winograd::pack_weights(const ConvProblem& p, const float* w, const float*, std::span<std::byte> to,
                            Threads& threads) const {
  HWY_DYNAMIC_DISPATCH(PackWinograd)(p.g, side_, w, as<float>(to), threads);
}

void Winograd::run(const ConvProblem& p, const ConvForward& f) const {
  HWY_DYNAMIC_DISPATCH(RunWinograd)(plan_winograd(p.g, side_, f.threads->count(), p.training()), f);
}

}  // namespace lineament
#endif
