// The float kernels of PReLU, in order of preference.
#pragma once
#include "kernels/elementwise.hpp"
#include "kernels/kernel.hpp"
#include "lineament/nn/layers/prelu.hpp"

namespace lineament {

template <std::same_as<float> T>
struct Kernels<PReLU, T> {
  static std::size_t pixels(const View<const float>& v) {
    return v.size() / static_cast<std::size_t>(v.shape.channels());
  }
  static constexpr Kernel<PReLU, float> list[] = {
      {.name = "elementwise",
       .scratch_size =
           [](const PReLU&, const KernelShapes& s) {
             const std::size_t values = s.output.size() * static_cast<std::size_t>(s.batch);
             return prelu_scratch(values / static_cast<std::size_t>(s.output.channels()), s.output.channels());
           },
       .forward =
           [](const PReLU&, const Forward<float>& f) {
             prelu_forward(f.input().data, f.params[0].data(), f.output.data, pixels(f.input()),
                           f.output.shape.channels(), *f.threads);
           },
       .backward =
           [](const PReLU&, const Backward<float>& b) {
             prelu_backward(b.input().data, b.params[0].data(), b.output_gradient.data, b.input_gradient().data,
                            b.param_gradients[0].data(), pixels(b.input()), b.output.shape.channels(), b.scratch.data(),
                            *b.threads);
           }},
      reference_kernel<PReLU, float>(),
  };
};

}  // namespace lineament
