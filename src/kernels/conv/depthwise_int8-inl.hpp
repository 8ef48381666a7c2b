// The rows of a depthwise convolution in int8 that share their words, for a slice of channels. Compiled once for each
// instruction set; those without products of bytes have none of it.
#if defined(LINEAMENT_DEPTHWISE_INT8_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_DEPTHWISE_INT8_INL
#undef LINEAMENT_DEPTHWISE_INT8_INL
#else
#define LINEAMENT_DEPTHWISE_INT8_INL
#endif

#include "kernels/common/words-inl.hpp"
#include "kernels/conv/depthwise_int8_plan.hpp"

#if LINEAMENT_INT8_DOT
HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

using Bytes16 = hn::Full128<std::uint8_t>;

/// Words of activations as Int8Instruction multiplies them.
template <class V>
HWY_INLINE V ToMultiply(V words) {
  if constexpr (Int8Instruction::kFlip == 0) return words;
  return hn::Xor(words, hn::Set(hn::DFromV<V>(), Int8Instruction::kFlip));
}

/// The bytes of 16 channels in four rows, as a word for each channel.
HWY_INLINE void Interleave16(hn::Vec<Bytes16> a, hn::Vec<Bytes16> b, hn::Vec<Bytes16> c, hn::Vec<Bytes16> d,
                             std::uint32_t* to) {
  const hn::Repartition<std::uint16_t, Bytes16> pairs;
  const hn::Repartition<std::uint32_t, Bytes16> words;
  const auto low = hn::BitCast(pairs, hn::InterleaveLower(Bytes16(), a, b));
  const auto low2 = hn::BitCast(pairs, hn::InterleaveLower(Bytes16(), c, d));
  const auto high = hn::BitCast(pairs, hn::InterleaveUpper(Bytes16(), a, b));
  const auto high2 = hn::BitCast(pairs, hn::InterleaveUpper(Bytes16(), c, d));
  const auto store = [&](auto four, int at)
                         HWY_ATTR { hn::StoreU(ToMultiply(hn::BitCast(words, four)), words, to + at); };
  store(hn::InterleaveLower(pairs, low, low2), 0);
  store(hn::InterleaveUpper(pairs, low, low2), 4);
  store(hn::InterleaveLower(pairs, high, high2), 8);
  store(hn::InterleaveUpper(pairs, high, high2), 12);
}

#if HWY_TARGET <= HWY_AVX3
/// Four rows of bytes as a word for each of `count` channels, up to 64 (kFew: up to 16). Words after them are anything;
/// reads nothing after the channels.
template <bool kFew>
HWY_INLINE void InterleavePixel(const std::uint8_t* const (&rows)[4], int count, std::uint32_t* to) {
  const __mmask64 mask = ~std::uint64_t{0} >> (64 - count);
  if constexpr (kFew) {
    const auto load = [few = static_cast<__mmask16>(mask)](const std::uint8_t* from)
                          HWY_ATTR { return hn::Vec<Bytes16>{_mm_maskz_loadu_epi8(few, from)}; };
    Interleave16(load(rows[0]), load(rows[1]), load(rows[2]), load(rows[3]), to);
  } else {
    // Interleaving in blocks of 128 bits then leaves channels in their order.
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i a = _mm512_permutexvar_epi32(order, _mm512_maskz_loadu_epi8(mask, rows[0]));
    const __m512i b = _mm512_permutexvar_epi32(order, _mm512_maskz_loadu_epi8(mask, rows[1]));
    const __m512i c = _mm512_permutexvar_epi32(order, _mm512_maskz_loadu_epi8(mask, rows[2]));
    const __m512i d = _mm512_permutexvar_epi32(order, _mm512_maskz_loadu_epi8(mask, rows[3]));
    const __m512i low = _mm512_unpacklo_epi8(a, b), low2 = _mm512_unpacklo_epi8(c, d);
    const __m512i high = _mm512_unpackhi_epi8(a, b), high2 = _mm512_unpackhi_epi8(c, d);
    _mm512_storeu_si512(to, _mm512_unpacklo_epi16(low, low2));
    _mm512_storeu_si512(to + 16, _mm512_unpackhi_epi16(low, low2));
    _mm512_storeu_si512(to + 32, _mm512_unpacklo_epi16(high, high2));
    _mm512_storeu_si512(to + 48, _mm512_unpackhi_epi16(high, high2));
  }
}
#else
/// Four rows of bytes as a word for each of `count` channels, up to 64. Words after them are anything; reads nothing
/// after the channels.
template <bool>
HWY_INLINE void InterleavePixel(const std::uint8_t* const (&rows)[4], int count, std::uint32_t* to) {
  const auto load = [](const std::uint8_t* from) HWY_ATTR { return hn::LoadU(Bytes16(), from); };
  int i = 0;
  for (; i + 16 <= count; i += 16)
    Interleave16(load(rows[0] + i), load(rows[1] + i), load(rows[2] + i), load(rows[3] + i), to + i);
  if (i == count) return;
  const auto half = [](const std::uint8_t* from) HWY_ATTR {
    return hn::ZeroExtendVector(Bytes16(), hn::LoadU(hn::Full64<std::uint8_t>(), from));
  };
  if (i + 8 == count)
    return Interleave16(half(rows[0] + i), half(rows[1] + i), half(rows[2] + i), half(rows[3] + i), to + i);
  HWY_ALIGN std::uint8_t some[4][16];
  for (int r = 0; r < 4; ++r) CopyFew<15>(rows[r] + i, static_cast<std::size_t>(count - i), some[r]);
  Interleave16(load(some[0]), load(some[1]), load(some[2]), load(some[3]), to + i);
}
#endif

