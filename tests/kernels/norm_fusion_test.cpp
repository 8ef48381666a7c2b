// Batch norms in training, fused with what follows them or done by the convolutions around them.
#include <optional>

#include "kernels/fused_training.hpp"

using namespace lineament;
using namespace lineament::testing;

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

TEST_CASE("fusion: 3x3 convolutions take a batch norm's moments, and those by Winograd's algorithm normalise") {
  const auto kernel_of = [](const Spec& spec, const Shape& input, int batch, std::size_t op) {
    Network network(spec, input, 1);
    return TrainingSession(network, {.batch = batch}).plan()[op].kernel;
  };
  const Conv2d wide{.channels = 32, .bias = false}, valid{.channels = 16, .padding = Padding::valid};
  for (const std::optional<Layer>& active : {std::optional<Layer>(ReLU{}), {HardSwish{}}, {}})
    for (const Shape& input : {Shape{8, 9, 16}, Shape{13, 22, 16}, Shape{12, 5, 32}, Shape{47, 46, 16}}) {
      Spec spec = Spec() << wide << BatchNorm{};
      std::string fused = "batch_norm_1";
      if (active) {
        spec << *active;
        fused += " + " + spec[spec.last()].name.str();
      }
      spec << valid << BatchNorm{} << Conv2d{.channels = 3, .kernel = 1};
      INFO(fused << " of " << to_string(input));
      for (const int batch : {1, 2, 5}) check_fused_training(spec, input, batch, 1, fused);
      CHECK(kernel_of(spec, input, 2, 0) == (input.height() > 12 ? "winograd_6x6" : "winograd"));
    }
  // Few tiles, whose channels threads share out; many in a row, of either size; one row of several images a task.
  const auto check = [&](const Spec& spec, const Shape& input, int batch, const std::string& kernel) {
    CHECK(kernel_of(spec, input, batch, 0) == kernel);
    check_fused_training(spec, input, batch, 1, "batch_norm_1 + relu_1");
  };
  const Spec many = Spec() << Conv2d{.channels = 256} << BatchNorm{} << ReLU{} << Conv2d{.channels = 16};
  check(many, {8, 8, 16}, 2, "winograd");
  check(Spec() << valid << BatchNorm{} << ReLU{} << valid, {8, 262, 16}, 2, "winograd_6x6");
  check(Spec() << valid << BatchNorm{} << ReLU{} << valid, {5, 262, 16}, 2, "winograd");
  check(Spec() << valid << BatchNorm{} << ReLU{} << valid, {8, 200, 16}, 2, "winograd_6x6");
  // With a max-pool after the norm, by both kernels; and rows left over.
  for (const int channels : {16, 7})
    for (const Shape& input : {Shape{8, 10, 16}, Shape{18, 6, 16}, Shape{6, 70, 3}})
      check_fused_training(Spec() << Conv2d{.channels = channels} << BatchNorm{} << ReLU{} << MaxPool{}, input, 3, 1,
                           "batch_norm_1 + relu_1 + max_pool_1");
  check_fused_training(Spec() << Conv2d{.channels = 7, .kernel = 5, .stride = 2} << BatchNorm{} << ReLU{}, {15, 9, 3},
                       3, 1, "batch_norm_1 + relu_1");
}

TEST_CASE("fusion: convolutions by Winograd's algorithm read residual sums of norms that are not kept") {
  const Conv2d conv{.channels = 16, .bias = false};
  Spec spec = Spec() << conv << BatchNorm{} << ReLU{};
  NodeId sum = spec.last();
  for (int block = 0; block < 3; ++block) {
    spec.add(conv, sum);
    spec << BatchNorm{} << ReLU{} << conv << BatchNorm{};
    sum = spec.add(Add{}, {sum, spec.last()});
  }
  for (const Shape& input : {Shape{8, 8, 3}, Shape{11, 6, 3}})
    for (const int batch : {2, 3}) check_fused_training(spec, input, batch, 1, "batch_norm_1 + relu_1");
  Network network(spec, {16, 16, 3}, 1);
  const auto bytes = [&](PassSet without) {
    return TrainingSession(network, {.batch = 4, .without = without}).arena_bytes();
  };
  CHECK(bytes({Pass::recompute}) > bytes({}));
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
