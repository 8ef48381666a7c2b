// A network after HRNet-W18 (Wang et al., "Deep high-resolution representation learning for visual recognition", PAMI
// 2020; for landmarks: Sun et al. 2019): four resolutions in parallel that exchange what they know, 68 heat maps, their
// coordinates. Over 300 convolutions: more layers than a constexpr Spec holds, long chains, sums of many branches.
#pragma once
#include <vector>

#include "lineament/nn/spec.hpp"

namespace lineament::testing {

class HighResolutionNetwork {
 public:
  /// `width`: channels of the highest resolution (18), doubled with each halving.
  explicit HighResolutionNetwork(int width) : width_(width) {}

  Spec build(int points) {
    NodeId x = conv(conv(Spec::kInput, 64, 3, 2), 64, 3, 2);
    for (int block = 0; block < 4; ++block) x = bottleneck(x, block == 0);
    std::vector<NodeId> branches{conv(x, width_, 3, 1), conv(x, 2 * width_, 3, 2)};
    branches = module(branches);
    branches.push_back(conv(branches.back(), 4 * width_, 3, 2));
    for (int i = 0; i < 4; ++i) branches = module(branches);
    branches.push_back(conv(branches.back(), 8 * width_, 3, 2));
    for (int i = 0; i < 3; ++i) branches = module(branches);
    for (std::size_t i = 1; i < branches.size(); ++i)
      branches[i] = spec_.add(Upsample{.factor = 1 << i, .mode = Interpolation::bilinear}, branches[i]);
    const NodeId all = conv(spec_.add(Concat{}, branches, "all_resolutions"), 15 * width_, 1, 1);
    const NodeId maps = spec_.add(Conv2d{.channels = points, .kernel = 1}, all, "heat_maps");
    const NodeId coordinates = spec_.add(SoftArgmax{}, maps, "points");
    spec_.mark_output(coordinates);
    spec_.mark_output(maps);
    return spec_;
  }

 private:
  NodeId conv(NodeId x, int channels, int kernel, int stride, bool relu = true) {
    x = spec_.add(Conv2d{.channels = channels, .kernel = kernel, .stride = stride, .bias = false}, x);
    x = spec_.add(BatchNorm{}, x);
    return relu ? spec_.add(ReLU{}, x) : x;
  }
  NodeId bottleneck(NodeId x, bool widen) {
    const NodeId inner = conv(conv(conv(x, 64, 1, 1), 64, 3, 1), 256, 1, 1, false);
    const NodeId around = widen ? conv(x, 256, 1, 1, false) : x;
    return spec_.add(ReLU{}, spec_.add(Add{}, {inner, around}));
  }
  /// Four residual blocks on each branch, then every branch gets the sum of all.
  std::vector<NodeId> module(std::vector<NodeId> branches) {
    for (std::size_t i = 0; i < branches.size(); ++i)
      for (int block = 0; block < 4; ++block) {
        const NodeId inner = conv(conv(branches[i], width_ << i, 3, 1), width_ << i, 3, 1, false);
        branches[i] = spec_.add(ReLU{}, spec_.add(Add{}, {inner, branches[i]}));
      }
    std::vector<NodeId> fused;
    for (std::size_t to = 0; to < branches.size(); ++to) {
      std::vector<NodeId> terms;
      for (std::size_t from = 0; from < branches.size(); ++from) terms.push_back(bring(branches[from], from, to));
      fused.push_back(spec_.add(ReLU{}, spec_.add(Add{}, terms)));
    }
    return fused;
  }
  /// A branch in the resolution and channels of another.
  NodeId bring(NodeId x, std::size_t from, std::size_t to) {
    if (from > to) return spec_.add(Upsample{.factor = 1 << (from - to)}, conv(x, width_ << to, 1, 1, false));
    for (std::size_t at = from; at < to; ++at)
      x = conv(x, at + 1 == to ? width_ << to : width_ << from, 3, 2, at + 1 < to);
    return x;
  }

  int width_;
  Spec spec_;
};

}  // namespace lineament::testing
