// A network with over 300 convolutions: shapes, parameters, folding, files.
#include "support/hrnet.hpp"
#include "catch.hpp"
#include "lineament/model/spec_json.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/session.hpp"
#include "support/values.hpp"

using namespace lineament;
using namespace lineament::testing;

TEST_CASE("a network like HRNet-W18 builds") {
  const Spec spec = HighResolutionNetwork(18).build(68);
  int convolutions = 0;
  for (NodeId id = 1; id <= spec.size(); ++id) convolutions += std::holds_alternative<Conv2d>(spec[id].layer);
  CHECK(convolutions > 300);
  CHECK(spec.size() > 800);

  const Network network(spec, Shape{64, 64, 3}, 1);
  REQUIRE(network.outputs().size() == 2);
  CHECK(network.outputs()[0].shape == Shape{136});
  CHECK(network.outputs()[1].shape == Shape{16, 16, 68});
  CHECK(network.shapes()[*spec.find("all_resolutions")] == Shape{16, 16, 15 * 18});
  CHECK(network.weight_count() > 9'000'000);  // the paper's: 9.3 M for landmarks
  CHECK(network.weight_count() < 10'000'000);
  CHECK(network.multiply_adds() > 250'000'000);

  // The heat maps start flat, so the first points lie near the middle.
  for (const float w : network.values(network.param("heat_maps.weight"))) REQUIRE(std::abs(w) < 0.01f);

  const Network folded = fold_batch_norm(network);
  CHECK(folded.spec().size() == spec.size() - convolutions + 1);  // all but "heat_maps" have a norm
  CHECK(folded.outputs()[1].name == "heat_maps");

  const SpecFile loaded = spec_from_json(spec_to_json(spec, network.input_shape()), "hrnet.json");
  CHECK(loaded.spec.size() == spec.size());
  CHECK(loaded.spec.outputs() == spec.outputs());
}

TEST_CASE("a network like HRNet-W18 trains a step and infers") {
  Network network(HighResolutionNetwork(18).build(68), Shape{64, 64, 3}, 1);
  TrainingSession train(network, {.batch = 2, .threads = 2});
  put(train.input(), random_values<double>(train.input().size(), 1, 0, 1));
  train.forward();
  for (const std::size_t i : {0u, 1u})
    std::fill(train.output_gradient(i).begin(), train.output_gradient(i).end(), 1e-3f);
  train.zero_gradients();
  train.backward();
  std::size_t moved = 0;
  for (const float g : train.gradients()) {
    REQUIRE(std::isfinite(g));
    moved += g != 0;
  }
  CHECK(moved > network.weight_count() / 2);

  const auto image = random_values<double>(network.input_shape().size(), 2, 0, 1);
  InferenceSession fast(network), plain(network, {.without = {Pass::choose_kernels, Pass::fold_batch_norm}});
  for (InferenceSession* session : {&fast, &plain}) put(session->input(), image);
  const auto points = copy_of(fast.forward());
  CHECK(points.size() == 136);
  CHECK(difference(points, copy_of(plain.forward())) < 1e-3);
  CHECK(difference(copy_of(fast.output(1)), copy_of(plain.output(1))) < 1e-2);
}