/// A row of pixels: those of the next pixel lie steps[r] bytes and `column` words on.
template <bool kFew>
HWY_ATTR HWY_NOINLINE void InterleaveLine(const std::uint8_t* const (&rows)[4], const std::ptrdiff_t (&steps)[4],
                                          int pixels, int count, std::uint32_t* to, int column) {
  const std::uint8_t *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3];
  for (int x = 0; x < pixels; ++x, to += column) {
    const std::uint8_t* const from[4] = {a, b, c, d};
    InterleavePixel<kFew>(from, count, to);
    a += steps[0];
    b += steps[1];
    c += steps[2];
    d += steps[3];
  }
}

struct DepthwiseTask {
  using Dot = Int8Instruction;
  /// kTile: outputs of two vectors of channels whose sums are in registers.
  static constexpr int kLanes = static_cast<int>(HWY_LANES(float)),
                       kTile = HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64 ? 8 : 4;

  const DepthwiseWords& p;
  DepthwiseWeights<const float> weights;
  const std::uint8_t* image;    ///< where its row 0 would lie
  const std::uint8_t* outside;  ///< what stands for channels of pixels outside
  std::uint32_t* slice;         ///< {column, word, channel}
  float* y;                     ///< the image's output
  Bytes y_bytes;
  bool relu, hard_swish;

  /// The words that windows of so many rows of outputs from `oy` on meet, of `count` channels from c on.
  HWY_ATTR void fill_slice(int oy, int rows_of_outputs, int c, int count) const {
    const ConvGeometry& g = p.g;
    const int top = oy * g.stride - g.pad_top, height = g.kernel + rows_of_outputs - 1;
    const int left = std::min(g.pad_left, p.width), inside = std::clamp(g.in_w, 0, p.width - left);
    constexpr int kSlice = DepthwiseWords::kSlice;
    const int column = p.words * kSlice;
    std::fill_n(slice, left * column, zero());
    std::fill(slice + (left + inside) * column, slice + p.width * column, zero());
    for (int w = 0; w < p.words; ++w) {
      const std::uint8_t* rows[4];
      std::ptrdiff_t step[4];
      for (int r = 0; r < 4; ++r) {
        const int number = 4 * w + r, in = top + number;
        const bool there = number < height && in >= 0 && in < g.in_h;
        rows[r] = there ? image + in * static_cast<std::ptrdiff_t>(p.row_bytes()) + c : outside;
        step[r] = there ? g.in_c : 0;
      }
      std::uint32_t* to = slice + left * column + w * kSlice;
      count <= 16 ? InterleaveLine<true>(rows, step, inside, count, to, column)
                  : InterleaveLine<false>(rows, step, inside, count, to, column);
    }
  }
  std::uint32_t zero() const { return (outside[0] * 0x01010101u) ^ Dot::kFlip; }

  /// kRows x kCount outputs, kVector vectors of channels each, of which `rows` rows and `channels` are written.
  template <int kRows, int kCount, int kVector, int kTaps>
  HWY_INLINE void tile(int oy, int ox, int rows, int c, int in_slice, int channels) const {
    const ConvGeometry& g = p.g;
    typename Dot::Sum sum[kRows][kCount][kVector];
#pragma GCC unroll 16
    for (int i = 0; i < kRows * kCount * kVector; ++i)
      sum[i / (kCount * kVector)][i / kVector % kCount][i % kVector] = Dot::Zero();
    const std::ptrdiff_t column = std::ptrdiff_t{p.words} * DepthwiseWords::kSlice, step = g.stride * column;
    const std::uint32_t* a = slice + ox * step + in_slice;
    const auto* all = reinterpret_cast<const std::uint32_t*>(weights.words);
    const std::uint32_t* w[kVector];
#pragma GCC unroll 2
    for (int v = 0; v < kVector; ++v) {
      const int channel = c + v * kLanes;
      w[v] = all + std::ptrdiff_t{channel / kColumns} * p.group_weights() + channel % kColumns;
    }
    const std::ptrdiff_t row = p.row_weights();
    const int taps = kTaps > 0 ? kTaps : g.kernel * p.words;
#pragma GCC unroll 3
    for (int k = 0; k < taps; ++k, a += DepthwiseWords::kSlice) {
#pragma GCC unroll 2
      for (int v = 0; v < kVector; ++v) {
        decltype(Dot::Weights(w[v])) own[kRows];
#pragma GCC unroll 4
        for (int r = 0; r < kRows; ++r) own[r] = Dot::Weights(w[v] + r * row);
        w[v] += kColumns;
#pragma GCC unroll 8
        for (int x = 0; x < kCount; ++x) {
          const auto words = hn::LoadU(Words(), a + x * step + v * kLanes);
#pragma GCC unroll 4
          for (int r = 0; r < kRows; ++r) sum[r][x][v] = Dot::Add(words, own[r], sum[r][x][v]);
        }
      }
    }
    write<kRows, kCount, kVector>(sum, oy, ox, rows, c, channels);
  }

