// The networks of heat maps: what they cost at most, what they output, and where they start.
#include <map>

#include "catch.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/zoo/networks.hpp"
#include "support/networks.hpp"

using namespace lineament;
using namespace lineament::testing;

static_assert(output_shape(reference_network(), kReferenceInput) == Shape{kValues});
static_assert(output_shape(deep_network(), kReferenceInput) == Shape{kValues});
static_assert(output_shape(mobile_network(), kMobileInput) == Shape{kValues});
static_assert(output_shape(compact_network(), kReferenceInput) == Shape{kValues});
static_assert(output_shape(tiny_network(), kReferenceInput) == Shape{kValues});
static_assert(output_shape(large_network(false), kReferenceInput) == Shape{kValues});

namespace {

Network named(std::string_view name, int values = kValues) {
  for (const NamedNetwork& n : named_networks())
    if (n.name == name) return Network(n.spec(true, values), n.input, 1);
  throw ArgumentError({"test", "no such network", "", std::string(name), ""});
}

}  // namespace

TEST_CASE("compact, tiny and large keep to their weights and multiply-adds") {
  struct Limit {
    double weights, multiply_adds;
  };
  const std::map<std::string_view, Limit> limits{
      {"compact", {0.7e6, 140e6}}, {"tiny", {0.17e6, 40e6}}, {"large", {1.5e6, 300e6}}};
  for (const auto& [name, limit] : limits) {
    INFO(name);
    const Network network = named(name);
    const auto weights = static_cast<double>(network.weight_count()),
               work = static_cast<double>(network.multiply_adds());
    CHECK(weights <= limit.weights);
    CHECK(weights > 0.9 * limit.weights);  // what there is, is used
    CHECK(work <= limit.multiply_adds);
    CHECK(work > 0.9 * limit.multiply_adds);
  }
}

TEST_CASE("their outputs: points first, then what losses use; for any number of points") {
  for (const char* name : {"compact", "tiny", "large"})
    for (const int points : {68, 5}) {
      INFO(name << " for " << points);
      const Network network = named(name, 2 * points);
      REQUIRE(network.outputs().size() == 5);
      const std::vector<std::pair<std::string_view, Shape>> wanted{{kPointsOutput, {2 * points}},
                                                                   {kCoarseOutput, {2 * points}},
                                                                   {kSpreadOutput, {points}},
                                                                   {kHeatmapsOutput, {32, 32, points}},
                                                                   {kFaceOutput, {1}}};
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        CHECK(network.outputs()[i].name == wanted[i].first);
        CHECK(network.outputs()[i].shape == wanted[i].second);
      }
    }
  CHECK_THROWS_AS(named("compact", 7), SpecError);  // half a point
}

TEST_CASE("a new one outputs its coarse points, which lie in the crop") {
  const Network network = named("tiny");
  const auto last = network.values(network.param("refine2.weight"));
  CHECK(std::count(last.begin(), last.end(), 0.0f) == static_cast<std::ptrdiff_t>(last.size()));
  InferenceSession session(network);
  put(session.input(), random_values<double>(session.input().size(), 1, 0, 1));
  session.forward();
  const std::span<const float> points = session.output(0), coarse = session.output(1);
  for (std::size_t i = 0; i < points.size(); ++i) {
    CHECK(points[i] == coarse[i]);
    CHECK(coarse[i] > 0);
    CHECK(coarse[i] < 1);
  }
}
