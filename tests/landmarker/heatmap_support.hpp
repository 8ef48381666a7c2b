// A small network of heat maps.
#pragma once
#include "lineament/nn/network.hpp"
#include "lineament/zoo/heatmap_networks.hpp"

namespace lineament::testing {

/// Points with the output "heatmaps", 8 x 8 for each, behind them.
inline Network with_heatmaps() {
  Spec net;
  const NodeId a = net.add(Conv2d{.channels = 8, .stride = 4}, Spec::kInput);
  const NodeId maps = net.add(Conv2d{.channels = kPoints, .kernel = 1}, net.add(ReLU{}, a), kHeatmapsOutput);
  net.mark_output(net.add(SoftArgmax{}, maps));
  net.mark_output(maps);
  return Network(net, Shape{32, 32, 3}, 1);
}

}  // namespace lineament::testing
