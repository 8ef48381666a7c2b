// The float kernels of global average pooling, in order of preference.
#pragma once
#include "kernels/kernel.hpp"
#include "kernels/pool.hpp"
#include "lineament/nn/layers/global_avg_pool.hpp"

namespace lineament {

template <std::same_as<float> T>
struct Kernels<GlobalAvgPool, T> {
  static constexpr Kernel<GlobalAvgPool, float> list[] = {
      {.name = "pool",
       .forward =
           [](const GlobalAvgPool&, const Forward<float>& f) {
             const View<const float> x = f.input();
             global_avg_pool_forward(x.batch, x.shape[0] * x.shape[1], x.shape[2], x.data, f.output.data, *f.threads);
           },
       .backward =
           [](const GlobalAvgPool&, const Backward<float>& b) {
             const View<float> dx = b.input_gradient();
             if (dx.data == nullptr) return;
             global_avg_pool_backward(dx.batch, dx.shape[0] * dx.shape[1], dx.shape[2], b.output_gradient.data, dx.data,
                                      *b.threads);
           }},
      reference_kernel<GlobalAvgPool, float>(),
  };
};

}  // namespace lineament
