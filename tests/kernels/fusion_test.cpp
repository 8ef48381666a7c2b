// Layers fused into one step, on every instruction set: when inferring they give the same bits as one after the other,
// in training the gradients of the definition.
#include "kernels/fused_training.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

/// What a chain of layers gives, each a network of its own.
std::vector<float> one_by_one(const Network& network, std::span<const double> input, int batch, int threads) {
  std::vector<float> value(input.begin(), input.end());
  for (NodeId id = 1; id <= network.spec().size(); ++id) {
    Network single(Spec() << network.spec()[id].layer, network.shapes()[id - 1], 1);
    for (const ParamInfo& info : single.params()) {
      const std::string own = info.name.substr(info.name.find('.'));
      const auto weights = network.values(network.param(network.spec()[id].name.str() + own));
      std::copy(weights.begin(), weights.end(), single.values(info).begin());
    }
    InferenceSession session(single, {.batch = batch, .threads = threads});
    std::copy(value.begin(), value.end(), session.input().begin());
    value = copy_of(session.forward());
  }
  return value;
}

/// Inference with everything fused that can be, against one layer after the other.
void check_fused(const Spec& spec, const Shape& input, int batch, const std::string& first_step) {
  const IsaRestorer restorer;
  Network network(spec, input, 1);
  put(network.weights().first(network.trainable_size()), random_values<double>(network.trainable_size(), 30));
  const auto values = random_values<double>(static_cast<std::size_t>(batch) * input.size(), 1);
  for (const std::string& isa : available_isas())
    for (const int threads : {1, 3}) {
      INFO(first_step << " of " << to_string(input) << ", batch " << batch << ", " << isa);
      force_isa(isa);
      InferenceSession fused(network, {.batch = batch, .threads = threads});
      CHECK(fused.plan().front().layers == first_step);
      put(fused.input(), values);
      CHECK(copy_of(fused.forward()) == one_by_one(network, values, batch, threads));
    }
}

}  // namespace

TEST_CASE("fusion: convolution, relu and max_pool in training") {
  const IsaRestorer restorer;
  force_isa(float_isas().front());
  const auto check = [](const Conv2d& conv, const Shape& input, const std::string& kernel) {
    INFO(kernel);
    const Network network(Spec() << conv, input, 1);
    CHECK(InferenceSession(network).plan().front().kernel == kernel);
    for (const int batch : {1, 3}) {
      check_fused_training(Spec() << conv << ReLU{} << MaxPool{} << Conv2d{.channels = 5}, input, batch, 0,
                           "conv2d_1 + relu_1 + max_pool_1");
      check_fused_training(Spec() << conv << ReLU{} << Conv2d{.channels = 5}, input, batch, 0, "conv2d_1 + relu_1");
      check_fused_training(Spec() << conv << MaxPool{}, input, batch, 0, "conv2d_1 + max_pool_1");
    }
  };
  for (const Shape& input : {Shape{12, 8, 3}, Shape{7, 21, 2}, Shape{35, 4, 17}})
    check({.channels = 18}, input, "direct");
  check({.channels = 4, .kernel = 5, .stride = 2}, {19, 22, 3}, "direct");
  check({.channels = 6, .groups = 3}, {8, 9, 6}, "direct");
  check({.channels = 16, .kernel = 2, .padding = Padding::fixed, .pad = 3}, {5, 6, 3}, "direct");
  check({.channels = 16, .kernel = 3, .padding = Padding::valid}, {9, 40, 5}, "direct");
  // Several strips of a image: rows of the gradient that two of them need are made once, and kept.
  for (const int stride : {1, 2}) {
    const Conv2d conv{.channels = 35, .kernel = 5, .stride = stride};
    check_fused_training(Spec() << conv << ReLU{} << MaxPool{}, {70, 62, 33}, 1, 0, "conv2d_1 + relu_1 + max_pool_1");
    check_fused_training(Spec() << conv << ReLU{}, {70, 62, 33}, 1, 0, "conv2d_1 + relu_1");
  }
  for (const Shape& input : {Shape{12, 8, 16}, Shape{7, 21, 48}, Shape{33, 5, 16}})
    check({.channels = 32}, input, "winograd");
  check({.channels = 32}, {47, 46, 16}, "winograd_6x6");
  check({.channels = 16, .padding = Padding::valid}, {9, 14, 32}, "winograd");
  check({.channels = 48, .padding = Padding::fixed, .pad = 2}, {6, 9, 16}, "winograd");
  // What the ReLU gives has two readers: nobody may write over it, and its gradient is their sum.
  Spec two = Spec() << Conv2d{.channels = 16};
  const NodeId active = two.add(ReLU{}, 1);
  two.add(Concat{}, {two.add(ReLU{}, active), two.add(Conv2d{.channels = 3}, active)});
  check_fused_training(two, {6, 9, 3}, 2, 0, "conv2d_1 + relu_1");
}

