// Weights of a matrix product in panels of columns, in fp32 or, for training, bfloat16, and products of pixels with
// them. Compiled once for each instruction set: no include guard in the usual sense.
#if defined(LINEAMENT_PANELS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_PANELS_INL
#undef LINEAMENT_PANELS_INL
#else
#define LINEAMENT_PANELS_INL
#endif

#include <algorithm>
#include <cstring>

#include "kernels/conv.hpp"
#include "kernels/low_precision-inl.hpp"
#include "kernels/tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// Two vectors of columns, three where that leaves none over.
HWY_INLINE int PanelWidth(int out) {
  const int lanes = static_cast<int>(hn::Lanes(Floats()));
  return out % (2 * lanes) != 0 && out % (3 * lanes) == 0 ? 3 * lanes : 2 * lanes;
}

HWY_INLINE int PanelCount(int out) {
  return (out + PanelWidth(out) - 1) / PanelWidth(out);
}

/// Panels of columns: {panel, in, columns}. `in_step` and `out_step` say how the weights lie: turned round for the data
/// gradient.
inline HWY_ATTR void PackPanels(const float* w, int in, int out, std::ptrdiff_t in_step, std::ptrdiff_t out_step,
                                float* to) {
  const int panel = PanelWidth(out);
  for (int n = 0; n < out; n += panel)
    for (int i = 0; i < in; ++i)
      for (int o = n; o < std::min(n + panel, out); ++o) *to++ = w[i * in_step + o * out_step];
}

/// `count` pixels of y = x w + bias, then the epilogue, whose sum begins with the first of them: of the columns in
/// panels first … last - 1.
inline HWY_ATTR void MultiplyPixels(int count, int in, int out, const float* x, const float* panels, const float* bias,
                                    ConvEpilogue epilogue, float* y, Ahead* ahead, int first, int last) {
  const int panel = PanelWidth(out);
  Product m{};
  m.a = x;
  m.a_row = in;
  m.a_step = 1;
  m.segments = 1;
  m.length = in;
  m.c_row = out;
  m.relu = epilogue.relu;
  m.ahead = ahead;
  for (int n = first * panel; n < std::min(last * panel, out); n += panel) {
    const int width = std::min(panel, out - n);
    m.b = panels + static_cast<std::ptrdiff_t>(n) * in;
    m.b_row = width;
    m.bias = bias == nullptr ? nullptr : bias + n;
    m.c = y + n;
    m.residual = epilogue.add == nullptr ? nullptr : epilogue.add + n;
    Multiply(m, count, width);
  }
}

/// How weights lie and are multiplied: in fp32,
struct FloatPanels {
  static HWY_INLINE void Pack(const float* w, int in, int out, std::ptrdiff_t in_step, std::ptrdiff_t out_step,
                              const float*, float* to) {
    PackPanels(w, in, out, in_step, out_step, to);
  }
  static HWY_INLINE void Multiply(int count, int in, int out, const float* x, const float* panels, const float* bias,
                                  ConvEpilogue epilogue, float* y, float*, Ahead& ahead) {
    MultiplyPixels(count, in, out, x, panels, bias, epilogue, y, &ahead, 0, PanelCount(out));
  }
};

#if LINEAMENT_DOT_INSTRUCTIONS
/// or both sides rounded to bfloat16, sums in fp32. An even number of channels each way, no epilogue. The bias lies
/// with the weights.
struct WordPanels {
  static HWY_INLINE std::uint32_t Rounded(float value) {
    std::uint16_t half;
    HWY_ALIGN std::uint16_t halves[HWY_LANES(float)];
    hn::Store(ToBf16(hn::Set(Floats(), value)), hn::Rebind<std::uint16_t, Floats>(), halves);
    std::memcpy(&half, halves, sizeof(half));
    return half;
  }
  static HWY_ATTR void Pack(const float* w, int in, int out, std::ptrdiff_t in_step, std::ptrdiff_t out_step,
                            const float* bias, float* to) {
    const int columns = (out + kColumns - 1) / kColumns * kColumns;
    for (int o = 0; o < columns; ++o) to[o] = 1, to[columns + o] = bias != nullptr && o < out ? bias[o] : 0;
    auto* words = reinterpret_cast<std::uint32_t*>(to + 2 * columns);
    for (int n = 0; n < columns; n += kColumns)
      for (int i = 0; i < in; i += 2)
        for (int o = n; o < n + kColumns; ++o, ++words) {
          const float* from = w + i * in_step + o * out_step;
          *words = o < out ? Rounded(from[0]) | Rounded(from[in_step]) << 16 : 0;
        }
  }
  static HWY_ATTR void Multiply(int count, int in, int out, const float* x, const float* panels, const float*,
                                ConvEpilogue, float* y, float* room, Ahead&) {
    const Floats d;
    const hn::Rebind<std::uint16_t, Floats> halves;
    auto* rounded = reinterpret_cast<std::uint16_t*>(room);
    const std::size_t values = static_cast<std::size_t>(count) * static_cast<std::size_t>(in), lanes = hn::Lanes(d);
    std::size_t i = 0;
    for (; i + lanes <= values; i += lanes) hn::StoreU(ToBf16(hn::LoadU(d, x + i)), halves, rounded + i);
    for (; i < values; ++i) rounded[i] = static_cast<std::uint16_t>(Rounded(x[i]));
    const int columns = (out + kColumns - 1) / kColumns * kColumns;
    WordProduct m{};
    m.a = reinterpret_cast<const std::uint32_t*>(rounded);
    m.a_row = in / 2;
    m.b = reinterpret_cast<const std::uint32_t*>(panels + 2 * columns);
    m.b_group = std::ptrdiff_t{in} / 2 * kColumns;
    m.segments = 1;
    m.length = in / 2;
    m.c = y;
    m.c_row = out;
    m.scale = panels;
    m.offset = panels + columns;
    MultiplyWords<Bf16Instruction>(m, count, 0, out);
  }
};
#endif

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#endif
