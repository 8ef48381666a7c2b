// Convolutions in int8 and bfloat16, and on AMX in fp32 (see bf16x3.cpp): a strip of input rows is rounded into words
// with its padding, then multiplied. See words-inl.hpp for the inner loop.
#include <cstring>

#include "kernels/common/amx.hpp"
#include "kernels/common/isa.hpp"
#include "kernels/conv/kernels.hpp"
#include "kernels/conv/low_precision_plan.hpp"
#include "lineament/isa.hpp"
#include "lineament/threads.hpp"
#include "nn/bf16.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/low_precision.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/split-inl.hpp"
#include "kernels/common/words-inl.hpp"
#include "kernels/conv/max_pool-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

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

/// The workspace of a thread.
struct WordWork {
  std::span<std::byte> strip, pool, line;

  WordWork(const WordPlan& p, std::span<std::byte> scratch, int thread)
      : strip(scratch.subspan(static_cast<std::size_t>(thread) * p.thread_bytes(), p.thread_bytes())),
        pool(strip.subspan(float_bytes(p.strip))),
        line(pool.subspan(float_bytes(p.pool))) {}
};

HWY_ATTR void RoundToBf16(const float* x, std::size_t count, std::uint16_t* to) {
  std::size_t i = 0;
#if LINEAMENT_BF16_DOT
  const Floats d;
  const hn::Rebind<std::uint16_t, Floats> halves;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) hn::StoreU(ToBf16(hn::LoadU(d, x + i)), halves, to + i);
#endif
  for (; i < count; ++i) to[i] = to_bf16(x[i]);
}

/// `pixels` pixels as words. `line` is used where channels do not fill their words.
HWY_ATTR void RoundPixels(const WordPlan& p, Activations x, int pixels, std::uint32_t* to, std::span<std::byte> line) {
  if (x.words != nullptr) {
    std::copy_n(x.words, std::ptrdiff_t{pixels} * p.words, to);
    return;
  }
  const auto channels = static_cast<std::size_t>(p.g.in_c), count = static_cast<std::size_t>(pixels) * channels;
  if (p.numbers == Numbers::split) return Split(x.floats, count, to, to + p.low_strip());
  const bool int8 = p.numbers == Numbers::int8;
  const std::size_t bytes = int8 ? 1 : 2;
  std::uint32_t* rounded = p.line == 0 ? to : as<std::uint32_t>(line);
  if (int8)
    ToBytes(x.scale).run(x.floats, count, reinterpret_cast<std::uint8_t*>(rounded));
  else
    RoundToBf16(x.floats, count, reinterpret_cast<std::uint16_t*>(rounded));
  if (p.line == 0) return;
  // The last word of a pixel ends with what follows it, times weights of zero; it must only be a number.
  std::byte* from = line.data();
  std::memset(from + count * bytes, 0, sizeof(std::uint32_t));
  for (int i = 0; i < pixels; ++i, from += channels * bytes, to += p.words)
    for (int w = 0; w < p.words; ++w) std::memcpy(to + w, from + w * 4, sizeof(std::uint32_t));
}

/// Input rows first … first + count - 1 with their padding.
HWY_ATTR void RoundStrip(const WordPlan& p, Activations image, int first, int count, const WordWork& work) {
  const ConvGeometry& g = p.g;
  const std::uint32_t zero =
      p.numbers == Numbers::int8 ? static_cast<std::uint32_t>(image.scale.zero) * 0x01010101u : 0;
  const int left = std::min(g.pad_left, p.padded_width);
  const int inside = std::max(0, std::min(g.in_w, p.padded_width - left));
  const std::ptrdiff_t row_words = std::ptrdiff_t{p.padded_width} * p.words;
  auto* strip = as<std::uint32_t>(work.strip);
  const auto fill = [&](int from, int pixels) HWY_ATTR {
    std::fill_n(strip + std::ptrdiff_t{from} * p.words, std::ptrdiff_t{pixels} * p.words, zero);
    if (p.numbers == Numbers::split)
      std::fill_n(strip + p.low_strip() + std::ptrdiff_t{from} * p.words, std::ptrdiff_t{pixels} * p.words, zero);
  };
  for (int r = 0; r < count; ++r, strip += row_words) {
    const int y = first + r - g.pad_top;
    if (y < 0 || y >= g.in_h) {
      fill(0, p.padded_width);
      continue;
    }
    fill(0, left);
    RoundPixels(p, image.from(std::ptrdiff_t{y} * g.in_w * g.in_c), inside, strip + left * p.words, work.line);
    fill(left + inside, p.padded_width - left - inside);
  }
}

