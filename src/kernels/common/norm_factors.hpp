// What a batch norm and the convolutions around it tell each other, so that neither its output nor its gradient needs a
// place in memory, nor a pass of its own over it.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace lineament {

/// What is applied to a norm's values in the same pass.
enum class NormActivation : std::uint8_t { none, relu, hard_swish };

/// A batch norm of one batch, and the activation after it, for those who compute its output themselves when they read
/// it: y = (x - mean) * factor + shift, before that, and its gradient, dx = dy * factor + (x - mean) * slope + offset.
/// One value of each for each channel.
struct NormFactors {
  const float *mean = nullptr, *factor = nullptr, *shift = nullptr;
  const float *slope = nullptr, *offset = nullptr;  ///< known once the norm's own backward step has run
  NormActivation activation = NormActivation::none;

  explicit operator bool() const { return mean != nullptr; }
};

/// One of the values whose sum is what a convolution reads: where it lies, or a batch norm's input and its factors.
struct NormTerm {
  const float* x = nullptr;
  NormFactors norm;
};

/// One value for each image and channel, by which pixels are multiplied.
struct ImageGate {
  const float* values = nullptr;
  std::size_t image_pixels = 1;
  explicit operator bool() const { return values != nullptr; }
};

/// Sums over blocks of pixels that a convolution takes for a batch norm while it has them at hand. In the forward pass
/// the mean of each channel and the sum of squared deviations from it, in the backward pass the sums of the gradient
/// behind the norm and of its product with x - mean.
struct NormBlocks {
  float* sums = nullptr;  ///< {block, 2, channels}
  std::size_t images = 0, image_pixels = 0;
  std::size_t pixels = 1;  ///< of a block; fewer in the last of each image

  explicit operator bool() const { return sums != nullptr; }
  std::size_t in_image() const { return (image_pixels + pixels - 1) / pixels; }
  std::size_t count() const { return images * in_image(); }
  std::size_t pixels_of(std::size_t block) const {
    return std::min(pixels, image_pixels - block % in_image() * pixels);
  }
  float* of(std::size_t block, std::size_t channels) const { return sums + block * 2 * channels; }
};

}  // namespace lineament
