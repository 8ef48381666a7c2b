// The float kernels of max-pooling, in order of preference.
#pragma once
#include "kernels/kernel.hpp"
#include "kernels/pool.hpp"
#include "lineament/nn/layers/max_pool.hpp"

namespace lineament {

template <std::same_as<float> T>
struct Kernels<MaxPool, T> {
  static constexpr Kernel<MaxPool, float> list[] = {
      {.name = "pool",
       .saved_bytes = reference_saved_bytes<MaxPool, float>,
       .forward =
           [](const MaxPool& p, const Forward<float>& f) {
             max_pool_forward(p.geometry(f.input().shape, f.input().batch), f.input().data, f.output.data,
                              reinterpret_cast<std::uint8_t*>(f.saved.data()), *f.threads);
           },
       .backward =
           [](const MaxPool& p, const Backward<float>& b) {
             if (b.input_gradient().data == nullptr) return;
             max_pool_backward(p.geometry(b.input().shape, b.input().batch),
                               reinterpret_cast<const std::uint8_t*>(b.saved.data()), b.output_gradient.data,
                               b.input_gradient().data, *b.threads);
           }},
      reference_kernel<MaxPool, float>(),
  };
};

}  // namespace lineament
