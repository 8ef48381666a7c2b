// The float kernels of average pooling, in order of preference.
#pragma once
#include "kernels/kernel.hpp"
#include "kernels/pool.hpp"
#include "lineament/nn/layers/avg_pool.hpp"

namespace lineament {

template <std::same_as<float> T>
struct Kernels<AvgPool, T> {
  static constexpr Kernel<AvgPool, float> list[] = {
      {.name = "pool",
       .forward =
           [](const AvgPool& p, const Forward<float>& f) {
             avg_pool_forward(p.geometry(f.input().shape, f.input().batch), f.input().data, f.output.data, *f.threads);
           },
       .backward =
           [](const AvgPool& p, const Backward<float>& b) {
             if (b.input_gradient().data == nullptr) return;
             avg_pool_backward(p.geometry(b.input().shape, b.input().batch), b.output_gradient.data,
                               b.input_gradient().data, *b.threads);
           }},
      reference_kernel<AvgPool, float>(),
  };
};

}  // namespace lineament
