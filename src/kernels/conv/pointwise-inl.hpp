// 1x1 convolutions: long runs of pixels times panels of weights, in fp32 or, in training, bfloat16. `Panels` says how
// the weights lie and are multiplied:
//   static void Pack(const Matrix& weights, const float* bias, float* to);
//   static void Multiply(const Product&, int rows, int columns, float* work);
// Compiled once for each instruction set.
#if defined(LINEAMENT_POINTWISE_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_POINTWISE_INL
#undef LINEAMENT_POINTWISE_INL
#else
#define LINEAMENT_POINTWISE_INL
#endif

#include "kernels/common/math-inl.hpp"
#include "kernels/common/panels-inl.hpp"
#include "kernels/common/rows-inl.hpp"
#include "kernels/common/sums-inl.hpp"
#include "kernels/conv/pointwise_plan.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// In place.
inline HWY_ATTR void HardSwishAll(float* values, std::size_t count) {
  EachVectorOf(count, [&](std::size_t i, std::size_t lanes)
                          HWY_ATTR { Write(HardSwishOf(Read(values + i, lanes)), values + i, lanes); });
}

/// What is normalised, what others take sums of and what goes through an activation afterwards, while the cache has it,
/// goes in runs of kPixelRun pixels, rounded weights (`in_runs`), too.
template <class Panels>
HWY_ATTR void PointwiseForward(const ConvGeometry& g, bool in_runs, const ConvForward& f) {
  const PixelTasks tasks(g, in_runs || f.norm || f.moments || f.epilogue.hard_swish, f.threads->count());
  const std::size_t in = static_cast<std::size_t>(g.in_c), out = static_cast<std::size_t>(g.out_c);
  f.threads->run(tasks.count(), [&](int task, int thread) HWY_ATTR {
    const std::size_t begin = static_cast<std::size_t>(task) * tasks.task,
                      end = std::min(tasks.pixels, begin + tasks.task);
    float *norm_work = nullptr, *rounding_work = nullptr;
    if (!f.scratch.empty()) {  // in training
      norm_work = as<float>(f.scratch) + static_cast<std::size_t>(thread) * kPixelRun * 2 * in;
      rounding_work = norm_work + kPixelRun * in;
    }
    for (std::size_t first = begin; first < end; first += tasks.run) {
      const std::size_t count = std::min(tasks.run, end - first);
      Ahead ahead;
      Product m{.a = {f.x + first * in, g.in_c},
                .b = {as<float>(f.packed)},
                .length = g.in_c,
                .c = {f.y + first * out, g.out_c},
                .bias = f.bias,
                .residual = f.epilogue.add == nullptr ? nullptr : f.epilogue.add + first * out,
                .relu = f.epilogue.relu,
                .ahead = &ahead};
      if (f.norm) {
        NormalisePixels(f.norm, m.a.at, count, in, norm_work);
        ahead.add(m.a.at + count * in, count * in);
        m.a.at = norm_work;
      }
      Panels::Multiply(m, static_cast<int>(count), g.out_c, rounding_work);
      if (f.epilogue.hard_swish) HardSwishAll(m.c.at, count * out);
      if (f.moments) BlockMoments(m.c.at, count, out, f.moments.of(first / kPixelRun, out));
    }
  });
}

/// Both gradients, a run of pixels after the other: dy is read from memory once. Scratch: the panels of the transposed
/// weights, for each part of the pixels sums of its own for weights and bias, and what each thread makes.
template <class Panels>
HWY_ATTR void PointwiseGradients(const ConvGeometry& g, std::size_t flipped_size, const ConvBackward& b) {
  const PartsOfPixels parts(pixels_of(g), kPixelRun);
  const std::size_t in = static_cast<std::size_t>(g.in_c), out = static_cast<std::size_t>(g.out_c);
  const std::size_t part_size = (in + 1) * out;
  float *flipped = as<float>(b.scratch), *sums = flipped + flipped_size;
  float* works = sums + static_cast<std::size_t>(parts.count) * part_size;
  if (b.dx != nullptr) Panels::Pack({b.w, g.out_c, g.in_c, 1, g.out_c}, nullptr, flipped);
  b.threads->run(parts.count, [&](int part, int thread) HWY_ATTR {
    float* in_work = works + static_cast<std::size_t>(thread) * kPixelRun * (in + 2 * out);
    float *out_work = in_work + kPixelRun * in, *rounding_work = out_work + kPixelRun * out;
    float* own = sums + static_cast<std::size_t>(part) * part_size;
    std::fill_n(own, part_size, 0.0f);
    for (std::size_t first = parts.begin(part); first < parts.begin(part + 1); first += kPixelRun) {
      const std::size_t pixels = std::min(kPixelRun, parts.begin(part + 1) - first);
      const int count = static_cast<int>(pixels);
      const float *x = b.x + first * in, *dy = b.dy.dy + first * out;
      Ahead ahead;  // what the next run reads comes from memory in the meantime
      if (b.norm) {
        ahead.add(x + pixels * in, pixels * in);
        NormalisePixels(b.norm, x, pixels, in, in_work);
        for (const NormTerm& term : b.added) AddTerm(term, first * in, pixels, in, in_work);
        if (b.gate) GatePixels(b.gate, first, pixels, in, in_work);
        x = in_work;
      }
      if (b.dy.norm) {
        const float* output = b.dy.output + first * out;
        ahead.add(output + pixels * out, pixels * out);
        ahead.add(dy + pixels * out, pixels * out);
        NormGradientPixels(b.dy.norm, output, dy, pixels, out, out_work);
        dy = out_work;
      }
      // A row of C is an input channel, a step is one pixel.
      Multiply(
          {.a = {x, 1, g.in_c}, .b = {dy, g.out_c}, .length = count, .c = {own, g.out_c}, .add = true, .ahead = &ahead},
          g.in_c, g.out_c);
      if (b.dbias != nullptr) AddPixels(dy, pixels, out, own + in * out);
      if (b.dx == nullptr) continue;
      float* dx = b.dx + first * in;
      Panels::Multiply({.a = {dy, g.out_c}, .b = {flipped}, .length = g.out_c, .c = {dx, g.in_c}, .ahead = &ahead},
                       count, g.in_c, rounding_work);
      if (b.sums) BlockGradientSums(b.norm, b.x + first * in, dx, pixels, in, b.sums.of(first / kPixelRun, in));
    }
  });
  AddParts(sums, parts.count, part_size, in * out, b.dw, *b.threads);
  if (b.dbias != nullptr) AddParts(sums + in * out, parts.count, part_size, out, b.dbias, *b.threads);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
