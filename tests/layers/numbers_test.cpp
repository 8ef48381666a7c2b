// Convolution, dense and pooling layers: numbers worked by hand.
#include "layers/example.hpp"

using namespace lineament;
using namespace lineament::testing;

TEST_CASE("conv2d without padding") {
  check({.layer = Conv2d{.channels = 1, .kernel = 2, .padding = Padding::valid},
         .input = {3, 3, 1},
         .inputs = {{1, 2, 3, 4, 5, 6, 7, 8, 9}},
         .params = {{1, 2, 3, 4}, {0.5}},
         .output = {37.5, 47.5, 67.5, 77.5},  // 1*1 + 2*2 + 4*3 + 5*4 + 0.5, …
         .output_gradient = {1, 1, 1, 1},
         .input_gradients = {{1, 3, 2, 4, 10, 6, 3, 7, 4}},  // the weights that saw each pixel
         .param_gradients = {{12, 16, 24, 28}, {4}}});       // the pixels each weight saw
}

TEST_CASE("conv2d without bias") {
  check({.layer = Conv2d{.channels = 1, .kernel = 1, .bias = false},
         .input = {1, 2, 1},
         .inputs = {{3, -4}},
         .params = {{2}},
         .output = {6, -8},
         .output_gradient = {1, 10},
         .input_gradients = {{2, 20}},
         .param_gradients = {{-37}}});
}

