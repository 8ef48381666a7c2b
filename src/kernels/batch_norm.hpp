// Fast float batch normalisation over {pixels, channels}, with the ReLU and the 2x2 max-pool that often follow it in
// the same visit to memory: nothing between the input and the last output is stored, the backward pass computes it
// again. Sums are taken over fixed blocks of pixels and added up in order.
#pragma once
#include <cstddef>

#include "lineament/nn/norm_factors.hpp"

namespace lineament {

class Threads;

struct BatchNormGeometry {
  int images, height, width, channels;
  float momentum, epsilon;
  bool relu = false;      ///< after it, in training
  bool max_pool = false;  ///< 2x2, stride 2, after the ReLU: height and width even

  std::size_t pixels() const {
    return static_cast<std::size_t>(images) * static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  }
};

/// Floats of scratch that the functions below need.
std::size_t batch_norm_scratch(const BatchNormGeometry&);

void batch_norm_infer(const BatchNormGeometry&, const float* x, const float* scale, const float* shift,
                      const float* mean, const float* variance, float* y, float* scratch, Threads&);

/// Floats kept from the forward to the backward pass, and to those who make the output or the gradient themselves.
std::size_t batch_norm_saved(const BatchNormGeometry&);
NormFactors norm_factors(const float* saved, const float* shift, std::size_t channels, bool relu);

/// Updates the running statistics and fills `saved`. y may be nullptr. `moments`: if others have taken them.
void batch_norm_forward(const BatchNormGeometry&, const float* x, const NormBlocks& moments, const float* scale,
                        const float* shift, float* running_mean, float* running_var, float* saved, float* y,
                        float* scratch, Threads&);

/// dscale and dshift are added to, and `saved` is completed; dx (may be x, may be nullptr; may be dy without max-pool)
/// is overwritten. `sums`: if others have taken them.
void batch_norm_backward(const BatchNormGeometry&, const float* x, const NormBlocks& sums, const float* shift,
                         float* saved, const float* dy, float* dx, float* dscale, float* dshift, float* scratch,
                         Threads&);

/// A ReLU and a 2x2 max-pool of stride 2 without a normalisation before them, in one visit; dx may be x.
struct ReluPoolGeometry {
  int images, height, width, channels;
};
void relu_pool_forward(const ReluPoolGeometry&, const float* x, float* y, Threads&);
void relu_pool_backward(const ReluPoolGeometry&, const float* x, const float* dy, float* dx, Threads&);

}  // namespace lineament
