// Every layer's gradients against differences in double; the contract of `backward`; and the check itself: it must
// reject wrong gradients.
#include "catch.hpp"
#include "lineament/reference/all.hpp"
#include "lineament/testing/gradient_check.hpp"
#include "support/gradient_check.hpp"
#include "support/layer_cases.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

struct Case {
  std::string name;
  Spec spec;
  Shape input;
  int batch = 2;
};

/// Each case of the registry as the end of a network with one input. A layer of several inputs sees different views of
/// it, or the means of its channels.
std::vector<Case> cases() {
  std::vector<Case> list;
  for (const LayerCase& c : layer_cases()) {
    if (c.inputs.empty()) continue;
    Spec spec;
    std::vector<NodeId> from{Spec::kInput};
    if (c.inputs.size() > 1) from.clear();
    while (from.size() < c.inputs.size()) {
      const bool same = c.inputs[from.size()] == c.inputs[0];
      from.push_back(same ? spec.add(PReLU{}, Spec::kInput) : spec.add(GlobalAvgPool{}, Spec::kInput));
    }
    spec.add(c.layer, from, "last");
    list.push_back({c.name, spec, c.inputs[0], c.batch});
  }
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

TEST_CASE("gradients of every layer alone agree with differences, and the rules of backward are kept") {
  for (const LayerCase& c : layer_cases()) {
    if (c.inputs.empty()) continue;  // an input of the network
    INFO(c.name);
    const GradientReport report =
        std::visit([&](const auto& layer) { return check_gradients(layer, c.inputs, c.batch); }, c.layer);
    INFO(report.where);
    CHECK(report.passed());
  }
}

namespace {

/// A layer with one mistake in `backward`.
enum class Mistake { none, factor, overwrites, forgets_input, changes_input };
template <Mistake mistake>
struct Wrong : ChannelGain {
  template <class T>
  void backward(const Backward<T>& b) const {
    const auto dx = b.input_gradient().data;
    if (mistake == Mistake::overwrites) std::fill(b.param_gradients[0].begin(), b.param_gradients[0].end(), T(0));
    ChannelGain::backward(b);
    if (mistake == Mistake::factor && dx != nullptr) dx[2] *= T(1.001);
    if (mistake == Mistake::forgets_input && dx != nullptr) dx[3] = std::numeric_limits<T>::quiet_NaN();
    if (mistake == Mistake::changes_input) const_cast<T*>(b.input().data)[0] += T(1);
  }
};
template <Mistake mistake>
std::string found() {
  const GradientReport report = check_gradients(Wrong<mistake>{}, {Shape{2, 3, 4}});
  return report.passed() ? "nothing" : report.where;
}

}  // namespace

TEST_CASE("the check of a layer of a user's own finds each mistake") {
  using Catch::Matchers::Contains;
  CHECK(found<Mistake::none>() == "nothing");
  CHECK_THAT(found<Mistake::factor>(), Contains("input 0[2]"));
  CHECK_THAT(found<Mistake::overwrites>(), Contains("does not add to the gradient of gain"));
  CHECK_THAT(found<Mistake::forgets_input>(), Contains("input 0[3]: backward nan"));
  CHECK_THAT(found<Mistake::changes_input>(), Contains("changed an input"));
}

TEST_CASE("gradients of every layer in a network agree with differences") {
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
