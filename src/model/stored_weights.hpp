// Weights as a file keeps them: all in F32, or most of them in BF16, half as large.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lineament/model/model.hpp"
#include "lineament/model/safetensors.hpp"

namespace lineament {

/// What a file of this kind gives back: the weights that it rounds are rounded, to nearest.
Network as_stored(const Network& network, Stored weights);

/// A network's parameters as tensors of a file. They view `network` and the numbers made here: both must outlive them.
class StoredWeights {
 public:
  /// `network` is one that as_stored() has made: nothing is lost.
  StoredWeights(const Network& network, Stored weights);
  const std::vector<NamedTensor>& tensors() const { return tensors_; }

 private:
  std::vector<std::vector<std::uint16_t>> rounded_;
  std::vector<NamedTensor> tensors_;
};

/// Copies a parameter out of F32 or BF16. Throws ModelError if type or size is another.
void read_weights(const TensorFile& file, const NamedTensor& tensor, std::span<float> to);

/// A shape as the format writes it.
std::vector<std::int64_t> sizes(const Shape& shape);

/// "3x3x16".
std::string to_string(const std::vector<std::int64_t>& shape);

}  // namespace lineament
