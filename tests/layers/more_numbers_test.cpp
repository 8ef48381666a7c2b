// Activations, normalisation, and layers that only move values: numbers worked by hand.
#include "layers/example.hpp"

using namespace lineament;
using namespace lineament::testing;

TEST_CASE("relu: nothing passes at 0") {
  check({.layer = ReLU{},
         .input = {3},
         .inputs = {{-2, 0, 3}},
         .params = {},
         .output = {0, 0, 3},
         .output_gradient = {5, 6, 7},
         .input_gradients = {{0, 0, 7}}});
}

TEST_CASE("prelu: a slope for each channel") {
  check({.layer = PReLU{},
         .input = {1, 2, 2},
         .inputs = {{-4, -2, 3, 5}},
         .params = {{0.25, 0.5}},
         .output = {-1, -1, 3, 5},
         .output_gradient = {1, 2, 3, 4},
         .input_gradients = {{0.25, 1, 3, 4}},
         .param_gradients = {{-4, -4}}});
}

TEST_CASE("silu") {
  const double s = 1 / (1 + std::exp(-1.0));
  check({.layer = SiLU{},
         .input = {4},
         .inputs = {{0, 1, -1, 30}},
         .params = {},
         .output = {0, s, s - 1, 30},
         .output_gradient = {1, 1, 2, 1},
         .input_gradients = {{0.5, s * (2 - s), 2 * (1 - s) * (1 - s), 1}}});
}

TEST_CASE("hard_swish: flat up to -3, the identity from 3 on") {
  check({.layer = HardSwish{},
         .input = {6},
         .inputs = {{-4, -3, 0, 1, 3, 4}},
         .params = {},
         .output = {0, 0, 0, 4.0 / 6, 3, 4},
         .output_gradient = {1, 1, 1, 6, 1, 2},
         .input_gradients = {{0, 0, 0.5, 5, 1, 2}}});
}

TEST_CASE("sigmoid, also far out") {
  check({.layer = Sigmoid{},
         .input = {4},
         .inputs = {{0, std::log(3.0), -200, 200}},
         .params = {},
         .output = {0.5, 0.75, 0, 1},
         .output_gradient = {1, 1, 1, 1},
         .input_gradients = {{0.25, 0.1875, 0, 0}}});
}

TEST_CASE("batch_norm in training: the batch's own mean and variance") {
  // x has mean 1 and variance 1; dy has mean 1 and correlates with the normalised x by 1/2.
  check({.layer = BatchNorm{.epsilon = 0},
         .input = {1},
         .inputs = {{0, 0, 2, 2}},
         .params = {{2}, {10}, {}, {}},
         .output = {8, 8, 12, 12},
         .output_gradient = {1, 0, 0, 3},
         .input_gradients = {{1, -1, -3, 3}},
         .param_gradients = {{2}, {4}}});
}

TEST_CASE("batch_norm keeps running statistics, with the unbiased variance") {
  const auto statistics = [](auto zero, const std::string& kernel) {
    using T = decltype(zero);
    LayerRun<T> layer(BasicNetwork<T>(one_layer(BatchNorm{}), Shape{1, 2, 1}),
                      {.mode = Mode::train, .batch = 2, .kernel = kernel});
    put(layer.input(), {0, 0, 2, 2});
    layer.forward();
    CHECK(static_cast<double>(layer.param(2)[0]) == Approx(0.1 * 1));
    CHECK(static_cast<double>(layer.param(3)[0]) == Approx(0.9 * 1 + 0.1 * 4 / 3));
    layer.forward();
    CHECK(static_cast<double>(layer.param(2)[0]) == Approx(0.9 * 0.1 + 0.1));
  };
  statistics(0.0, "reference");
  statistics(0.0f, "reference");
  statistics(0.0f, "");
}

TEST_CASE("batch_norm in inference: the running mean and variance") {
  check({.layer = BatchNorm{.epsilon = 0},
         .input = {1, 1, 2},
         .inputs = {{4, 1}},
         .params = {{3, 1}, {1, 0}, {2, 0}, {4, 1}},
         .output = {4, 1},
         .mode = Mode::infer});
}

