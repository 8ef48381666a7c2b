// Networks that draw a heat map for each point and take its mean position: for points of pictures, a map of places is
// learnt with fewer weights and from fewer faces than a dense layer's numbers.
//
// Inverted residuals: Sandler et al., "MobileNetV2", CVPR 2018. Gates and activations of the deeper half: Howard et
// al., "Searching for MobileNetV3", ICCV 2019; Hu et al., "Squeeze-and-excitation networks", CVPR 2018. Pyramid: Lin et
// al., "Feature pyramid networks", CVPR 2017. Mean positions: Sun et al., "Integral human pose regression", ECCV 2018.
#pragma once
#include <array>

#include "lineament/api.hpp"
#include "lineament/faces/landmarks.hpp"
#include "lineament/nn/spec.hpp"
#include "lineament/zoo/stack.hpp"

namespace LINEAMENT_API lineament {

/// The names of a network's outputs that losses and landmarkers know. Only the first has a truth in the samples.
inline constexpr std::string_view kPointsOutput = "points";      ///< {2 * points}: in units of the crop's side
inline constexpr std::string_view kCoarseOutput = "coarse";      ///< the same before the refinement
inline constexpr std::string_view kSpreadOutput = "spread";      ///< {points}: log scales, see PointLikelihood
inline constexpr std::string_view kHeatmapsOutput = "heatmaps";  ///< {height, width, points}: before their softmax
inline constexpr std::string_view kFaceOutput = "face";          ///< {1}: log odds that the crop shows a face

/// How wide and deep a heatmap_network() is.
struct HeatmapWidths {
  int stem = 24;                           ///< channels at a half of the input's side
  std::array<int, 3> stages{40, 80, 160};  ///< at a quarter, an eighth and a sixteenth
  std::array<int, 3> blocks{3, 4, 3};      ///< of each stage; the first one halves the side
  std::array<int, 2> squeezed{8, 12};      ///< units in the gates of the second and third stage
  int pyramid = 64;                        ///< channels of the feature pyramid
  std::array<int, 2> hidden{112, 128};     ///< of its blocks, the one at an eighth of the side first
  int refinement = 32;                     ///< hidden units of the dense layers that correct the coarse points
};

namespace detail {

/// Builds a heatmap_network() block by block.
class HeatmapBuilder {
 public:
  constexpr HeatmapBuilder(Spec& net, bool norms, const HeatmapWidths& widths)
      : net_(net), stack_(net, norms), widths_(widths) {}

  constexpr void build(int values) {
    stem();
    const NodeId quarter = stage(0), eighth = stage(1), sixteenth = stage(2);
    const NodeId pooled = net_.add(GlobalAvgPool{}, sixteenth, "pooled");
    stack_.go_to(sixteenth);
    lateral();
    merge(eighth);
    block({.channels = widths_.pyramid, .hidden = widths_.hidden[0], .activation = Activation::hard_swish});
    merge(quarter);
    block({.channels = widths_.pyramid, .hidden = widths_.hidden[1]});
    heads(pooled, values);
  }

 private:
  struct Block {
    int channels, hidden, stride = 1, kernel = 3, squeezed = 0;
    Activation activation = Activation::relu;
  };

  static constexpr Conv2d window(int channels, int kernel, int stride = 1, int groups = 1) {
    return {.channels = channels,
            .kernel = kernel,
            .stride = stride,
            .padding = Padding::fixed,
            .pad = kernel / 2,
            .groups = groups};
  }

  constexpr void stem() {
    stack_.conv(window(widths_.stem, 3, 2));
    stack_.conv(window(widths_.stem, 3, 1, Conv2d::kDepthwise));
    stack_.conv(window(widths_.stem, 1), Activation::none);
    channels_ = widths_.stem;
  }

  /// The deeper stages have wider windows, gates and a smoother activation: there are few pixels left to pay for them.
  constexpr NodeId stage(std::size_t i) {
    constexpr int kExpansion = 3;
    const bool deep = i > 0;
    const Activation activation = deep ? Activation::hard_swish : Activation::relu;
    for (int n = 0; n < widths_.blocks[i]; ++n) {
      const bool first = n == 0;
      block({.channels = widths_.stages[i],
             .hidden = channels_ * kExpansion,
             .stride = first ? 2 : 1,
             .kernel = deep && !first ? 5 : 3,
             .squeezed = deep && !first ? widths_.squeezed[i - 1] : 0,
             .activation = activation});
    }
    return stack_.at();
  }