/// Words that a strip's windows meet: read where they lie if they do not reach beyond the image.
struct WordStrip {
  const std::uint32_t* words;
  std::ptrdiff_t row;
};
HWY_INLINE WordStrip StripWords(const WordPlan& p, Activations image, int first, int count, const WordWork& work) {
  const ConvGeometry& g = p.g;
  const int top = first - g.pad_top;
  if (image.words != nullptr && g.pad_left == 0 && p.padded_width <= g.in_w && top >= 0 && top + count <= g.in_h) {
    const std::ptrdiff_t row = std::ptrdiff_t{g.in_w} * p.words;
    return {image.words + top * row, row};
  }
  RoundStrip(p, image, first, count, work);
  return {as<std::uint32_t>(work.strip), std::ptrdiff_t{p.padded_width} * p.words};
}

template <class Dot>
HWY_ATTR void RunStrips(const WordPlan& p, Activations x, const WordProduct& product, const ConvForward& f) {
  const ConvGeometry& g = p.g;
  // Shorter strips where there would be fewer than threads.
  const int share = (g.out_h * g.batch + f.threads->count() - 1) / f.threads->count();
  const int strip_rows = std::min(p.rows, (share + 1) / 2 * 2), strips = (g.out_h + strip_rows - 1) / strip_rows;
  const std::ptrdiff_t out_row = std::ptrdiff_t{g.out_w} * g.out_c;
  const std::ptrdiff_t pooled_row = std::ptrdiff_t{g.out_w / 2} * g.out_c;
  f.threads->run(g.batch * strips, [&](int task, int thread) HWY_ATTR {
    const WordWork work(p, f.scratch, thread);
    const int image = task / strips, first = task % strips * strip_rows;
    const int rows = std::min(strip_rows, g.out_h - first);
    const WordStrip strip = StripWords(p, x.from(std::ptrdiff_t{image} * g.in_h * g.in_w * g.in_c), first * g.stride,
                                       p.input_rows(rows), work);
    WordProduct out = product;  // of the first row
    out.a.segment = strip.row;
    if (f.epilogue.max_pool) {
      out.c = as<float>(work.pool);
      if (out.bytes) out.bytes.data = as<std::uint8_t>(work.pool);
    } else {
      out.move_c((std::ptrdiff_t{image} * g.out_h + first) * out_row);
    }
    const typename Dot::Registers registers(g.out_w, product.length);
    // Columns outside: the weights of two groups stay in the first-level cache for the whole strip, if they fit it.
    for (int n = 0; n < g.out_c; n += 2 * kColumns)
      for (int r = 0; r < rows; ++r) {
        WordProduct m = out;
        m.a.at = strip.words + r * g.stride * strip.row;
        m.move_c(r * out_row);
        MultiplyWords<Dot>(m, g.out_w, n, std::min(2 * kColumns, g.out_c - n));
      }
    if (!f.epilogue.max_pool) return;
    WordProduct pooled = product;
    pooled.move_c((std::ptrdiff_t{image} * (g.out_h / 2) + first / 2) * pooled_row);
    if (out.bytes)
      PoolStrip({out.bytes.data, rows, g.out_w, g.out_c}, pooled.bytes.data);
    else
      PoolStrip({out.c, rows, g.out_w, g.out_c}, pooled.c);
  });
}

template <class Dot>
HWY_ATTR void RunRuns(const WordPlan& p, Activations x, const WordProduct& product, const ConvForward& f) {
  const int pixels = p.pixels();
  const int team = f.threads->count(), most = ((pixels + team - 1) / team + Dot::kRows - 1);
  const int share = most - most % Dot::kRows;
  const int run = std::min(p.rows, share);
  f.threads->run((pixels + run - 1) / run, [&](int task, int thread) HWY_ATTR {
    const int first = task * run, count = std::min(run, pixels - first);
    const Activations from = x.from(std::ptrdiff_t{first} * p.g.in_c);
    WordProduct m = product;
    m.a.at = from.words;
    if (from.words == nullptr) {
      const WordWork work(p, f.scratch, thread);
      RoundPixels(p, from, count, as<std::uint32_t>(work.strip), work.line);
      m.a.at = as<std::uint32_t>(work.strip);
    }
    m.move_c(std::ptrdiff_t{first} * p.g.out_c);
    const typename Dot::Registers registers(count, m.length);
    MultiplyWords<Dot>(m, count, 0, p.g.out_c);
  });
}

/// All pixels as words, many threads taking part.
HWY_ATTR void RoundAll(const WordPlan& p, Activations x, const WordWork& work, Threads& threads) {
  const int pixels = p.pixels();
  if (p.line != 0) return RoundPixels(p, x, pixels, as<std::uint32_t>(work.strip), work.line);
  const auto count = static_cast<std::size_t>(pixels) * static_cast<std::size_t>(p.g.in_c);
  threads.run(static_cast<int>((count + kSumValues - 1) / kSumValues), [&](int task, int) HWY_ATTR {
    const std::size_t first = static_cast<std::size_t>(task) * kSumValues, length = std::min(kSumValues, count - first);
    if (p.numbers == Numbers::split) {
      auto* to = as<std::uint32_t>(work.strip) + first / 2;
      Split(x.floats + first, length, to, to + p.low_strip());
    } else if (p.numbers == Numbers::int8)
      ToBytes(x.scale).run(x.floats + first, length, as<std::uint8_t>(work.strip) + first);
    else
      RoundToBf16(x.floats + first, length, as<std::uint16_t>(work.strip) + first);
  });
}

