// 1x1 convolutions: long runs of pixels times panels of weights. See tile-inl.hpp for the inner loop and, in training
// with bfloat16, low_precision-inl.hpp.
#include "kernels/pointwise.hpp"

#include <algorithm>
#include <type_traits>

#include "kernels/targets.hpp"
#include "lineament/isa.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pointwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/panels-inl.hpp"
#include "kernels/rows-inl.hpp"

#ifndef LINEAMENT_POINTWISE_PLAN
#define LINEAMENT_POINTWISE_PLAN
namespace lineament {
namespace {

std::size_t pixels_of(const ConvGeometry& g) {
  return static_cast<std::size_t>(g.batch) * static_cast<std::size_t>(g.out_h) * static_cast<std::size_t>(g.out_w);
}

/// Pixels taken at a time where something is made of them first, and in the backward pass: whole tiles, and few enough
/// for the first-level cache to hold two vectors of each.
constexpr std::size_t kRun = 96;

/// Floats of `in` x `out` weights as words of two numbers in bfloat16, with a bias and the 1 that products are scaled
/// by: whole groups of columns.
std::size_t word_panels_size(int in, int out) {
  const std::size_t columns = (static_cast<std::size_t>(out) + 15) / 16 * 16;
  return columns * (2 + static_cast<std::size_t>(in) / 2);
}

/// The pixels whose shares of the weights' gradient are summed up together, whatever the number of threads.
struct GradientParts {
  std::size_t pixels, runs;
  int count;

  explicit GradientParts(const ConvGeometry& g)
      : pixels(pixels_of(g)),
        runs((pixels + kRun - 1) / kRun),
        count(static_cast<int>(std::min<std::size_t>(runs, 8))) {}
  std::size_t begin(int part) const {
    const std::size_t run = static_cast<std::size_t>(part) * runs / static_cast<std::size_t>(count);
    return std::min(pixels, run * kRun);
  }
};

}  // namespace
}  // namespace lineament
#endif

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

template <class Panels>
HWY_ATTR void RunPixels(std::size_t pixels, int in, int out, const float* x, const NormFactors& norm,
                        const float* panels, const float* bias, ConvEpilogue epilogue, float* y,
                        const NormBlocks& moments, float* scratch, Threads& threads) {
  // About as many pixels as keep input and output in the second-level cache, and as many tasks for every thread.
  const auto channels = static_cast<std::size_t>(in + out), team = static_cast<std::size_t>(threads.count());
  const std::size_t most = std::clamp<std::size_t>(std::size_t{64} * 1024 / channels, 48, 768) * team;
  const std::size_t tasks = std::max<std::size_t>((pixels + most / 2) / most, 1) * team;
  const bool in_runs = norm || moments || !std::is_same_v<Panels, FloatPanels>;
  const std::size_t step = in_runs ? kRun : 4, run = ((pixels + tasks - 1) / tasks + step - 1) / step * step;
  threads.run(static_cast<int>((pixels + run - 1) / run), [&](int task, int thread) HWY_ATTR {
    const std::size_t in_c = static_cast<std::size_t>(in), out_c = static_cast<std::size_t>(out);
    const std::size_t begin = static_cast<std::size_t>(task) * run, end = std::min(pixels, begin + run);
    float* room = scratch + static_cast<std::size_t>(thread) * kRun * 2 * in_c;
    for (std::size_t first = begin; first < end; first += in_runs ? kRun : run) {
      const std::size_t count = std::min(in_runs ? kRun : run, end - first);
      const float* from = x + first * in_c;
      if (norm) {
        NormalisePixels(norm, from, count, in_c, room);
        from = room;
      }
      ConvEpilogue own = epilogue;
      if (own.add != nullptr) own.add += first * out_c;
      Ahead ahead;
      if (norm) ahead.add(x + (first + count) * in_c, count * in_c);
      Panels::Multiply(static_cast<int>(count), in, out, from, panels, bias, own, y + first * out_c, room + kRun * in_c,
                       ahead);
      if (moments) BlockMoments(y + first * out_c, count, out_c, moments.of(first / kRun, out_c));
    }
  });
}