TEST_CASE("fusion: convolution, relu and max_pool") {
  const Spec all = Spec() << Conv2d{.channels = 17} << ReLU{} << MaxPool{};
  for (const Shape& input : {Shape{2, 2, 1}, Shape{6, 14, 3}, Shape{18, 16, 7}, Shape{34, 8, 15}})
    for (const int batch : {1, 3}) check_fused(all, input, batch, "conv2d_1 + relu_1 + max_pool_1");
  for (const Shape& input : {Shape{2, 2, 16}, Shape{8, 12, 48}, Shape{10, 6, 32}})
    check_fused(Spec() << Conv2d{.channels = 32} << ReLU{} << MaxPool{}, input, 3, "conv2d_1 + relu_1 + max_pool_1");
  // The last row or column of odd images belongs to no window.
  for (const Shape& input : {Shape{7, 8, 3}, Shape{8, 7, 3}, Shape{37, 43, 5}})
    check_fused(all, input, 2, "conv2d_1 + relu_1 + max_pool_1");
  for (const Shape& input : {Shape{7, 8, 16}, Shape{8, 7, 16}, Shape{37, 43, 16}})
    check_fused(Spec() << Conv2d{.channels = 32} << ReLU{} << MaxPool{}, input, 2, "conv2d_1 + relu_1 + max_pool_1");
  check_fused(Spec() << Conv2d{.channels = 33, .bias = false} << MaxPool{}, {8, 6, 3}, 2, "conv2d_1 + max_pool_1");
  check_fused(Spec() << Conv2d{.channels = 4, .stride = 2} << ReLU{} << MaxPool{}, {16, 12, 3}, 2,
              "conv2d_1 + relu_1 + max_pool_1");
  check_fused(Spec() << Conv2d{.channels = 6, .groups = 3} << ReLU{} << MaxPool{}, {8, 6, 3}, 2,
              "conv2d_1 + relu_1 + max_pool_1");
  check_fused(Spec() << Conv2d{.channels = 4} << ReLU{} << MaxPool{.kernel = 3, .stride = 2}, {9, 9, 3}, 2,
              "conv2d_1 + relu_1");
  check_fused(Spec() << Conv2d{.channels = 4} << SiLU{} << MaxPool{}, {8, 8, 3}, 2, "conv2d_1");
}

TEST_CASE("fusion: depthwise and dense layers with relu") {
  check_fused(Spec() << Conv2d{.channels = 7, .groups = Conv2d::kDepthwise} << ReLU{} << MaxPool{}, {8, 6, 7}, 2,
              "conv2d_1 + relu_1");
  for (const int in : {3, 129, 1031})
    for (const int batch : {1, 5})
      check_fused(Spec() << Dense{.features = 33} << ReLU{} << Dense{}, {in}, batch, "dense_1 + relu_1");
}

TEST_CASE("fusion: 1x1 and depthwise convolutions with hard-swish") {
  for (const int channels : {3, 16, 24, 33, 130})
    for (const int batch : {1, 3}) {
      check_fused(Spec() << Conv2d{.channels = channels, .kernel = 1} << HardSwish{}, {13, 9, 7}, batch,
                  "conv2d_1 + hard_swish_1");
      for (const int kernel : {3, 5, 7})
        for (const int stride : {1, 2})
          check_fused(
              Spec() << Conv2d{.channels = channels, .kernel = kernel, .stride = stride, .groups = Conv2d::kDepthwise}
                     << HardSwish{} << MaxPool{},
              {13, 9, channels}, batch, "conv2d_1 + hard_swish_1");
    }
  // Not after a ReLU, and not where other kernels run.
  check_fused(Spec() << Conv2d{.channels = 5, .kernel = 1} << ReLU{} << HardSwish{}, {8, 8, 3}, 2, "conv2d_1 + relu_1");
  check_fused(Spec() << Conv2d{.channels = 4} << HardSwish{}, {8, 8, 3}, 2, "conv2d_1");
  check_fused(Spec() << Conv2d{.channels = 16} << HardSwish{}, {8, 8, 16}, 2, "conv2d_1");
  check_fused(Spec() << Dense{.features = 9} << HardSwish{}, {7}, 2, "dense_1");
}

