// Several named inputs and outputs, in inference and training: the values and gradients of the same layers with their
// inputs and outputs joined into one.
#include "catch.hpp"
#include "lineament/nn/session.hpp"
#include "nn/networks.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

constexpr Shape kImage{8, 6, 3};
constexpr int kDepth = 5;

/// An image and a vector in; heatmaps, which a later layer reads, too, and a vector out.
Spec two_of_each(bool joined) {
  Spec net;
  const NodeId depth = net.add_input(Shape{kDepth}, "depth");
  NodeId x = net.add(Conv2d{.channels = 8, .bias = false}, Spec::kInput, "conv");
  x = net.add(ReLU{}, net.add(BatchNorm{}, x, "norm"), "relu");
  const NodeId maps = net.add(Conv2d{.channels = 2, .kernel = 1}, x, "maps");
  const NodeId features = net.add(Flatten{}, net.add(ReLU{}, maps, "maps_relu"), "features");
  const NodeId both = net.add(Concat{}, {features, depth}, "both");
  const NodeId points = net.add(Dense{.features = 4}, both, "points");
  if (joined) {
    net.add(Concat{}, {net.add(Flatten{}, maps, "flat_maps"), points}, "joined");
  } else {
    net.mark_output(points);
    net.mark_output(maps);
  }
  return net;
}

template <class Session>
void put_inputs(Session& session) {
  put(session.input(0), random_values<double>(session.input(0).size(), 1, -1, 1));
  put(session.input(1), random_values<double>(session.input(1).size(), 2, -1, 1));
}

}  // namespace

TEST_CASE("several inputs and outputs have names, shapes and an order") {
  const Network network(two_of_each(false), kImage, 1);
  REQUIRE(network.inputs().size() == 2);
  CHECK(network.inputs()[0].name == "input");
  CHECK(network.inputs()[1].name == "depth");
  CHECK(network.inputs()[1].shape == Shape{kDepth});
  REQUIRE(network.outputs().size() == 2);
  CHECK(network.outputs()[0].name == "points");
  CHECK(network.outputs()[1].name == "maps");
  CHECK(network.outputs()[1].shape == Shape{8, 6, 2});
}

TEST_CASE("several outputs: values and gradients are those of one output that joins them") {
  constexpr int kBatch = 3;
  Network apart(two_of_each(false), kImage, 1), joined(two_of_each(true), kImage, 1);
  randomise(apart);
  for (const ParamInfo& p : apart.params())
    std::copy_n(apart.values(p).begin(), p.size, joined.values(joined.param(p.name)).begin());
  const std::size_t maps = 8 * 6 * 2, points = 4, all = maps + points;
  const auto check_outputs = [&](auto& two, auto& one) {
    const auto wanted = one.output();
    for (std::size_t k = 0; k < kBatch; ++k) {
      const auto sample = wanted.subspan(k * all, all);
      const auto same = [&](std::span<const float> got, std::span<const float> from) {
        CHECK(copy_of(got) == copy_of(from));
      };
      same(two.output(0).subspan(k * points, points), sample.subspan(maps));
      same(two.output(1).subspan(k * maps, maps), sample.first(maps));
    }
  };
  for (const int threads : {1, 2}) {
    InferenceSession two(apart, {.batch = kBatch, .threads = threads}), one(joined, {.batch = kBatch});
    put_inputs(two);
    put_inputs(one);
    two.forward();
    one.forward();
    check_outputs(two, one);
  }
  TrainingSession two(apart, {.batch = kBatch, .threads = 2, .input_gradient = true});
  TrainingSession one(joined, {.batch = kBatch, .input_gradient = true});
  for (int step = 0; step < 2; ++step) {
    put_inputs(two);
    put_inputs(one);
    two.forward();
    one.forward();
    check_outputs(two, one);
    put(one.output_gradient(), random_values<double>(kBatch * all, 3));
    for (std::size_t k = 0; k < kBatch; ++k) {
      const auto sample = one.output_gradient().subspan(k * all, all);
      std::copy_n(sample.begin(), maps, two.output_gradient(1).subspan(k * maps).begin());
      std::copy_n(sample.begin() + maps, points, two.output_gradient(0).subspan(k * points).begin());
    }
    two.zero_gradients();
    one.zero_gradients();
    two.backward();
    one.backward();
    for (const ParamInfo& p : apart.params()) {
      if (!p.trainable) continue;
      INFO(p.name);
      const ParamInfo& q = joined.param(p.name);
      const auto got = copy_of(two.gradients().subspan(p.offset, p.size));
      const auto wanted = copy_of(one.gradients().subspan(q.offset, q.size));
      CHECK(difference(got, wanted) < 1e-6);
    }
    CHECK(difference(copy_of(two.input_gradient()), copy_of(one.input_gradient())) < 1e-6);
  }
}
