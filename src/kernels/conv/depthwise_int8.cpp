// Depthwise convolutions in int8: some rows of the input become words of four rows each, a slice of channels at a time,
// and every word is multiplied with all windows that it is in. See depthwise_int8_plan.hpp for what lies where.
#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/common/bytes.hpp"
#include "kernels/common/isa.hpp"
#include "kernels/conv/depthwise_int8_plan.hpp"
#include "kernels/conv/kernels.hpp"
#include "lineament/isa.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/depthwise_int8.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/conv/depthwise_int8-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

HWY_ATTR void RunDepthwiseInt8(const DepthwiseWords& p, const ConvForward& f) {
#if LINEAMENT_INT8_DOT
  const ConvGeometry& g = p.g;
  const DepthwiseWeights<const float> w(p, as<float>(f.packed));
  const ByteScale scale{w.input[0], w.input[1]};
  const int tasks = (g.out_h + p.rows - 1) / p.rows;
  f.threads->run(g.batch * tasks, [&](int task, int thread) HWY_ATTR {
    const int image = task / tasks, first = task % tasks * p.rows;
    const RowRange out{first, std::min(g.out_h, first + p.rows)}, in = conv_input_rows(g, out);
    auto* slice = as<std::uint32_t>(f.scratch.subspan(static_cast<std::size_t>(thread) * p.thread_bytes()));
    auto* outside = reinterpret_cast<std::uint8_t*>(slice + p.slice());
    std::memset(outside, static_cast<int>(scale.zero), DepthwiseWords::kSlice);
    const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(p.row_bytes()), start = std::ptrdiff_t{image} * g.in_h * row;
    const std::uint8_t* bytes = f.x_bytes ? f.x_bytes.data + start : nullptr;
    if (!f.x_bytes && in.begin < in.end) {
      std::uint8_t* strip = outside + DepthwiseWords::kSlice;
      ToBytes(scale).run(f.x + start + in.begin * row, static_cast<std::size_t>(in.end - in.begin) * p.row_bytes(),
                         strip);
      bytes = strip - in.begin * row;
    }
    DepthwiseTask run{p, w, bytes, outside, slice, f.y, f.y_bytes, f.epilogue.relu, f.epilogue.hard_swish};
    const std::ptrdiff_t values = std::ptrdiff_t{image} * g.out_h * g.out_w * g.in_c;
    if (run.y_bytes)
      run.y_bytes.data += values;
    else
      run.y += values;
    for (int y = out.begin; y < out.end; y += p.together)
      for (int c = 0; c < g.in_c; c += DepthwiseWords::kSlice)
        run.slice_of_rows(y, std::min(p.together, out.end - y), c);
  });
#else
  (void)p, (void)f;
#endif
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(RunDepthwiseInt8);

const char* DepthwiseInt8::unfit(const ConvProblem& p) const {
  if (p.precision != Precision::int8) return "for int8";
  if (p.training()) return "training";
  if (!has_int8_products()) return "needs VNNI or SDOT";
  const ConvGeometry& g = p.g;
  if (std::ptrdiff_t{g.kernel} * g.kernel > INT32_MAX / (255 * 127)) return "sums would overflow 32 bits";
  return g.groups > 1 && g.groups == g.in_c && g.in_c == g.out_c ? nullptr : "needs one channel a group";
}

Needs DepthwiseInt8::memory(const ConvProblem& problem) const {
  const DepthwiseWords p(problem.g, problem.threads);
  return {.packed = float_bytes(DepthwiseWeights<float>::size(p)),
          .scratch = static_cast<std::size_t>(problem.threads) * p.thread_bytes()};
}

std::optional<RowRange> DepthwiseInt8::input_rows(const ConvProblem& p, RowRange rows) const {
  return conv_input_rows(p.g, rows);
}

/// Scales each channel to -127 … 127.
void DepthwiseInt8::pack_weights(const ConvProblem& problem, const float* w, const float* bias, std::span<std::byte> to,
                                 Threads&) const {
  const DepthwiseWords p(problem.g, 1);
  std::memset(to.data(), 0, to.size());
  const DepthwiseWeights<float> packed(p, as<float>(to));
  const ByteScale in = byte_scale(problem.range);
  packed.input[0] = in.step;
  packed.input[1] = in.zero;
  const int kernel = p.g.kernel, channels = p.g.in_c;
  auto* bytes = reinterpret_cast<std::int8_t*>(packed.words);
  for (int c = 0; c < channels; ++c) {
    const auto weight = [&](int ky, int kx) { return w[(ky * kernel + kx) * channels + c]; };
    float largest = 0, sum = 0;
    for (int i = 0; i < kernel * kernel; ++i) largest = std::max(largest, std::abs(weight(i / kernel, i % kernel)));
    const float scale = weight_step(largest);
    for (int ky = 0; ky < kernel; ++ky)
      for (int kx = 0; kx < kernel; ++kx) {
        const float rounded = std::nearbyint(weight(ky, kx) / scale);
        sum += rounded;
        for (int r = 0; r < p.together; ++r) {  // a row of outputs further down, and so are the rows of its window
          const int word = c / kColumns * p.group_weights() + r * p.row_weights() +
                           (kx * p.words + (ky + r) / 4) * kColumns + c % kColumns;
          bytes[4 * word + (ky + r) % 4] = static_cast<std::int8_t>(rounded);
        }
      }
    packed.scale[c] = scale * in.step;
    const float zero = in.zero - static_cast<float>(int8_input_shift());
    packed.offset[c] = sum * (-packed.scale[c] * zero) + (bias != nullptr ? bias[c] : 0.0f);
  }
}

void DepthwiseInt8::run(const ConvProblem& p, const ConvForward& f) const {
  HWY_DYNAMIC_DISPATCH(RunDepthwiseInt8)(DepthwiseWords(p.g, f.threads->count()), f);
}

}  // namespace lineament
#endif
