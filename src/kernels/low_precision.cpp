// Convolutions in int8 and bfloat16: a strip of input rows is rounded into words with its padding, then multiplied. See
// low_precision-inl.hpp for the inner loop.
#include "kernels/low_precision.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/bf16.hpp"
#include "kernels/low_precision_plan.hpp"
#include "kernels/targets.hpp"
#include "lineament/isa.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/low_precision.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/low_precision-inl.hpp"
#include "kernels/max_pool-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// The activations, and how they become words.
struct Activations {
  const float* floats;         ///< nullptr: they are words as they lie,
  const std::uint32_t* words;  ///< here
  ByteScale scale;

  Activations from(std::ptrdiff_t value) const {
    return floats != nullptr ? Activations{floats + value, nullptr, scale}
                             : Activations{nullptr, words + value / 4, scale};
  }
};

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
HWY_ATTR void RoundPixels(const WordPlan& p, Activations x, int pixels, std::uint32_t* to, std::uint32_t* line) {
  if (x.words != nullptr) {
    std::copy_n(x.words, std::ptrdiff_t{pixels} * p.words, to);
    return;
  }
  const auto channels = static_cast<std::size_t>(p.g.in_c), count = static_cast<std::size_t>(pixels) * channels;
  const std::size_t bytes = p.number == Number::int8 ? 1 : 2;
  std::uint32_t* rounded = p.line == 0 ? to : line;
  if (p.number == Number::int8)
    ToBytes(x.scale).run(x.floats, count, reinterpret_cast<std::uint8_t*>(rounded));
  else
    RoundToBf16(x.floats, count, reinterpret_cast<std::uint16_t*>(rounded));
  if (p.line == 0) return;
  // The last word of a pixel ends with what follows it, times weights of zero; it must only be a number.
  auto* from = reinterpret_cast<unsigned char*>(line);
  std::memset(from + count * bytes, 0, sizeof(std::uint32_t));
  for (int i = 0; i < pixels; ++i, from += channels * bytes, to += p.words)
    for (int w = 0; w < p.words; ++w) std::memcpy(to + w, from + w * 4, sizeof(std::uint32_t));
}

/// Input rows first … first + count - 1 with their padding.
HWY_ATTR void RoundStrip(const WordPlan& p, Activations image, int first, int count, std::uint32_t* strip,
                         std::uint32_t* line) {
  const ConvGeometry& g = p.g;
  const std::uint32_t zero = p.number == Number::int8 ? static_cast<std::uint32_t>(image.scale.zero) * 0x01010101u : 0;
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
    RoundPixels(p, image.from(std::ptrdiff_t{y} * g.in_w * g.in_c), inside, strip + left * p.words, line);
    std::fill(strip + (left + inside) * p.words, strip + row_words, zero);
  }
}

/// Words that a strip's windows meet: read where they lie if they do not reach beyond the picture.
struct Strip {
  const std::uint32_t* words;
  std::ptrdiff_t row;
};
HWY_INLINE Strip StripWords(const WordPlan& p, Activations image, int first, int count, std::uint32_t* own) {
  const ConvGeometry& g = p.g;
  const int top = first - g.pad_top;
  if (image.words != nullptr && g.pad_left == 0 && p.padded_width <= g.in_w && top >= 0 && top + count <= g.in_h) {
    const std::ptrdiff_t row = std::ptrdiff_t{g.in_w} * p.words;
    return {image.words + top * row, row};
  }
  RoundStrip(p, image, first, count, own, own + p.strip + p.pool);
  return {own, std::ptrdiff_t{p.padded_width} * p.words};
}

