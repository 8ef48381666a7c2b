// Fast float pooling, NHWC.
#pragma once
#include <cstdint>

#include "lineament/nn/geometry.hpp"

namespace lineament {

class Threads;

/// `mask` (nullptr when inferring): one byte an output value, the position in its window (row by row) of the first
/// maximum.
void max_pool_forward(const PoolGeometry&, const float* x, float* y, std::uint8_t* mask, Threads&);
void max_pool_backward(const PoolGeometry&, const std::uint8_t* mask, const float* dy, float* dx, Threads&);

void avg_pool_forward(const PoolGeometry&, const float* x, float* y, Threads&);
void avg_pool_backward(const PoolGeometry&, const float* dy, float* dx, Threads&);

/// Mean over `pixels` pixels of `channels` values.
void global_avg_pool_forward(int batch, int pixels, int channels, const float* x, float* y, Threads&);
void global_avg_pool_backward(int batch, int pixels, int channels, const float* dy, float* dx, Threads&);

}  // namespace lineament
