// The float kernels of sums, in order of preference.
#pragma once
#include "kernels/elementwise.hpp"
#include "kernels/kernel.hpp"
#include "lineament/nn/layers/add.hpp"

namespace lineament {

template <std::same_as<float> T>
struct Kernels<Add, T> {
  static constexpr Kernel<Add, float> list[] = {
      {.name = "elementwise",
       .forward =
           [](const Add&, const Forward<float>& f) {
             add(f.inputs[0].data, f.inputs[1].data, f.output.data, f.output.size(), *f.threads);
             for (std::size_t i = 2; i < f.inputs.size(); ++i)
               add_to(f.inputs[i].data, f.output.data, f.output.size(), *f.threads);
           },
       .backward =
           [](const Add&, const Backward<float>& b) {
             for (const View<float>& dx : b.input_gradients)
               if (dx.data != nullptr) copy(b.output_gradient.data, dx.data, dx.size(), *b.threads);
           }},
      reference_kernel<Add, float>(),
  };
};

}  // namespace lineament
