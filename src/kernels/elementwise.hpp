// Fast float activations: one pass over memory, cut into fixed blocks for the threads.
#pragma once
#include <cstddef>

namespace lineament {

class Threads;

enum class Activation { relu, silu, hard_swish, sigmoid };

/// y[i] = f(x[i]); y may be x.
void activation_forward(Activation, const float* x, float* y, std::size_t size, Threads&);

/// dx[i] = dy[i] * f'(…); `kept` is the output for relu and sigmoid, the input for silu and hard_swish; dx may be dy.
void activation_backward(Activation, const float* kept, const float* dy, float* dx, std::size_t size, Threads&);

/// y = a + b, y += a, and y = x.
void add(const float* a, const float* b, float* y, std::size_t size, Threads&);
void add_to(const float* a, float* y, std::size_t size, Threads&);
void copy(const float* x, float* y, std::size_t size, Threads&);

/// PReLU: a slope for each channel. dslope is added to.
void prelu_forward(const float* x, const float* slope, float* y, std::size_t pixels, int channels, Threads&);
void prelu_backward(const float* x, const float* slope, const float* dy, float* dx, float* dslope, std::size_t pixels,
                    int channels, float* scratch, Threads&);
std::size_t prelu_scratch(std::size_t pixels, int channels);

}  // namespace lineament
