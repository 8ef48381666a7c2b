// Convolutions in int8 and bfloat16: a strip of input rows is rounded into words with its padding, then multiplied. See
// low_precision-inl.hpp for the inner loop.
#include "lineament/kernels/low_precision.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/targets.hpp"
#include "lineament/kernels/isa.hpp"
#include "lineament/kernels/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/low_precision.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/low_precision-inl.hpp"
#include "kernels/max_pool-inl.hpp"

#ifndef LINEAMENT_LOW_PRECISION_PLAN
#define LINEAMENT_LOW_PRECISION_PLAN
namespace lineament {
namespace {

constexpr int kGroupColumns = 16;
constexpr std::size_t kHeader = 16;  // floats before the scales: what Input holds

/// How activations become words: round(x * inverse_scale) + zero.
struct Input {
  float inverse_scale, zero;
};

struct WordPlan {
  ConvGeometry g;
  Number number;
  bool pointwise;     ///< rows mean nothing: all pixels of the batch are one run
  int words;          ///< of a pixel
  int padded_width;   ///< of a row of the strip
  int rows;           ///< of the output in a strip; pointwise: pixels in a run
  int groups;         ///< of 16 columns
  std::size_t strip, pool, line;  ///< sizes in words, for each thread

  std::ptrdiff_t group_words() const { return std::ptrdiff_t{g.kernel} * g.kernel * words * kGroupColumns; }
  int input_rows(int count) const { return (count - 1) * g.stride + g.kernel; }
  int pixels() const { return g.batch * g.out_h * g.out_w; }
  /// So few pixels that threads must share out the columns: dense layers.
  bool wide() const { return pointwise && pixels() < 96; }
  std::size_t own() const { return strip + pool + line; }
};

std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);  // to nearest, ties to even
}

std::size_t whole_lines(std::size_t words) {
  return (words + 15) / 16 * 16;
}

WordPlan plan_words(const ConvGeometry& g, Number number) {
  WordPlan p{};
  p.g = g;
  p.number = number;
  const int in_word = number == Number::int8 ? 4 : 2;
  p.words = (g.in_c + in_word - 1) / in_word;
  p.groups = (g.out_c + kGroupColumns - 1) / kGroupColumns;
  p.pointwise = g.kernel == 1 && g.stride == 1 && g.pad_top == 0 && g.pad_left == 0 && g.in_h == g.out_h &&
                g.in_w == g.out_w;
  const auto words = static_cast<std::size_t>(p.words);
  // Input and output of a strip stay in the second-level cache.
  constexpr int kStripWords = 64 * 1024;
  if (p.pointwise) {
    p.padded_width = 1;
    p.rows = p.wide() ? p.pixels() : std::clamp(kStripWords / (p.words + g.out_c) / 48, 1, 16) * 48;
    p.strip = whole_lines(words * static_cast<std::size_t>(p.rows));
  } else {
    p.padded_width = (g.out_w - 1) * g.stride + g.kernel;
    p.rows = std::clamp(kStripWords / (g.stride * p.padded_width * p.words + g.out_w * g.out_c) / 2 * 2, 2, 8);
    p.strip = whole_lines(static_cast<std::size_t>(p.input_rows(p.rows) * p.padded_width) * words);
    p.pool = whole_lines(static_cast<std::size_t>(p.rows * g.out_w * g.out_c));
  }
  // Channels that do not fill their words are rounded into a line first. A word may reach over its end.
  if (g.in_c % in_word != 0)
    p.line = whole_lines(static_cast<std::size_t>(p.pointwise ? p.rows : g.in_w) * static_cast<std::size_t>(g.in_c) + 4);
  return p;
}

}  // namespace
}  // namespace lineament
#endif  // LINEAMENT_LOW_PRECISION_PLAN

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// `count` activations as bytes.
HWY_ATTR void RoundToInt8(const float* x, std::size_t count, Input in, std::uint8_t* to) {
  const Floats d;
  const hn::Rebind<std::uint8_t, Floats> bytes;
  const std::size_t lanes = hn::Lanes(d);
  const auto scale = hn::Set(d, in.inverse_scale), zero = hn::Set(d, in.zero);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(hn::DemoteTo(bytes, hn::NearestInt(hn::MulAdd(hn::LoadU(d, x + i), scale, zero))), bytes, to + i);
  if (i == count) return;
  HWY_ALIGN float rest[HWY_LANES(float)] = {};
  HWY_ALIGN std::uint8_t rounded[HWY_LANES(float)];
  std::memcpy(rest, x + i, (count - i) * sizeof(float));
  hn::Store(hn::DemoteTo(bytes, hn::NearestInt(hn::MulAdd(hn::Load(d, rest), scale, zero))), bytes, rounded);
  std::memcpy(to + i, rounded, count - i);
}

