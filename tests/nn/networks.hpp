// Networks that the tests of the graph share.
#pragma once
#include "lineament/nn/network.hpp"
#include "support/values.hpp"

namespace lineament::testing {

inline constexpr Shape kZooInput{8, 8, 2};

/// Every kind of layer, no chain: residual sums, concatenations, values that several layers read.
constexpr Spec zoo() {
  Spec net;
  const NodeId stem = net.add(Conv2d{.channels = 4}, Spec::kInput, "stem");
  const NodeId silu = net.add(SiLU{}, stem);
  const NodeId grouped = net.add(Conv2d{.channels = 4, .groups = 2, .bias = false}, silu, "grouped");
  const NodeId prelu = net.add(PReLU{}, grouped);
  const NodeId sum = net.add(Add{}, {silu, prelu, stem});
  const NodeId down = net.add(Conv2d{.channels = 4, .stride = 2, .groups = Conv2d::kDepthwise}, sum, "down");
  const NodeId hard = net.add(HardSwish{}, down);
  const NodeId point = net.add(Conv2d{.channels = 3, .kernel = 1}, hard, "point");
  const NodeId norm = net.add(BatchNorm{}, point, "norm");
  const NodeId avg = net.add(AvgPool{}, sum);
  const NodeId cat = net.add(Concat{}, {norm, avg, hard});
  const NodeId gate = net.add(Sigmoid{}, cat);
  const NodeId seen = net.add(MaxPool{.kernel = 2, .stride = 1}, gate);
  const NodeId head = net.add(Conv2d{.channels = 4}, seen, "head");
  const NodeId relu = net.add(ReLU{}, head);
  const NodeId pool = net.add(MaxPool{}, relu);
  const NodeId dense = net.add(Dense{.features = 5, .bias = false}, net.add(Flatten{}, pool), "dense");
  const NodeId active = net.add(ReLU{}, net.add(BatchNorm{}, dense, "norm2"));
  const NodeId mean = net.add(GlobalAvgPool{}, relu);
  const NodeId all = net.add(Concat{}, {active, mean});
  net.add(Dense{.features = 3}, net.add(Dropout{.rate = 0.3f}, all), "out");
  return net;
}
static_assert(output_shape(zoo(), kZooInput) == Shape{3});

/// Every parameter drawn anew, running statistics included (variances stay above 0).
template <class T>
void randomise(BasicNetwork<T>& network, std::uint64_t stream = 1) {
  for (std::size_t i = 0; i < network.params().size(); ++i) {
    const ParamInfo& p = network.params()[i];
    const bool variance = p.name.ends_with("running_var");
    put(network.values(p),
        random_values<double>(p.size, stream * 100 + i, variance ? 0.5f : -0.7f, variance ? 2.0f : 0.7f));
  }
}

}  // namespace lineament::testing
