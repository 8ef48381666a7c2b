// int8: values between layers are bytes where all that read them would round them anyway. The results must be the bits
// of the same layers run apart, with floats between them.
#include <algorithm>

#include "catch.hpp"
#include "kernels/common/isa.hpp"
#include "lineament/isa.hpp"
#include "lineament/nn/ranges.hpp"
#include "lineament/nn/session.hpp"
#include "nn/networks.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

struct Part {
  const char* name;
  std::vector<Layer> layers;  ///< the last is none of int8's: it would be the network's answer, and stay fp32
};

Spec joined(std::span<const Part> parts) {
  Spec spec;
  for (const Part& part : parts)
    for (std::size_t i = 0; i < part.layers.size(); ++i)
      spec.add(part.layers[i], spec.last(), Name(std::string(part.name) + "_" + std::to_string(i)));
  return spec;
}

/// The output of layers with the weights that the layers of the same names have in `whole`.
std::vector<float> run(const Network& whole, const Spec& spec, const Shape& input, std::span<const float> values,
                       const InferenceOptions& options) {
  Network network(spec, input, 1);
  for (const ParamInfo& param : network.params()) {
    const std::span<const float> from = whole.values(whole.param(param.name));
    std::copy(from.begin(), from.end(), network.values(param).begin());
  }
  InferenceSession session(network, options);
  std::copy(values.begin(), values.end(), session.input().begin());
  const std::span<const float> output = session.forward();
  return {output.begin(), output.end()};
}

/// Windows with and without padding, strides, pools, channels that are no multiple of a vector; "pooled" puts out
/// values below 0.
std::vector<Part> chain() {
  return {
      {"stem", {Conv2d{.channels = 20, .kernel = 3, .padding = Padding::same}, ReLU{}, MaxPool{}}},
      {"same", {Conv2d{.channels = 48, .kernel = 3, .padding = Padding::same}, ReLU{}}},
      {"strided", {Conv2d{.channels = 12, .kernel = 3, .stride = 2, .padding = Padding::fixed, .pad = 1}, ReLU{}}},
      {"valid", {Conv2d{.channels = 132, .kernel = 3}, ReLU{}}},
      {"thin", {Conv2d{.channels = 36, .kernel = 1}, HardSwish{}}},
      {"pooled", {Conv2d{.channels = 16, .kernel = 3}, MaxPool{}}},
      {"end",
       {Conv2d{.channels = 24, .kernel = 2}, ReLU{}, Flatten{}, Dense{.features = 40}, ReLU{}, Dense{.features = 5}}}};
}

}  // namespace

TEST_CASE("bytes between layers: the bits of the same layers apart") {
  const std::string before = current_isa();
  const std::vector<Part> parts = chain();
  const Shape input{43, 38, 3};
  Network whole(joined(parts), input, 1);
  randomise(whole);
  for (const int batch : {1, 3}) {
    std::vector<float> pictures(static_cast<std::size_t>(batch) * input.size());
    put(std::span(pictures), random_values<double>(pictures.size(), 1, -1, 1));
    const std::vector<LayerRange> ranges = measure_ranges(whole, pictures);
    for (const std::string& isa : available_isas()) {
      force_isa(isa);
      InferenceOptions options{.batch = batch, .precision = Precision::int8, .ranges = ranges};
      std::vector<float> apart = pictures;
      Shape shape = input;
      for (const Part& part : parts) {
        const Spec spec = joined({&part, 1});
        apart = run(whole, spec, shape, apart, options);
        shape = output_shape(spec, shape);
      }
      for (const int threads : {1, 2, 3}) {
        INFO(isa << ", batch " << batch << ", " << threads << " threads");
        options.threads = threads;
        CHECK(run(whole, whole.spec(), input, pictures, options) == apart);
      }
    }
  }
  force_isa(before);
}

