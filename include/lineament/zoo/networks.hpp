// Networks with a name.
#pragma once
#include <string_view>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/landmarks.hpp"
#include "lineament/nn/spec.hpp"
#include "lineament/zoo/heatmap_networks.hpp"
#include "lineament/zoo/stack.hpp"

namespace LINEAMENT_API lineament {

inline constexpr Shape kReferenceInput{128, 128, 3};

/// The reference network: 98.06 M multiply-adds, 8.4 M weights. Batch norm stands before each ReLU while training and
/// is folded away for inference; without it the network does not learn.
constexpr Spec reference_network(bool norms = true, int values = kValues) {
  Spec net;
  detail::Stack stack(net, norms);
  stack.conv({.channels = 32});
  stack.add(MaxPool{}, "pool");
  stack.conv({.channels = 64});
  stack.add(MaxPool{}, "pool");
  stack.go_to(net.add(Flatten{}, stack.at(), "flatten"));
  stack.dense(128);
  stack.add(Dense{.features = values}, "dense");
  return net;
}

/// Eight plain 3x3 convolutions and a dense layer of 1024: 291 M multiply-adds, 7.3 M weights.
constexpr Spec deep_network(bool norms = true, int values = kValues) {
  Spec net;
  detail::Stack stack(net, norms);
  const auto convs = [&](std::initializer_list<int> channels) {
    for (const int c : channels) stack.conv({.channels = c, .padding = Padding::valid});
  };
  convs({32});
  stack.add(MaxPool{}, "pool");
  convs({64, 64});
  stack.add(MaxPool{}, "pool");
  convs({64, 64});
  stack.add(MaxPool{}, "pool");
  convs({128, 128});
  stack.add(MaxPool{.kernel = 2, .stride = 1}, "pool");
  convs({256});
  stack.go_to(net.add(Flatten{}, stack.at(), "flatten"));
  stack.dense(1024);
  stack.add(Dense{.features = values}, "dense");
  return net;
}

inline constexpr Shape kMobileInput{112, 112, 3};

/// Inverted residuals after PFLD (Guo et al. 2019) and MobileNetV2 (Sandler et al., CVPR 2018), and three scales for
/// the last layer: 100 M multiply-adds, 0.9 M weights.
constexpr Spec mobile_network(bool norms = true, int values = kValues) {
  Spec net;
  detail::Stack stack(net, norms);
  const auto conv = [](int channels, int kernel, int stride, int groups = 1) {
    return Conv2d{.channels = channels,
                  .kernel = kernel,
                  .stride = stride,
                  .padding = Padding::fixed,
                  .pad = kernel == 3 ? 1 : 0,
                  .groups = groups};
  };
  int channels = 32;
  const auto bottleneck = [&](int out, int expansion, int stride) {
    const NodeId in = stack.at();
    stack.conv(conv(channels * expansion, 1, 1));
    stack.conv(conv(channels * expansion, 3, stride, Conv2d::kDepthwise));
    stack.conv(conv(out, 1, 1), detail::Activation::none);
    if (stride == 1 && out == channels) stack.go_to(net.add(Add{}, {stack.at(), in}));
    channels = out;
  };
  stack.conv(conv(32, 3, 2));
  stack.conv(conv(32, 3, 1, Conv2d::kDepthwise));
  bottleneck(48, 2, 2);
  for (int i = 0; i < 4; ++i) bottleneck(48, 2, 1);
  bottleneck(96, 2, 2);
  for (int i = 0; i < 3; ++i) bottleneck(96, 4, 1);
  bottleneck(16, 2, 1);
  const NodeId scale1 = stack.at();
  stack.conv(conv(32, 3, 2));
  const NodeId scale2 = stack.at();
  stack.conv(conv(128, 7, 1));
  stack.go_to(net.add(Flatten{}, stack.at(), "flatten"));
  const NodeId scale3 = stack.at();
  const NodeId mean1 = net.add(GlobalAvgPool{}, scale1), mean2 = net.add(GlobalAvgPool{}, scale2);
  stack.go_to(net.add(Concat{}, {mean1, mean2, scale3}));
  stack.add(Dense{.features = values}, "dense");
  return net;
}

struct NamedNetwork {
  std::string_view name, about;
  Shape input;
  Spec (*spec)(bool norms, int values);
};
/// Every named network.
inline const std::vector<NamedNetwork>& named_networks() {
  static const std::vector<NamedNetwork> list{
      {"reference", "two 3x3 convolutions with pooling, two dense layers", kReferenceInput, reference_network},
      {"deep", "eight 3x3 convolutions with pooling, two dense layers", kReferenceInput, deep_network},
      {"mobile", "inverted residuals: 1x1 and depthwise convolutions, 0.9 M weights", kMobileInput, mobile_network},
      {"compact", "a heat map for each point, and how sure it is; 0.7 M weights", kReferenceInput, compact_network},
      {"tiny", "the same half as wide; 0.2 M weights", kReferenceInput, tiny_network},
      {"large", "the same half as wide again; 1.5 M weights", kReferenceInput, large_network}};
  return list;
}

}  // namespace lineament
