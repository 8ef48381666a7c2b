// Products: one pass over memory, of two arrays or of images with one value for each channel.
#include <algorithm>
#include <span>

#include "kernels/common/bytes.hpp"
#include "kernels/common/memory.hpp"
#include "kernels/elementwise/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/multiply.cpp"
#include "kernels/common/foreach_target.hpp"
// After it: it reads this file again for each instruction set.
#include "kernels/common/bytes-inl.hpp"
#include "kernels/common/norm-inl.hpp"
#include "kernels/elementwise/map-inl.hpp"

#ifndef LINEAMENT_MULTIPLY_SIZES
#define LINEAMENT_MULTIPLY_SIZES
namespace lineament {
namespace {

/// Images whose channels are each multiplied by one value: as they lie, or a batch norm's input and what is added to
/// its output.
struct GatedImages {
  std::size_t images, pixels, channels;
  NormTerm x;
  std::span<const NormTerm> added;
  const float* gate;
  float* work;  ///< of each thread a block; only where x is normalised

  std::size_t block() const { return std::max<std::size_t>(kPassValues / channels, 1); }
  std::size_t blocks() const { return (pixels + block() - 1) / block(); }
};

struct GateGradients {
  const float* dy;
  float *dx, *dgate;  ///< each may be nullptr
};

}  // namespace
}  // namespace lineament
#endif

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

HWY_ATTR void MultiplyArrays(const float* a, const float* b, float* y, std::size_t size, Threads& threads) {
  MapAll(a, b, y, size, threads, [](Vector u, Vector v) HWY_ATTR { return hn::Mul(u, v); });
}

/// `pixels` of x, from its pixel `first` on.
HWY_ATTR const float* GatedPixels(const GatedImages& g, std::size_t first, std::size_t pixels, int thread) {
  const std::size_t at = first * g.channels;
  if (!g.x.norm) return g.x.x + at;
  float* work = g.work + static_cast<std::size_t>(thread) * g.block() * g.channels;
  NormalisePixels(g.x.norm, g.x.x + at, pixels, g.channels, work);
  for (const NormTerm& term : g.added) AddTerm(term, at, pixels, g.channels, work);
  return work;
}

/// y = x times one value of each image and channel, as bytes where there are any; some pixels of an image are a task.
HWY_ATTR void MultiplyChannels(const GatedImages& g, float* y, Bytes bytes, Threads& threads) {
  threads.run(static_cast<int>(g.images * g.blocks()), [&](int task, int thread) HWY_ATTR {
    const std::size_t image = static_cast<std::size_t>(task) / g.blocks();
    const std::size_t begin = static_cast<std::size_t>(task) % g.blocks() * g.block();
    const std::size_t first = image * g.pixels + begin, count = std::min(g.pixels - begin, g.block());
    const float *from = GatedPixels(g, first, count, thread), *gate = g.gate + image * g.channels;
    const std::size_t size = count * g.channels, at = first * g.channels;
    const auto each = [&](auto&& write) HWY_ATTR {
      for (std::size_t pixel = 0; pixel < size; pixel += g.channels)
        EachVectorOf(g.channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
          write(hn::Mul(Read(from + pixel + c, lanes), Read(gate + c, lanes)), at + pixel + c, lanes);
        });
    };
    const ToBytes to_bytes(bytes.scale);
    if (bytes)
      each([&](Vector v, std::size_t i, std::size_t lanes) HWY_ATTR { to_bytes.store(v, lanes, bytes.data + i); });
    else
      each([&](Vector v, std::size_t i, std::size_t lanes) HWY_ATTR { Write(v, y + i, lanes); });
  });
}