template <class Dot>
HWY_ATTR void RunStrips(const WordPlan& p, Activations x, const WordProduct& product, bool max_pool, float* scratch,
                        Threads& threads) {
  const ConvGeometry& g = p.g;
  // Shorter strips where there would be fewer than threads.
  const int share = (g.out_h * g.batch + threads.count() - 1) / threads.count();
  const int strip_rows = std::min(p.rows, (share + 1) / 2 * 2), strips = (g.out_h + strip_rows - 1) / strip_rows;
  const std::ptrdiff_t out_row = std::ptrdiff_t{g.out_w} * g.out_c;
  const std::ptrdiff_t pooled_row = std::ptrdiff_t{g.out_w / 2} * g.out_c;
  threads.run(g.batch * strips, [&](int task, int thread) HWY_ATTR {
    float* own = scratch + static_cast<std::size_t>(thread) * p.own();
    const int image = task / strips, first = task % strips * strip_rows;
    const int rows = std::min(strip_rows, g.out_h - first);
    const Strip strip = StripWords(p, x.from(std::ptrdiff_t{image} * g.in_h * g.in_w * g.in_c), first * g.stride,
                                   p.input_rows(rows), reinterpret_cast<std::uint32_t*>(own));
    WordProduct out = product;  // of the first row
    out.a_segment = strip.row;
    if (max_pool) {
      out.c = own + p.strip;
      if (out.bytes != nullptr) out.bytes = reinterpret_cast<std::uint8_t*>(out.c);
    } else {
      out.move_c((std::ptrdiff_t{image} * g.out_h + first) * out_row);
    }
    // Columns outside: the weights of two groups stay in the first-level cache for the whole strip.
    for (int n = 0; n < g.out_c; n += 2 * kColumns)
      for (int r = 0; r < rows; ++r) {
        WordProduct m = out;
        m.a = strip.words + r * g.stride * strip.row;
        m.move_c(r * out_row);
        MultiplyWords<Dot>(m, g.out_w, n, std::min(2 * kColumns, g.out_c - n));
      }
    if (!max_pool) return;
    WordProduct pooled = product;
    pooled.move_c((std::ptrdiff_t{image} * (g.out_h / 2) + first / 2) * pooled_row);
    if (out.bytes != nullptr)
      PoolBytes(out.bytes, rows, g.out_w, g.out_c, pooled.bytes);
    else
      PoolStrip(out.c, rows, g.out_w, g.out_c, pooled.c);
  });
}

template <class Dot>
HWY_ATTR void RunPixels(const WordPlan& p, Activations x, const WordProduct& product, float* scratch,
                        Threads& threads) {
  const int pixels = p.pixels();
  const int team = threads.count(), share = ((pixels + team - 1) / team + 11) / 12 * 12;
  const int run = std::min(p.rows, share);
  threads.run((pixels + run - 1) / run, [&](int task, int thread) HWY_ATTR {
    auto* words = reinterpret_cast<std::uint32_t*>(scratch + static_cast<std::size_t>(thread) * p.own());
    const int first = task * run, count = std::min(run, pixels - first);
    const Activations from = x.from(std::ptrdiff_t{first} * p.g.in_c);
    WordProduct m = product;
    m.a = from.words;
    if (from.words == nullptr) {
      RoundPixels(p, from, count, words, words + p.strip);
      m.a = words;
    }
    m.move_c(std::ptrdiff_t{first} * p.g.out_c);
    MultiplyWords<Dot>(m, count, 0, p.g.out_c);
  });
}

/// All pixels as words, many threads taking part.
HWY_ATTR void RoundAll(const WordPlan& p, Activations x, std::uint32_t* words, Threads& threads) {
  const int pixels = p.pixels();
  if (p.line != 0) return RoundPixels(p, x, pixels, words, words + p.strip);
  constexpr int kPart = 4096;  // values, whole words
  const int count = pixels * p.g.in_c, bytes = p.number == Number::int8 ? 1 : 2;
  threads.run((count + kPart - 1) / kPart, [&](int task, int) HWY_ATTR {
    const auto first = static_cast<std::size_t>(task) * kPart;
    const std::size_t length = std::min<std::size_t>(kPart, static_cast<std::size_t>(count) - first);
    auto* to = reinterpret_cast<std::uint8_t*>(words) + first * static_cast<std::size_t>(bytes);
    if (bytes == 1)
      ToBytes(x.scale).run(x.floats + first, length, to);
    else
      RoundToBf16(x.floats + first, length, reinterpret_cast<std::uint16_t*>(to));
  });
}