  template <int kRows, int kCount, int kVector, class Sums>
  HWY_INLINE void write(const Sums& sum, int oy, int ox, int rows, int c, int channels) const {
    Vector scale[kVector], offset[kVector];
#pragma GCC unroll 2
    for (int v = 0; v < kVector; ++v) {
      scale[v] = hn::LoadU(Floats(), weights.scale + c + v * kLanes);
      offset[v] = hn::LoadU(Floats(), weights.offset + c + v * kLanes);
    }
    const bool swish = hard_swish;
    const auto value = [&](int r, int x, int v) HWY_ATTR {
      const Vector finished = hn::MulAdd(Dot::ToFloat(sum[r][x][v]), scale[v], offset[v]);
      return swish ? HardSwishOf(finished) : finished;
    };
    // In variables of their own: bytes may be anything, members, too, which are then read again after each store.
    const std::ptrdiff_t pixel = p.g.in_c, line = pixel * p.g.out_w, begin = oy * line + ox * pixel + c;
    const bool to_byte = static_cast<bool>(y_bytes);
    std::uint8_t* const bytes = to_byte ? y_bytes.data + begin : nullptr;
    float* const floats = to_byte ? nullptr : y + begin;
    const auto place = [=](int r, int x) { return r * line + x * pixel; };
    const ToBytes to_bytes(y_bytes.scale, relu);
    const Vector least = CutAt(relu);
    constexpr bool kPairs = kVector == 2 && kCount % 2 == 0;
    const int count = std::min(channels, kVector * kLanes);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      if (r >= rows) break;
      if (kPairs && to_byte) {
#pragma GCC unroll 8
        for (int x = 0; x < kCount; x += 2) {
          const int next = (x + 1) % kCount;
          const Vector values[4] = {value(r, x, 0), value(r, x, 1 % kVector), value(r, next, 0),
                                    value(r, next, 1 % kVector)};
          std::uint8_t *to = bytes + place(r, x), *to_next = bytes + place(r, next);
          if (count == 2 * kLanes)
            to_bytes.store(values, to, to_next);
          else
            to_bytes.store(values, static_cast<std::size_t>(count), to, to_next);
        }
        continue;
      }
#pragma GCC unroll 8
      for (int x = 0; x < kCount; ++x)
#pragma GCC unroll 2
        for (int v = 0; v < kVector; ++v) {
          const auto lanes = static_cast<std::size_t>(std::min(kLanes, channels - v * kLanes));
          const std::ptrdiff_t at = place(r, x) + v * kLanes;
          if (to_byte)
            to_bytes.store(value(r, x, v), lanes, bytes + at);
          else
            Write(AtLeast(least, value(r, x, v)), floats + at, lanes);
        }
    }
  }

  template <int kRows, int kVector, int kTaps>
  HWY_ATTR HWY_NOINLINE void line(int oy, int rows, int c, int in_slice, int channels) const {
    constexpr int kPixels = std::min(kTile / kRows, 4);
    int x = 0;
    for (; x + kPixels <= p.g.out_w; x += kPixels)
      tile<kRows, kPixels, kVector, kTaps>(oy, x, rows, c, in_slice, channels);
    for (; x < p.g.out_w; ++x) tile<kRows, 1, kVector, kTaps>(oy, x, rows, c, in_slice, channels);
  }
  /// kTaps: words of a window where that is the usual one, 3x3; 0: any.
  template <int kRows, int kTaps>
  HWY_ATTR void lines(int oy, int rows, int c, int count) const {
    int i = 0;
    for (; count - i > kLanes; i += 2 * kLanes) line<kRows, 2, kTaps>(oy, rows, c + i, i, count - i);
    for (; i < count; i += kLanes) line<kRows, 1, kTaps>(oy, rows, c + i, i, count - i);
  }

  /// Rows oy … oy + rows - 1 of the output, the channels of a slice from c on.
  HWY_ATTR void slice_of_rows(int oy, int rows, int c) const {
    const int count = std::min(DepthwiseWords::kSlice, p.g.in_c - c);
    fill_slice(oy, rows, c, count);
    const bool usual = p.g.kernel == 3;
    if (p.together == 4)
      lines<4, 0>(oy, rows, c, count);
    else if (p.together == 2)
      usual ? lines<2, 3>(oy, rows, c, count) : lines<2, 0>(oy, rows, c, count);
    else
      usual ? lines<1, 3>(oy, rows, c, count) : lines<1, 0>(oy, rows, c, count);
  }
};

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#endif