  /// An inverted residual.
  constexpr void block(const Block& b) {
    const NodeId in = stack_.at();
    stack_.conv(window(b.hidden, 1), b.activation);
    stack_.conv(window(b.hidden, b.kernel, b.stride, Conv2d::kDepthwise), b.activation);
    if (b.squeezed > 0) gate(b.hidden, b.squeezed);
    stack_.conv(window(b.channels, 1), Activation::none);
    if (b.stride == 1 && b.channels == channels_) stack_.join(Add{}, in, "add");
    channels_ = b.channels;
  }

  constexpr void gate(int channels, int squeezed) {
    const NodeId in = stack_.at();
    stack_.add(GlobalAvgPool{}, "mean");
    stack_.add(Dense{.features = squeezed}, "squeeze");
    stack_.add(ReLU{}, "relu");
    stack_.add(Dense{.features = channels}, "excite");
    stack_.add(Sigmoid{}, "gate");
    stack_.join(Multiply{}, in, "scale");
  }

  constexpr void lateral() {
    stack_.conv(window(widths_.pyramid, 1), Activation::none);
    channels_ = widths_.pyramid;
  }

  /// One level up: what there is, enlarged, and what the finer level has seen.
  constexpr void merge(NodeId finer) {
    stack_.add(Upsample{.factor = 2}, "larger");
    const NodeId larger = stack_.at();
    stack_.go_to(finer);
    lateral();
    stack_.join(Add{}, larger, "add");
  }

  constexpr void heads(NodeId pooled, int values) {
    const int points = values / 2;
    const NodeId maps = net_.add(window(points, 1), stack_.at(), kHeatmapsOutput);
    const NodeId coarse = net_.add(SoftArgmax{}, maps, kCoarseOutput);
    const NodeId features = net_.add(Concat{}, {coarse, pooled}, "features");
    stack_.go_to(features);
    stack_.add(Dense{.features = widths_.refinement}, "refine");
    stack_.add(HardSwish{}, "swish");
    stack_.add(Dense{.features = values, .starts_at_zero = true}, "refine");
    const NodeId refined = net_.add(Add{}, {coarse, stack_.at()}, kPointsOutput);
    const NodeId spread = net_.add(Dense{.features = points}, pooled, kSpreadOutput);
    const NodeId face = net_.add(Dense{.features = 1}, features, kFaceOutput);
    for (const NodeId output : {refined, coarse, spread, maps, face}) net_.mark_output(output);
  }

  Spec& net_;
  Stack stack_;
  HeatmapWidths widths_;
  int channels_ = 0;
};

}  // namespace detail

/// Inverted residuals down to a sixteenth of the side, a feature pyramid up to a quarter, a heat map for each point,
/// its mean position, and dense layers that correct it. Outputs: kPointsOutput, the first; then kCoarseOutput,
/// kSpreadOutput, kHeatmapsOutput and kFaceOutput, which losses use. `values`: two for each point.
constexpr Spec heatmap_network(const HeatmapWidths& widths, bool norms = true, int values = kValues) {
  Spec net;
  detail::HeatmapBuilder(net, norms, widths).build(values);
  return net;
}

/// 0.7 M weights.
constexpr Spec compact_network(bool norms = true, int values = kValues) {
  return heatmap_network({}, norms, values);
}

/// Half as wide: 0.16 M weights.
constexpr Spec tiny_network(bool norms = true, int values = kValues) {
  return heatmap_network(
      {.stem = 16, .stages = {16, 40, 64}, .squeezed = {4, 8}, .pyramid = 32, .hidden = {64, 64}, .refinement = 16},
      norms, values);
}

/// Half as wide again: 1.5 M weights.
constexpr Spec large_network(bool norms = true, int values = kValues) {
  return heatmap_network({.stem = 32,
                          .stages = {64, 120, 240},
                          .squeezed = {12, 16},
                          .pyramid = 96,
                          .hidden = {160, 168},
                          .refinement = 48},
                         norms, values);
}

}  // namespace lineament