/// Both gradients, a run of pixels after the other: dy is read from memory once. `turned` are the panels of the
/// transposed weights; dx may be nullptr. Each part of the pixels has sums of its own for weights and bias.
template <class Panels>
HWY_ATTR void RunGradients(const GradientParts& parts, int in, int out, const float* x, const NormFactors& norm,
                           std::span<const NormTerm> added, const float* turned, const ConvGradient& dy, float* dx,
                           const NormBlocks& norm_sums, bool bias, float* sums, float* scratch, Threads& threads) {
  const auto in_c = static_cast<std::size_t>(in), out_c = static_cast<std::size_t>(out);
  threads.run(parts.count, [&](int part, int thread) HWY_ATTR {
    float* in_room = scratch + static_cast<std::size_t>(thread) * kRun * (in_c + 2 * out_c);
    float *out_room = in_room + kRun * in_c, *rounding_room = out_room + kRun * out_c;
    float* own = sums + static_cast<std::size_t>(part) * (in_c + 1) * out_c;
    std::fill_n(own, (in_c + 1) * out_c, 0.0f);
    for (std::size_t first = parts.begin(part); first < parts.begin(part + 1); first += kRun) {
      const int count = static_cast<int>(std::min(kRun, parts.begin(part + 1) - first));
      const auto pixels = static_cast<std::size_t>(count);
      Product m{};
      m.a = x + first * in_c;
      if (norm) {
        NormalisePixels(norm, m.a, pixels, in_c, in_room);
        for (const NormTerm& term : added) AddTerm(term, first * in_c, pixels, in_c, in_room);
        m.a = in_room;
      }
      m.a_row = 1;  // a row of C is an input channel, a step is one pixel
      m.a_step = in;
      m.b = dy.dy + first * out_c;
      if (dy.norm) {
        NormGradientPixels(dy.norm, dy.output + first * out_c, m.b, pixels, out_c, out_room);
        m.b = out_room;
      }
      m.b_row = out;
      m.segments = 1;
      m.length = count;
      m.c = own;
      m.c_row = out;
      m.add = true;
      // What the next run reads comes from memory in the meantime.
      Ahead ahead;
      if (norm) ahead.add(x + (first + pixels) * in_c, pixels * in_c);
      if (dy.norm) {
        ahead.add(dy.output + (first + pixels) * out_c, pixels * out_c);
        ahead.add(dy.dy + (first + pixels) * out_c, pixels * out_c);
      }
      m.ahead = &ahead;
      Multiply(m, in, out);
      if (bias) AddPixels(m.b, pixels, out_c, own + in_c * out_c);
      if (dx != nullptr)
        Panels::Multiply(count, out, in, m.b, turned, nullptr, {}, dx + first * in_c, rounding_room, ahead);
      if (norm_sums)
        BlockGradientSums(norm, x + first * in_c, dx + first * in_c, pixels, in_c, norm_sums.of(first / kRun, in_c));
    }
  });
}

/// Calls f(how weights lie).
template <class F>
HWY_INLINE void WithPanels(bool bf16, F&& f) {
#if LINEAMENT_DOT_INSTRUCTIONS
  if (bf16) return f(WordPanels());
#endif
  (void)bf16;
  f(FloatPanels());
}

HWY_ATTR void PackWeights(bool bf16, const float* w, int in, int out, std::ptrdiff_t in_step, std::ptrdiff_t out_step,
                          const float* bias, float* to) {
  WithPanels(bf16, [&]<class P>(P) HWY_ATTR { P::Pack(w, in, out, in_step, out_step, bias, to); });
}

HWY_ATTR void RunPointwise(bool bf16, std::size_t pixels, int in, int out, const float* x, const NormFactors& norm,
                           const float* panels, const float* bias, ConvEpilogue epilogue, float* y,
                           const NormBlocks& moments, float* scratch, Threads& threads) {
  WithPanels(bf16, [&]<class P>(P) HWY_ATTR {
    RunPixels<P>(pixels, in, out, x, norm, panels, bias, epilogue, y, moments, scratch, threads);
  });
}

