// Winograd's F(4x4, 3x3): Y = A^T [(G w G^T) * (B^T x B)] A for each 4x4 tile of outputs and each pair of channels,
// where the product in the middle, over all tiles and channels, is 36 matrix products. The gradients are in
// winograd_gradient.cpp.
#include <cstring>

#include "kernels/conv/kernels.hpp"
#include "kernels/conv/winograd_plan.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/winograd.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/sums-inl.hpp"
#include "kernels/conv/max_pool-inl.hpp"
#include "kernels/conv/winograd_tiles-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// G w G^T as 36 matrices {in, out}, each in panels of columns.
HWY_ATTR void TransformWeights(const ConvGeometry& g, const float* w, float* to, Threads& threads) {
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d)), panel = TransformedPanel();
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

/// Tiles of a task and its channels begin … end - 1.
struct TileTask {
  int first, count, begin, end;
};

/// A^T m A, the bias and the epilogue.
HWY_ATTR void FinishTiles(const WinogradPlan& p, const ConvForward& f, const TileTask& task, const float* from) {
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const ConvGeometry& g = p.g;
  const ConvEpilogue e = f.epilogue;  // a copy: winners are bytes, which may be anything, members, too
  const int shrink = e.max_pool ? 2 : 1, height = g.out_h / shrink, width = g.out_w / shrink;
  const Vector least = CutAt(e.relu);
  for (int i = 0; i < task.count; ++i) {
    const Tile4 tile = tile_at(p, task.first + i);
    const int top = tile.y / shrink, left = tile.x / shrink;
    const int rows = std::min(4 / shrink, height - top), columns = std::min(4 / shrink, width - left);
    const std::ptrdiff_t corner = ((static_cast<std::ptrdiff_t>(tile.image) * height + top) * width + left) * g.out_c;
    for (int c = task.begin; c < task.end; c += lanes) {
      Vector in[kProducts], out[16];
      const float* place = from + static_cast<std::ptrdiff_t>(i) * g.out_c + c;
#pragma GCC unroll 36
      for (int k = 0; k < kProducts; ++k) in[k] = hn::LoadU(d, place + static_cast<std::size_t>(k) * p.y_stride);
      Sandwich<OutputTransform>(in, out);
      const Vector shift = f.bias == nullptr ? hn::Zero(d) : hn::LoadU(d, f.bias + c);
      const auto at = [&](int r, int s) { return corner + (static_cast<std::ptrdiff_t>(r) * width + s) * g.out_c + c; };
      if (e.max_pool)
        for (int r = 0; r < 2; ++r)
          for (int s = 0; s < 2; ++s) {
            const Vector* o = out + 8 * r + 2 * s;
            const Vector values[4] = {o[0], o[1], o[4], o[5]};
            const Vector largest = hn::Max(hn::Max(o[0], o[1]), hn::Max(o[4], o[5]));
            if (e.winners != nullptr && r < rows && s < columns)
              StoreWinners(values, largest, hn::Add(largest, shift), e.relu, e.winners + at(r, s));
            out[4 * r + s] = largest;
          }
      for (int r = 0; r < rows; ++r)
        for (int s = 0; s < columns; ++s) {
          Vector value = hn::Add(out[4 * r + s], shift);
          if (e.add != nullptr) value = hn::Add(value, hn::LoadU(d, e.add + at(r, s)));
          hn::StoreU(AtLeast(least, value), d, f.y + at(r, s));
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

HWY_ATTR void RunWinograd(const WinogradPlan& p, const ConvForward& f) {
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
    TransformTiles<InputTransform>(p, source, {first, task.count, zeros, out + p.y_size()}, in, p.x_stride);
    Product m{.a = {nullptr, g.in_c}, .length = g.in_c, .c = {nullptr, g.out_c}};
    for (int k = 0; k < kProducts; ++k)
      for (int n = begin; n < task.end; n += panel) {
        const int width = std::min(panel, g.out_c - n);
        m.a.at = in + static_cast<std::size_t>(k) * p.x_stride;
        m.b = {as<float>(f.packed) + (static_cast<std::ptrdiff_t>(k) * g.out_c + n) * g.in_c, width};
        m.c.at = out + static_cast<std::size_t>(k) * p.y_stride + n;
        Multiply(m, task.count, width);
      }
    FinishTiles(p, f, task, out);
    if (f.moments) TakeMoments(p, f, task);
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(TransformWeights);
HWY_EXPORT(RunWinograd);

const char* Winograd::unfit(const ConvProblem& p) const {
  if (const char* reason = winograd_unfit(p.g)) return reason;
  if (!p.training()) return nullptr;
  const WinogradPlan plan = plan_winograd(p.g, 1, true);
  const bool pays = 2 * p.g.out_h * p.g.out_w > plan.tiles_y * plan.tiles_x * 16;
  return pays ? nullptr : "training: more than half of the tiles' pixels lie outside";
}

Needs Winograd::memory(const ConvProblem& p) const {
  const std::size_t forward =
      static_cast<std::size_t>(p.g.in_c) +
      static_cast<std::size_t>(p.threads) * plan_winograd(p.g, p.threads, p.training()).thread_size();
  const std::size_t backward = p.training() ? plan_winograd_gradient(p.g).size(p.threads) : 0;
  return {.packed = float_bytes(winograd_weights(p.g)), .scratch = float_bytes(std::max(forward, backward))};
}

NormBlocks Winograd::blocks(const ConvProblem& p, Side side) const {
  return side == Side::output && takes_moments(p.g) ? rows_as_blocks(p.g, 4) : NormBlocks();
}

void Winograd::pack_weights(const ConvProblem& p, const float* w, const float*, std::span<std::byte> to,
                            Threads& threads) const {
  HWY_DYNAMIC_DISPATCH(TransformWeights)(p.g, w, as<float>(to), threads);
}

void Winograd::run(const ConvProblem& p, const ConvForward& f) const {
  HWY_DYNAMIC_DISPATCH(RunWinograd)(plan_winograd(p.g, f.threads->count(), p.training()), f);
}

}  // namespace lineament
#endif
