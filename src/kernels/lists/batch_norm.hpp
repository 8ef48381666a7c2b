// The float kernels of batch norms, in order of preference.
#pragma once
#include "kernels/batch_norm.hpp"
#include "kernels/kernel.hpp"
#include "lineament/nn/layers/batch_norm.hpp"

namespace lineament {

template <std::same_as<float> T>
struct Kernels<BatchNorm, T> {
  static BatchNormGeometry geometry(const BatchNorm& n, const Shape& x, int batch, const Epilogue& e) {
    return {batch,  x.height(), x.width(), x.channels(), static_cast<float>(n.momentum), static_cast<float>(n.epsilon),
            e.relu, e.max_pool};
  }
  static bool can_pool(const Shape& x) { return x.height() % 2 == 0 && x.width() % 2 == 0; }

  static constexpr Kernel<BatchNorm, float> list[] = {
      {.name = "two pass",
       .fuses = [](const BatchNorm&, const KernelShapes& s,
                   const Epilogue& e) { return s.mode == Mode::train && (!e.max_pool || can_pool(s.output)); },
       .saved_bytes = [](const BatchNorm& n, const KernelShapes& s) -> std::size_t {
         return s.mode == Mode::train ? sizeof(float) * batch_norm_saved(geometry(n, s.output, s.batch, {})) : 0;
       },
       .scratch_size =
           [](const BatchNorm& n, const KernelShapes& s) {
             return batch_norm_scratch(geometry(n, s.output, s.batch, {.max_pool = can_pool(s.output)}));
           },
       .norm_factors =
           [](std::span<const std::byte> saved, std::span<const std::span<const float>> params, const Epilogue& e) {
             return lineament::norm_factors(reinterpret_cast<const float*>(saved.data()), params[1].data(),
                                            params[1].size(), e.relu);
           },
       .gradient_over_input = true,
       .forward =
           [](const BatchNorm& n, const Forward<float>& f) {
             const BatchNormGeometry g = geometry(n, f.input().shape, f.input().batch, f.epilogue);
             if (f.mode == Mode::infer) {
               batch_norm_infer(g, f.input().data, f.params[0].data(), f.params[1].data(), f.params[2].data(),
                                f.params[3].data(), f.output.data, f.scratch.data(), *f.threads);
             } else {
               batch_norm_forward(g, f.input().data, f.norm_blocks, f.params[0].data(), f.params[1].data(),
                                  f.statistics[2].data(), f.statistics[3].data(),
                                  reinterpret_cast<float*>(f.saved.data()), f.deferred ? nullptr : f.output.data,
                                  f.scratch.data(), *f.threads);
             }
           },
       .backward =
           [](const BatchNorm& n, const Backward<float>& b) {
             batch_norm_backward(geometry(n, b.input().shape, b.input().batch, b.epilogue), b.input().data,
                                 b.norm_blocks, b.params[1].data(), reinterpret_cast<float*>(b.saved.data()),
                                 b.output_gradient.data, b.deferred ? nullptr : b.input_gradient().data,
                                 b.param_gradients[0].data(), b.param_gradients[1].data(), b.scratch.data(),
                                 *b.threads);
           }},
      reference_kernel<BatchNorm, float>(),
  };
};

}  // namespace lineament
