// Matrix products of the dense layer. See tile-inl.hpp for the inner loop.
#include "lineament/kernels/dense.hpp"

#include <algorithm>
#include <cstring>

#include "kernels/targets.hpp"
#include "lineament/kernels/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dense.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/tile-inl.hpp"

#ifndef LINEAMENT_DENSE_PLAN
#define LINEAMENT_DENSE_PLAN
namespace lineament {
namespace {

/// The inputs are cut into parts whose products are summed up in order, whatever the number of threads.
int input_part(const DenseGeometry& g) { return std::max(512, (g.in + 63) / 64); }
int input_parts(const DenseGeometry& g) { return (g.in + input_part(g) - 1) / input_part(g); }
std::size_t output_size(const DenseGeometry& g) { return static_cast<std::size_t>(g.batch) * static_cast<std::size_t>(g.out); }

/// Rows of the weights that are transposed at a time for the data gradient.
constexpr int kTransposed = 64;

}  // namespace
}  // namespace lineament
#endif

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

HWY_ATTR void DenseForward(const DenseGeometry& g, const float* x, const float* w, const float* bias, bool relu, float* y,
                           float* scratch, Threads& threads) {
  const int parts = input_parts(g), part = input_part(g);
  threads.run(parts, [&](int task, int) HWY_ATTR {
    const int first = task * part;
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
  if (parts == 1) return;
  for (int row = 0; row < g.batch; ++row) {
    float* to = y + static_cast<std::ptrdiff_t>(row) * g.out;
    for (int n = 0; n < g.out; ++n) to[n] = bias == nullptr ? 0.0f : bias[n];
    for (int p = 0; p < parts; ++p) {
      const float* from = scratch + static_cast<std::size_t>(p) * output_size(g) + static_cast<std::size_t>(row) * static_cast<std::size_t>(g.out);
      for (int n = 0; n < g.out; ++n) to[n] += from[n];
    }
    if (relu)
      for (int n = 0; n < g.out; ++n) to[n] = to[n] > 0 ? to[n] : 0.0f;
  }
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
    for (int n = 0; n < g.out; ++n)
      for (int k = 0; k < count; ++k) transposed[n * kTransposed + k] = w[static_cast<std::ptrdiff_t>(first + k) * g.out + n];
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
HWY_EXPORT(DenseWeightGradient);
HWY_EXPORT(DenseDataGradient);

std::size_t dense_scratch(const DenseGeometry& g, bool train, int threads) {
  const std::size_t forward = input_parts(g) > 1 ? static_cast<std::size_t>(input_parts(g)) * output_size(g) : 0;
  return std::max(forward, train ? static_cast<std::size_t>(threads) * static_cast<std::size_t>(kTransposed * g.out) : 0);
}

void dense_forward(const DenseGeometry& g, const float* x, const float* w, const float* bias, bool relu, float* y,
                   float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(DenseForward)(g, x, w, bias, relu, y, scratch, threads);
}

void dense_backward(const DenseGeometry& g, const float* x, const float* w, const float* dy, float* dx, float* dw,
                    float* dbias, bool add, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(DenseWeightGradient)(g, x, dy, dw, dbias, add, threads);
  if (dx != nullptr) HWY_DYNAMIC_DISPATCH(DenseDataGradient)(g, w, dy, dx, scratch, threads);
}

}  // namespace lineament
#endif
