// Direct convolution as an implicit matrix product over strips of rows. See tile-inl.hpp for the inner loop.
#include "kernels/conv/direct_plan.hpp"
#include "kernels/conv/kernels.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/direct.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/panels-inl.hpp"
#include "kernels/common/sums-inl.hpp"
#include "kernels/conv/max_pool-inl.hpp"
#include "kernels/conv/strips-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// Group by group, panels of columns: neighbours of a panel lie next to each other, whatever the number of channels.
HWY_ATTR void PackWindows(const ConvGeometry& g, const float* w, float* panels) {
  const int size = g.kernel * g.kernel * (g.in_c / g.groups), out = g.out_c / g.groups;
  for (int group = 0; group < g.groups; ++group)
    PackPanels({w + group * out, size, out, g.out_c, 1}, panels + std::ptrdiff_t{group} * size * out);
}

HWY_ATTR void RunStrip(const StripPlan& p, const ConvForward& f, int image, int strip, float* scratch) {
  const ConvGeometry& g = p.g;
  const int first = strip * p.rows, rows = std::min(p.rows, g.out_h - first);
  const float* in = f.x + static_cast<std::ptrdiff_t>(image) * g.in_h * g.in_w * g.in_c;
  const std::ptrdiff_t out_row = static_cast<std::ptrdiff_t>(g.out_w) * g.out_c;
  float* out = f.epilogue.max_pool ? scratch + p.strip_size
                                   : f.y + (static_cast<std::ptrdiff_t>(image) * g.out_h + first) * out_row;
  const int out_channels = g.out_c / g.groups, panel = PanelWidth(out_channels);
  for (int group = 0; group < g.groups; ++group) {
    if (p.copied) FillStrip(p, {in, 0}, group, first * g.stride, p.input_rows(rows), scratch);
    const float* source = p.copied ? scratch : in + static_cast<std::ptrdiff_t>(first * g.stride) * g.in_w * g.in_c;
    Product m{.a = {nullptr, std::ptrdiff_t{g.stride} * p.channels, 1, p.row_size()},
              .length = g.kernel * p.channels,
              .c = {nullptr, g.out_c},
              .relu = f.epilogue.relu};
    // Columns outside: the weights of two vectors of channels stay in the cache for the whole strip.
    for (int n = 0; n < out_channels; n += panel) {
      const int width = std::min(panel, out_channels - n), column = group * out_channels + n;
      m.bias = f.bias == nullptr ? nullptr : f.bias + column;
      const float* weights = as<float>(f.packed) + std::ptrdiff_t{g.kernel} * m.length * column;
      for (int r = 0; r < rows; ++r) {
        const RowRange seen = p.rows_inside(first + r);  // rows of zeros need no multiplying
        m.segments = seen.end - seen.begin;
        m.a.at = source + (r * g.stride + seen.begin) * m.a.segment;
        m.b = {weights + std::ptrdiff_t{seen.begin} * m.length * width, width};
        m.c.at = out + r * out_row + column;
        if (f.epilogue.add != nullptr) m.residual = f.epilogue.add + (m.c.at - f.y);
        Multiply(m, g.out_w, width);
      }
    }
  }
  if (f.moments)
    for (int r = 0; r < rows; r += kMomentRows) {
      const auto block =
          static_cast<std::size_t>(image) * f.moments.in_image() + static_cast<std::size_t>((first + r) / kMomentRows);
      const auto channels = static_cast<std::size_t>(g.out_c);
      BlockMoments(out + r * out_row, f.moments.pixels_of(block), channels, f.moments.of(block, channels));
    }
  if (!f.epilogue.max_pool) return;
  const std::ptrdiff_t at = (static_cast<std::ptrdiff_t>(image) * (g.out_h / 2) + first / 2) * (g.out_w / 2) * g.out_c;
  std::uint8_t* winners = f.epilogue.winners == nullptr ? nullptr : f.epilogue.winners + at;
  PoolStrip({out, rows, g.out_w, g.out_c}, f.y + at, winners, f.epilogue.relu);
}

HWY_ATTR void RunDirect(const StripPlan& p, const ConvForward& f) {
  const int strips = p.strips();
  f.threads->run(p.g.batch * strips, [&](int task, int thread) HWY_ATTR {
    float* own = as<float>(f.scratch) + static_cast<std::size_t>(thread) * p.thread_size();
    RunStrip(p, f, task / strips, task % strips, own);
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(PackWindows);
HWY_EXPORT(RunDirect);

Needs Direct::memory(const ConvProblem& p) const {
  const std::size_t forward = static_cast<std::size_t>(p.threads) * plan_direct(p.g).thread_size();
  const std::size_t backward = p.training() ? plan_direct_gradient(p.g).size(p.threads) : 0;
  return {.packed = float_bytes(weights_size(p.g)), .scratch = float_bytes(std::max(forward, backward))};
}

NormBlocks Direct::blocks(const ConvProblem& p, Side side) const {
  return side == Side::output ? rows_as_blocks(p.g, kMomentRows) : NormBlocks();
}

std::optional<RowRange> Direct::input_rows(const ConvProblem& p, RowRange rows) const {
  // Scratch is that of the whole, which must be a copy with padding, too.
  return p.g.pad_left <= 0 ? std::nullopt : std::optional(conv_input_rows(p.g, rows));
}

void Direct::pack_weights(const ConvProblem& p, const float* w, const float*, std::span<std::byte> to, Threads&) const {
  HWY_DYNAMIC_DISPATCH(PackWindows)(p.g, w, as<float>(to));
}

void Direct::run(const ConvProblem& p, const ConvForward& f) const {
  HWY_DYNAMIC_DISPATCH(RunDirect)(plan_direct(p.g), f);
}

}  // namespace lineament
#endif
