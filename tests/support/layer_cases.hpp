// A registry of layers to test: each kind at least once, every option at least once away from its default. Tests of
// gradients and of files run over it, and tests/layers/registry_test.cpp fails if a kind of layer is not in it.
#pragma once
#include <string>
#include <vector>

#include "lineament/nn/spec.hpp"

namespace lineament::testing {

/// A layer of a user's own with a parameter and an option of each kind.
struct ChannelGain {
  static constexpr std::string_view kType = "channel_gain";
  static constexpr Traits kTraits{.backward_reads_input = true, .light = true};

  float scale = 1;
  int repeats = 1;
  bool negative = false;

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("scale", self.scale);
    visit("repeats", self.repeats);
    visit("negative", self.negative);
  }
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return inputs[0]; }
  constexpr ParamSpecs params(std::span<const Shape> inputs) const {
    return {{.name = "gain", .shape = {inputs[0].channels()}, .init = Init::one}};
  }
  template <class T>
  T factor() const {
    return T(scale) * T(repeats) * T(negative ? -1 : 1);
  }
  template <class T>
  void forward(const Forward<T>& f) const {
    const std::size_t channels = f.params[0].size();
    for (std::size_t i = 0; i < f.output.size(); ++i)
      f.output.data[i] = factor<T>() * f.params[0][i % channels] * f.input().data[i];
  }
  template <class T>
  void backward(const Backward<T>& b) const {
    const std::size_t channels = b.params[0].size();
    for (std::size_t i = 0; i < b.output.size(); ++i) {
      const T dy = factor<T>() * b.output_gradient.data[i];
      b.param_gradients[0][i % channels] += dy * b.input().data[i];
      if (b.input_gradient().data != nullptr) b.input_gradient().data[i] = dy * b.params[0][i % channels];
    }
  }
};

struct LayerCase {
  std::string name;
  Layer layer;
  std::vector<Shape> inputs;
  int batch = 2;
};

inline std::vector<LayerCase> convolution_cases() {
  std::vector<LayerCase> list;
  for (const int stride : {1, 2, 3})
    for (const Padding padding : {Padding::same, Padding::valid, Padding::fixed})
      list.push_back(
          {"conv2d, stride " + std::to_string(stride) + ", padding " + std::to_string(static_cast<int>(padding)),
           Conv2d{.channels = 3, .kernel = 3, .stride = stride, .padding = padding, .pad = 2},
           {{5, 4, 2}}});
  list.push_back({"conv2d, no bias", Conv2d{.channels = 2, .kernel = 2, .bias = false}, {{3, 4, 3}}});
  list.push_back({"conv2d, 1x1, stride 2", Conv2d{.channels = 3, .kernel = 1, .stride = 2}, {{5, 4, 2}}});
  list.push_back({"conv2d, padding wider than the window",
                  Conv2d{.channels = 2, .kernel = 1, .padding = Padding::fixed, .pad = 1},
                  {{2, 3, 2}}});
  list.push_back({"conv2d, 2 groups", Conv2d{.channels = 4, .kernel = 3, .groups = 2}, {{4, 3, 6}}});
  list.push_back({"conv2d, depthwise", Conv2d{.channels = 3, .stride = 2, .groups = Conv2d::kDepthwise}, {{5, 4, 3}}});
  list.push_back({"conv2d, depthwise, two for each",
                  Conv2d{.channels = 6, .groups = Conv2d::kDepthwise, .bias = false},
                  {{3, 4, 3}}});
  list.push_back({"conv2d, dilation 2", Conv2d{.channels = 3, .dilation = 2}, {{6, 5, 2}}});
  list.push_back({"conv2d, 2x3, dilation 2, stride 2, groups",
                  Conv2d{.channels = 4, .kernel = 2, .stride = 2, .groups = 2, .kernel_width = 3, .dilation = 2},
                  {{6, 7, 2}}});
  list.push_back({"conv2d, 1x5, no padding",
                  Conv2d{.channels = 2, .kernel = 1, .padding = Padding::valid, .kernel_width = 5},
                  {{2, 7, 2}}});
  return list;
}

