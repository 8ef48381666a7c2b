#include "model/stored_weights.hpp"

#include <cstring>
#include <variant>

#include "lineament/error.hpp"
#include "nn/bf16.hpp"

namespace lineament {
namespace {

/// Statistics are not: a variance is divided by. Nor are the biases of convolutions and dense layers: they are few, and
/// the last one is the mean shape, which eight bits would move by up to a five-hundredth of the crop's side.
bool is_rounded(const Network& network, const ParamInfo& p, Stored weights) {
  if (weights != Stored::bf16 || !p.trainable) return false;
  return std::holds_alternative<BatchNorm>(network.spec()[p.node].layer) || !p.name.ends_with(".bias");
}

}  // namespace

std::vector<std::int64_t> sizes(const Shape& shape) {
  std::vector<std::int64_t> list;
  for (int i = 0; i < shape.rank(); ++i) list.push_back(shape[i]);
  return list;
}

Network as_stored(const Network& network, Stored weights) {
  Network stored = network;
  for (const ParamInfo& p : stored.params())
    if (is_rounded(stored, p, weights))
      for (float& value : stored.values(p)) value = from_bf16(to_bf16(value));
  return stored;
}

StoredWeights::StoredWeights(const Network& network, Stored weights) {
  for (const ParamInfo& p : network.params()) {
    const std::span<const float> values = network.values(p);
    if (!is_rounded(network, p, weights)) {
      tensors_.push_back(tensor_view<float>(p.name, sizes(p.shape), values));
      continue;
    }
    std::vector<std::uint16_t>& halves = rounded_.emplace_back();
    for (const float value : values) halves.push_back(to_bf16(value));
    // An inner vector's numbers stay where they are when the outer one grows.
    tensors_.push_back({p.name,
                        "BF16",
                        sizes(p.shape),
                        {reinterpret_cast<const std::uint8_t*>(halves.data()), halves.size() * sizeof(halves[0])}});
  }
}

std::string to_string(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t size : shape) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text.empty() ? "a single value" : text;
}

void read_weights(const TensorFile& file, const NamedTensor& tensor, std::span<float> to) {
  if (tensor.dtype != "BF16") return copy_values<float>(file, tensor.name, to);
  if (tensor.data.size() != to.size() * sizeof(std::uint16_t))
    throw ModelError({file.source, "the tensor '" + tensor.name + "' does not fit the network",
                      std::to_string(to.size()) + " values", std::to_string(tensor.data.size()) + " bytes of BF16",
                      "use another copy of the file, or train again"});
  for (std::size_t i = 0; i < to.size(); ++i) {
    std::uint16_t half;  // copied: in a file from elsewhere the data need not be aligned
    std::memcpy(&half, tensor.data.data() + i * sizeof half, sizeof half);
    to[i] = from_bf16(half);
  }
}

}  // namespace lineament