/// Both gradients in one pass: dx = dy * gate, and for each image and channel the sum over pixels of dy * x. An image a
/// task.
HWY_ATTR void GatedGradients(const GatedImages& g, const GateGradients& to, Threads& threads) {
  threads.run(static_cast<int>(g.images), [&](int task, int thread) HWY_ATTR {
    const std::size_t image = static_cast<std::size_t>(task), channels = g.channels;
    const float* gate = g.gate + image * channels;
    float* sums = to.dgate == nullptr ? nullptr : to.dgate + image * channels;
    if (sums != nullptr) std::fill_n(sums, channels, 0.0f);
    for (std::size_t begin = 0; begin < g.pixels; begin += g.block()) {
      const std::size_t first = image * g.pixels + begin, count = std::min(g.pixels - begin, g.block());
      const float* x = sums == nullptr ? nullptr : GatedPixels(g, first, count, thread);
      EachVectorOf(channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
        const Vector factor = Read(gate + c, lanes);
        Vector sum = sums == nullptr ? hn::Zero(Floats()) : Read(sums + c, lanes);
        for (std::size_t i = 0; i < count; ++i) {
          const std::size_t at = (first + i) * channels + c;
          const Vector dy = Read(to.dy + at, lanes);
          if (x != nullptr) sum = hn::MulAdd(dy, Read(x + i * channels + c, lanes), sum);
          if (to.dx != nullptr) Write(hn::Mul(dy, factor), to.dx + at, lanes);
        }
        if (sums != nullptr) Write(sum, sums + c, lanes);
      });
    }
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(MultiplyArrays);
HWY_EXPORT(MultiplyChannels);
HWY_EXPORT(GatedGradients);

namespace {

GatedImages gated_images(const OpProblem& p, NormTerm x, const float* gate, std::span<std::byte> scratch) {
  const auto channels = static_cast<std::size_t>(p.output.channels());
  return {.images = static_cast<std::size_t>(p.batch),
          .pixels = p.output.size() / channels,
          .channels = channels,
          .x = x,
          .added = {},
          .gate = gate,
          .work = scratch.empty() ? nullptr : as<float>(scratch)};
}

}  // namespace

Needs MultiplyKernel::needs(const OpProblem& p) const {
  if (p.mode == Mode::infer || !Multiply::is_per_channel(p.inputs)) return {};
  const GatedImages g = gated_images(p, {}, nullptr, {});
  return {.scratch = float_bytes(g.block() * g.channels * static_cast<std::size_t>(p.threads))};
}

Abilities MultiplyKernel::abilities(const OpProblem& p) const {
  const bool gate = Multiply::is_per_channel(p.inputs);
  return {.writes_bytes = gate && p.mode == Mode::infer, .reads_norm = gate};
}

void MultiplyKernel::forward(const OpProblem& p, const KernelForward<float>& f) const {
  const float *x = f.inputs[0].data, *gate = f.inputs[1].data;
  if (Multiply::is_per_channel(p.inputs)) {
    const GatedImages g = gated_images(p, {x, f.norm}, gate, f.scratch);
    HWY_DYNAMIC_DISPATCH(MultiplyChannels)(g, f.output.data, f.output_bytes, *f.threads);
  } else {
    HWY_DYNAMIC_DISPATCH(MultiplyArrays)(x, gate, f.output.data, f.output.size(), *f.threads);
  }
}

void MultiplyKernel::backward(const OpProblem& p, const KernelBackward<float>& b) const {
  const float *x = b.inputs[0].data, *gate = b.inputs[1].data, *dy = b.output_gradient.data;
  float *dx = b.input_gradients[0].data, *dgate = b.input_gradients[1].data;
  if (Multiply::is_per_channel(p.inputs)) {
    GatedImages g = gated_images(p, {x, b.norm}, gate, b.scratch);
    g.added = b.added;
    HWY_DYNAMIC_DISPATCH(GatedGradients)(g, {dy, dx, dgate}, *b.threads);
    return;
  }
  const std::size_t size = b.output.size();
  if (dx != nullptr) HWY_DYNAMIC_DISPATCH(MultiplyArrays)(dy, gate, dx, size, *b.threads);
  if (dgate != nullptr) HWY_DYNAMIC_DISPATCH(MultiplyArrays)(dy, x, dgate, size, *b.threads);
}

}  // namespace lineament
#endif