inline std::vector<LayerCase> layer_cases() {
  std::vector<LayerCase> list = convolution_cases();
  const Shape map{4, 4, 5};
  list.push_back({"max_pool", MaxPool{}, {{4, 6, 2}}});
  list.push_back({"max_pool, overlapping", MaxPool{.kernel = 3, .stride = 2}, {{7, 6, 2}}});
  list.push_back({"max_pool, gaps", MaxPool{.kernel = 2, .stride = 3}, {{7, 6, 2}}});
  list.push_back({"avg_pool", AvgPool{}, {{5, 4, 2}}});
  list.push_back({"avg_pool, overlapping", AvgPool{.kernel = 3, .stride = 1}, {{7, 6, 2}}});
  list.push_back({"global_avg_pool", GlobalAvgPool{}, {{3, 5, 2}}});
  list.push_back({"dense", Dense{.features = 5}, {{7}}, 3});
  list.push_back({"dense, no bias", Dense{.features = 2, .bias = false}, {{7}}, 1});
  list.push_back({"dense, from zero", Dense{.features = 3, .starts_at_zero = true}, {{5}}, 2});
  list.push_back({"relu", ReLU{}, {map}});
  list.push_back({"leaky_relu", LeakyReLU{.slope = 0.2}, {map}});
  list.push_back({"prelu", PReLU{}, {map}});
  list.push_back({"silu", SiLU{}, {map}});
  list.push_back({"hard_swish", HardSwish{}, {map}});
  list.push_back({"sigmoid", Sigmoid{}, {map}});
  list.push_back({"tanh", Tanh{}, {{2, 2, 5}}});
  list.push_back({"softmax, maps", Softmax{}, {{3, 2, 4}}});
  list.push_back({"softmax, vectors", Softmax{}, {{5}}, 3});
  list.push_back({"batch_norm, maps", BatchNorm{.momentum = 0.03, .epsilon = 1e-3}, {{3, 4, 2}}});
  list.push_back({"batch_norm, vectors", BatchNorm{}, {{3}}, 7});
  list.push_back({"dropout", Dropout{.rate = 0.4f}, {{50}}});
  list.push_back({"flatten", Flatten{}, {{3, 2, 2}}});
  list.push_back({"upsample, nearest", Upsample{.factor = 3}, {{2, 3, 2}}});
  list.push_back({"upsample, bilinear", Upsample{.factor = 2, .mode = Interpolation::bilinear}, {{3, 4, 2}}});
  list.push_back({"upsample, bilinear, 4", Upsample{.factor = 4, .mode = Interpolation::bilinear}, {{1, 3, 2}}});
  list.push_back({"soft_argmax", SoftArgmax{}, {{3, 4, 2}}});
  list.push_back({"soft_argmax, one row", SoftArgmax{}, {{1, 5, 3}}});
  list.push_back({"pad", Pad{.top = 1, .bottom = 2, .left = 3, .right = 4}, {{3, 2, 2}}});
  list.push_back({"add of 2", Add{}, {{3, 2, 2}, {3, 2, 2}}});
  list.push_back({"add of 3", Add{}, {{3, 2, 2}, {3, 2, 2}, {3, 2, 2}}});
  list.push_back({"concat of maps", Concat{}, {{3, 2, 2}, {3, 2, 2}}});
  list.push_back({"concat of vectors", Concat{}, {{5}, {5}, {5}}});
  list.push_back({"multiply", Multiply{}, {{3, 2, 4}, {3, 2, 4}}});
  list.push_back({"multiply, a value for each channel", Multiply{}, {{3, 2, 4}, {4}}});
  list.push_back({"input", Input{.shape = {4, 4, 5}}, {}});
  list.push_back({"custom", custom(ChannelGain{.scale = 0.5f, .repeats = 3, .negative = true}), {map}});
  return list;
}

/// Calls f.operator()<L>() for each kind of layer there is.
template <class F, std::size_t I = 0>
void each_layer_type(F&& f) {
  if constexpr (I < std::variant_size_v<Layer>) {
    f.template operator()<std::variant_alternative_t<I, Layer>>();
    each_layer_type<F, I + 1>(std::forward<F>(f));
  }
}

/// The layer alone: its first input is the network's, the others further inputs.
inline Spec alone(const Layer& layer, const std::vector<Shape>& inputs) {
  Spec spec;
  std::vector<NodeId> from;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    from.push_back(i == 0 ? Spec::kInput : spec.add_input(inputs[i], Name("input " + std::to_string(i + 1))));
  spec.add(layer, from, "layer");
  return spec;
}

}  // namespace lineament::testing
