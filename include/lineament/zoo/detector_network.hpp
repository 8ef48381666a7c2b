// A network that finds faces: fully convolutional, so that pictures of any size will do whose sides are multiples of
// 32. For each cell of three grids it says whether a face's middle is there, where its edges and its eyes are.
//
// Without anchors: Tian et al., "FCOS: fully convolutional one-stage object detection", ICCV 2019. Pyramid: Lin et al.,
// "Feature pyramid networks for object detection", CVPR 2017. Depthwise blocks for faces: Bazarevsky et al.,
// "BlazeFace", 2019.
#pragma once
#include <array>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/nn/spec.hpp"
#include "lineament/zoo/stack.hpp"

namespace LINEAMENT_API lineament {

/// The outputs, and the pixels between their cells: {height / stride, width / stride, kCellValues} each.
inline constexpr std::array<std::string_view, 3> kCellOutputs{"cells8", "cells16", "cells32"};
inline constexpr std::array<int, 3> kCellStrides{8, 16, 32};
/// Log odds of a face; logs of the distances to the left, top, right and bottom edge; x and y of the eye on the
/// picture's left, and of the other. Lengths in strides, from the cell's centre.
inline constexpr int kCellValues = 9;
/// Logs of distances are read as if they ended here, at 148 strides: an untrained network may say anything.
inline constexpr float kMostCellLog = 5;

struct DetectorWidths {
  int stem = 16;                               ///< channels at a half of the input's side
  std::array<int, 4> stages{32, 64, 96, 128};  ///< at a quarter, an eighth, a sixteenth and a 32nd
  std::array<int, 4> blocks{2, 3, 3, 3};       ///< of each stage; the first one halves the side
  int pyramid = 64;                            ///< channels of the feature pyramid
};

namespace detail {

/// Builds a detector_network() block by block.
class DetectorBuilder {
 public:
  constexpr DetectorBuilder(Spec& net, bool norms, const DetectorWidths& widths)
      : net_(net), stack_(net, norms), widths_(widths) {}

  constexpr void build() {
    stack_.conv(window(widths_.stem, 2));
    channels_ = widths_.stem;
    std::array<NodeId, 4> stages{};
    for (std::size_t i = 0; i < stages.size(); ++i) stages[i] = stage(i);
    stack_.go_to(stages[3]);
    lateral();
    const NodeId coarse = stack_.at();
    merge(stages[2]);
    const NodeId middle = stack_.at();
    merge(stages[1]);
    const std::array<NodeId, 3> levels{stack_.at(), middle, coarse};
    for (std::size_t i = 0; i < levels.size(); ++i) head(levels[i], kCellOutputs[i]);
  }

 private:
  static constexpr Conv2d window(int channels, int stride = 1, int groups = 1) {
    return {.channels = channels, .kernel = 3, .stride = stride, .padding = Padding::fixed, .pad = 1, .groups = groups};
  }

  constexpr NodeId stage(std::size_t i) {
    for (int n = 0; n < widths_.blocks[i]; ++n) block(widths_.stages[i], n == 0 ? 2 : 1);
    return stack_.at();
  }

  /// A depthwise window and a product of channels, around which goes what keeps its shape.
  constexpr void block(int channels, int stride = 1) {
    const NodeId in = stack_.at();
    const bool around = stride == 1 && channels == channels_;
    stack_.conv(window(channels_, stride, Conv2d::kDepthwise), Activation::none);
    stack_.conv({.channels = channels, .kernel = 1}, around ? Activation::none : Activation::relu);
    if (around) {
      stack_.join(Add{}, in, "add");
      stack_.add(ReLU{}, "relu");
    }
    channels_ = channels;
  }

  constexpr void lateral() {
    stack_.conv({.channels = widths_.pyramid, .kernel = 1}, Activation::none);
    channels_ = widths_.pyramid;
  }

  /// One level up: what there is, enlarged, and what the finer level has seen.
  constexpr void merge(NodeId finer) {
    stack_.add(Upsample{.factor = 2}, "larger");
    const NodeId larger = stack_.at();
    stack_.go_to(finer);
    lateral();
    stack_.join(Add{}, larger, "add");
    block(widths_.pyramid);
  }

  constexpr void head(NodeId level, std::string_view name) {
    stack_.go_to(level);
    channels_ = widths_.pyramid;
    block(widths_.pyramid);
    net_.mark_output(net_.add(Conv2d{.channels = kCellValues, .kernel = 1}, stack_.at(), name));
  }

  Spec& net_;
  Stack stack_;
  DetectorWidths widths_;
  int channels_ = 0;
};

}  // namespace detail

/// Outputs: kCellOutputs. 0.14 M weights, 56 M multiply-adds for 256 x 256 pixels.
constexpr Spec detector_network(const DetectorWidths& widths = {}, bool norms = true) {
  Spec net;
  detail::DetectorBuilder(net, norms, widths).build();
  return net;
}

}  // namespace lineament
