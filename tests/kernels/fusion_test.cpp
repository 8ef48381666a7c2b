// Layers fused into one step, on every instruction set: when inferring they give the same bits as one after the other,
// in training the gradients of the definition.
#include "kernels/compare.hpp"
#include "lineament/nn/session.hpp"

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

/// A step of training with everything fused that can be, against the definitions one by one, in double.
void check_fused_training(const Spec& spec, const Shape& input, int batch, std::size_t step,
                          const std::string& layers) {
  const IsaRestorer restorer;
  Network network(spec, input, 1);
  put(network.weights().first(network.trainable_size()), random_values<double>(network.trainable_size(), 30));
  BasicNetwork<double> exact(network);
  const auto values = random_values<double>(static_cast<std::size_t>(batch) * input.size(), 1);
  const auto slopes = random_values<double>(static_cast<std::size_t>(batch) * network.output_shape().size(), 2);
  const auto run = [&](auto& session) {
    put(session.input(), values);
    std::vector<std::vector<double>> lists(3);
    const auto keep = [](const auto& from) { return std::vector<double>(from.begin(), from.end()); };
    lists[0] = keep(session.forward());
    put(session.output_gradient(), slopes);
    session.zero_gradients();
    session.backward();
    lists[1] = keep(session.gradients());
    lists[2] = keep(session.input_gradient());
    return lists;
  };
  BasicTrainingSession<double> apart(exact,
                                     {.batch = batch, .input_gradient = true, .without = {Pass::choose_kernels}});
  CHECK(static_cast<int>(apart.plan().size()) == spec.size());
  const auto wanted = run(apart);
  for (const std::string& isa : available_isas()) {
    INFO(layers << " of " << to_string(input) << ", batch " << batch << ", " << isa);
    force_isa(isa);
    std::vector<std::vector<double>> first;
    for (const int threads : {1, 2, 4}) {
      TrainingSession fused(network, {.batch = batch, .threads = threads, .input_gradient = true});
      CHECK(fused.plan()[step].layers == layers);
      const auto got = run(fused);
      for (std::size_t i = 0; i < got.size(); ++i) {
        INFO("list " << i);
        CHECK(difference(got[i], wanted[i]) < 2e-5);
      }
      if (threads == 1) first = got;
      CHECK(got == first);
    }
  }
}

}  // namespace

TEST_CASE("fusion: batch_norm, relu and max_pool in training") {
  const Spec all = Spec() << Conv2d{.channels = 17, .bias = false} << BatchNorm{} << ReLU{} << MaxPool{}
                          << Conv2d{.channels = 5};
  for (const Shape& input : {Shape{2, 2, 3}, Shape{6, 14, 3}, Shape{18, 16, 1}, Shape{4, 66, 16}})
    for (const int batch : {2, 5}) check_fused_training(all, input, batch, 1, "batch_norm_1 + relu_1 + max_pool_1");
  check_fused_training(all, {7, 8, 3}, 3, 1, "batch_norm_1 + relu_1");
  check_fused_training(Spec() << Conv2d{.channels = 33} << BatchNorm{} << MaxPool{}, {8, 6, 3}, 3, 1,
                       "batch_norm_1 + max_pool_1");
  check_fused_training(Spec() << Conv2d{.channels = 9} << BatchNorm{} << HardSwish{} << MaxPool{}, {8, 6, 3}, 3, 1,
                       "batch_norm_1 + hard_swish_1");
  check_fused_training(Spec() << Dense{.features = 19} << BatchNorm{} << ReLU{} << Dense{.features = 3}, {7}, 9, 1,
                       "batch_norm_1 + relu_1");
  // The normalised values have a second reader: only the pool of the sum may be fused.
  Spec residual = Spec() << Conv2d{.channels = 16} << BatchNorm{};
  const NodeId norm = residual.last();
  const NodeId active = residual.add(ReLU{}, norm);
  const NodeId more = residual.add(Conv2d{.channels = 16}, active);
  residual.add(Add{}, {norm, more});
  check_fused_training(residual << ReLU{} << MaxPool{}, {8, 10, 3}, 2, 1, "batch_norm_1");
}

