// Upsampling, soft-argmax, products, padding, softmax, other windows of convolutions: numbers worked by hand.
#include "layers/example.hpp"

using namespace lineament;
using namespace lineament::testing;

TEST_CASE("upsample, nearest: a pixel becomes a square, and gets the sum of its gradients") {
  check({.layer = Upsample{},
         .input = {1, 2, 2},
         .inputs = {{1, 2, 3, 4}},
         .params = {},
         .output = {1, 2, 1, 2, 3, 4, 3, 4, 1, 2, 1, 2, 3, 4, 3, 4},
         .output_gradient = {1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60, 7, 70, 8, 80},
         .input_gradients = {{1 + 2 + 5 + 6, 140, 3 + 4 + 7 + 8, 220}}});
  check({.layer = Upsample{.factor = 1},
         .input = {1, 2, 1},
         .inputs = {{5, 6}},
         .params = {},
         .output = {5, 6},
         .output_gradient = {1, 2},
         .input_gradients = {{1, 2}}});
}

TEST_CASE("upsample, bilinear: a quarter and three quarters between two pixels, constant beyond the outer ones") {
  check({.layer = Upsample{.factor = 2, .mode = Interpolation::bilinear},
         .input = {1, 2, 1},
         .inputs = {{0, 8}},
         .params = {},
         .output = {0, 2, 6, 8, 0, 2, 6, 8},
         .output_gradient = {1, 0, 0, 0, 0, 4, 0, 8},
         .input_gradients = {{1 + 3, 1 + 8}}});
  // The middle one of three lies on the pixel: shares of 1/3 and 2/3 beside it.
  check({.layer = Upsample{.factor = 3, .mode = Interpolation::bilinear},
         .input = {2, 1, 1},
         .inputs = {{0, 9}},
         .params = {},
         .output = {0, 0, 0, 0, 0, 0, 3, 3, 3, 6, 6, 6, 9, 9, 9, 9, 9, 9},
         .output_gradient = {0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0},
         .input_gradients = {{2 + 2, 1 + 4}}});
}

TEST_CASE("soft_argmax: pixel centres, x before y, a map for each point") {
  // Two maps of one row: equal values are the middle; 3 times as likely is exp(log 3).
  const double log3 = std::log(3.0);
  check({.layer = SoftArgmax{},
         .input = {1, 2, 2},
         .inputs = {{5, 0, 5, log3}},
         .params = {{1}},
         .output = {0.5, 0.5, 0.25 * 0.25 + 0.75 * 0.75, 0.5},
         .output_gradient = {8, 100, 16, 100},
         // p * (centre - mean) * 8: 0.5 * ±0.25 * 8; 0.25 * (0.25 - 0.625) * 16 and 0.75 * (0.75 - 0.625) * 16.
         .input_gradients = {{-1, -1.5, 1, 1.5}},
         .param_gradients = {{-5 + 5 - 1.5 * 0 + 1.5 * log3}}});
  // A column, and a temperature of 2: exp(2 * log(3) / 2) = 3.
  check({.layer = SoftArgmax{},
         .input = {2, 1, 1},
         .inputs = {{log3 / 2, 0}},
         .params = {{2}},
         .output = {0.5, 0.75 * 0.25 + 0.25 * 0.75},
         .output_gradient = {0, 16},
         .input_gradients = {{2 * -1.5, 2 * 1.5}},
         .param_gradients = {{-1.5 * log3 / 2}}});
  // A single high value: its own pixel's centre, and no overflow.
  check({.layer = SoftArgmax{},
         .input = {2, 4, 1},
         .inputs = {{0, 0, 0, 0, 0, 0, 0, 5000}},
         .params = {{1}},
         .output = {7.0 / 8, 3.0 / 4}});
}

