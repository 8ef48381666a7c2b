// Fast float batch normalisation over {pixels, channels}. Sums are taken over fixed blocks of pixels and added up in order.
#pragma once
#include <cstddef>

namespace lineament {

class Threads;

struct BatchNormGeometry {
  std::size_t pixels;  ///< of the whole batch
  int channels;
  float momentum, epsilon;
};

/// Floats of scratch that the functions below need.
std::size_t batch_norm_scratch(std::size_t pixels, int channels);

void batch_norm_infer(const BatchNormGeometry&, const float* x, const float* scale, const float* shift, const float* mean,
                      const float* variance, float* y, float* scratch, Threads&);

/// Updates the running statistics; `saved` receives the batch's mean and 1 / standard deviation (2 x channels).
void batch_norm_forward(const BatchNormGeometry&, const float* x, const float* scale, const float* shift,
                        float* running_mean, float* running_var, float* saved, float* y, float* scratch, Threads&);

/// dscale and dshift are added to; dx (may be dy, may be nullptr) is overwritten.
void batch_norm_backward(const BatchNormGeometry&, const float* x, const float* scale, const float* saved, const float* dy,
                         float* dx, float* dscale, float* dshift, float* scratch, Threads&);

}  // namespace lineament
