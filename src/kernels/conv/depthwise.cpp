// Depthwise convolution: see depthwise-inl.hpp; the gradients are in depthwise_gradient.cpp.
#include "kernels/common/budgets.hpp"
#include "kernels/common/memory.hpp"
#include "kernels/conv/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/depthwise.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/conv/depthwise-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

template <bool kHardSwish>
HWY_ATTR void DepthwiseRows(const ConvGeometry& g, const ConvForward& f) {
  // Some rows a task, which share most of their input: an even number of tasks of about one size, for two threads and
  // one image.
  const bool made = f.norm || f.moments;  // rows of x, or sums over rows of y
  const int even = g.out_h <= kDepthwiseTask ? 1 : (g.out_h + 2 * kDepthwiseTask - 1) / (2 * kDepthwiseTask) * 2;
  const int strips = made ? (g.out_h + kDepthwiseRows - 1) / kDepthwiseRows : even;
  const Vector least = CutAt(f.epilogue.relu);
  const auto channels = static_cast<std::size_t>(g.in_c);
  const std::size_t in_row = static_cast<std::size_t>(g.in_w) * channels,
                    in_size = static_cast<std::size_t>(g.in_h) * in_row;
  f.threads->run(g.batch * strips, [&](int task, int thread) HWY_ATTR {
    const int image = task / strips, strip = task % strips;
    const RowRange rows = made ? RowRange{strip * kDepthwiseRows, std::min(g.out_h, (strip + 1) * kDepthwiseRows)}
                               : RowRange{strip * g.out_h / strips, (strip + 1) * g.out_h / strips};
    float* work = f.norm ? as<float>(f.scratch) + static_cast<std::size_t>(thread) * in_size : nullptr;
    const float* in = NormalisedRows({f.x, f.norm}, {}, static_cast<std::size_t>(image) * in_size,
                                     conv_input_rows(g, rows), in_row, channels, work);
    float* out = f.y + static_cast<std::ptrdiff_t>(image) * g.out_h * g.out_w * g.in_c;
    EachVectorOfChannels(g.in_c, [&]<bool kPartial>(const Channels<kPartial>& some, std::size_t c) HWY_ATTR {
      const Vector start = f.bias == nullptr ? hn::Zero(Floats()) : some.load(f.bias + c);
      const Lines<kPartial, kHardSwish> lines{g, some, in + c, f.w + c, start, least, out + c};
      for (int oy = rows.begin; oy < rows.end; ++oy) lines.run(oy);
    });
    if (f.moments)
      BlockMoments(out + static_cast<std::size_t>(rows.begin * g.out_w) * channels,
                   static_cast<std::size_t>((rows.end - rows.begin) * g.out_w), channels,
                   f.moments.of(static_cast<std::size_t>(task), channels));
  });
}

HWY_ATTR void DepthwiseForward(const ConvGeometry& g, const ConvForward& f) {
  f.epilogue.hard_swish ? DepthwiseRows<true>(g, f) : DepthwiseRows<false>(g, f);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(DepthwiseForward);

const char* Depthwise::unfit(const ConvProblem& p) const {
  return p.g.groups > 1 && p.g.groups == p.g.in_c && p.g.in_c == p.g.out_c ? nullptr : "needs one channel a group";
}

std::optional<RowRange> Depthwise::input_rows(const ConvProblem& p, RowRange rows) const {
  return conv_input_rows(p.g, rows);
}

NormBlocks Depthwise::blocks(const ConvProblem& p, Side side) const {
  const ConvGeometry& g = p.g;
  const int height = side == Side::input ? g.in_h : g.out_h, width = side == Side::input ? g.in_w : g.out_w;
  return {nullptr, static_cast<std::size_t>(g.batch), static_cast<std::size_t>(height * width),
          static_cast<std::size_t>(kDepthwiseRows * width)};
}

void Depthwise::run(const ConvProblem& p, const ConvForward& f) const {
  HWY_DYNAMIC_DISPATCH(DepthwiseForward)(p.g, f);
}

}  // namespace lineament
#endif
