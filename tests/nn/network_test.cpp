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
  CHECK(net.has_output_bias());
  CHECK_FALSE(without.has_output_bias());
  CHECK_FALSE(other.has_output_bias());
  Network heat(Spec() << Conv2d{.channels = 2}, Shape{3, 3, 1});  // any layer with a bias
  REQUIRE(heat.has_output_bias());
  heat.set_output_bias(std::vector<float>{1, 2});
  CHECK(copy_of(heat.values(heat.param("conv2d_1.bias"))) == std::vector<float>{1, 2});
}

namespace {

/// Points and a heat map from an image and its depth; "heat" is read by "points", too.
Spec two_heads() {
  Spec net;
  const NodeId depth = net.add_input(Shape{4, 4, 1}, "depth");
  const NodeId both = net.add(Concat{}, {Spec::kInput, depth}, "both");
  const NodeId body = net.add(ReLU{}, net.add(Conv2d{.channels = 5}, both, "body"));
  const NodeId heat = net.add(Conv2d{.channels = 2}, body, "heat");
  const NodeId flat = net.add(Flatten{}, heat);
  const NodeId points = net.add(Dense{.features = 3}, flat, "points");
  const NodeId scores = net.add(Sigmoid{}, net.add(GlobalAvgPool{}, net.add(Conv2d{.channels = 1}, body, "scores")));
  net.mark_output(points);
  net.mark_output(heat);
  net.mark_output(scores);
  return net;
}

}  // namespace

TEST_CASE("network: several inputs and outputs by name") {
  Network net(two_heads(), Shape{4, 4, 3}, 1);
  REQUIRE(net.inputs().size() == 2);
  CHECK(net.inputs()[0].name == "input");
  CHECK(net.inputs()[0].shape == Shape{4, 4, 3});
  CHECK(net.inputs()[1].name == "depth");
  CHECK(net.inputs()[1].shape == Shape{4, 4, 1});
  CHECK(net.spec().name_of(net.inputs()[1].node) == "depth");
  REQUIRE(net.outputs().size() == 3);
  CHECK(net.outputs()[0].name == "points");
  CHECK(net.outputs()[0].shape == Shape{3});
  CHECK(net.outputs()[1].name == "heat");
  CHECK(net.outputs()[1].shape == Shape{4, 4, 2});
  CHECK(net.outputs()[2].shape == Shape{1});
  CHECK_THROWS_WITH(net.output_shape(), Catch::Contains("wanted 1 output, got 3"));
  CHECK(only_reader(net.spec(), *net.spec().find("heat")) == 0);  // the caller reads it, too
  CHECK(only_reader(net.spec(), *net.spec().find("both")) == *net.spec().find("body"));

  net.set_output_bias(std::vector<float>{1, 2}, 1);
  CHECK(copy_of(net.values(net.param("heat.bias"))) == std::vector<float>{1, 2});
  CHECK_FALSE(net.has_output_bias(2));
  CHECK_FALSE(net.has_output_bias(3));
  CHECK_THROWS_AS(net.set_output_bias(std::vector<float>{1}, 3), ArgumentError);

  // What is near an output starts small: "heat" is one, "scores" comes before a mean and a sigmoid.
  const auto largest = [&](const char* name) {
    float most = 0;
    for (const float w : net.values(net.param(name))) most = std::max(most, std::abs(w));
    return most;
  };
  CHECK(largest("body.weight") > 0.4f);
  CHECK(largest("heat.weight") < 0.05f);
  CHECK(largest("points.weight") < 0.05f);
  CHECK(largest("scores.weight") < 0.05f);
}

TEST_CASE("network: outputs that cannot be marked") {
  Spec net = two_heads();
  CHECK_THROWS_AS(net.mark_output(0), SpecError);
  CHECK_THROWS_AS(net.mark_output(net.size() + 1), SpecError);
  CHECK_THROWS_AS(net.mark_output(*net.find("depth")), SpecError);
  CHECK_THROWS_AS(net.mark_output(*net.find("heat")), SpecError);
  CHECK(net.outputs().size() == 3);
  CHECK_THROWS_AS(net.add(Input{.shape = {3}}, {1}, "more"), SpecError);
}

TEST_CASE("network: folding batch norms keeps outputs and what several layers read") {
  Spec spec;
  const NodeId conv = spec.add(Conv2d{.channels = 3, .bias = false}, Spec::kInput, "conv");
  const NodeId norm = spec.add(BatchNorm{}, conv, "norm");
  const NodeId other = spec.add(Conv2d{.channels = 2}, norm, "other");
  const NodeId norm2 = spec.add(BatchNorm{}, other, "norm2");
  spec.mark_output(norm2);
  spec.mark_output(other);
  spec.mark_output(norm);
  Network net(spec, Shape{4, 4, 2}, 1);
  randomise(net);
  const Network folded = fold_batch_norm(net);
  CHECK(folded.spec().size() == 3);  // "other" is an output itself, so norm2 stays
  REQUIRE(folded.outputs().size() == 3);
  CHECK(folded.outputs()[0].name == "norm2");
  CHECK(folded.outputs()[1].name == "other");
  CHECK(folded.outputs()[2].name == "conv");
  const auto scale = net.values(net.param("norm.weight")), shift = net.values(net.param("norm.bias")),
             mean = net.values(net.param("norm.running_mean")), var = net.values(net.param("norm.running_var"));
  for (std::size_t c = 0; c < 3; ++c) {
    const float factor = scale[c] / std::sqrt(var[c] + 1e-5f);
    CHECK(folded.values(folded.param("conv.weight"))[c] == Approx(net.values(net.param("conv.weight"))[c] * factor));
    CHECK(folded.values(folded.param("conv.bias"))[c] == Approx(shift[c] - mean[c] * factor));
  }
  CHECK(copy_of(folded.values(folded.param("other.weight"))) == copy_of(net.values(net.param("other.weight"))));
}
