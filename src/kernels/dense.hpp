// Fast float matrix products of the dense layer; weights {in, out}.
#pragma once
#include <cstddef>

namespace lineament {

class Threads;

struct DenseGeometry {
  int batch, in, out;
};

/// Floats of scratch that the functions below need.
std::size_t dense_scratch(const DenseGeometry&, bool train, int threads);

/// y = x w + bias, then ReLU if asked. `bias` may be nullptr. For one picture of more than 512 inputs, weights
/// of inputs that are zero are not read: one that is infinite or NaN does not show there.
void dense_forward(const DenseGeometry&, const float* x, const float* w, const float* bias, bool relu, float* y,
                   float* scratch, Threads&);

/// Weights as bfloat16, rounded to nearest, two in a float's place: floats they take, and their making.
std::size_t dense_bf16_size(const DenseGeometry&);
void dense_bf16_weights(const DenseGeometry&, const float* w, float* packed);
std::size_t dense_bf16_scratch(const DenseGeometry&, int threads);
/// As dense_forward; weights of inputs that are zero are not read for one to three pictures, however few the inputs.
/// Sums are in float.
void dense_bf16_forward(const DenseGeometry&, const float* x, const float* packed, const float* bias, bool relu,
                        float* y, float* scratch, Threads&);

/// dw and dbias (may be nullptr) are added to, or overwritten if `add` is false; dx (may be nullptr) is overwritten.
void dense_backward(const DenseGeometry&, const float* x, const float* w, const float* dy, float* dx, float* dw,
                    float* dbias, bool add, float* scratch, Threads&);

}  // namespace lineament
