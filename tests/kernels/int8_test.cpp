// int8: which kernels a network gets on each instruction set, and weights at the limits of what sums hold.
#include "kernels/common/isa.hpp"
#include "kernels/compare.hpp"
#include "lineament/nn/session.hpp"
#include "support/networks.hpp"

using namespace lineament;
using namespace lineament::testing;

TEST_CASE("kernels: int8 leaves alone what would overflow, most grouped convolutions and the last layer") {
  const auto kernels = [](const Spec& spec, const Shape& input) {
    const Network network(spec, input, 1);
    std::vector<LayerRange> ranges;
    for (NodeId id = 1; id <= spec.size(); ++id) ranges.push_back({spec[id].name.str(), {0, 1}});
    const InferenceSession session(network, {.precision = Precision::int8, .ranges = ranges});
    std::vector<std::string> names;
    for (const PlannedOp& op : session.plan()) names.push_back(op.kernel);
    return names;
  };
  CHECK(kernels(Spec() << Dense{.features = 2} << Dense{.features = 2}, {66'312}) ==
        std::vector<std::string>{"gemm", "gemm"});
  CHECK(kernels(Spec() << Dense{.features = 2} << Dense{.features = 2}, {66'311}) ==
        std::vector<std::string>{"int8", "gemm"});
  CHECK(kernels(Spec() << Conv2d{.channels = 8, .groups = 2} << Conv2d{.channels = 8, .groups = Conv2d::kDepthwise}
                       << Conv2d{.channels = 4} << Conv2d{.channels = 4},
                {5, 5, 4}) ==
        std::vector<std::string>{"direct", has_int8_products() ? "depthwise_int8" : "depthwise", "int8", "direct"});
  const Conv2d whole{.channels = 4, .kernel = 258, .padding = Padding::valid, .groups = Conv2d::kDepthwise};
  CHECK(kernels(Spec() << whole << Flatten{} << Dense{.features = 2}, {258, 258, 4})[0] != "depthwise_int8");
  // Depthwise with a small window: only where a convolution gives it bytes.
  const Conv2d expand{.channels = 8, .kernel = 1};
  const auto second = [&](const Layer& before, int kernel) {
    const Conv2d depthwise{.channels = 8, .kernel = kernel, .padding = Padding::same, .groups = Conv2d::kDepthwise};
    return kernels(Spec() << expand << before << depthwise << expand << expand, {9, 9, 4});
  };
  const IsaRestorer restorer;
  for (const std::string& isa : available_isas()) {
    force_isa(isa);
    INFO(isa);
    const std::string bytes = has_int8_products() ? "depthwise_int8" : "depthwise";
    // Where bytes are not multiplied, only layers of few pixels gain by them.
    const std::string one = multiplies_bytes() ? "int8" : "pointwise";
    CHECK(second(ReLU{}, 3) == std::vector<std::string>{one, bytes, one, "pointwise"});
    CHECK(second(HardSwish{}, 3) == std::vector<std::string>{one, bytes, one, "pointwise"});
    CHECK(second(SiLU{}, 3) == std::vector<std::string>{one, "activation", "depthwise", one, "pointwise"});
    CHECK(second(SiLU{}, 5) == std::vector<std::string>{one, "activation", bytes, one, "pointwise"});
    // Without products of bytes Winograd's algorithm in floats is faster.
    const Conv2d wide{.channels = 16, .padding = Padding::same};
    const std::string products = has_int8_products() ? "int8" : "winograd";
    CHECK(kernels(Spec() << wide << wide << wide, {9, 9, 16}) ==
          std::vector<std::string>{products, products, "winograd"});
  }
}

TEST_CASE("kernels: int8 of weights that are next to nothing gives the bias") {
  for (const Layer& layer : {Layer(Dense{.features = 5}), Layer(Conv2d{.channels = 8, .kernel = 1}),
                             Layer(Conv2d{.channels = 8, .kernel = 5, .groups = Conv2d::kDepthwise})}) {
    const Shape input = std::holds_alternative<Dense>(layer) ? Shape{7} : Shape{6, 5, 8};
    const auto fill = [](std::span<float> values, float value) { std::fill(values.begin(), values.end(), value); };
    Network network(one_layer(layer), input, 1);
    fill(network.values(network.params()[0]), std::numeric_limits<float>::denorm_min());
    fill(network.values(network.params()[1]), 2.5f);
    RunOptions options{.precision = Precision::int8, .range = {0, 1}};
    for (const Kernel<float>* kernel : fitting_kernels<float>(last_layer(network, options))) {
      options.kernel = kernel->name();
      INFO(options.kernel);
      LayerRun<float> run(network, options);
      fill(run.input(), 1.0f);
      run.forward();
      for (const float y : run.output()) CHECK(y == Approx(2.5));
    }
  }
}

TEST_CASE("kernels: the largest sums of int8 do not overflow") {
  const IsaRestorer restorer;
  const int in = 66'311;
  Network network(one_layer(Dense{.features = 3, .bias = false}), Shape{in}, 1);
  for (const float sign : {1.0f, -1.0f}) {
    for (float& w : network.weights()) w = sign;
    for (const std::string& isa : available_isas()) {
      INFO(isa << ", weights " << sign);
      force_isa(isa);
      LayerRun<float> run(network, {.precision = Precision::int8, .kernel = "int8", .range = {0, 1}});
      std::fill(run.input().begin(), run.input().end(), 1.0f);
      run.forward();
      for (const float y : run.output()) CHECK(y == Approx(sign * in));
    }
  }
}

TEST_CASE("kernels: two weights of int8 that are rounded up together do not overflow 16 bits") {
  const IsaRestorer restorer;
  const int columns = 4000;  // the weights of one sum up to 2, the larger one being at most 1.98
  Network network(one_layer(Dense{.features = columns, .bias = false}), Shape{2}, 1);
  for (int n = 0; n < columns; ++n) {
    const auto column = static_cast<std::size_t>(n);
    network.weights()[column] = 1 - static_cast<float>(n) / 4096;
    network.weights()[columns + column] = 1 + static_cast<float>(n) / 4096;
  }
  for (const std::string& isa : available_isas()) {
    INFO(isa);
    force_isa(isa);
    LayerRun<float> run(network, {.precision = Precision::int8, .kernel = "int8", .range = {0, 1}});
    std::fill(run.input().begin(), run.input().end(), 1.0f);
    run.forward();
    // A sum of 129 * 255 that is cut off at 16 bits would give 2.008.
    if (int8_adds_pairs()) CHECK(*std::max_element(run.output().begin(), run.output().end()) < 2.0001f);
    for (const float y : run.output()) CHECK(y == Approx(2).epsilon(0.01));
  }
}

TEST_CASE("kernels: depthwise int8 of rows that lie in padding alone, on threads") {
  const IsaRestorer restorer;
  for (const std::string& isa : available_isas())
    for (const int kernel : {3, 5, 7})
      for (const int height : {1, 2, 6}) {
        force_isa(isa);
        INFO(isa << ", kernel " << kernel << ", height " << height);
        const Conv2d wide{
            .channels = 20, .kernel = kernel, .padding = Padding::fixed, .pad = kernel, .groups = Conv2d::kDepthwise};
        const Spec spec = Spec() << MaxPool{.kernel = 1, .stride = 1} << wide << Conv2d{.channels = 1, .kernel = 1};
        const Network network(spec, {height, 8, 20}, 1);
        const std::vector<LayerRange> ranges{{spec[2].name.str(), {-3, 3}}, {spec[3].name.str(), {-3, 3}}};
        const auto output = [&](int threads, Precision precision) {
          InferenceSession session(network, {.threads = threads, .precision = precision, .ranges = ranges});
          put(session.input(), random_values<double>(session.input().size(), 1));
          return copy_of(session.forward());
        };
        const auto one = output(1, Precision::int8);
        CHECK(difference(one, output(1, Precision::fp32)) < 0.05);
        for (const int threads : {4, 8}) CHECK(output(threads, Precision::int8) == one);
      }
}
