// A layer of one's own: a factor for each channel, y = scale * gain * x (LayerScale: Touvron et al., ICCV 2021), in a
// network, its gradient checked, saved and loaded again.
// Build: cmake --preset release && cmake --build --preset release
// Run: build/release/examples/04_own_layer
#include <cstdio>

#include "lineament/model/spec_json.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/testing/gradient_check.hpp"

using namespace lineament;

struct ChannelGain {
  static constexpr std::string_view kType = "channel_gain";
  static constexpr Traits kTraits{.backward_reads_input = true, .per_image = true, .light = true};

  float scale = 1;  ///< an option: every gain is multiplied by it

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("scale", self.scale);
  }
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return inputs[0]; }
  constexpr ParamSpecs params(std::span<const Shape> inputs) const {
    return {{.name = "gain", .shape = {inputs[0].channels()}, .init = Init::one}};
  }

  template <class T>
  void forward(const Forward<T>& f) const {
    const std::size_t channels = f.params[0].size();
    for (std::size_t i = 0; i < f.output.size(); ++i)
      f.output.data[i] = T(scale) * f.params[0][i % channels] * f.input().data[i];
  }
  /// Gradients with respect to parameters are added to, those with respect to inputs are overwritten.
  template <class T>
  void backward(const Backward<T>& b) const {
    const std::size_t channels = b.params[0].size();
    for (std::size_t i = 0; i < b.output.size(); ++i) {
      const T dy = T(scale) * b.output_gradient.data[i];
      b.param_gradients[0][i % channels] += dy * b.input().data[i];
      if (b.input_gradient().data != nullptr) b.input_gradient().data[i] = dy * b.params[0][i % channels];
    }
  }
};

// In a network it is a layer like any other, at compile time, too.
constexpr Spec own_network() {
  return Spec() << Conv2d{.channels = 8} << custom(ChannelGain{.scale = 0.5f}) << ReLU{} << Flatten{}
                << Dense{.features = 2};
}
static_assert(output_shape(own_network(), Shape{16, 16, 3}) == Shape{2});

int main() try {
  const auto report = testing::check_gradients(ChannelGain{.scale = 0.7f}, {Shape{3, 2, 4}});
  std::printf("largest relative error of a gradient: %.1e\n", report.worst);
  if (!report.passed()) std::printf("%s\n", report.where.c_str());

  const Network network(own_network(), Shape{16, 16, 3}, 1);
  std::printf("%s: %zu gains\n", network.param("channel_gain_1.gain").name.c_str(),
              network.param("channel_gain_1.gain").size);

  register_layer<ChannelGain>();  // before files are loaded that hold it
  const std::string json = spec_to_json(network.spec(), network.input_shape());
  const SpecFile loaded = spec_from_json(json, "own network");
  std::printf("loaded again: %s\n", describe(loaded.spec[2]).c_str());
  return report.passed() ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