TEST_CASE("fusion: convolution and residual sum") {
  const auto check = [](const Conv2d& second, const Shape& input, bool first_operand, const std::string& kernel) {
    const IsaRestorer restorer;
    Spec spec;
    const NodeId skip = spec.add(Conv2d{.channels = second.channels, .kernel = 1}, Spec::kInput, "skip");
    const NodeId conv = spec.add(second, skip, "conv");
    const NodeId sum = first_operand ? spec.add(Add{}, {conv, skip}, "sum") : spec.add(Add{}, {skip, conv}, "sum");
    spec.add(ReLU{}, sum, "relu");
    spec.add(Dense{.features = 3}, spec.add(GlobalAvgPool{}, spec.last()));
    Network network(spec, input, 1);
    put(network.weights().first(network.trainable_size()), random_values<double>(network.trainable_size(), 30));
    const auto values = random_values<double>(3 * input.size(), 1);
    std::vector<float> images(values.size());
    put(std::span(images), values);
    const std::vector<LayerRange> ranges = measure_ranges(network, images);
    for (const std::string& isa : float_isas())
      for (const int threads : {1, 3}) {
        INFO(kernel << " of " << to_string(input) << ", " << isa);
        force_isa(isa);
        TrainingSession apart(network, {.batch = 3, .threads = threads});
        put(apart.input(), values);
        const auto wanted = copy_of(apart.forward());
        InferenceSession fused(network, {.batch = 3, .threads = threads});
        CHECK(fused.plan()[1].layers == "conv + sum + relu");
        CHECK(fused.plan()[1].kernel == kernel);
        put(fused.input(), values);
        CHECK(copy_of(fused.forward()) == wanted);
        InferenceSession lower(network,
                               {.batch = 3, .threads = threads, .precision = Precision::int8, .ranges = ranges});
        CHECK(lower.plan()[1].layers == "conv + sum + relu");
        put(lower.input(), values);
        CHECK(difference(lower.forward(), wanted) < 0.05);
      }
  };
  for (const bool first_operand : {false, true}) {
    check({.channels = 33, .kernel = 1}, {6, 14, 3}, first_operand, "pointwise");
    for (const int channels : {24, 40, 68, 112})
      check({.channels = channels, .kernel = 1}, {6, 5, 3}, first_operand, "pointwise");
    check({.channels = 17, .kernel = 3}, {9, 7, 5}, first_operand, "direct");
    check({.channels = 10, .kernel = 3, .groups = 2}, {9, 7, 5}, first_operand, "direct");
    check({.channels = 32, .kernel = 3}, {8, 13, 4}, first_operand, "winograd");
    check({.channels = 32, .kernel = 3}, {10, 13, 4}, first_operand, "winograd_6x6");
  }
}

TEST_CASE("fusion: im2col with sum and ReLU, but not with a pool") {
  const IsaRestorer restorer;
  force_isa(float_isas().front());
  Spec spec;
  const NodeId skip = spec.add(Conv2d{.channels = 70, .kernel = 1}, Spec::kInput, "skip");
  spec.add(ReLU{}, spec.add(Add{}, {skip, spec.add(Conv2d{.channels = 70}, skip, "conv")}, "sum"), "relu");
  spec.add(MaxPool{}, spec.add(ReLU{}, spec.add(Conv2d{.channels = 64}, spec.last(), "last"), "last_relu"), "pool");
  const Shape input{5, 4, 9};
  Network network(spec, input, 1);
  put(network.weights(), random_values<double>(network.weights().size(), 30));
  const auto values = random_values<double>(input.size(), 1);
  InferenceSession exact(network, {.without = {Pass::choose_kernels}});
  put(exact.input(), values);
  const auto wanted = copy_of(exact.forward());
  for (const int threads : {1, 3}) {
    InferenceSession fused(network, {.threads = threads});
    CHECK(fused.plan()[1].kernel == "im2col");
    CHECK(fused.plan()[1].layers == "conv + sum + relu");
    CHECK(fused.plan()[2].kernel == "im2col");
    CHECK(fused.plan()[2].layers == "last + last_relu");
    put(fused.input(), values);
    CHECK(difference(fused.forward(), wanted) < 5e-6);
  }
}

TEST_CASE("fusion: a sum of what is not there yet, of three, or of what somebody else reads stays apart") {
  const auto steps = [](const Spec& spec) {
    const Network network(spec, {6, 6, 4}, 1);
    const InferenceSession session(network);
    std::vector<std::string> layers;
    for (const PlannedOp& step : session.plan()) layers.push_back(step.layers);
    return layers;
  };
  using Words = std::vector<std::string>;
  const Conv2d conv{.channels = 4};
  Spec two;  // the second branch comes later: it is the one that adds
  two.add(conv, Spec::kInput, "a");
  two.add(conv, Spec::kInput, "b");
  two.add(Add{}, {1, 2}, "sum");
  CHECK(steps(two) == Words{"a", "b + sum"});
  Spec three = two;
  three.add(Add{}, {3, 3}, "twice");
  CHECK(steps(three) == Words{"a", "b + sum", "twice"});
  Spec input;
  input.add(conv, Spec::kInput, "a");
  input.add(Add{}, {1, Spec::kInput}, "sum");
  input.add(MaxPool{}, 2, "pool");
  CHECK(steps(input) == Words{"a + sum", "pool"});
  Spec many;
  many.add(conv, Spec::kInput, "a");
  many.add(Add{}, {1, Spec::kInput, Spec::kInput}, "sum");
  CHECK(steps(many) == Words{"a", "sum"});
  Spec read;
  read.add(conv, Spec::kInput, "a");
  read.add(Add{}, {1, Spec::kInput}, "sum");
  read.add(Concat{}, {1, 2}, "both");
  CHECK(steps(read) == Words{"a", "sum", "both"});
}
