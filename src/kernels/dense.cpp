// Matrix products of the dense layer. See tile-inl.hpp for the inner loop.
#include "kernels/dense.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/bf16.hpp"
#include "kernels/targets.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dense.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/dense_row-inl.hpp"
#include "kernels/tile-inl.hpp"

#ifndef LINEAMENT_DENSE_PLAN
#define LINEAMENT_DENSE_PLAN
namespace lineament {
namespace {

/// The inputs are cut into parts whose products are summed up in order, whatever the number of threads.
int input_part(const DenseGeometry& g) {
  return std::max(512, (g.in + 63) / 64);
}
int input_parts(const DenseGeometry& g) {
  return (g.in + input_part(g) - 1) / input_part(g);
}
std::size_t output_size(const DenseGeometry& g) {
  return static_cast<std::size_t>(g.batch) * static_cast<std::size_t>(g.out);
}

/// Rows of bfloat16 weights that are widened at a time, and the batch from which that is worth it.
constexpr std::size_t kWidened = 64;
constexpr int kWidenFrom = 4;

/// Rows of the weights that are transposed at a time for the data gradient.
constexpr int kTransposed = 64;

}  // namespace
}  // namespace lineament
#endif

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// y = bias + the parts' sums in order, then the ReLU if asked.
HWY_ATTR void SumParts(const DenseGeometry& g, const float* scratch, int parts, const float* bias, bool relu,
                       float* y) {
  for (int row = 0; row < g.batch; ++row) {
    float* to = y + static_cast<std::ptrdiff_t>(row) * g.out;
    for (int n = 0; n < g.out; ++n) to[n] = bias == nullptr ? 0.0f : bias[n];
    for (int p = 0; p < parts; ++p) {
      const float* from = scratch + static_cast<std::size_t>(p) * output_size(g) +
                          static_cast<std::size_t>(row) * static_cast<std::size_t>(g.out);
      for (int n = 0; n < g.out; ++n) to[n] += from[n];
    }
    if (relu)
      for (int n = 0; n < g.out; ++n) to[n] = to[n] > 0 ? to[n] : 0.0f;
  }
}

HWY_ATTR void DenseForward(const DenseGeometry& g, const float* x, const float* w, const float* bias, bool relu,
                           float* y, float* scratch, Threads& threads) {
  const int parts = input_parts(g), part = input_part(g);
  threads.run(parts, [&](int task, int) HWY_ATTR {
    const int first = task * part;
    if (g.batch == 1 && parts > 1) {
      MultiplyRow(x + first, w + static_cast<std::ptrdiff_t>(first) * g.out, std::min(part, g.in - first),
                  static_cast<std::size_t>(g.out), scratch + static_cast<std::size_t>(task) * output_size(g));
      return;
    }
    Product m{};
    m.a = x + first;
    m.a_row = g.in;
    m.a_step = 1;
    m.b = w + static_cast<std::ptrdiff_t>(first) * g.out;
    m.b_row = g.out;
    m.segments = 1;
    m.length = std::min(part, g.in - first);
    m.c = parts == 1 ? y : scratch + static_cast<std::size_t>(task) * output_size(g);
    m.c_row = g.out;
    if (parts == 1) {
      m.bias = bias;
      m.relu = relu;
    }
    Multiply(m, g.batch, g.out);
  });
  if (parts > 1) SumParts(g, scratch, parts, bias, relu, y);
}

/// Widens `count` values.
HWY_INLINE void Widen(const std::uint16_t* from, std::size_t count, float* to) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(Read(from + i, lanes), d, to + i);
  for (; i < count; ++i) {
    const std::uint32_t bits = static_cast<std::uint32_t>(from[i]) << 16;
    std::memcpy(to + i, &bits, sizeof(bits));
  }
}

HWY_ATTR void Bf16Forward(const DenseGeometry& g, const float* x, const std::uint16_t* w, const float* bias, bool relu,
                          float* y, float* scratch, Threads& threads) {
  const int parts = input_parts(g), part = input_part(g);
  const auto out = static_cast<std::size_t>(g.out);
  float* widened = scratch + static_cast<std::size_t>(parts) * output_size(g);
  threads.run(parts, [&](int task, int thread) HWY_ATTR {
    const int first = task * part, count = std::min(part, g.in - first);
    float* sums = scratch + static_cast<std::size_t>(task) * output_size(g);
    const std::uint16_t* rows = w + static_cast<std::size_t>(first) * out;
    if (g.batch < kWidenFrom) {  // straight from memory into the products
      for (int row = 0; row < g.batch; ++row) {
        const float* in = x + static_cast<std::ptrdiff_t>(row) * g.in + first;
        MultiplyRow(in, rows, count, out, sums + static_cast<std::size_t>(row) * out);
      }
      return;
    }
    // A few rows of weights at a time become floats that stay in the cache, and are used by all rows of the input.
    float* block = widened + static_cast<std::size_t>(thread) * kWidened * out;
    Product m{};
    m.a_row = g.in;
    m.a_step = 1;
    m.b = block;
    m.b_row = g.out;
    m.segments = 1;
    m.c = sums;
    m.c_row = g.out;
    for (int i = 0; i < count; i += static_cast<int>(kWidened)) {
      m.length = std::min(static_cast<int>(kWidened), count - i);
      Widen(rows + static_cast<std::size_t>(i) * out, static_cast<std::size_t>(m.length) * out, block);
      m.a = x + first + i;
      m.add = i > 0;
      Multiply(m, g.batch, g.out);
    }
  });
  SumParts(g, scratch, parts, bias, relu, y);
}

