// What a layer is handed when it runs, forward and backward.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "lineament/api.hpp"
#include "lineament/nn/precision.hpp"
#include "lineament/nn/view.hpp"

namespace LINEAMENT_API lineament {

template <class T>
struct Forward {
  std::span<const View<const T>> inputs;
  View<T> output;
  std::span<const std::span<const T>> params;  ///< in the order of `params()`
  std::span<const std::span<T>>
      statistics;              ///< the same list, writable, train mode only: entries that are not trainable
  std::span<std::byte> saved;  ///< `saved_bytes` to keep for backward (empty when inferring)
  Mode mode = Mode::infer;
  std::uint64_t seed = 0;  ///< of this layer in this step: dropout

  View<const T> input() const { return inputs[0]; }
};

template <class T>
struct Backward {
  std::span<const View<const T>> inputs;
  View<const T> output;
  View<const T> output_gradient;
  std::span<const View<T>> input_gradients;  ///< overwritten; data is nullptr where nobody asks for it
  std::span<const std::span<const T>> params;
  std::span<const std::span<T>> param_gradients;  ///< added to; empty spans for what is not trainable
  std::span<std::byte> saved;
  std::uint64_t seed = 0;

  View<const T> input() const { return inputs[0]; }
  View<T> input_gradient() const { return input_gradients[0]; }
};

/// How a layer computes: specialised in lineament/reference for each layer; reference.hpp says what it holds.
template <class Layer>
struct Reference;

}  // namespace lineament
