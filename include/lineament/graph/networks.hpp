// Networks with a name.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "lineament/faces/landmarks.hpp"
#include "lineament/graph/spec.hpp"

namespace lineament {

inline constexpr Shape kReferenceInput{128, 128, 3};

/// The reference network: 98.06 M multiply-adds, 8.4 M weights. Batch norm stands before each ReLU while training and is
/// folded away for inference. A bias before a batch norm would have no effect, so those layers have none.
constexpr Spec reference_network() {
  Spec net;
  NodeId x = net.add(Conv2d{.channels = 32, .kernel = 3, .bias = false}, Spec::kInput, "conv1");
  x = net.add(BatchNorm{}, x, "norm1");
  x = net.add(ReLU{}, x, "relu1");
  x = net.add(MaxPool{}, x, "pool1");
  x = net.add(Conv2d{.channels = 64, .kernel = 3, .bias = false}, x, "conv2");
  x = net.add(BatchNorm{}, x, "norm2");
  x = net.add(ReLU{}, x, "relu2");
  x = net.add(MaxPool{}, x, "pool2");
  x = net.add(Flatten{}, x, "flatten");
  x = net.add(Dense{.features = 128, .bias = false}, x, "dense1");
  x = net.add(BatchNorm{}, x, "norm3");
  x = net.add(ReLU{}, x, "relu3");
  net.add(Dense{.features = kValues}, x, "dense2");
  return net;
}
static_assert(output_shape(reference_network(), kReferenceInput) == Shape{kValues});

struct NamedNetwork {
  std::string_view name, about;
  Shape input;
  Spec (*spec)();
};
/// Every named network.
inline const std::vector<NamedNetwork>& named_networks() {
  static const std::vector<NamedNetwork> list{
      {"reference", "two 3x3 convolutions with pooling, two dense layers", kReferenceInput, reference_network}};
  return list;
}

}  // namespace lineament
