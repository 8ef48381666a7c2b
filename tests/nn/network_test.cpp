// The network as a value: where its parameters lie, how they begin, copies.
#include "lineament/nn/network.hpp"

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/nn/session.hpp"
#include "nn/networks.hpp"

using namespace lineament;
using namespace lineament::testing;

TEST_CASE("network: parameters lie apart, aligned, trained ones first") {
  const Network net(zoo(), kZooInput);
  std::size_t end = 0, count = 0;
  bool trainable = true;
  for (const ParamInfo& p : net.params()) {
    CHECK(p.offset % 16 == 0);
    CHECK(p.offset >= end);
    end = p.offset + p.size;
    CHECK((trainable || !p.trainable));
    trainable = p.trainable;
    CHECK(p.size == p.shape.size());
    CHECK((end <= net.trainable_size()) == p.trainable);
    CHECK(p.decay == (p.name.ends_with(".weight") && p.shape.rank() > 1));  // not biases, slopes and normalisations
    CHECK(p.name.starts_with(net.spec()[p.node].name.view()));
    count += p.trainable ? p.size : 0;
  }
  CHECK(end <= net.weights().size());
  CHECK(net.weight_count() == count);
  CHECK(reinterpret_cast<std::uintptr_t>(net.weights().data()) % kAlignment == 0);
  CHECK(net.param("grouped.weight").shape == Shape{3, 3, 2, 4});
  CHECK(net.param("down.weight").shape == Shape{3, 3, 1, 4});
  CHECK(net.param("norm.running_var").trainable == false);
  CHECK_THROWS_AS(net.param("norm"), ArgumentError);
  CHECK_THROWS_WITH(net.param("nose.weight"), Catch::Matchers::Contains("nose.weight"));
}

TEST_CASE("network: first values") {
  Spec spec;
  spec << Conv2d{.channels = 64} << BatchNorm{} << PReLU{} << Flatten{} << Dense{.features = 50} << ReLU{}
       << Dense{.features = 60};
  const Network net(spec, Shape{8, 8, 16}, 1);
  const auto variance = [&](const char* name) {
    double sum = 0;
    for (const float w : net.values(net.param(name))) sum += static_cast<double>(w) * static_cast<double>(w);
    return sum / static_cast<double>(net.param(name).size);
  };
  const auto all = [&](const char* name, float wanted) {
    const auto values = net.values(net.param(name));
    return std::all_of(values.begin(), values.end(), [wanted](float v) { return v == wanted; });
  };
  CHECK(variance("conv2d_1.weight") == Approx(2.0 / (9 * 16)).epsilon(0.1));
  CHECK(variance("dense_1.weight") == Approx(2.0 / 4096).epsilon(0.1));
  CHECK(variance("dense_2.weight") ==
        Approx(6.0 / (50 + 60) / 3 / 400).epsilon(0.1));  // uniform in ± a twentieth of the square root of 6 / 110
  for (const float w : net.values(net.param("dense_2.weight"))) REQUIRE(std::abs(w) <= std::sqrt(6.0f / 110));
  CHECK(all("conv2d_1.bias", 0));
  CHECK(all("batch_norm_1.weight", 1));
  CHECK(all("batch_norm_1.bias", 0));
  CHECK(all("batch_norm_1.running_mean", 0));
  CHECK(all("batch_norm_1.running_var", 1));
  CHECK(all("prelu_1.weight", 0.25f));

  CHECK(copy_of(Network(spec, Shape{8, 8, 16}, 1).weights()) == copy_of(net.weights()));
  CHECK(copy_of(Network(spec, Shape{8, 8, 16}, 2).weights()) != copy_of(net.weights()));
}

TEST_CASE("network: copies are independent, also while one is trained") {
  Network first(zoo(), kZooInput, 1);
  const Network copy = first;
  const auto before = copy_of(first.weights());
  TrainingSession session(first, {.batch = 4});
  put(session.input(), random_values<double>(session.input().size(), 1));
  session.forward();
  CHECK(copy_of(first.weights()) != before);  // running statistics
  for (float& w : first.weights()) w += 1;
  CHECK(copy_of(copy.weights()) == before);
  first = copy;
  CHECK(copy_of(first.weights()) == before);
  CHECK(first.weights().data() != copy.weights().data());
  const Network moved = std::move(first);
  CHECK(copy_of(moved.weights()) == before);
}

TEST_CASE("network: float to double and back") {
  const Network net(zoo(), kZooInput, 1);
  const BasicNetwork<double> exact(net);
  CHECK(std::equal(net.weights().begin(), net.weights().end(), exact.weights().begin(), exact.weights().end(),
                   [](float a, double b) { return static_cast<double>(a) == b; }));
  CHECK(copy_of(Network(exact).weights()) == copy_of(net.weights()));
}

TEST_CASE("network: the output bias") {
  Network net(zoo(), kZooInput, 1);
  net.set_output_bias(std::vector<float>{1, 2, 3});
  CHECK(copy_of(net.values(net.param("out.bias"))) == std::vector<float>{1, 2, 3});
  CHECK_THROWS_AS(net.set_output_bias(std::vector<float>{1, 2}), ArgumentError);
  Network without(Spec() << Dense{.features = 2, .bias = false}, Shape{3});
  CHECK_THROWS_AS(without.set_output_bias(std::vector<float>{1, 2}), SpecError);
  Network other(Spec() << Dense{.features = 2} << ReLU{}, Shape{3});
  CHECK_THROWS_AS(other.set_output_bias(std::vector<float>{1, 2}), SpecError);
}