HWY_ATTR void RoundToBf16(const float* x, std::size_t count, std::uint16_t* to) {
  std::size_t i = 0;
#if LINEAMENT_DOT_INSTRUCTIONS
  const Floats d;
  const hn::Rebind<std::uint16_t, Floats> halves;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) hn::StoreU(ToBf16(hn::LoadU(d, x + i)), halves, to + i);
#endif
  for (; i < count; ++i) to[i] = to_bf16(x[i]);
}

/// `pixels` pixels as words. `line` is used where channels do not fill their words.
HWY_ATTR void RoundPixels(const WordPlan& p, Input in, const float* x, int pixels, std::uint32_t* to, std::uint32_t* line) {
  const auto channels = static_cast<std::size_t>(p.g.in_c), count = static_cast<std::size_t>(pixels) * channels;
  const std::size_t bytes = p.number == Number::int8 ? 1 : 2;
  std::uint32_t* rounded = p.line == 0 ? to : line;
  if (p.number == Number::int8)
    RoundToInt8(x, count, in, reinterpret_cast<std::uint8_t*>(rounded));
  else
    RoundToBf16(x, count, reinterpret_cast<std::uint16_t*>(rounded));
  if (p.line == 0) return;
  // The last word of a pixel ends with what follows it, times weights of zero; it must only be a number.
  auto* from = reinterpret_cast<unsigned char*>(line);
  std::memset(from + count * bytes, 0, sizeof(std::uint32_t));
  for (int i = 0; i < pixels; ++i, from += channels * bytes, to += p.words)
    for (int w = 0; w < p.words; ++w) std::memcpy(to + w, from + w * 4, sizeof(std::uint32_t));
}

/// Input rows first … first + count - 1 with their padding.
HWY_ATTR void RoundStrip(const WordPlan& p, Input in, const float* image, int first, int count, std::uint32_t* strip,
                         std::uint32_t* line) {
  const ConvGeometry& g = p.g;
  const std::uint32_t zero = p.number == Number::int8 ? static_cast<std::uint32_t>(in.zero) * 0x01010101u : 0;
  const int left = std::min(g.pad_left, p.padded_width);
  const int inside = std::max(0, std::min(g.in_w, p.padded_width - left));
  const std::ptrdiff_t row_words = std::ptrdiff_t{p.padded_width} * p.words;
  for (int r = 0; r < count; ++r, strip += row_words) {
    const int y = first + r - g.pad_top;
    if (y < 0 || y >= g.in_h) {
      std::fill_n(strip, row_words, zero);
      continue;
    }
    std::fill_n(strip, left * p.words, zero);
    RoundPixels(p, in, image + std::ptrdiff_t{y} * g.in_w * g.in_c, inside, strip + left * p.words, line);
    std::fill(strip + (left + inside) * p.words, strip + row_words, zero);
  }
}