HWY_ATTR void DenseWeightGradient(const DenseGeometry& g, const float* x, const float* dy, float* dw, float* dbias,
                                  bool add, Threads& threads) {
  constexpr int kBlock = 768;  // rows of the weights a task
  threads.run((g.in + kBlock - 1) / kBlock, [&](int task, int) HWY_ATTR {
    const int first = task * kBlock;
    Product m{};
    m.a = x + first;
    m.a_row = 1;
    m.a_step = g.in;
    m.b = dy;
    m.b_row = g.out;
    m.segments = 1;
    m.length = g.batch;
    m.c = dw + static_cast<std::ptrdiff_t>(first) * g.out;
    m.c_row = g.out;
    m.add = add;
    // A few rows at a time over all columns, so that a row of the gradient is visited once.
    const int rows = std::min(kBlock, g.in - first);
    for (int r = 0; r < rows; r += kMaxRows) {
      Multiply(m, std::min(kMaxRows, rows - r), g.out);
      m.a += kMaxRows;
      m.c += static_cast<std::ptrdiff_t>(kMaxRows) * g.out;
    }
  });
  if (dbias == nullptr) return;
  if (!add) std::memset(dbias, 0, sizeof(float) * static_cast<std::size_t>(g.out));
  for (int row = 0; row < g.batch; ++row)
    for (int n = 0; n < g.out; ++n) dbias[n] += dy[static_cast<std::ptrdiff_t>(row) * g.out + n];
}

HWY_ATTR void DenseDataGradient(const DenseGeometry& g, const float* w, const float* dy, float* dx, float* scratch,
                                Threads& threads) {
  threads.run((g.in + kTransposed - 1) / kTransposed, [&](int task, int thread) HWY_ATTR {
    const int first = task * kTransposed;
    const int count = std::min(kTransposed, g.in - first);
    float* transposed = scratch + static_cast<std::size_t>(thread) * static_cast<std::size_t>(kTransposed * g.out);
    // A few rows at a time: more of them, often 4 KB apart, would share too few places in the first-level cache. The
    // next ones are asked for: they come from memory.
    constexpr int kRows = 8, kLine = 16;
    for (int k = 0; k < count; k += kRows) {
      const float* from = w + static_cast<std::ptrdiff_t>(first + k) * g.out;
      const int rows = std::min(kRows, count - k);
      for (int begin = 0; begin < g.out; begin += kLine) {
        const int end = std::min(begin + kLine, g.out);
        for (int r = 0; r < rows; ++r) hwy::Prefetch(from + static_cast<std::ptrdiff_t>(kRows + r) * g.out + begin);
        for (int n = begin; n < end; ++n)
          for (int r = 0; r < rows; ++r)
            transposed[n * kTransposed + k + r] = from[static_cast<std::ptrdiff_t>(r) * g.out + n];
      }
    }
    Product m{};
    m.a = dy;
    m.a_row = g.out;
    m.a_step = 1;
    m.b = transposed;
    m.b_row = kTransposed;
    m.segments = 1;
    m.length = g.out;
    m.c = dx + first;
    m.c_row = g.in;
    Multiply(m, g.batch, count);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(DenseForward);
HWY_EXPORT(Bf16Forward);
HWY_EXPORT(DenseWeightGradient);
HWY_EXPORT(DenseDataGradient);

std::size_t dense_scratch(const DenseGeometry& g, bool train, int threads) {
  const std::size_t forward = input_parts(g) > 1 ? static_cast<std::size_t>(input_parts(g)) * output_size(g) : 0;
  return std::max(forward,
                  train ? static_cast<std::size_t>(threads) * static_cast<std::size_t>(kTransposed * g.out) : 0);
}

void dense_forward(const DenseGeometry& g, const float* x, const float* w, const float* bias, bool relu, float* y,
                   float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(DenseForward)(g, x, w, bias, relu, y, scratch, threads);
}

std::size_t dense_bf16_size(const DenseGeometry& g) {
  return (static_cast<std::size_t>(g.in) * static_cast<std::size_t>(g.out) + 1) / 2;
}

void dense_bf16_weights(const DenseGeometry& g, const float* w, float* packed) {
  auto* to = reinterpret_cast<std::uint16_t*>(packed);
  const std::size_t count = static_cast<std::size_t>(g.in) * static_cast<std::size_t>(g.out);
  for (std::size_t i = 0; i < count; ++i) to[i] = to_bf16(w[i]);
}

std::size_t dense_bf16_scratch(const DenseGeometry& g, int threads) {
  const std::size_t widened =
      g.batch < kWidenFrom ? 0 : static_cast<std::size_t>(threads) * kWidened * static_cast<std::size_t>(g.out);
  return static_cast<std::size_t>(input_parts(g)) * output_size(g) + widened;
}

void dense_bf16_forward(const DenseGeometry& g, const float* x, const float* packed, const float* bias, bool relu,
                        float* y, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(Bf16Forward)
  (g, x, reinterpret_cast<const std::uint16_t*>(packed), bias, relu, y, scratch, threads);
}

void dense_backward(const DenseGeometry& g, const float* x, const float* w, const float* dy, float* dx, float* dw,
                    float* dbias, bool add, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(DenseWeightGradient)(g, x, dy, dw, dbias, add, threads);
  if (dx != nullptr) HWY_DYNAMIC_DISPATCH(DenseDataGradient)(g, w, dy, dx, scratch, threads);
}

}  // namespace lineament
#endif
