#include "lineament/model/pytorch.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <variant>

#include "lineament/error.hpp"
#include "model/stored_weights.hpp"

namespace lineament {
namespace {

/// For each layer the image {h, w, c} that its output's features are, one for one: rank 0 where they are none, nothing
/// where several were brought together.
std::vector<std::optional<Shape>> flattened_images(const Network& network) {
  const Spec& spec = network.spec();
  const Shapes& shapes = network.shapes();
  std::vector<std::optional<Shape>> images(spec.size() + 1, Shape());
  for (NodeId id = 1; id <= spec.size(); ++id) {
    const auto inputs = spec[id].input_ids();
    const std::optional<Shape>& first = images[inputs[0]];
    if (std::holds_alternative<Dense>(spec[id].layer)) continue;
    if (std::holds_alternative<Flatten>(spec[id].layer) && shapes[inputs[0]].rank() == 3)
      images[id] = shapes[inputs[0]];
    else if (!std::all_of(inputs.begin(), inputs.end(), [&](NodeId other) { return images[other] == first; }))
      images[id] = std::nullopt;
    else if (first != Shape())
      images[id] = shapes[id] == shapes[inputs[0]] ? first : std::nullopt;
  }
  return images;
}

/// Where feature `i` of the flattened image {h, w, c} lies in PyTorch's {c, h, w}; of none, where it is.
std::size_t channels_first(std::size_t i, const Shape& image) {
  if (image.rank() == 0) return i;
  const auto channels = static_cast<std::size_t>(image.channels()), pixels = image.size() / channels;
  return i % channels * pixels + i / channels;
}

std::vector<std::int64_t> permuted(const Shape& s) {
  if (s.rank() == 4) return {s[3], s[2], s[0], s[1]};
  if (s.rank() == 2) return {s[1], s[0]};
  return sizes(s);
}

/// `to`, in our order, from `from`, in PyTorch's.
void permute(const Shape& shape, const Shape& image, std::span<const float> from, std::span<float> to) {
  if (shape.rank() == 4) {
    const auto in = static_cast<std::size_t>(shape[2]), out = static_cast<std::size_t>(shape[3]),
               taps = to.size() / (in * out);
    for (std::size_t t = 0; t < taps; ++t)
      for (std::size_t i = 0; i < in; ++i)
        for (std::size_t o = 0; o < out; ++o) to[(t * in + i) * out + o] = from[(o * in + i) * taps + t];
  } else if (shape.rank() == 2) {
    const auto in = static_cast<std::size_t>(shape[0]), out = static_cast<std::size_t>(shape[1]);
    for (std::size_t i = 0; i < in; ++i)
      for (std::size_t o = 0; o < out; ++o) to[i * out + o] = from[o * in + channels_first(i, image)];
  } else {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = from[channels_first(i, image)];
  }
}

}  // namespace

std::vector<std::string> take_pytorch_weights(Network& network, const TensorFile& file) {
  const std::vector<std::optional<Shape>> images = flattened_images(network);
  std::vector<float> all(network.weights().size());
  std::set<std::string> taken;
  for (const ParamInfo& p : network.params()) {
    const NamedTensor& tensor = file.at(p.name);
    if (tensor.shape != permuted(p.shape))
      throw ModelError({file.source, "the tensor '" + p.name + "' has another shape", to_string(permuted(p.shape)),
                        to_string(tensor.shape), "give the layer the options of the module"});
    std::vector<float> values(p.size);
    read_weights(file, tensor, values);
    const Node& node = network.spec()[p.node];
    const std::optional<Shape>& image = images[node.input_ids()[0]];
    if (!image)
      throw ModelError({file.source, "the order of the values that flow into '" + node.name.str() + "' is not known",
                        "", "several flattened images together", "permute these weights in a program of your own"});
    const bool of_outputs = std::holds_alternative<Dense>(node.layer) && p.shape.rank() == 1;
    permute(p.shape, of_outputs ? Shape() : *image, values, std::span(all).subspan(p.offset, p.size));
    taken.insert(p.name);
  }
  std::copy(all.begin(), all.end(), network.weights().begin());
  std::vector<std::string> left;
  for (const NamedTensor& tensor : file.tensors)
    if (taken.count(tensor.name) == 0 && !tensor.name.ends_with("num_batches_tracked")) left.push_back(tensor.name);
  return left;
}

}  // namespace lineament