template <class Dot>
HWY_ATTR void RunStrips(const WordPlan& p, Input in, const WordProduct& product, const float* x, ConvEpilogue epilogue,
                        float* y, float* scratch, Threads& threads) {
  const ConvGeometry& g = p.g;
  // Shorter strips where there would be fewer than threads.
  const int share = (g.out_h * g.batch + threads.count() - 1) / threads.count();
  const int strip_rows = std::min(p.rows, (share + 1) / 2 * 2), strips = (g.out_h + strip_rows - 1) / strip_rows;
  const std::ptrdiff_t row_words = std::ptrdiff_t{p.padded_width} * p.words, out_row = std::ptrdiff_t{g.out_w} * g.out_c;
  threads.run(g.batch * strips, [&](int task, int thread) HWY_ATTR {
    WordProduct m = product;
    float* own = scratch + static_cast<std::size_t>(thread) * p.own();
    auto* strip = reinterpret_cast<std::uint32_t*>(own);
    const int image = task / strips, first = task % strips * strip_rows;
    const int rows = std::min(strip_rows, g.out_h - first);
    RoundStrip(p, in, x + std::ptrdiff_t{image} * g.in_h * g.in_w * g.in_c, first * g.stride, p.input_rows(rows), strip,
               strip + p.strip + p.pool);
    float* out = epilogue.max_pool ? own + p.strip : y + (std::ptrdiff_t{image} * g.out_h + first) * out_row;
    // Columns outside: the weights of two groups stay in the first-level cache for the whole strip.
    for (int n = 0; n < g.out_c; n += 2 * kColumns)
      for (int r = 0; r < rows; ++r) {
        m.a = strip + r * g.stride * row_words;
        m.c = out + r * out_row;
        if (epilogue.add != nullptr) m.residual = epilogue.add + (m.c - y);
        MultiplyWords<Dot>(m, g.out_w, n, std::min(2 * kColumns, g.out_c - n));
      }
    if (epilogue.max_pool)
      PoolStrip(out, rows, g.out_w, g.out_c,
                y + (std::ptrdiff_t{image} * (g.out_h / 2) + first / 2) * (g.out_w / 2) * g.out_c);
  });
}

template <class Dot>
HWY_ATTR void RunPixels(const WordPlan& p, Input in, const WordProduct& product, const float* x, float* y, float* scratch,
                        Threads& threads) {
  const int pixels = p.pixels();
  const int team = threads.count(), share = ((pixels + team - 1) / team + 11) / 12 * 12;
  const int run = std::min(p.rows, share);
  threads.run((pixels + run - 1) / run, [&](int task, int thread) HWY_ATTR {
    WordProduct m = product;
    auto* words = reinterpret_cast<std::uint32_t*>(scratch + static_cast<std::size_t>(thread) * p.own());
    const int first = task * run, count = std::min(run, pixels - first);
    RoundPixels(p, in, x + std::ptrdiff_t{first} * p.g.in_c, count, words, words + p.strip);
    m.a = words;
    m.c = y + std::ptrdiff_t{first} * p.g.out_c;
    if (m.residual != nullptr) m.residual += std::ptrdiff_t{first} * p.g.out_c;
    MultiplyWords<Dot>(m, count, 0, p.g.out_c);
  });
}

/// Few pixels, many weights: all pixels are rounded first, then the columns are shared out.
template <class Dot>
HWY_ATTR void RunColumns(const WordPlan& p, Input in, WordProduct m, const float* x, float* y, float* scratch,
                         Threads& threads) {
  auto* words = reinterpret_cast<std::uint32_t*>(scratch);
  const int pixels = p.pixels();
  if (p.line == 0) {
    constexpr int kPart = 4096;  // values, whole words
    const int count = pixels * p.g.in_c, bytes = p.number == Number::int8 ? 1 : 2;
    threads.run((count + kPart - 1) / kPart, [&](int task, int) HWY_ATTR {
      const auto first = static_cast<std::size_t>(task) * kPart;
      const std::size_t length = std::min<std::size_t>(kPart, static_cast<std::size_t>(count) - first);
      auto* to = reinterpret_cast<std::uint8_t*>(words) + first * static_cast<std::size_t>(bytes);
      if (bytes == 1)
        RoundToInt8(x + first, length, in, to);
      else
        RoundToBf16(x + first, length, reinterpret_cast<std::uint16_t*>(to));
    });
  } else {
    RoundPixels(p, in, x, pixels, words, words + p.strip);
  }
  constexpr int kTask = 2 * kColumns;
  m.a = words;
  m.c = y;
  threads.run((p.g.out_c + kTask - 1) / kTask, [&](int task, int) HWY_ATTR {
    MultiplyWords<Dot>(m, pixels, task * kTask, std::min(kTask, p.g.out_c - task * kTask));
  });
}

