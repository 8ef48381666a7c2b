// Weights that sessions share or that change under them: what must not be mixed up, and what must be noticed.
#include <algorithm>

#include "catch.hpp"
#include "lineament/isa.hpp"
#include "lineament/nn/session.hpp"
#include "support/values.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

void fill(std::span<float> to, const std::vector<float>& values) {
  REQUIRE(to.size() == values.size());
  std::copy(values.begin(), values.end(), to.begin());
}

}  // namespace

TEST_CASE("weights prepared for one instruction set are refused by sessions on another") {
  if (available_isas().size() < 2) LINEAMENT_SKIP("there is one instruction set here");
  const std::string before = current_isa();
  const Network network(Spec() << Conv2d{.channels = 16} << Flatten{} << Dense{.features = 40}, Shape{8, 8, 16}, 1);
  const auto weights = prepare_weights(network);
  force_isa(available_isas()[1]);
  CHECK_THROWS_WITH(InferenceSession(weights, {}), Catch::Matchers::Contains("another instruction set"));
  force_isa(before);
  CHECK_NOTHROW(InferenceSession(weights, {}));
}

TEST_CASE("sessions of other ranges or another precision do not share what was packed for the first") {
  // 24 channels: none of Winograd's, which would take them in floats where there are no products of bytes.
  const Network network(Spec() << Conv2d{.channels = 24} << Flatten{} << Dense{.features = 4}, Shape{8, 8, 16}, 1);
  const auto sample = random_values<float>(network.input_shape().size(), 1);
  const std::vector<LayerRange> narrow = measure_ranges(network, sample);
  std::vector<LayerRange> wide = narrow;
  for (LayerRange& r : wide) r.range = {-8, 8};
  const auto weights = prepare_weights(network);
  const auto output = [&](std::shared_ptr<PreparedWeights<float>> shared, const std::vector<LayerRange>& ranges) {
    InferenceSession session(std::move(shared), {.precision = Precision::int8, .ranges = ranges});
    fill(session.input(), sample);
    return copy_of(session.forward());
  };
  output(weights, narrow);
  CHECK(output(weights, wide) == output(prepare_weights(network), wide));
  CHECK(output(weights, narrow) != output(weights, wide));
}

TEST_CASE("packed weights are for the options that they were packed for") {
  const Network network(Spec() << Dense{.features = 64} << ReLU{} << Dense{.features = 4}, Shape{512}, 1);
  const auto sample = random_values<float>(512, 1);
  const std::vector<LayerRange> ranges = measure_ranges(network, sample);
  const auto weights = pack_weights(network, {.precision = Precision::int8, .ranges = ranges});
  CHECK_NOTHROW(InferenceSession(weights, {.batch = 3, .precision = Precision::int8, .ranges = ranges}));
  CHECK_THROWS_WITH(InferenceSession(weights, {}), Catch::Matchers::Contains("released"));
}

TEST_CASE("weights packed for int8 serve sessions of any batch, on every instruction set") {
  const std::string before = current_isa();
  const Network network(Spec() << Conv2d{.channels = 16} << ReLU{} << GlobalAvgPool{} << Dense{.features = 40} << ReLU{}
                               << Dense{.features = 4},
                        Shape{8, 8, 3}, 1);
  const auto sample = random_values<float>(network.input_shape().size(), 1);
  for (const std::string& isa : available_isas()) {
    force_isa(isa);
    INFO(isa);
    const std::vector<LayerRange> ranges = measure_ranges(network, sample);
    const auto weights = pack_weights(network, {.precision = Precision::int8, .ranges = ranges});
    for (const int batch : {1, 2, 4, 8, 32}) {
      INFO("batch " << batch);
      CHECK_NOTHROW(InferenceSession(weights, {.batch = batch, .precision = Precision::int8, .ranges = ranges}));
    }
  }
  force_isa(before);
}

TEST_CASE("a session for inference notices statistics that a training session has changed") {
  Network network(Spec() << Conv2d{.channels = 4} << BatchNorm{} << Flatten{} << Dense{.features = 2}, Shape{6, 6, 2},
                  1);
  const auto sample = random_values<float>(72, 1);
  TrainingSession training(network, {.batch = 1});
  InferenceSession session(network);
  fill(session.input(), sample);
  session.forward();
  fill(training.input(), random_values<float>(72, 2, 3, 5));
  training.forward();
  InferenceSession fresh(network);
  for (InferenceSession* s : {&session, &fresh}) fill(s->input(), sample);
  CHECK(copy_of(session.forward()) == copy_of(fresh.forward()));
}

TEST_CASE("options of packing are checked as those of a session") {
  const Network network(Spec() << Dense{}, Shape{2}, 1);
  CHECK_THROWS_WITH(pack_weights(network, {.batch = -3}), Catch::Contains("got -3"));
  CHECK_THROWS_AS(pack_weights(network, {.precision = static_cast<Precision>(9)}), ArgumentError);
  CHECK_THROWS_AS(pack_weights(network, {.precision = Precision::bf16, .without = {Pass::choose_kernels}}),
                  ArgumentError);
}