TEST_CASE("fusion: batch norms whose neighbours make their outputs and gradients") {
  const Conv2d first{.channels = 19, .kernel = 1, .bias = false}, deep{.groups = Conv2d::kDepthwise, .bias = false};
  const auto check = [&](Conv2d before, const std::optional<Layer>& active, Conv2d after, const Shape& input) {
    if (before.groups == Conv2d::kDepthwise) before.channels = input.channels();
    if (after.groups == Conv2d::kDepthwise) after.channels = before.channels;
    Spec spec = Spec() << before << BatchNorm{};
    std::string fused = "batch_norm_1";
    if (active) {
      spec << *active;
      fused += " + " + spec[spec.last()].name.str();
    }
    INFO("kernel " << after.kernel << ", stride " << after.stride << ", " << fused);
    spec << after << BatchNorm{} << Conv2d{.channels = 5, .kernel = 1};
    for (const int batch : {2, 5}) check_fused_training(spec, input, batch, 1, fused);
  };
  for (const std::optional<Layer>& active : {std::optional<Layer>(ReLU{}), {HardSwish{}}, {}}) {
    check(first, active, {.channels = 33, .kernel = 1}, {6, 14, 3});
    check(first, active, {.channels = 7, .kernel = 1}, {23, 21, 5});  // several runs of pixels, the last a part of one
    check({.channels = 16}, active, {.channels = 3, .kernel = 1}, {9, 7, 16});
    check({.channels = 5}, active, {.channels = 3, .kernel = 1, .bias = false}, {9, 7, 3});
    Conv2d strided = deep, wide = deep, padded = deep;
    strided.stride = 2;
    wide.kernel = 5;
    wide.stride = 3;
    padded.padding = Padding::fixed;
    padded.pad = 2;
    for (const Conv2d& conv : {deep, strided, wide, padded}) {
      check(first, active, conv, {37, 5, 2});  // several strips of rows
      check(conv, active, {.channels = 17, .kernel = 1}, {35, 6, 18});
    }
    check(deep, active, deep, {18, 9, 3});
  }
  // A norm with two readers, one with a reader that needs its values in memory, and one whose input has two readers.
  Spec shared = Spec() << first << BatchNorm{};
  const NodeId norm = shared.last();
  const NodeId one = shared.add(Conv2d{.channels = 19, .kernel = 1}, norm);
  shared.add(Add{}, {norm, one});
  check_fused_training(shared, {6, 7, 3}, 3, 1, "batch_norm_1");
  check_fused_training(Spec() << first << BatchNorm{} << SiLU{} << first, {6, 7, 3}, 3, 1, "batch_norm_1");
  Spec split = Spec() << first;
  const NodeId normal = split.add(BatchNorm{}, 1);
  split.add(Concat{}, {split.add(first, normal), 1});
  check_fused_training(split, {6, 7, 3}, 3, 1, "batch_norm_1");
}

TEST_CASE("fusion: squeezes read norms whose outputs are not kept, and so do the convolutions after their gates") {
  const auto check = [](const Layer& active, int channels, const Shape& input, bool residual) {
    Spec spec = Spec() << Conv2d{.channels = channels, .kernel = 1, .bias = false} << BatchNorm{} << active;
    const NodeId wide = spec.last();
    spec << GlobalAvgPool{} << Dense{.features = channels} << Sigmoid{};
    const NodeId gated = spec.add(Multiply{}, {wide, spec.last()});
    const NodeId narrow = spec.add(Conv2d{.channels = channels, .kernel = 1}, gated);
    if (residual) spec.add(Add{}, {narrow, gated});
    const std::string fused = "batch_norm_1 + " + spec[wide].name.str();
    INFO(fused << ", " << channels << " channels, " << to_string(input) << (residual ? ", residual" : ""));
    for (const int batch : {2, 5}) check_fused_training(spec, input, batch, 1, fused);
  };
  for (const bool residual : {false, true}) {
    check(HardSwish{}, 19, {6, 7, 3}, residual);
    check(ReLU{}, 16, {23, 21, 2}, residual);  // several images in a run of pixels, and several runs in an image
    check(HardSwish{}, 33, {3, 3, 5}, residual);
    check(HardSwish{}, 520, {8, 9, 2}, residual);  // several blocks of an image
  }
  // A norm that the product alone reads, as its first factor and as its second.
  Spec one = Spec() << GlobalAvgPool{};
  const NodeId mean = one.last();
  one.add(BatchNorm{}, one.add(Conv2d{.channels = 3, .kernel = 1}, Spec::kInput));
  one.add(Multiply{}, {one.last(), mean});
  check_fused_training(one, {6, 7, 3}, 3, 2, "batch_norm_1");
  Spec other = Spec() << GlobalAvgPool{} << Dense{.features = 3} << BatchNorm{};
  other.add(Multiply{}, {Spec::kInput, other.last()});
  check_fused_training(other, {6, 7, 3}, 9, 2, "batch_norm_1");
}

TEST_CASE("fusion: convolution, relu and max_pool in training") {
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
    for (const std::string& isa : available_isas())
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
    check({.channels = 32, .kernel = 3}, {10, 13, 4}, first_operand, "winograd");
  }
}

TEST_CASE("fusion: im2col with sum and ReLU, but not with a pool") {
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
