// How a layer is written and checked: a factor for each channel, y = scale * gain * x (LayerScale: Touvron et al., ICCV
// 2021). Build: cmake --workflow --preset release        Run: build/release/examples/04_own_layer
//
// A Spec holds the layers of the list `Layer` in lineament/nn/layers.hpp and no others: to use this one in networks,
// put the struct into a header beside the others, and its name into that list. Files, shape inference, memory planning
// and sessions then know it and run this definition; a faster kernel is a specialisation of Kernels<> (kernel.hpp).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "lineament/nn/layers.hpp"
#include "lineament/random.hpp"
#include "lineament/reference/reference.hpp"

using namespace lineament;

struct ChannelGain {
  static constexpr std::string_view kType = "channel_gain";
  static constexpr Traits kTraits{.backward_reads_input = true};
  float scale = 1;  ///< an option: every gain is multiplied by it

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("scale", self.scale);
  }
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return same_shape(inputs); }
  constexpr ParamSpecs params(std::span<const Shape> inputs) const {
    return {{.name = "gain", .shape = {inputs[0].channels()}, .init = Init::one}};
  }
};

template <>
struct lineament::Reference<ChannelGain> {
  template <class T>
  static void forward(const ChannelGain& layer, const Forward<T>& f) {
    const auto x = pixels(f.input());  // {pixels of the batch, channels}
    pixels(f.output) = x * for_each_pixel(f.params[0], x.dimension(0)) * T(layer.scale);
  }
  /// Parameter gradients are added to, input gradients are overwritten, nothing else is touched.
  template <class T>
  static void backward(const ChannelGain& layer, const Backward<T>& b) {
    const auto x = pixels(b.input()), dy = pixels(b.output_gradient);
    as_tensor(b.param_gradients[0], x.dimension(1)) += (dy * x).sum(std::array<int, 1>{0}) * T(layer.scale);
    if (b.input_gradient().data == nullptr) return;  // nobody asks for it
    pixels(b.input_gradient()) = dy * for_each_pixel(b.params[0], x.dimension(0)) * T(layer.scale);
  }
};

/// The layer on a batch of 2 pictures of 3 x 2 pixels and 4 channels, in double; the loss is the sum of factors * y.
struct Check {
  static constexpr int kBatch = 2;
  static constexpr Shape kShape{3, 2, 4};
  ChannelGain layer{.scale = 0.7f};
  std::vector<double> x, y, gain, factors;

  Check() : x(kBatch * kShape.size()), y(x.size()), gain(4), factors(x.size()) {
    Random random(1);
    for (auto* list : {&x, &gain, &factors})
      for (double& v : *list) v = double(random.uniform(-1, 1));
  }
  double loss() {
    const View<const double> input{x.data(), kBatch, kShape};
    const std::span<const double> param = gain;
    Forward<double> f;
    f.inputs = {&input, 1};
    f.output = {y.data(), kBatch, kShape};
    f.params = {&param, 1};
    Reference<ChannelGain>::forward(layer, f);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += factors[i] * y[i];
    return sum;
  }
  void backward(std::vector<double>& dx, std::vector<double>& dgain) {
    const View<const double> input{x.data(), kBatch, kShape};
    const View<double> input_gradient{dx.data(), kBatch, kShape};
    const std::span<const double> param = gain;
    const std::span<double> param_gradient = dgain;
    Backward<double> b;
    b.inputs = {&input, 1};
    b.output = {y.data(), kBatch, kShape};
    b.output_gradient = {factors.data(), kBatch, kShape};
    b.input_gradients = {&input_gradient, 1};
    b.params = {&param, 1};
    b.param_gradients = {&param_gradient, 1};
    Reference<ChannelGain>::backward(layer, b);
  }
  /// Largest difference between `claimed` and central differences by each of `values`.
  double worst(std::vector<double>& values, const std::vector<double>& claimed) {
    double result = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double at = values[i], step = 1e-5;
      values[i] = at + step;
      const double above = loss();
      values[i] = at - step;
      const double slope = (above - loss()) / (2 * step);
      values[i] = at;
      result = std::max(result, std::isnan(claimed[i]) ? INFINITY : std::abs(claimed[i] - slope));
    }
    return result;
  }
};

int main() {
  Check check;
  check.loss();
  std::vector<double> dx(check.x.size(), NAN), dgain(check.gain.size(), 0);  // NaN: what is not overwritten shows
  check.backward(dx, dgain);
  const double input = check.worst(check.x, dx), gain = check.worst(check.gain, dgain);
  std::printf("largest error of a gradient: input %.1e, gain %.1e\n", input, gain);
  return input < 1e-8 && gain < 1e-8 ? 0 : 1;
}
