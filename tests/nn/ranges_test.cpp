// Calibration of int8: which ranges are measured, and what a session does with them.
#include "lineament/nn/ranges.hpp"

#include <limits>
#include <vector>

#include "catch.hpp"
#include "lineament/isa.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/zoo/networks.hpp"
#include "nn/networks.hpp"
#include "support/networks.hpp"

using namespace lineament;
using namespace lineament::testing;

TEST_CASE("the ranges are those of every convolution's and dense layer's input, over all pictures") {
  Spec spec;
  spec.add(Dense{.features = 1}, Spec::kInput, "double");
  spec.add(ReLU{}, spec.last(), "relu");
  spec.add(Dense{.features = 1}, spec.last(), "last");
  Network network(spec, {2}, 1);
  put(network.values(network.param("double.weight")), {2, 4});
  put(network.values(network.param("double.bias")), {1});
  const std::vector<float> pictures{0.5f, 1, -2, 0.25f, 3, -1};
  const std::vector<LayerRange> ranges = measure_ranges(network, pictures);
  REQUIRE(ranges.size() == 2);
  CHECK(ranges[0].layer == "double");
  CHECK(ranges[0].range.low == -2);
  CHECK(ranges[0].range.high == 3);
  CHECK(ranges[1].layer == "last");  // 1 + 2 x + 4 y is 6, -2 and 3
  CHECK(ranges[1].range.low == 0);
  CHECK(ranges[1].range.high == 6);
  CHECK_THROWS_AS(measure_ranges(network, {}), ArgumentError);
  CHECK_THROWS_AS(measure_ranges(network, std::span(pictures).first(5)), ArgumentError);
}

TEST_CASE("ranges of a network with several inputs: a sample has the values of all of them") {
  Spec spec;
  const NodeId first = spec.add(Dense{.features = 1}, Spec::kInput, "first");
  const NodeId other = spec.add_input(Shape{3}, "other");
  const NodeId second = spec.add(Dense{.features = 1}, other, "second");
  spec.add(Add{}, {first, second}, "sum");
  const Network network(spec, {2}, 1);
  const std::vector<float> samples{1, 2, 30, 40, 50, -1, -2, -30, -40, -50};
  const std::vector<LayerRange> ranges = measure_ranges(network, samples);
  REQUIRE(ranges.size() == 2);
  CHECK(ranges[0].layer == "first");
  CHECK(ranges[0].range == Range{-2, 2});
  CHECK(ranges[1].layer == "second");
  CHECK(ranges[1].range == Range{-50, 50});
  CHECK_THROWS_AS(measure_ranges(network, std::span(samples).first(4)), ArgumentError);
}

namespace {

void check_short_precisions(const NamedNetwork& named) {
  Network network(named.spec(true, kValues), named.input, 1);
  const std::vector<double> pixels = random_values<double>(3 * named.input.size(), 1, 0, 1);
  std::vector<float> pictures(pixels.size());
  put(std::span(pictures), pixels);
  const std::vector<LayerRange> ranges = measure_ranges(network, pictures, 2);
  const auto output = [&](Precision precision, int batch, int threads) {
    InferenceSession session(network, {.batch = batch, .threads = threads, .precision = precision, .ranges = ranges});
    std::copy_n(pictures.begin(), session.input().size(), session.input().begin());
    return copy_of(session.forward());
  };
  for (const Precision precision : {Precision::bf16, Precision::int8}) {
    INFO(current_isa() << ", " << named.name << ", " << (precision == Precision::int8 ? "int8" : "bf16"));
    const auto wanted = output(Precision::fp32, 3, 1), got = output(precision, 3, 1);
    CHECK(mean_difference(got, wanted) < (precision == Precision::int8 ? 0.08 : 0.02));
    // One wrong value of many would hardly change the mean. Where weights are rounded more coarsely, the largest
    // difference of an untrained network is a matter of chance.
    if (precision == Precision::bf16 || has_int8_products())
      CHECK(difference(got, wanted) < (precision == Precision::int8 ? 0.1 : 0.03));
    CHECK(difference(got, wanted) > 1e-5);
    CHECK(output(precision, 3, 2) == got);
    CHECK(output(precision, 3, 4) == got);
  }
  // A picture alone gives what it gives among others.
  const auto alone = output(Precision::int8, 1, 1), among = output(Precision::int8, 3, 1);
  CHECK(difference(alone, std::vector<float>(among.begin(), among.begin() + kValues)) < 1e-3);
}

}  // namespace

TEST_CASE("a network in int8 and bfloat16 is close to the same in float, and another") {
  const std::string before = current_isa();
  for (const std::string& isa : available_isas()) {
    if (kSanitized && isa != before) continue;
    force_isa(isa);
    for (const NamedNetwork& named : tested_networks()) check_short_precisions(named);
  }
  force_isa(before);
}

TEST_CASE("int8 without the range of a layer is an error that names the layer") {
  const Network network(Spec() << Dense{.features = 3} << ReLU{} << Dense{.features = 2}, {4}, 1);
  CHECK_THROWS_WITH(
      InferenceSession(network, {.precision = Precision::int8}),
      Catch::Contains("dense_1: int8 needs the range of the layer's input") && Catch::Contains("got none"));
  const std::vector<LayerRange> other{{"conv", {0, 1}}};
  CHECK_THROWS_WITH(InferenceSession(network, {.precision = Precision::int8, .ranges = other}),
                    Catch::Contains("got ranges of other layers"));
  const std::vector<LayerRange> right{{"dense_1", {0, 1}}};  // the last layer needs none
  CHECK_NOTHROW(InferenceSession(network, {.precision = Precision::int8, .ranges = right}));
}

TEST_CASE("int8 of weights that are no numbers is an error that names the layer") {
  Network network(Spec() << Dense{.features = 3} << ReLU{} << Dense{.features = 2}, {4}, 1);
  const std::vector<LayerRange> ranges{{"dense_1", {0, 1}}};
  InferenceSession before(network, {.precision = Precision::int8, .ranges = ranges});
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    network.values(network.param("dense_1.weight"))[1] = bad;
    for (int again = 0; again < 2; ++again)
      CHECK_THROWS_WITH(before.forward(), Catch::Contains("dense_1: weights cannot be rounded to int8"));
    CHECK_THROWS_WITH(InferenceSession(network, {.precision = Precision::int8, .ranges = ranges}),
                      Catch::Contains("dense_1: weights cannot be rounded to int8"));
    CHECK_NOTHROW(InferenceSession(network));
  }
}

TEST_CASE("int8 of ranges that hold nothing is an error, and so is measuring them on what is no number") {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();
  const Network network(Spec() << Dense{.features = 3} << ReLU{} << Dense{.features = 2}, {4}, 1);
  for (const Range& bad : {Range{0, kInf}, Range{-3e38f, 3e38f}, Range{kNan, kNan}, Range{5, -5}}) {
    const std::vector<LayerRange> ranges{{"dense_1", bad}};
    CHECK_THROWS_WITH(InferenceSession(network, {.precision = Precision::int8, .ranges = ranges}),
                      Catch::Contains("dense_1: the range of the layer's input is none"));
  }
  for (const float bad : {kNan, kInf}) {
    std::vector<float> samples(8, 1.0f);
    samples[6] = bad;
    CHECK_THROWS_WITH(measure_ranges(network, samples), Catch::Contains("dense_1") && Catch::Contains("not finite"));
  }
}
