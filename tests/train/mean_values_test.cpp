// The best constant prediction, of more samples than are looked at.
#include "catch.hpp"
#include "lineament/train/fit.hpp"

using namespace lineament;

namespace {

/// As files often are: sorted. The value of sample i is i.
struct Sorted : SampleSource {
  std::size_t count;
  explicit Sorted(std::size_t samples) : count(samples) {}
  std::size_t size() const override { return count; }
  std::size_t pixels_per_sample() const override { return 1; }
  std::size_t values_per_sample() const override { return 1; }
  void prepare(std::size_t i, Random, bool, const Sample& to) const override {
    if (!to.pixels.empty()) to.pixels[0] = 0;
    to.values[0] = static_cast<float>(i);
  }
};

}  // namespace

TEST_CASE("the mean of values is that of samples from everywhere, not of the first thousand") {
  CHECK(mean_values(Sorted(1000))[0] == Approx(499.5));
  CHECK(mean_values(Sorted(4000))[0] == Approx(1999.5).margin(4));
  CHECK(mean_values(Sorted(1001))[0] == Approx(500).margin(1));

  const Sorted samples(3000);
  Network network(Spec() << Dense{.features = 1}, Shape{1}, 1);
  FitOptions still;
  still.epochs = 1, still.schedule = {.rate = 0};
  fit(network, samples, nullptr, still);
  CHECK(network.values(network.param("dense_1.bias"))[0] == Approx(1499.5).margin(4));
}