TEST_CASE("bytes between layers: depthwise convolutions among them, the bits of floats in between") {
  const std::string before = current_isa();
  const auto depthwise = [](int channels, int kernel, int stride) {
    return Conv2d{.channels = channels,
                  .kernel = kernel,
                  .stride = stride,
                  .padding = Padding::same,
                  .groups = Conv2d::kDepthwise};
  };
  const auto point = [](int channels) { return Conv2d{.channels = channels, .kernel = 1}; };
  const Spec spec = Spec() << point(24) << ReLU{} << depthwise(24, 3, 1) << ReLU{} << point(72) << ReLU{}
                           << depthwise(72, 3, 2) << HardSwish{} << point(132) << HardSwish{} << depthwise(132, 5, 1)
                           << ReLU{} << point(20) << depthwise(20, 5, 2) << point(6) << depthwise(6, 3, 1) << point(3)
                           << point(2);
  const Shape input{43, 38, 3};
  Network network(spec, input, 1);
  randomise(network);
  for (const int batch : {1, 3}) {
    std::vector<float> pictures(static_cast<std::size_t>(batch) * input.size());
    put(std::span(pictures), random_values<double>(pictures.size(), 1, -1, 1));
    const std::vector<LayerRange> ranges = measure_ranges(network, pictures);
    for (const std::string& isa : available_isas()) {
      force_isa(isa);
      InferenceOptions options{
          .batch = batch, .precision = Precision::int8, .ranges = ranges, .without = {Pass::quantise}};
      const std::vector<float> floats = run(network, spec, input, pictures, options);
      options.without = {};
      for (const int threads : {1, 2, 4}) {
        INFO(isa << ", batch " << batch << ", " << threads << " threads");
        options.threads = threads;
        CHECK(run(network, spec, input, pictures, options) == floats);
      }
    }
  }
  force_isa(before);
}

TEST_CASE("bytes between layers: what a gate multiplies, the bits of floats in between") {
  const std::string before = current_isa();
  const Shape input{11, 9, 3};
  for (const int channels : {8, 20, 22, 132}) {
    Spec spec;
    const NodeId wide = spec.add(Conv2d{.channels = channels, .kernel = 1}, Spec::kInput, "wide");
    const NodeId gate = spec.add(Sigmoid{}, spec.add(GlobalAvgPool{}, wide), "gate");
    spec.add(Multiply{}, {wide, gate}, "scale");
    spec << Conv2d{.channels = 7, .kernel = 1} << HardSwish{} << Conv2d{.channels = 2, .kernel = 1};
    Network network(spec, input, 1);
    randomise(network);
    std::vector<float> pictures(3 * input.size());
    put(std::span(pictures), random_values<double>(pictures.size(), 1, -1, 1));
    const std::vector<LayerRange> ranges = measure_ranges(network, pictures);
    for (const std::string& isa : available_isas()) {
      force_isa(isa);
      InferenceOptions options{.batch = 3, .precision = Precision::int8, .ranges = ranges, .without = {Pass::quantise}};
      const std::vector<float> floats = run(network, spec, input, pictures, options);
      options.without = {};
      for (const int threads : {1, 2, 4}) {
        INFO(isa << ", " << channels << " channels, " << threads << " threads");
        options.threads = threads;
        CHECK(run(network, spec, input, pictures, options) == floats);
        const auto plan = InferenceSession(network, options).plan();
        const auto scale =
            std::find_if(plan.begin(), plan.end(), [](const PlannedOp& op) { return op.layers == "scale"; });
        REQUIRE(scale != plan.end());
        CHECK(std::string(scale->type) == (channels % 4 == 0 && multiplies_bytes() ? "u8" : "f32"));
      }
    }
  }
  force_isa(before);
}

TEST_CASE("bytes between layers: a quarter of the memory, unless somebody reads floats") {
  const auto memory = [](bool sum, int channels, Precision precision) {
    const Shape input{96, 96, 16};
    Spec spec;
    const NodeId first = spec.add(Conv2d{.channels = channels, .kernel = 1}, Spec::kInput, "first");
    const NodeId second = spec.add(Conv2d{.channels = channels, .kernel = 1}, first, "second");
    const NodeId read = sum ? spec.add(AvgPool{}, first, "floats") : Spec::kInput;
    const NodeId third = spec.add(Conv2d{.channels = 1, .kernel = 1}, second, "third");
    if (sum)
      spec.add(Concat{}, {spec.add(GlobalAvgPool{}, read, "a"), spec.add(GlobalAvgPool{}, third, "b")}, "both");
    else
      spec.add(GlobalAvgPool{}, third, "mean");
    const Network network(spec, input, 1);
    const std::vector<float> picture(input.size(), 1);
    const InferenceSession session(network, {.precision = precision, .ranges = measure_ranges(network, picture)});
    return static_cast<double>(session.arena_bytes());
  };
  const double value = 96 * 96 * 64 * sizeof(float);
  const double floats = memory(false, 64, Precision::fp32);
  CHECK(floats >= 2 * value);
  CHECK(memory(false, 64, Precision::int8) < floats - value);
  // The first value stays float because of who else reads it.
  const double also_read = memory(true, 64, Precision::int8);
  CHECK(also_read > value);
  CHECK(also_read < memory(true, 64, Precision::fp32) - value / 2);
  // Channels that do not fill words stay float.
  CHECK(memory(false, 62, Precision::int8) > 2 * value * 62 / 64);
}
