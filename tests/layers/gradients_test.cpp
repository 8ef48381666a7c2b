// Every layer's gradients against differences in double; the contract of `backward`; and the check itself: it must
// reject wrong gradients.
#include "catch.hpp"
#include "support/gradient_check.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

struct Case {
  std::string name;
  Spec spec;
  Shape input;
  int batch = 2;
};

/// The layer after two different views of the input.
Spec joined(const Layer& layer, int inputs) {
  Spec spec;
  std::vector<NodeId> from;
  for (int i = 0; i < inputs; ++i) from.push_back(spec.add(PReLU{}, Spec::kInput));
  spec.add(layer, from, "joined");
  return spec;
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const int stride : {1, 2, 3})
    for (const Padding padding : {Padding::same, Padding::valid, Padding::fixed})
      list.push_back(
          {"conv2d, stride " + std::to_string(stride) + ", padding " + std::to_string(static_cast<int>(padding)),
           Spec() << Conv2d{.channels = 3, .kernel = 3, .stride = stride, .padding = padding, .pad = 2},
           {5, 4, 2}});
  list.push_back({"conv2d, no bias", Spec() << Conv2d{.channels = 2, .kernel = 2, .bias = false}, {3, 4, 3}});
  list.push_back({"conv2d, 1x1, stride 2", Spec() << Conv2d{.channels = 3, .kernel = 1, .stride = 2}, {5, 4, 2}});
  list.push_back({"conv2d, padding wider than the window",
                  Spec() << Conv2d{.channels = 2, .kernel = 1, .padding = Padding::fixed, .pad = 1},
                  {2, 3, 2}});
  list.push_back({"conv2d, 2 groups", Spec() << Conv2d{.channels = 4, .kernel = 3, .groups = 2}, {4, 3, 6}});
  list.push_back(
      {"conv2d, depthwise", Spec() << Conv2d{.channels = 3, .stride = 2, .groups = Conv2d::kDepthwise}, {5, 4, 3}});
  list.push_back({"conv2d, depthwise, two for each",
                  Spec() << Conv2d{.channels = 6, .groups = Conv2d::kDepthwise, .bias = false},
                  {3, 4, 3}});
  list.push_back({"max_pool", Spec() << MaxPool{}, {4, 6, 2}});
  list.push_back({"max_pool, overlapping", Spec() << MaxPool{.kernel = 3, .stride = 2}, {7, 6, 2}});
  list.push_back({"max_pool, gaps", Spec() << MaxPool{.kernel = 2, .stride = 3}, {7, 6, 2}});
  list.push_back({"avg_pool", Spec() << AvgPool{}, {5, 4, 2}});
  list.push_back({"avg_pool, overlapping", Spec() << AvgPool{.kernel = 3, .stride = 2}, {7, 6, 2}});
  list.push_back({"global_avg_pool", Spec() << GlobalAvgPool{}, {3, 5, 2}});
  list.push_back({"dense", Spec() << Dense{.features = 5}, {7}, 3});
  list.push_back({"dense, no bias", Spec() << Dense{.features = 1, .bias = false}, {7}, 1});
  list.push_back({"relu", Spec() << ReLU{}, {4, 4, 5}});
  list.push_back({"prelu", Spec() << PReLU{}, {4, 4, 5}});
  list.push_back({"silu", Spec() << SiLU{}, {4, 4, 5}});
  list.push_back({"hard_swish", Spec() << HardSwish{}, {4, 4, 5}});
  list.push_back({"sigmoid", Spec() << Sigmoid{}, {4, 4, 5}});
  list.push_back({"batch_norm, maps", Spec() << BatchNorm{}, {3, 4, 2}});
  list.push_back({"batch_norm, vectors", Spec() << BatchNorm{}, {3}, 7});
  list.push_back({"dropout", Spec() << Dropout{.rate = 0.4f}, {50}});
  list.push_back({"flatten", Spec() << Flatten{}, {3, 2, 2}});
  list.push_back({"add of 2", joined(Add{}, 2), {3, 2, 2}});
  list.push_back({"add of 3", joined(Add{}, 3), {3, 2, 2}});
  list.push_back({"concat of maps", joined(Concat{}, 2), {3, 2, 2}});
  list.push_back({"concat of vectors", joined(Concat{}, 3), {5}});
  return list;
}

/// A network with every parameter drawn anew: at their initial values some gradients would agree by chance.
BasicNetwork<double> network_of(const Case& c) {
  BasicNetwork<double> network(c.spec, c.input, 3);
  const auto values = random_values<double>(network.trainable_size(), 5, 0.3f, 1.2f);
  for (std::size_t i = 0; i < values.size(); ++i) network.weights()[i] += i % 2 == 0 ? values[i] : -values[i];
  return network;
}

}  // namespace