/// Few pixels, many weights: all pixels are rounded first, then the columns are shared out.
template <class Dot>
HWY_ATTR void RunColumns(const WordPlan& p, Activations x, WordProduct m, float* scratch, Threads& threads) {
  auto* words = reinterpret_cast<std::uint32_t*>(scratch);
  m.a = x.words;
  if (x.words == nullptr) {
    RoundAll(p, x, words, threads);
    m.a = words;
  }
  constexpr int kTask = 2 * kColumns;
  threads.run((p.g.out_c + kTask - 1) / kTask, [&](int task, int) HWY_ATTR {
    MultiplyWords<Dot>(m, p.pixels(), task * kTask, std::min(kTask, p.g.out_c - task * kTask));
  });
}

template <class Dot>
HWY_ATTR void RunWords(const WordPlan& p, const float* x, bool bytes_in, const float* packed, ConvEpilogue epilogue,
                       float* y, float* scratch, Threads& threads) {
  Activations in{x, nullptr, {}};
  if (bytes_in) in = {nullptr, reinterpret_cast<const std::uint32_t*>(x), {}};
  in.scale = {packed[0], packed[1]};
  WordProduct m{};
  m.a_row = std::ptrdiff_t{p.g.stride} * p.words;
  const std::ptrdiff_t columns = std::ptrdiff_t{p.groups} * kColumns;
  m.scale = packed + kHeader;
  m.offset = m.scale + columns;
  m.b = reinterpret_cast<const std::uint32_t*>(m.offset + columns);
  m.b_group = p.group_words();
  m.segments = p.g.kernel;
  m.length = p.g.kernel * p.words;
  m.c = y;
  if (epilogue.bytes) m.bytes = reinterpret_cast<std::uint8_t*>(y);
  m.byte_scale = epilogue.bytes;
  m.c_row = p.g.out_c;
  m.residual = epilogue.add;
  m.relu = epilogue.relu;
  if (p.wide())
    RunColumns<Dot>(p, in, m, scratch, threads);
  else if (p.pointwise)
    RunPixels<Dot>(p, in, m, scratch, threads);
  else
    RunStrips<Dot>(p, in, m, epilogue.max_pool, scratch, threads);
}

HWY_ATTR void RunLowPrecision(const WordPlan& p, const float* x, bool bytes_in, const float* packed,
                              ConvEpilogue epilogue, float* y, float* scratch, Threads& threads) {
#if LINEAMENT_DOT_INSTRUCTIONS
  if (p.number == Number::bf16) return RunWords<Bf16Instruction>(p, x, bytes_in, packed, epilogue, y, scratch, threads);
  if (has_int8_products()) return RunWords<Int8Instruction>(p, x, bytes_in, packed, epilogue, y, scratch, threads);
#endif
  RunWords<Int8>(p, x, bytes_in, packed, epilogue, y, scratch, threads);
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(RunLowPrecision);

bool low_precision_fits(const ConvGeometry& g, Number number) {
  if (g.groups != 1 || g.pad_top < 0 || g.pad_left < 0) return false;
  if (number == Number::bf16) return has_bf16_products();
  return std::ptrdiff_t{g.kernel} * g.kernel * g.in_c <= std::ptrdiff_t{INT32_MAX} / (255 * 127);
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

void low_precision_forward(const ConvGeometry& g, Number number, const float* x, bool bytes_in, const float* packed,
                           ConvEpilogue epilogue, float* y, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(RunLowPrecision)(plan_words(g, number), x, bytes_in, packed, epilogue, y, scratch, threads);
}

}  // namespace lineament
#endif