TEST_CASE("batch_norm of one pixel: all that is left is the shift") {
  check({.layer = BatchNorm{.epsilon = 1},
         .input = {2},
         .inputs = {{7, -3}},
         .params = {{2, 2}, {0.5, 1}, {}, {}},
         .output = {0.5, 1},
         .output_gradient = {1, 2},
         .input_gradients = {{0, 0}},
         .param_gradients = {{0, 0}, {1, 2}}});
}

TEST_CASE("batch_norm of values far from 0 keeps its precision") {
  // 1000.25 ± 0.25, exact in float; the variance is lost when "mean of squares - square of mean" is taken as it stands.
  check({.layer = BatchNorm{.epsilon = 0},
         .input = {1},
         .inputs = {{1000, 1000.5, 1000.5, 1000}},
         .params = {{1}, {0}, {}, {}},
         .output = {-1, 1, 1, -1}});
}

TEST_CASE("add: of two and of three; each input gets the whole gradient") {
  check({.layer = Add{},
         .input = {2},
         .inputs = {{1, 2}, {10, 20}},
         .params = {},
         .output = {11, 22},
         .output_gradient = {3, 4},
         .input_gradients = {{3, 4}, {3, 4}}});
  check({.layer = Add{},
         .input = {1, 2, 1},
         .inputs = {{1, 2}, {10, 20}, {100, 200}},
         .params = {},
         .output = {111, 222},
         .output_gradient = {3, 4},
         .input_gradients = {{3, 4}, {3, 4}, {3, 4}}});
}

TEST_CASE("concat: channels of a pixel side by side, vectors one after the other") {
  check({.layer = Concat{},
         .input = {1, 2, 2},
         .inputs = {{1, 2, 3, 4}, {5, 6, 7, 8}},
         .params = {},
         .output = {1, 2, 5, 6, 3, 4, 7, 8},
         .output_gradient = {1, 2, 3, 4, 5, 6, 7, 8},
         .input_gradients = {{1, 2, 5, 6}, {3, 4, 7, 8}}});
  check({.layer = Concat{},
         .input = {1},
         .inputs = {{1, 2}, {3, 4}, {5, 6}},
         .params = {},
         .output = {1, 3, 5, 2, 4, 6},
         .output_gradient = {1, 2, 3, 4, 5, 6},
         .input_gradients = {{1, 4}, {2, 5}, {3, 6}}});
}

TEST_CASE("flatten keeps the order of memory") {
  check({.layer = Flatten{},
         .input = {1, 2, 2},
         .inputs = {{1, 2, 3, 4}},
         .params = {},
         .output = {1, 2, 3, 4},
         .output_gradient = {5, 6, 7, 8},
         .input_gradients = {{5, 6, 7, 8}}});
}

TEST_CASE("dropout: a share of zeros, the rest scaled up, the same mask back; nothing in inference") {
  constexpr int kSize = 100'000;
  const Network network(one_layer(Dropout{.rate = 0.25f}), Shape{kSize});
  LayerRun<float> layer(network, {.mode = Mode::train});
  std::fill(layer.input().begin(), layer.input().end(), 3.0f);
  std::fill(layer.output_gradient().begin(), layer.output_gradient().end(), 3.0f);
  layer.set_seed(1);
  layer.forward();
  layer.backward();
  const auto first = copy_of(layer.output());
  const auto zeros = std::count(first.begin(), first.end(), 0.0f);
  CHECK(std::abs(static_cast<double>(zeros) / kSize - 0.25) < 4 * std::sqrt(0.25 * 0.75 / kSize));
  CHECK(zeros + std::count(first.begin(), first.end(), 4.0f) == kSize);
  CHECK(copy_of(layer.input_gradient()) == first);
  CHECK(layer.intact());

  layer.forward();
  CHECK(copy_of(layer.output()) == first);
  layer.set_seed(2);
  layer.forward();
  CHECK(copy_of(layer.output()) != first);

  LayerRun<float> infer(network, {});
  std::fill(infer.input().begin(), infer.input().end(), 3.0f);
  infer.forward();
  CHECK(std::count(infer.output().begin(), infer.output().end(), 3.0f) == kSize);
}
