// What evaluate() says of samples: means over those that count, and no loss.
#include "lineament/train/evaluate.hpp"

#include <cmath>

#include "catch.hpp"
#include "lineament/nn/network.hpp"

using namespace lineament;

namespace {

/// The value of sample i is i.
struct Numbers : SampleSource {
  std::size_t size() const override { return 20; }
  std::size_t pixels_per_sample() const override { return 1; }
  std::size_t values_per_sample() const override { return 1; }
  void prepare(std::size_t i, Random, bool, const Sample& to) const override {
    to.pixels[0] = to.values[0] = static_cast<float>(i);
  }
};

}  // namespace

TEST_CASE("samples that the metric leaves out are not counted, and a loss that was not measured is none") {
  const Network network(Spec() << Dense{.features = 1}, Shape{1}, 1);
  const Metric odd = [](std::span<const float>, std::span<const float> truth, std::span<const float>) {
    std::vector<NamedValue> values;
    if (static_cast<int>(truth[0]) % 2 == 1) values.push_back({"truth", static_cast<double>(truth[0])});
    return values;
  };
  const Means means = evaluate(network, Numbers(), odd);
  CHECK(means.samples == 10);
  CHECK(means.metric("truth") == Approx(10));
  CHECK(std::isnan(means.loss));
  const Metric none = [](std::span<const float>, std::span<const float>, std::span<const float>) {
    return std::vector<NamedValue>();
  };
  CHECK(evaluate(network, Numbers(), none).samples == 0);
}
