// Weights taken over from another network.
#include "lineament/train/fine_tune.hpp"
#include "catch.hpp"
#include "lineament/nn/network.hpp"

using namespace lineament;

namespace {

std::vector<float> copy_of(std::span<const float> values) {
  return {values.begin(), values.end()};
}

std::vector<float> values_of(const Network& network, const std::string& name) {
  return copy_of(network.values(network.param(name)));
}

}  // namespace

TEST_CASE("weights are taken over by name, and what does not fit names the layer") {
  const Spec small = Spec() << Dense{.features = 8} << BatchNorm{} << Dense{.features = 2};
  Spec large;
  large.add(Dense{.features = 8}, Spec::kInput, "dense_1");
  large.add(BatchNorm{}, large.last(), "batch_norm_1");
  large.add(Dense{.features = 5}, large.last(), "head");
  Network from(small, Shape{4}, 1), to(large, Shape{4}, 2);
  from.values(from.param("batch_norm_1.running_mean"))[3] = 7;
  const std::vector<float> head = values_of(to, "head.weight");
  const TakenWeights result = take_weights(to, from);
  CHECK(result.taken == std::vector<std::string>{"dense_1", "batch_norm_1"});
  CHECK(result.fresh == std::vector<std::string>{"head"});
  for (const char* name : {"dense_1.weight", "dense_1.bias", "batch_norm_1.running_mean"})
    CHECK(values_of(to, name) == values_of(from, name));
  CHECK(values_of(to, "head.weight") == head);

  const Network wide(Spec() << Dense{.features = 9} << BatchNorm{} << Dense{.features = 2}, Shape{4}, 1);
  Network kept(small, Shape{4}, 3);
  const std::vector<float> before = copy_of(kept.weights());
  CHECK_THROWS_AS(take_weights(kept, wide), SpecError);
  CHECK_THROWS_WITH(take_weights(kept, wide), Catch::StartsWith("layer 'dense_1': ") && Catch::Contains("wanted 4x8") &&
                                                  Catch::Contains("got 4x9"));
  Spec other;
  other.add(Dense{.features = 3}, Spec::kInput, "else");
  CHECK_THROWS_WITH(take_weights(kept, Network(other, Shape{4}, 1)), Catch::Contains("wanted dense_1, batch_norm_1, "
                                                                                     "dense_2") &&
                                                                         Catch::Contains("got else"));
  CHECK(copy_of(kept.weights()) == before);
}

TEST_CASE("patterns of names: stars that could be anywhere take no time") {
  Spec spec;
  spec.add(Dense{.features = 2}, Spec::kInput, "a_rather_long_name_of_a_layer_with_weights");
  const Network network(spec, Shape{3}, 1);
  const auto found = [&](const std::string& pattern) {
    const std::vector<std::string> patterns{pattern};
    return params_named(network, patterns).size();
  };
  for (const char* pattern : {"*", "a*", "*weights", "a_r*of*weights", "a_?ather*", "**long**"}) {
    INFO(pattern);
    CHECK(found(pattern) == 2);
  }
  for (const std::string& pattern : {std::string(60, '*') + "x", std::string("a?")})
    CHECK_THROWS_AS(found(pattern), ArgumentError);
}
