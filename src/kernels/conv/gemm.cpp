// Matrix products of dense layers. See tile-inl.hpp, gemm-inl.hpp and gemm_samples-inl.hpp for the inner loops.
#include <optional>

#include "kernels/conv/gemm_plan.hpp"
#include "kernels/conv/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/gemm.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/conv/gemm-inl.hpp"
#include "kernels/conv/gemm_samples-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

HWY_ATTR void GemmForward(const GemmPlan& p, const ConvForward& f) {
  const int parts = p.parts(), part = p.part();
  std::optional<RowReadingLayer> layer;
  if (p.leaves_out_zeros() || p.reads_rows())
    layer = p.row_reading_layer(p.leaves_out_zeros(), sizeof(float), f.threads->count());
  const RowReadingPass reading(layer);
  f.threads->run(parts, [&](int task, int) HWY_ATTR {
    const int first = task * part, count = std::min(part, p.in - first);
    const float *x = f.x + first, *w = f.w + static_cast<std::ptrdiff_t>(first) * p.out;
    float* sums = parts == 1 ? f.y : as<float>(f.scratch) + static_cast<std::size_t>(task) * p.size();
    if (p.leaves_out_zeros()) return MultiplyRow(reading.how(), x, w, count, static_cast<std::size_t>(p.out), sums);
    if (p.reads_rows()) return MultiplySamples(reading.how(), p, x, w, count, sums);
    Product m{.a = {x, p.in}, .b = {w, p.out}, .length = count, .c = {sums, p.out}};
    if (parts == 1) {
      m.bias = f.bias;
      m.relu = f.epilogue.relu;
    }
    Multiply(m, p.batch, p.out);
  });
  if (parts > 1) SumParts(p, f);
}

HWY_ATTR void GemmWeightGradient(const GemmPlan& p, const ConvBackward& b) {
  b.threads->run((p.in + kGradientRows - 1) / kGradientRows, [&](int task, int) HWY_ATTR {
    const int first = task * kGradientRows;
    Product m{.a = {b.x + first, 1, p.in},
              .b = {b.dy.dy, p.out},
              .length = p.batch,
              .c = {b.dw + static_cast<std::ptrdiff_t>(first) * p.out, p.out},
              .add = !b.overwrite};
    // A few rows at a time over all columns, so that the gradient is gone through once.
    const int rows = std::min(kGradientRows, p.in - first);
    for (int r = 0; r < rows; r += kMaxRows) {
      Multiply(m, std::min(kMaxRows, rows - r), p.out);
      m.a.at += kMaxRows;
      m.c.at += static_cast<std::ptrdiff_t>(kMaxRows) * p.out;
    }
  });
  if (b.dbias == nullptr) return;
  const auto out = static_cast<std::size_t>(p.out);
  if (b.overwrite) std::fill_n(b.dbias, out, 0.0f);
  AddParts(b.dy.dy, p.batch, out, out, b.dbias, *b.threads);
}

HWY_ATTR void GemmInputGradient(const GemmPlan& p, const ConvBackward& b) {
  b.threads->run((p.in + kTransposedRows - 1) / kTransposedRows, [&](int task, int thread) HWY_ATTR {
    const int first = task * kTransposedRows, count = std::min(kTransposedRows, p.in - first);
    float* transposed =
        as<float>(b.scratch) + static_cast<std::size_t>(thread) * static_cast<std::size_t>(kTransposedRows * p.out);
    // A few rows at a time: more of them, often 4 KB apart, would share too few places in the first-level cache. The
    // next ones are prefetched: they come from memory.
    constexpr int kRows = 8, kLine = 16;
    for (int k = 0; k < count; k += kRows) {
      const float* from = b.w + static_cast<std::ptrdiff_t>(first + k) * p.out;
      const int rows = std::min(kRows, count - k);
      for (int begin = 0; begin < p.out; begin += kLine) {
        const int end = std::min(begin + kLine, p.out);
        for (int r = 0; r < rows; ++r) hwy::Prefetch(from + static_cast<std::ptrdiff_t>(kRows + r) * p.out + begin);
        for (int n = begin; n < end; ++n)
          for (int r = 0; r < rows; ++r)
            transposed[n * kTransposedRows + k + r] = from[static_cast<std::ptrdiff_t>(r) * p.out + n];
      }
    }
    Multiply({.a = {b.dy.dy, p.out}, .b = {transposed, kTransposedRows}, .length = p.out, .c = {b.dx + first, p.in}},
             p.batch, count);
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(GemmForward);
HWY_EXPORT(GemmWeightGradient);
HWY_EXPORT(GemmInputGradient);

const char* Gemm::unfit(const ConvProblem& p) const {
  return sees_all(p.g) ? nullptr : "needs a window that sees the whole image";
}

Needs Gemm::memory(const ConvProblem& p) const {
  const GemmPlan plan(p.g);
  const std::size_t forward = plan.parts() > 1 ? plan.parts_size() : 0;
  const std::size_t transposed =
      static_cast<std::size_t>(p.threads) * static_cast<std::size_t>(kTransposedRows * plan.out);
  return {.scratch = float_bytes(p.training() ? std::max(forward, transposed) : forward)};
}

void Gemm::run(const ConvProblem& p, const ConvForward& f) const {
  HWY_DYNAMIC_DISPATCH(GemmForward)(GemmPlan(p.g), f);
}

void Gemm::gradients(const ConvProblem& p, const ConvBackward& b) const {
  const GemmPlan plan(p.g);
  HWY_DYNAMIC_DISPATCH(GemmWeightGradient)(plan, b);
  if (b.dx != nullptr) HWY_DYNAMIC_DISPATCH(GemmInputGradient)(plan, b);
}

}  // namespace lineament
#endif