HWY_ATTR void PointwiseGradients(bool bf16, const GradientParts& parts, int in, int out, const float* x,
                                 const NormFactors& norm, std::span<const NormTerm> added, const float* turned,
                                 const ConvGradient& dy, float* dx, const NormBlocks& norm_sums, bool bias, float* sums,
                                 float* scratch, Threads& threads) {
  WithPanels(bf16, [&]<class P>(P) HWY_ATTR {
    RunGradients<P>(parts, in, out, x, norm, added, turned, dy, dx, norm_sums, bias, sums, scratch, threads);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(PackWeights);
HWY_EXPORT(RunPointwise);
HWY_EXPORT(PointwiseGradients);

bool pointwise_fits(const ConvGeometry& g) {
  return g.kernel == 1 && g.stride == 1 && g.groups == 1 && g.pad_top == 0 && g.pad_left == 0 && g.in_h == g.out_h &&
         g.in_w == g.out_w;
}

bool pointwise_bf16_fits(const ConvGeometry& g) {
  return pointwise_fits(g) && g.in_c % 2 == 0 && g.out_c % 2 == 0 && has_bf16_products();
}

std::size_t pointwise_weights_size(const ConvGeometry& g, bool bf16) {
  return bf16 ? word_panels_size(g.in_c, g.out_c)
              : static_cast<std::size_t>(g.in_c) * static_cast<std::size_t>(g.out_c);
}

void pointwise_weights(const ConvGeometry& g, bool bf16, const float* w, const float* bias, float* panels) {
  HWY_DYNAMIC_DISPATCH(PackWeights)(bf16, w, g.in_c, g.out_c, g.out_c, 1, bias, panels);
}

namespace {
/// Floats of the transposed weights' panels.
std::size_t turned_size(const ConvGeometry& g, bool bf16) {
  return bf16 ? word_panels_size(g.out_c, g.in_c) : pointwise_weights_size(g, false);
}
}  // namespace

std::size_t pointwise_scratch(const ConvGeometry& g, bool bf16, int threads) {
  const auto parts = static_cast<std::size_t>(GradientParts(g).count);
  const std::size_t weights = pointwise_weights_size(g, false);
  return turned_size(g, bf16) + parts * (weights + static_cast<std::size_t>(g.out_c)) +
         static_cast<std::size_t>(threads) * kRun * static_cast<std::size_t>(2 * (g.in_c + g.out_c));
}

NormBlocks pointwise_norm_blocks(const ConvGeometry& g) {
  return {nullptr, 1, pixels_of(g), kRun};
}

void pointwise_forward(const ConvGeometry& g, bool bf16, const float* x, const NormFactors& norm, const float* panels,
                       const float* bias, ConvEpilogue epilogue, float* y, const NormBlocks& moments, float* scratch,
                       Threads& threads) {
  HWY_DYNAMIC_DISPATCH(RunPointwise)
  (bf16, pixels_of(g), g.in_c, g.out_c, x, norm, panels, bias, epilogue, y, moments, scratch, threads);
}

void pointwise_backward(const ConvGeometry& g, bool bf16, const float* x, const NormFactors& norm,
                        std::span<const NormTerm> added, const float* w, const ConvGradient& dy, float* dx,
                        const NormBlocks& norm_sums, float* dw, float* dbias, float* scratch, Threads& threads) {
  const GradientParts parts(g);
  const std::size_t weights = pointwise_weights_size(g, false), out = static_cast<std::size_t>(g.out_c);
  float *sums = scratch + turned_size(g, bf16), *rooms = sums + static_cast<std::size_t>(parts.count) * (weights + out);
  if (dx != nullptr) HWY_DYNAMIC_DISPATCH(PackWeights)(bf16, w, g.out_c, g.in_c, 1, g.out_c, nullptr, scratch);
  HWY_DYNAMIC_DISPATCH(PointwiseGradients)
  (bf16, parts, g.in_c, g.out_c, x, norm, added, scratch, dy, dx, norm_sums, dbias != nullptr, sums, rooms, threads);
  for (int part = 0; part < parts.count; ++part, sums += weights + out) {
    for (std::size_t i = 0; i < weights; ++i) dw[i] += sums[i];
    if (dbias != nullptr)
      for (std::size_t c = 0; c < out; ++c) dbias[c] += sums[weights + c];
  }
}

}  // namespace lineament
#endif
