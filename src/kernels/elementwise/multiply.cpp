// Products: one pass over memory; with one value for each channel, some pixels of an image are a task.
#include "kernels/elementwise/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/multiply.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/elementwise/map-inl.hpp"

#ifndef LINEAMENT_MULTIPLY_SIZES
#define LINEAMENT_MULTIPLY_SIZES
namespace lineament {
namespace {

struct GatedImages {
  std::size_t images, pixels, channels;
};

}  // namespace
}  // namespace lineament
#endif

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

HWY_ATTR void MultiplyArrays(const float* a, const float* b, float* y, std::size_t size, Threads& threads) {
  MapAll(a, b, y, size, threads, [](Vector u, Vector v) HWY_ATTR { return hn::Mul(u, v); });
}

/// y = x times one value of each image and channel.
HWY_ATTR void MultiplyChannels(const GatedImages& g, const float* x, const float* gate, float* y, Threads& threads) {
  const std::size_t block = std::max<std::size_t>(kPassValues / g.channels, 1), blocks = (g.pixels + block - 1) / block;
  threads.run(static_cast<int>(g.images * blocks), [&](int task, int) HWY_ATTR {
    const std::size_t image = static_cast<std::size_t>(task) / blocks;
    const std::size_t begin = static_cast<std::size_t>(task) % blocks * block, end = std::min(g.pixels, begin + block);
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t at = (image * g.pixels + i) * g.channels;
      EachVectorOf(g.channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
        Write(hn::Mul(Read(x + at + c, lanes), Read(gate + image * g.channels + c, lanes)), y + at + c, lanes);
      });
    }
  });
}

/// The gradient with respect to the gate: for each image and channel the sum over pixels of dy * x. An image a task.
HWY_ATTR void SumProducts(const GatedImages& g, const float* dy, const float* x, float* dgate, Threads& threads) {
  threads.run(static_cast<int>(g.images), [&](int task, int) HWY_ATTR {
    const std::size_t image = static_cast<std::size_t>(task), begin = image * g.pixels * g.channels;
    EachVectorOf(g.channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
      Vector sum = hn::Zero(Floats());
      for (std::size_t i = 0, at = begin + c; i < g.pixels; ++i, at += g.channels)
        sum = hn::MulAdd(Read(dy + at, lanes), Read(x + at, lanes), sum);
      Write(sum, dgate + image * g.channels + c, lanes);
    });
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(MultiplyArrays);
HWY_EXPORT(MultiplyChannels);
HWY_EXPORT(SumProducts);

namespace {

GatedImages gated_images(const OpProblem& p) {
  const auto channels = static_cast<std::size_t>(p.output.channels());
  return {static_cast<std::size_t>(p.batch), p.output.size() / channels, channels};
}

}  // namespace

void MultiplyKernel::forward(const OpProblem& p, const KernelForward<float>& f) const {
  const float *x = f.inputs[0].data, *gate = f.inputs[1].data;
  if (Multiply::is_per_channel(p.inputs))
    HWY_DYNAMIC_DISPATCH(MultiplyChannels)(gated_images(p), x, gate, f.output.data, *f.threads);
  else
    HWY_DYNAMIC_DISPATCH(MultiplyArrays)(x, gate, f.output.data, f.output.size(), *f.threads);
}

void MultiplyKernel::backward(const OpProblem& p, const KernelBackward<float>& b) const {
  const float *x = b.inputs[0].data, *gate = b.inputs[1].data, *dy = b.output_gradient.data;
  float *dx = b.input_gradients[0].data, *dgate = b.input_gradients[1].data;
  if (Multiply::is_per_channel(p.inputs)) {
    const GatedImages g = gated_images(p);
    if (dx != nullptr) HWY_DYNAMIC_DISPATCH(MultiplyChannels)(g, dy, gate, dx, *b.threads);
    if (dgate != nullptr) HWY_DYNAMIC_DISPATCH(SumProducts)(g, dy, x, dgate, *b.threads);
  } else {
    const std::size_t size = b.output.size();
    if (dx != nullptr) HWY_DYNAMIC_DISPATCH(MultiplyArrays)(dy, gate, dx, size, *b.threads);
    if (dgate != nullptr) HWY_DYNAMIC_DISPATCH(MultiplyArrays)(dy, x, dgate, size, *b.threads);
  }
}

}  // namespace lineament
#endif