TEST_CASE("multiply: of one shape, and a value for each channel") {
  check({.layer = Multiply{},
         .input = {3},
         .inputs = {{1, 2, 3}, {10, 20, -30}},
         .params = {},
         .output = {10, 40, -90},
         .output_gradient = {1, 2, 3},
         .input_gradients = {{10, 40, -90}, {1, 4, 9}}});
  for (const Shape& gate : {Shape{2}, Shape{1, 1, 2}})
    check({.layer = Multiply{},
           .input = {1, 2, 2},
           .inputs = {{1, 2, 3, 4, 5, 6, 7, 8}, {10, 100, 1, 2}},  // two images
           .params = {},
           .output = {10, 200, 30, 400, 5, 12, 7, 16},
           .output_gradient = {1, 1, 2, 2, 3, 3, 4, 4},
           .input_gradients = {{10, 100, 20, 200, 3, 6, 4, 8}, {1 + 6, 2 + 8, 15 + 28, 18 + 32}},
           .other_inputs = {gate}});
}

TEST_CASE("leaky_relu: the slope below 0, and at 0") {
  check({.layer = LeakyReLU{.slope = 0.25},
         .input = {3},
         .inputs = {{-4, 0, 3}},
         .params = {},
         .output = {-1, 0, 3},
         .output_gradient = {8, 8, 8},
         .input_gradients = {{2, 2, 8}}});
}

TEST_CASE("tanh") {
  check({.layer = Tanh{},
         .input = {3},
         .inputs = {{0, std::log(3.0) / 2, -40}},  // (3 - 1) / (3 + 1)
         .params = {},
         .output = {0, 0.5, -1},
         .output_gradient = {2, 4, 8},
         .input_gradients = {{2, 3, 0}}});
}

TEST_CASE("softmax: over the channels of each pixel; large values do not overflow") {
  const double log3 = std::log(3.0);
  check({.layer = Softmax{},
         .input = {1, 2, 2},
         .inputs = {{0, log3, 5000, 5000}},
         .params = {},
         .output = {0.25, 0.75, 0.5, 0.5},
         .output_gradient = {16, 0, 1, 3},
         // y * (dy - sum of y * dy): the sums are 4 and 2.
         .input_gradients = {{3, -3, -0.5, 0.5}}});
}

TEST_CASE("pad: zeros on each side; what was added has no gradient") {
  check({.layer = Pad{.top = 1, .bottom = 0, .left = 2, .right = 1},
         .input = {1, 2, 1},
         .inputs = {{5, 6}},
         .params = {},
         .output = {0, 0, 0, 0, 0, 0, 0, 5, 6, 0},
         .output_gradient = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
         .input_gradients = {{8, 9}}});
}

TEST_CASE("conv2d with a window that is not square") {
  check({.layer = Conv2d{.channels = 1, .kernel = 1, .padding = Padding::valid, .bias = false, .kernel_width = 3},
         .input = {2, 4, 1},
         .inputs = {{1, 2, 3, 4, 5, 6, 7, 8}},
         .params = {{1, 10, 100}},
         .output = {321, 432, 765, 876},
         .output_gradient = {1, 0, 0, 1},
         .input_gradients = {{1, 10, 100, 0, 0, 1, 10, 100}},
         .param_gradients = {{1 + 6, 2 + 7, 3 + 8}}});
  // Padding "same" of a window of 2 x 1: the odd row goes to the bottom.
  check({.layer = Conv2d{.channels = 1, .kernel = 2, .bias = false, .kernel_width = 1},
         .input = {2, 1, 1},
         .inputs = {{1, 2}},
         .params = {{1, 10}},
         .output = {21, 2}});
}

TEST_CASE("conv2d with dilation: the window has gaps, and padding 'same' covers them") {
  check(
      {.layer =
           Conv2d{
               .channels = 1, .kernel = 1, .padding = Padding::valid, .bias = false, .kernel_width = 2, .dilation = 3},
       .input = {1, 5, 1},
       .inputs = {{1, 2, 3, 4, 5}},
       .params = {{1, 10}},
       .output = {41, 52},
       .output_gradient = {1, 2},
       .input_gradients = {{1, 2, 0, 10, 20}},
       .param_gradients = {{1 + 4, 4 + 10}}});
  check({.layer = Conv2d{.channels = 1, .kernel = 1, .bias = false, .kernel_width = 3, .dilation = 2},
         .input = {1, 4, 1},
         .inputs = {{1, 2, 3, 4}},
         .params = {{1, 10, 100}},
         .output = {310, 420, 31, 42}});
}
