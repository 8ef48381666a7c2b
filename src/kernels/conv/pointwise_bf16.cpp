// 1x1 convolutions in training with both sides rounded to bfloat16: see pointwise-inl.hpp, and words-inl.hpp for the
// inner loop. An even number of channels each way, no epilogue.
#include "kernels/common/amx.hpp"
#include "kernels/conv/kernels.hpp"
#include "kernels/conv/pointwise_plan.hpp"
#include "lineament/isa.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/pointwise_bf16.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/words-inl.hpp"
#include "kernels/conv/pointwise-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// See word_panels_size.
struct WordPanels {
#if LINEAMENT_BF16_DOT
  static HWY_INLINE std::uint32_t Rounded(float value) {
    std::uint16_t half;
    HWY_ALIGN std::uint16_t halves[HWY_LANES(float)];
    hn::Store(ToBf16(hn::Set(Floats(), value)), hn::Rebind<std::uint16_t, Floats>(), halves);
    std::memcpy(&half, halves, sizeof(half));
    return half;
  }
  static HWY_ATTR void Pack(const Matrix& w, const float* bias, float* to) {
    const int columns = (w.columns + kColumns - 1) / kColumns * kColumns;
    for (int o = 0; o < columns; ++o) to[o] = 1, to[columns + o] = bias != nullptr && o < w.columns ? bias[o] : 0;
    auto* words = reinterpret_cast<std::uint32_t*>(to + 2 * columns);
    for (int n = 0; n < columns; n += kColumns)
      for (int i = 0; i < w.rows; i += 2)
        for (int o = n; o < n + kColumns; ++o, ++words) {
          const float* from = w.at + i * w.row + o * w.column;
          *words = o < w.columns ? Rounded(from[0]) | Rounded(from[w.row]) << 16 : 0;
        }
  }
  static HWY_ATTR void Multiply(const Product& p, int rows, int out, float* work) {
    const Floats d;
    const hn::Rebind<std::uint16_t, Floats> halves;
    auto* rounded = reinterpret_cast<std::uint16_t*>(work);
    const std::size_t values = static_cast<std::size_t>(rows) * static_cast<std::size_t>(p.length),
                      lanes = hn::Lanes(d);
    std::size_t i = 0;
    for (; i + lanes <= values; i += lanes) hn::StoreU(ToBf16(hn::LoadU(d, p.a.at + i)), halves, rounded + i);
    for (; i < values; ++i) rounded[i] = static_cast<std::uint16_t>(Rounded(p.a.at[i]));
    const int columns = (out + kColumns - 1) / kColumns * kColumns, words = p.length / 2;
    const WordProduct m{
        .a = {reinterpret_cast<const std::uint32_t*>(rounded), words},
        .b = {reinterpret_cast<const std::uint32_t*>(p.b.at + 2 * columns), std::ptrdiff_t{words} * kColumns},
        .length = words,
        .c = p.c.at,
        .c_row = p.c.row,
        .scale = p.b.at,
        .offset = p.b.at + columns};
#if LINEAMENT_AMX
    if (runs_on_amx(words)) {
      const AmxRegisters registers(rows, words);
      return MultiplyWords<Bf16Amx>(m, rows, 0, out);
    }
#endif
    MultiplyWords<Bf16Instruction>(m, rows, 0, out);
  }
#else
  static void Pack(const Matrix&, const float*, float*) {}
  static void Multiply(const Product&, int, int, float*) {}
#endif
};

HWY_ATTR void PackPointwiseBf16(const ConvGeometry& g, const float* w, const float* bias, float* to) {
  WordPanels::Pack({w, g.in_c, g.out_c, g.out_c, 1}, bias, to);
}
HWY_ATTR void RunPointwiseBf16(const ConvGeometry& g, const ConvForward& f) {
  PointwiseForward<WordPanels>(g, true, f);
}
HWY_ATTR void RunPointwiseBf16Gradients(const ConvGeometry& g, const ConvBackward& b) {
  PointwiseGradients<WordPanels>(g, word_panels_size(g.out_c, g.in_c), b);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(PackPointwiseBf16);
HWY_EXPORT(RunPointwiseBf16);
HWY_EXPORT(RunPointwiseBf16Gradients);

const char* PointwiseBf16::unfit(const ConvProblem& p) const {
  if (p.precision != Precision::bf16) return "for bf16";
  if (!p.training()) return "inference";
  if (p.g.in_c % 2 != 0 || p.g.out_c % 2 != 0) return "needs even channels in and out";
  for (const int channels : {p.g.in_c, p.g.out_c})
    if (const char* reason = slow_in_bf16(channels / 2)) return reason;
  return Pointwise::unfit(p);
}

Needs PointwiseBf16::memory(const ConvProblem& p) const {
  const ConvGeometry& g = p.g;
  return {.packed = float_bytes(word_panels_size(g.in_c, g.out_c)),
          .scratch = pointwise_scratch(p, word_panels_size(g.out_c, g.in_c))};
}

void PointwiseBf16::pack_weights(const ConvProblem& p, const float* w, const float* bias, std::span<std::byte> to,
                                 Threads&) const {
  HWY_DYNAMIC_DISPATCH(PackPointwiseBf16)(p.g, w, bias, as<float>(to));
}
void PointwiseBf16::run(const ConvProblem& p, const ConvForward& f) const {
  HWY_DYNAMIC_DISPATCH(RunPointwiseBf16)(p.g, f);
}
void PointwiseBf16::gradients(const ConvProblem& p, const ConvBackward& b) const {
  HWY_DYNAMIC_DISPATCH(RunPointwiseBf16Gradients)(p.g, b);
}

}  // namespace lineament
#endif