/// Few pixels, many weights: all pixels are rounded first, then the columns are shared out.
template <class Dot>
HWY_ATTR void RunColumns(const WordPlan& p, Activations x, WordProduct m, const ConvForward& f) {
  m.a.at = x.words;
  if (x.words == nullptr) {
    const WordWork work(p, f.scratch, 0);
    RoundAll(p, x, work, *f.threads);
    m.a.at = as<std::uint32_t>(work.strip);
  }
  // Nobody has looked for the best: any few panels will do.
  constexpr int kTask = 2 * kColumns;
  f.threads->run((p.g.out_c + kTask - 1) / kTask, [&](int task, int) HWY_ATTR {
    const typename Dot::Registers registers(p.pixels(), m.length);
    MultiplyWords<Dot>(m, p.pixels(), task * kTask, std::min(kTask, p.g.out_c - task * kTask));
  });
}

template <class Dot>
HWY_ATTR void RunWords(const WordPlan& p, const ConvForward& f) {
  const WordWeights<const float> w(p, as<float>(f.packed));
  Activations in{f.x, nullptr, {w.input[0], w.input[1]}};
  if (f.x_bytes) in = {nullptr, reinterpret_cast<const std::uint32_t*>(f.x_bytes.data), in.scale};
  const WordProduct m{.a = {nullptr, std::ptrdiff_t{p.g.stride} * p.words, 0, p.low_strip()},
                      .b = {reinterpret_cast<const std::uint32_t*>(w.words), p.group_words(), p.low_weights()},
                      .segments = p.g.kernel,
                      .length = p.length(),
                      .c = f.y,
                      .bytes = f.y_bytes,
                      .c_row = p.g.out_c,
                      .scale = w.scale,
                      .offset = w.offset,
                      .residual = f.epilogue.add,
                      .relu = f.epilogue.relu,
                      .hard_swish = f.epilogue.hard_swish};
  if (p.wide())
    RunColumns<Dot>(p, in, m, f);
  else if (p.pointwise)
    RunRuns<Dot>(p, in, m, f);
  else
    RunStrips<Dot>(p, in, m, f);
}

HWY_ATTR void RunLowPrecision(const WordPlan& p, const ConvForward& f) {
#if LINEAMENT_AMX
  if (p.numbers == Numbers::split) return RunWords<SplitAmx>(p, f);
  if (runs_on_amx(p.length())) return p.numbers == Numbers::int8 ? RunWords<Int8Amx>(p, f) : RunWords<Bf16Amx>(p, f);
#endif
#if LINEAMENT_BF16_DOT
  if (p.numbers == Numbers::bf16) return RunWords<Bf16Instruction>(p, f);
#endif
#if LINEAMENT_INT8_DOT
  if (has_int8_products()) return RunWords<Int8Instruction>(p, f);
#endif
  RunWords<Int8Products>(p, f);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(RunLowPrecision);

namespace {

Numbers numbers_of(const ConvProblem& p) {
  switch (p.precision) {
    case Precision::int8:
      return Numbers::int8;
    case Precision::bf16:
      return Numbers::bf16;
    case Precision::fp32:
      break;
  }
  return Numbers::split;
}

}  // namespace

bool LowPrecision::takes(const ConvProblem& p, const Epilogue& e) const {
  return !e.max_pool || (!e.add && p.g.kernel > 1);
}

Needs LowPrecision::memory(const ConvProblem& problem) const {
  const WordPlan p = plan_words(problem.g, numbers_of(problem));
  const auto threads = static_cast<std::size_t>(p.wide() ? 1 : problem.threads);
  return {.packed = float_bytes(WordWeights<float>::size(p)), .scratch = threads * p.thread_bytes()};
}

/// Where rows of an image that many threads take as convolutions of their own keep the scratch of the whole.
std::optional<RowRange> LowPrecision::input_rows(const ConvProblem& p, RowRange rows) const {
  ConvGeometry least = p.g;
  least.in_h = least.out_h = p.g.out_h / p.threads;
  const bool wide = plan_words(p.g, numbers_of(p)).wide() || plan_words(least, numbers_of(p)).wide();
  return wide ? std::nullopt : std::optional(conv_input_rows(p.g, rows));
}

void LowPrecision::run(const ConvProblem& p, const ConvForward& f) const {
  HWY_DYNAMIC_DISPATCH(RunLowPrecision)(plan_words(p.g, numbers_of(p)), f);
}

}  // namespace lineament
#endif