template <class Dot>
HWY_ATTR void RunWords(const WordPlan& p, const float* x, const float* packed, ConvEpilogue epilogue, float* y,
                       float* scratch, Threads& threads) {
  Input in;
  std::memcpy(&in, packed, sizeof(in));
  WordProduct m{};
  m.a_row = std::ptrdiff_t{p.g.stride} * p.words;
  m.a_segment = std::ptrdiff_t{p.padded_width} * p.words;
  const std::ptrdiff_t columns = std::ptrdiff_t{p.groups} * kColumns;
  m.scale = packed + kHeader;
  m.offset = m.scale + columns;
  m.b = reinterpret_cast<const std::uint32_t*>(m.offset + columns);
  m.b_group = p.group_words();
  m.segments = p.g.kernel;
  m.length = p.g.kernel * p.words;
  m.c_row = p.g.out_c;
  m.residual = epilogue.add;
  m.relu = epilogue.relu;
  if (p.wide())
    RunColumns<Dot>(p, in, m, x, y, scratch, threads);
  else if (p.pointwise)
    RunPixels<Dot>(p, in, m, x, y, scratch, threads);
  else
    RunStrips<Dot>(p, in, m, x, epilogue, y, scratch, threads);
}

HWY_ATTR void RunLowPrecision(const WordPlan& p, const float* x, const float* packed, ConvEpilogue epilogue, float* y,
                              float* scratch, Threads& threads) {
#if LINEAMENT_DOT_INSTRUCTIONS
  if (p.number == Number::bf16) return RunWords<Bf16Instruction>(p, x, packed, epilogue, y, scratch, threads);
  if (has_int8_products()) return RunWords<Int8Instruction>(p, x, packed, epilogue, y, scratch, threads);
#endif
  RunWords<Int8>(p, x, packed, epilogue, y, scratch, threads);
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(RunLowPrecision);

namespace {

/// 0 … 255 over the range, which must hold 0: padding is exact then.
struct Scale {
  float step, zero;
};
Scale scale_of(Range r) {
  const float low = std::min(r.low, 0.0f), high = std::max(r.high, 0.0f);
  const float step = (high - low) / 255;
  if (!(step > 0) || !std::isfinite(step)) return {1, 0};
  return {step, std::nearbyint(-low / step)};
}

/// Calls f(row of weights, tap, channel) in the order they lie in memory.
template <class F>
void each_row(const ConvGeometry& g, const float* w, F&& f) {
  for (int tap = 0; tap < g.kernel * g.kernel; ++tap)
    for (int channel = 0; channel < g.in_c; ++channel, w += g.out_c) f(w, tap, channel);
}

/// Where the weights of one tap and channel begin: those of column n are kGroupColumns words of groups and n words on.
template <class T>
T* place_of(const WordPlan& p, float* words, int tap, int channel) {
  constexpr int kInWord = 4 / static_cast<int>(sizeof(T));
  const std::ptrdiff_t word = (std::ptrdiff_t{tap} * p.words + channel / kInWord) * kGroupColumns;
  return reinterpret_cast<T*>(words + word) + channel % kInWord;
}

void pack_bf16(const WordPlan& p, const float* w, float* words) {
  each_row(p.g, w, [&](const float* row, int tap, int channel) {
    auto* to = place_of<std::uint16_t>(p, words, tap, channel);
    for (int n = 0; n < p.g.out_c; ++n)
      to[2 * (n / kGroupColumns * p.group_words() + n % kGroupColumns)] = to_bf16(row[n]);
  });
}

/// Scales each column to -127 … 127. Gives the column's step in `scale` and the sum of its weights in `sums`, which is exact.
void pack_int8(const WordPlan& p, const float* w, float* scale, float* sums, float* words) {
  const int columns = p.g.out_c;
  each_row(p.g, w, [&](const float* row, int, int) {
    for (int n = 0; n < columns; ++n) scale[n] = std::max(scale[n], std::abs(row[n]));
  });
  for (int n = 0; n < columns; ++n) scale[n] = scale[n] > 0 ? scale[n] / 127 : 1.0f;
  each_row(p.g, w, [&](const float* row, int tap, int channel) {
    auto* to = place_of<std::int8_t>(p, words, tap, channel);
    for (int n = 0; n < columns; ++n) {
      const float rounded = std::nearbyint(row[n] / scale[n]);
      to[4 * (n / kGroupColumns * p.group_words() + n % kGroupColumns)] = static_cast<std::int8_t>(rounded);
      sums[n] += rounded;
    }
  });
}

}  // namespace

bool low_precision_fits(const ConvGeometry& g, Number number) {
  if (g.groups != 1 || g.pad_top < 0 || g.pad_left < 0) return false;
  if (number == Number::bf16) return has_bf16_products();
  return std::ptrdiff_t{g.kernel} * g.kernel * g.in_c <= std::ptrdiff_t{INT32_MAX} / (255 * 127);
}

std::size_t low_precision_weights_size(const ConvGeometry& g, Number number) {
  const WordPlan p = plan_words(g, number);
  const auto groups = static_cast<std::size_t>(p.groups);
  return kHeader + 2 * groups * kGroupColumns + groups * static_cast<std::size_t>(p.group_words());
}

void low_precision_weights(const ConvGeometry& g, Number number, const float* w, const float* bias, Range input,
                           float* packed) {
  const WordPlan p = plan_words(g, number);
  std::memset(packed, 0, low_precision_weights_size(g, number) * sizeof(float));
  const Scale in = scale_of(input);
  const Input header{1 / in.step, in.zero};
  std::memcpy(packed, &header, sizeof(header));
  float* scale = packed + kHeader;
  float* offset = scale + std::ptrdiff_t{p.groups} * kGroupColumns;
  float* words = offset + std::ptrdiff_t{p.groups} * kGroupColumns;
  if (number == Number::bf16) {
    std::fill_n(scale, g.out_c, 1.0f);
    pack_bf16(p, w, words);
  } else {
    pack_int8(p, w, scale, offset, words);
    for (int n = 0; n < g.out_c; ++n) {
      scale[n] *= in.step;
      offset[n] *= -scale[n] * in.zero;
    }
  }
  if (bias == nullptr) return;
  for (int n = 0; n < g.out_c; ++n) offset[n] += bias[n];
}

bool low_precision_by_rows(const ConvGeometry& g, int threads) {
  ConvGeometry least = g;
  least.in_h = least.out_h = g.out_h / threads;
  const WordPlan whole = plan_words(g, Number::int8), part = plan_words(least, Number::int8);
  return !whole.wide() && !part.wide();
}

std::size_t low_precision_scratch(const ConvGeometry& g, Number number, int threads) {
  const WordPlan p = plan_words(g, number);
  return p.wide() ? p.own() : static_cast<std::size_t>(threads) * p.own();
}

void low_precision_forward(const ConvGeometry& g, Number number, const float* x, const float* packed,
                           ConvEpilogue epilogue, float* y, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(RunLowPrecision)(plan_words(g, number), x, packed, epilogue, y, scratch, threads);
}

}  // namespace lineament
#endif