TEST_CASE("conv2d with padding 'same': the odd pixel goes to the bottom and right") {
  const std::vector<double> image{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, ones(9, 1.0);
  check({.layer = Conv2d{.channels = 1, .kernel = 3, .stride = 2},
         .input = {4, 4, 1},
         .inputs = {image},
         .params = {ones, {0}},
         .output = {54, 45, 72, 54},  // sums over rows 0-2 or 2-3, columns 0-2 or 2-3
         .output_gradient = {1, 10, 100, 1000},
         .input_gradients = {{1, 1, 11, 10, 1, 1, 11, 10, 101, 101, 1111, 1010, 100, 100, 1100, 1000}},
         .param_gradients = {{1 + 30 + 900 + 11000, 2 + 40 + 1000 + 12000, 3 + 1100,  //
                              5 + 70 + 1300 + 15000, 6 + 80 + 1400 + 16000, 7 + 1500, 9 + 110, 10 + 120, 11},
                             {1111}}});
  check({.layer = Conv2d{.channels = 1, .kernel = 3},
         .input = {2, 2, 1},
         .inputs = {{1, 2, 3, 4}},
         .params = {{1, 2, 3, 4, 5, 6, 7, 8, 9}, {0}},
         .output = {1 * 5 + 2 * 6 + 3 * 8 + 4 * 9, 1 * 4 + 2 * 5 + 3 * 7 + 4 * 8, 1 * 2 + 2 * 3 + 3 * 5 + 4 * 6,
                    1 * 1 + 2 * 2 + 3 * 4 + 4 * 5}});
}

TEST_CASE("conv2d with a fixed padding and a stride of 3") {
  const std::vector<double> image{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  check({.layer = Conv2d{.channels = 1, .kernel = 1, .stride = 3, .padding = Padding::valid},
         .input = {4, 4, 1},
         .inputs = {image},
         .params = {{1}, {0}},
         .output = {1, 4, 13, 16},
         .output_gradient = {1, 2, 3, 4},
         .input_gradients = {{1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 4}},
         .param_gradients = {{1 + 8 + 39 + 64}, {10}}});
  // Padding may be wider than the window: the outer ring sees nothing but the bias.
  check({.layer = Conv2d{.channels = 1, .kernel = 1, .padding = Padding::fixed, .pad = 1},
         .input = {1, 1, 1},
         .inputs = {{5}},
         .params = {{2}, {1}},
         .output = {1, 1, 1, 1, 11, 1, 1, 1, 1},
         .output_gradient = {1, 2, 3, 4, 5, 6, 7, 8, 9},
         .input_gradients = {{10}},
         .param_gradients = {{25}, {45}}});
}

TEST_CASE("conv2d weights lie as {row, column, channel in, channel out}; groups cut both channels") {
  check({.layer = Conv2d{.channels = 3, .kernel = 1, .bias = false},
         .input = {1, 1, 2},
         .inputs = {{1, 10}},
         .params = {{1, 2, 3, 4, 5, 6}},
         .output = {41, 52, 63},
         .output_gradient = {1, 0, 2},
         .input_gradients = {{1 + 6, 4 + 12}},
         .param_gradients = {{1, 0, 2, 10, 0, 20}}});
  check({.layer = Conv2d{.channels = 2, .kernel = 1, .groups = 2, .bias = false},
         .input = {1, 1, 4},
         .inputs = {{1, 2, 3, 4}},
         .params = {{10, 20, 30, 40}},
         .output = {1 * 10 + 2 * 30, 3 * 20 + 4 * 40},
         .output_gradient = {1, 2},
         .input_gradients = {{10, 30, 40, 80}},
         .param_gradients = {{1, 6, 2, 8}}});
  check({.layer = Conv2d{.channels = 2, .kernel = 1, .groups = Conv2d::kDepthwise},
         .input = {1, 2, 2},
         .inputs = {{1, 2, 3, 4}},
         .params = {{3, 5}, {0.5, 0}},
         .output = {3.5, 10, 9.5, 20},
         .output_gradient = {1, 2, 3, 4},
         .input_gradients = {{3, 10, 9, 20}},
         .param_gradients = {{1 + 9, 4 + 16}, {4, 6}}});
}

TEST_CASE("dense") {
  check({.layer = Dense{.features = 3},
         .input = {2},
         .inputs = {{1, 2, 0, -1}},
         .params = {{1, 2, 3, 4, 5, 6}, {0.5, 0, -0.5}},
         .output = {9.5, 12, 14.5, -3.5, -5, -6.5},
         .output_gradient = {1, 0, 2, 0, 1, 0},
         .input_gradients = {{7, 16, 2, 5}},
         .param_gradients = {{1, 0, 2, 2, -1, 4}, {1, 1, 2}}});
  check({.layer = Dense{.features = 1, .bias = false},
         .input = {1},
         .inputs = {{3}},
         .params = {{-2}},
         .output = {-6},
         .output_gradient = {10},
         .input_gradients = {{-20}},
         .param_gradients = {{30}}});
}

TEST_CASE("max_pool: overlapping windows share their maximum; what no window sees has no gradient") {
  const std::vector<double> image{1, 5, 2, 0, 9, 3, 4, 8, 7};
  check({.layer = MaxPool{.kernel = 2, .stride = 1},
         .input = {3, 3, 1},
         .inputs = {image},
         .params = {},
         .output = {9, 9, 9, 9},
         .output_gradient = {1, 2, 3, 4},
         .input_gradients = {{0, 0, 0, 0, 10, 0, 0, 0, 0}}});
  check({.layer = MaxPool{},
         .input = {3, 3, 1},
         .inputs = {image},
         .params = {},
         .output = {9},
         .output_gradient = {3},
         .input_gradients = {{0, 0, 0, 0, 3, 0, 0, 0, 0}}});
  check({.layer = MaxPool{.kernel = 1, .stride = 2},
         .input = {1, 3, 1},
         .inputs = {{-1, -2, -3}},
         .params = {},
         .output = {-1, -3},
         .output_gradient = {1, 2},
         .input_gradients = {{1, 0, 2}}});
}

TEST_CASE("max_pool: channels are apart, and the first of equal values gets the gradient") {
  check({.layer = MaxPool{},
         .input = {2, 2, 2},
         .inputs = {{-7, 1, -7, 4, -7, 3, -7, 4}},
         .params = {},
         .output = {-7, 4},
         .output_gradient = {1, 2},
         .input_gradients = {{1, 0, 0, 2, 0, 0, 0, 0}}});
}

TEST_CASE("avg_pool and global_avg_pool") {
  check({.layer = AvgPool{},
         .input = {2, 4, 1},
         .inputs = {{1, 2, 3, 4, 5, 6, 7, 8}},
         .params = {},
         .output = {3.5, 5.5},
         .output_gradient = {4, 8},
         .input_gradients = {{1, 1, 2, 2, 1, 1, 2, 2}}});
  check({.layer = AvgPool{.kernel = 2, .stride = 1},
         .input = {2, 3, 1},
         .inputs = {{1, 2, 3, 4, 5, 6}},
         .params = {},
         .output = {3, 4},
         .output_gradient = {4, 8},
         .input_gradients = {{1, 3, 2, 1, 3, 2}}});
  check({.layer = GlobalAvgPool{},
         .input = {2, 1, 2},
         .inputs = {{1, 10, 3, 20, 5, 0, 6, 1}},
         .params = {},
         .output = {2, 15, 5.5, 0.5},
         .output_gradient = {2, 4, 6, 8},
         .input_gradients = {{1, 2, 1, 2, 3, 4, 3, 4}}});
}