TEST_CASE("gradients of every layer agree with differences") {
  for (const Case& c : cases()) {
    INFO(c.name);
    BasicNetwork<double> network = network_of(c);
    GradientCheck check(network, c.batch, spaced_values<double>(static_cast<std::size_t>(c.batch) * c.input.size(), 7));
    const auto report = check.check();
    INFO(report.where);
    CHECK(report.worst <= GradientCheck::kTolerance);
  }
}

TEST_CASE("backward adds to parameter gradients and overwrites input gradients") {
  for (const Case& c : cases()) {
    INFO(c.name);
    BasicNetwork<double> network = network_of(c);
    const std::size_t size = static_cast<std::size_t>(c.batch) * c.input.size();
    const auto first = GradientCheck(network, c.batch, spaced_values<double>(size, 7)).backward();

    BasicTrainingSession<double> session(network, {.batch = c.batch, .input_gradient = true});
    const auto pass = [&](const std::vector<double>& input, const std::vector<double>& output_gradient) {
      put(session.input(), input);
      session.set_step(0);
      session.forward();
      put(session.output_gradient(), output_gradient);
      session.backward();
    };
    // A pass of NaNs leaves them wherever values and gradients of this batch will lie.
    const std::size_t outputs = session.output_gradient().size();
    pass(std::vector<double>(size, std::nan("")), std::vector<double>(outputs, std::nan("")));
    std::fill(session.gradients().begin(), session.gradients().end(), 7.0);
    for (int times = 1; times <= 2; ++times) {
      pass(spaced_values<double>(size, 7), random_values<double>(outputs, 1));
      CHECK(difference(session.input_gradient(), first.input) < 1e-14);
      auto wanted = std::vector<double>(session.gradients().size(), 7.0);
      for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] += times * first.params[i];
      CHECK(difference(session.gradients(), wanted) < 1e-14);
    }
    session.zero_gradients();
    CHECK(std::all_of(session.gradients().begin(), session.gradients().end(), [](double g) { return g == 0; }));
  }
}

TEST_CASE("the check rejects wrong gradients") {
  Spec spec;
  spec << Conv2d{.channels = 3} << BatchNorm{} << ReLU{} << MaxPool{} << Flatten{} << Dense{.features = 4};
  BasicNetwork<double> network(spec, Shape{4, 4, 2}, 1);
  GradientCheck check(network, 3, spaced_values<double>(96, 2));
  const auto right = check.backward();
  const auto report = check.compare(right);
  INFO(report.where);
  REQUIRE(report.worst <= GradientCheck::kTolerance);

  const auto largest = [](std::vector<double>& list) -> double& {
    return *std::max_element(list.begin(), list.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  };
  const auto rejected = [&](auto&& spoil) {
    auto wrong = right;
    spoil(wrong);
    return check.compare(wrong).worst > 100 * GradientCheck::kTolerance;
  };
  CHECK(rejected([&](auto& g) { largest(g.params) *= 1.001; }));
  CHECK(rejected([&](auto& g) { largest(g.input) *= 1.001; }));
  CHECK(rejected([&](auto& g) { largest(g.params) *= -1; }));
  CHECK(rejected([&](auto& g) { largest(g.input) = std::nan(""); }));
  // A forgotten bias, or one term of a sum left out.
  CHECK(rejected([&](auto& g) {
    const ParamInfo& bias = network.param("dense_1.bias");
    std::fill_n(g.params.begin() + static_cast<std::ptrdiff_t>(bias.offset), bias.size, 0.0);
  }));
  CHECK(rejected([&](auto& g) { std::swap(g.input[0], g.input[1]); }));
  // The input's gradient without the share that goes through the batch's mean.
  CHECK(rejected([&](auto& g) {
    for (double& v : g.input) v += 1e-3 * std::abs(largest(g.input));
  }));
}

TEST_CASE("float gives what double gives: fast kernels and reference") {
  for (const Case& c : cases()) {
    const BasicNetwork<double> exact = network_of(c);
    Network network(exact);
    for (const bool fast : {true, false}) {
      INFO(c.name << (fast ? ", fast" : ", reference"));
      const auto run = [&](auto net, PassSet without) {
        using T = std::decay_t<decltype(net.weights()[0])>;
        BasicTrainingSession<T> session(net,
                                        {.batch = c.batch, .threads = 2, .input_gradient = true, .without = without});
        put(session.input(), spaced_values<double>(session.input().size(), 7));
        const auto output = copy_of(session.forward());
        put(session.output_gradient(), random_values<double>(output.size(), 1));
        session.backward();
        return std::array{std::vector<double>(output.begin(), output.end()),
                          std::vector<double>(session.gradients().begin(), session.gradients().end()),
                          std::vector<double>(session.input_gradient().begin(), session.input_gradient().end())};
      };
      const auto wanted = run(BasicNetwork<double>(network), {});
      const auto got = run(network, fast ? PassSet() : PassSet{Pass::choose_kernels});
      for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(difference(got[i], wanted[i]) < 3e-6);
    }
  }
}
