// Shape inference at compile time, and the same rules at run time: errors name the layer, what it wanted and what it
// got.
#include <functional>
#include <limits>
#include <utility>

#include "catch.hpp"
#include "lineament/zoo/networks.hpp"
#include "nn/networks.hpp"

using namespace lineament;
using namespace lineament::testing;
using Catch::Matchers::Contains;

namespace {

template <class L>
constexpr Shape shape_after(const L& layer, const Shape& input) {
  return output_shape(Spec() << layer, input);
}
constexpr Shape joined(const Layer& layer, const Shape& input) {
  Spec net;
  const NodeId x = net.add(ReLU{}, Spec::kInput);
  net.add(layer, {x, Spec::kInput, x});
  return output_shape(net, input);
}

constexpr Shape kPicture{9, 7, 4};
static_assert(shape_after(Conv2d{.channels = 5}, kPicture) == Shape{9, 7, 5});
static_assert(shape_after(Conv2d{.channels = 5, .stride = 2}, kPicture) == Shape{5, 4, 5});
static_assert(shape_after(Conv2d{.channels = 5, .stride = 3}, kPicture) == Shape{3, 3, 5});
static_assert(shape_after(Conv2d{.channels = 5, .padding = Padding::valid}, kPicture) == Shape{7, 5, 5});
static_assert(shape_after(Conv2d{.channels = 5, .kernel = 5, .stride = 2, .padding = Padding::fixed, .pad = 1},
                          kPicture) == Shape{4, 3, 5});
static_assert(shape_after(Conv2d{.channels = 8, .groups = Conv2d::kDepthwise}, kPicture) == Shape{9, 7, 8});
static_assert(shape_after(MaxPool{}, kPicture) == Shape{4, 3, 4});
static_assert(shape_after(MaxPool{.kernel = 3, .stride = 2}, kPicture) == Shape{4, 3, 4});
static_assert(shape_after(AvgPool{.kernel = 3, .stride = 1}, kPicture) == Shape{7, 5, 4});
static_assert(shape_after(GlobalAvgPool{}, kPicture) == Shape{4});
static_assert(shape_after(Flatten{}, kPicture) == Shape{252});
static_assert(shape_after(Dense{.features = 6}, {10}) == Shape{6});
static_assert(shape_after(ReLU{}, kPicture) == kPicture && shape_after(PReLU{}, kPicture) == kPicture);
static_assert(shape_after(SiLU{}, kPicture) == kPicture && shape_after(HardSwish{}, kPicture) == kPicture);
static_assert(shape_after(Sigmoid{}, kPicture) == kPicture && shape_after(Dropout{}, kPicture) == kPicture);
static_assert(shape_after(BatchNorm{}, kPicture) == kPicture);
static_assert(shape_after(Conv2d{.channels = 5, .dilation = 2}, kPicture) == Shape{9, 7, 5});
static_assert(shape_after(Conv2d{.channels = 5, .padding = Padding::valid, .dilation = 3}, kPicture) == Shape{3, 1, 5});
static_assert(shape_after(Conv2d{.channels = 5, .kernel = 1, .padding = Padding::valid, .kernel_width = 4}, kPicture) ==
              Shape{9, 4, 5});
static_assert(shape_after(Upsample{.factor = 3}, kPicture) == Shape{27, 21, 4});
static_assert(shape_after(SoftArgmax{}, kPicture) == Shape{8});
static_assert(shape_after(Pad{.top = 1, .bottom = 2, .left = 3, .right = 4}, kPicture) == Shape{12, 14, 4});
static_assert(shape_after(LeakyReLU{}, kPicture) == kPicture && shape_after(Tanh{}, kPicture) == kPicture);
static_assert(shape_after(Softmax{}, kPicture) == kPicture);
static_assert(joined(Add{}, kPicture) == kPicture);
static_assert(joined(Concat{}, kPicture) == Shape{9, 7, 12});
static_assert(joined(Concat{}, {5}) == Shape{15});

static_assert(output_shape(reference_network(), kReferenceInput) == Shape{136});
static_assert(infer_shapes(reference_network(), kReferenceInput)[4] == Shape{64, 64, 32});
static_assert(infer_shapes(reference_network(), kReferenceInput)[9] == Shape{65536});

static_assert((Spec() << ReLU{} << ReLU{})[2].name == Name("relu_2"));
static_assert(only_reader(zoo(), 1) == 0 && only_reader(zoo(), 3) == 4 && only_reader(zoo(), zoo().last()) == 0);

/// The message of the SpecError that `build` throws.
std::string message_of(const std::function<void()>& build) {
  try {
    build();
  } catch (const SpecError& e) {
    return e.what();
  }
  return "nothing was thrown";
}
std::string misfit(const Spec& spec, const Shape& input) {
  return message_of([&] { (void)infer_shapes(spec, input); });
}

}  // namespace

TEST_CASE("a layer that does not fit is named, with what it wanted and what it got") {
  CHECK(misfit(Spec() << Dense{.features = 2}, {4, 4, 1}) ==
        "layer 'dense_1' (dense): the layer does not fit its input (wanted a vector (put a flatten before it), got "
        "4x4x1); "
        "change the layer or what feeds it");
  Spec named;
  named.add(MaxPool{}, named.add(Conv2d{.channels = 2, .padding = Padding::valid}, Spec::kInput, "eyes"), "narrow");
  CHECK_THAT(misfit(named, {2, 2, 1}),
             Contains("layer 'eyes' (conv2d)") && Contains("as large as the kernel") && Contains("got 2x2x1"));
  CHECK_THAT(misfit(named, {3, 3, 1}),
             Contains("layer 'narrow' (max_pool)") && Contains("as large as the window") && Contains("got 1x1x2"));
  CHECK_THAT(misfit(Spec() << Conv2d{}, {5}),
             Contains("layer 'conv2d_1' (conv2d)") && Contains("wanted height x width x channels, got 5"));
  CHECK_THAT(misfit(Spec() << Conv2d{.channels = 4, .groups = 2}, {4, 4, 3}),
             Contains("multiple of 'groups'") && Contains("got 4x4x3"));
  CHECK_THAT(misfit(Spec() << Conv2d{.channels = 3, .groups = 2}, {4, 4, 4}),
             Contains("'channels'") && Contains("got 3"));
  CHECK_THAT(misfit(Spec() << GlobalAvgPool{}, {5}), Contains("layer 'global_avg_pool_1'") && Contains("got 5"));
  CHECK_THAT(misfit(Spec() << AvgPool{.kernel = 5}, {4, 8, 1}),
             Contains("layer 'avg_pool_1'") && Contains("got 4x8x1"));

  Spec sum;
  sum.add(Add{}, {Spec::kInput, sum.add(MaxPool{}, Spec::kInput)}, "residual");
  CHECK_THAT(misfit(sum, {4, 4, 2}),
             Contains("layer 'residual' (add)") && Contains("wanted inputs of one shape, 4x4x2, got 2x2x2"));
  CHECK_THAT(misfit(Spec() << SoftArgmax{}, {5}), Contains("heat maps") && Contains("got 5"));
  CHECK_THAT(misfit(Spec() << Upsample{}, {5}), Contains("height x width x channels, got 5"));
  Spec gate;
  gate.add(Multiply{}, {Spec::kInput, gate.add(MaxPool{}, Spec::kInput)}, "gate");
  CHECK_THAT(misfit(gate, {4, 4, 2}),
             Contains("layer 'gate' (multiply)") && Contains("4x4x2, or a value for each channel, got 2x2x2"));
  CHECK_THAT(misfit(Spec() << Conv2d{.padding = Padding::valid, .dilation = 3}, {6, 7, 2}),
             Contains("as large as the kernel") && Contains("got 6x7x2"));
  Spec cat;
  cat.add(Concat{}, {Spec::kInput, cat.add(MaxPool{}, Spec::kInput)}, "beside");
  CHECK_THAT(misfit(cat, {4, 4, 2}), Contains("layer 'beside' (concat)") && Contains("like 4x4x2, got 2x2x2"));
  Spec rows;
  rows.add(Concat{}, {Spec::kInput, rows.add(ReLU{}, Spec::kInput)});
  for (const Shape& shape : {Shape{3, 5}, Shape{2, 3, 4, 5}})
    CHECK_THAT(misfit(rows, shape),
               Contains("layer 'concat_1' (concat)") &&
                   Contains("wanted vectors, or height x width x channels, got " + to_string(shape)));
}

TEST_CASE("options out of range are named") {
  const auto check = [](const Layer& layer, const char* option, const char* got) {
    CHECK_THAT(misfit(Spec() << layer, {4, 4, 2}),
               Contains("_1' (") && Contains(std::string("the option '") + option + "' is out of range") &&
                   Contains(std::string("got ") + got));
  };
  check(Conv2d{.channels = 0}, "channels", "0");
  check(Conv2d{.kernel = 0}, "kernel", "0");
  check(Conv2d{.stride = -1}, "stride", "-1");
  check(Conv2d{.padding = Padding::fixed, .pad = -2}, "pad", "-2");
  check(Conv2d{.groups = 0}, "groups", "0");
  check(Conv2d{.kernel_width = -1}, "kernel_width", "-1");
  check(Conv2d{.dilation = 0}, "dilation", "0");
  check(Upsample{.factor = 0}, "factor", "0");
  check(Pad{.left = -1}, "left", "-1");
  check(LeakyReLU{.slope = -0.5}, "slope", "-0.5");
  check(LeakyReLU{.slope = std::numeric_limits<double>::infinity()}, "slope", "inf");
  check(MaxPool{.kernel = 16}, "kernel", "16");
  check(MaxPool{.stride = 0}, "stride", "0");
  check(AvgPool{.kernel = 0}, "kernel", "0");
  check(Dense{.features = 0}, "features", "0");
  check(Dropout{.rate = 1}, "rate", "1");
  check(Dropout{.rate = -0.5f}, "rate", "-0.5");
  check(Dropout{.rate = std::nanf("")}, "rate", "nan");
}

TEST_CASE("wrong connections are errors, named as well") {
  Spec net;
  net.add(ReLU{}, Spec::kInput, "first");
  const auto message = [&](const Layer& layer, std::vector<NodeId> from, Name name = {}) {
    return message_of([&] { net.add(layer, from, name); });
  };
  CHECK_THAT(message(ReLU{}, {2}), Contains("layer 'relu_2' (relu)") && Contains("no such input") && Contains("got 2"));
  CHECK_THAT(message(ReLU{}, {-1}, "x"), Contains("layer 'x' (relu)") && Contains("got -1"));
  CHECK_THAT(message(ReLU{}, {0, 1}), Contains("number of inputs") && Contains("wanted 1, got 2"));
  CHECK_THAT(message(Conv2d{}, {}), Contains("layer 'conv2d_1'") && Contains("wanted 1, got 0"));
  CHECK_THAT(message(Add{}, {1}, "sum"), Contains("layer 'sum' (add)") && Contains("wanted 2 or more, got 1"));
  CHECK_THAT(message(Sigmoid{}, {1}, "first"), Contains("layer 'first' (sigmoid)") && Contains("the name is taken"));
  CHECK_THAT(message(Sigmoid{}, {1}, "input"), Contains("the name is taken"));
  CHECK(net.size() == 1);  // nothing was added
  CHECK_THAT(message_of([] { (void)Shape{1, 2, 3, 4, 5}; }), Contains("at most 4") && Contains("got 5"));
}

TEST_CASE("a layer that there is not cannot be asked for") {
  Spec spec = Spec() << ReLU{} << Tanh{};
  CHECK_THROWS_AS(spec[Spec::kInput], ArgumentError);
  CHECK_THROWS_WITH(spec[0],
                    "spec: there is no layer of this number (wanted 1 to 2, got 0); 0 is the first input: see "
                    "name_of()");
  CHECK_THROWS_WITH(std::as_const(spec)[3], Contains("wanted 1 to 2, got 3"));
  CHECK_THROWS_AS(std::as_const(spec)[-1], ArgumentError);
  CHECK_THROWS_AS(Spec()[1], ArgumentError);
  CHECK(spec[2].name == Name("tanh_1"));
}

TEST_CASE("layers, their inputs and the length of names have no limit; constexpr variables hold 192 layers") {
  constexpr auto chain = [](int layers) {
    Spec spec;
    for (int i = 0; i < layers; ++i) spec << ReLU{};
    return spec;
  };
  static constexpr Spec kLong = chain(192);
  static_assert(kLong[160].name == Name("relu_160") && output_shape(kLong, Shape{3}) == Shape{3});
  static_assert(sizeof(Spec) < 40 * 1024);

  const std::string name(1000, 'x');
  Spec spec = chain(1200);
  spec.add(Concat{}, std::vector<NodeId>(300, 7), Name(name));
  const Spec copy = spec;
  spec << ReLU{};
  CHECK(copy.size() == 1201);
  CHECK(copy[1200].name.view() == "relu_1200");
  CHECK(copy[1201].name.str() == name);
  CHECK(copy[1201].inputs.size() == 300);
  CHECK(output_shape(copy, Shape{3}) == Shape{900});
}

TEST_CASE("a network without layers, or with a layer nobody reads, is an error") {
  CHECK_THROWS_AS(Network(Spec(), Shape{3}), SpecError);
  Spec net;
  net.add(Sigmoid{}, Spec::kInput, "forgotten");
  net.add(ReLU{}, Spec::kInput);
  CHECK_THAT(message_of([&] { Network(net, Shape{3}); }),
             Contains("layer 'forgotten' (sigmoid)") && Contains("never used"));
  Spec unread;
  unread << ReLU{};
  unread.add_input(Shape{3}, "depth");
  unread.mark_output(1);
  CHECK_THAT(message_of([&] { Network(unread, Shape{3}); }),
             Contains("layer 'depth' (input)") && Contains("never used"));
  Spec blind;
  blind.add(ReLU{}, blind.add_input(Shape{3}, "depth"));
  CHECK_THAT(message_of([&] { Network(blind, Shape{3}); }), Contains("the network's input") && Contains("never used"));
}

TEST_CASE("sizes below 1 are errors") {
  Spec net;
  net.add_input(Shape{4, 0, 3}, "depth");
  CHECK_THAT(misfit(net, {3}), Contains("layer 'depth' (input)") && Contains("1 or more, got 4x0x3"));
  CHECK_THAT(message_of([] { Network(Spec() << ReLU{}, Shape{0}); }), Contains("1 or more, got 0"));
  CHECK_THROWS_AS(Network(Spec() << ReLU{}, Shape{}), SpecError);
  // Before any layer divides by them.
  const Conv2d depthwise{.channels = 4, .groups = Conv2d::kDepthwise};
  CHECK(message_of([&] {
          Network(Spec() << depthwise, Shape{8, 8, 0});
        }) == "the network's input: its shape is out of range (wanted sizes of 1 or more, got 8x8x0)");
  CHECK_THROWS_AS(output_shape(Spec() << depthwise, Shape{8, 8, 0}), SpecError);
  const Shape none[] = {{8, 8, 0}};
  CHECK_THROWS_AS(depthwise.output_shape(none), SpecError);
}

TEST_CASE("multiply-adds") {
  const Network net(Spec() << Conv2d{.channels = 6, .stride = 2, .groups = 2} << Flatten{} << Dense{.features = 5},
                    Shape{4, 4, 4});
  CHECK(net.multiply_adds() == 2 * 2 * 6 * (3 * 3 * 2) + 24 * 5);
  const Network wide(Spec() << Conv2d{.channels = 6, .kernel = 1, .kernel_width = 5}, Shape{4, 4, 4});
  CHECK(wide.multiply_adds() == 4 * 4 * 6 * (1 * 5 * 4));
  // 128^2 * 27 * 32 + 64^2 * 288 * 64 + 65536 * 128 + 128 * 136
  const Network reference(reference_network(), kReferenceInput);
  CHECK(reference.multiply_adds() == 14155776 + 75497472 + 8388608 + 17408);
  CHECK(reference.weight_count() == 27 * 32 + 2 * 32 + 288 * 64 + 2 * 64 + 65536 * 128 + 2 * 128 + 128 * 136 + 136);
}

TEST_CASE("spec: a name chosen for a layer steps aside for one that is taken") {
  Spec spec;
  spec.add(ReLU{}, Spec::kInput, "relu_2");
  spec.add(ReLU{}, spec.last());
  CHECK(spec[2].name == Name("relu_3"));
  spec.add(ReLU{}, spec.last(), "relu_4");
  spec.add(ReLU{}, spec.last());
  CHECK(spec[4].name == Name("relu_5"));
}

TEST_CASE("sizes that do not fit into an int are errors") {
  const auto shape = [](const Layer& layer, const Shape& input) { return output_shape(Spec() << layer, input); };
  CHECK_THROWS_AS(shape(Conv2d{.channels = 8, .padding = Padding::fixed, .pad = 2'147'483'647}, {32, 32, 3}),
                  SpecError);
  CHECK_THROWS_AS(shape(Upsample{.factor = 30'000}, {100'000, 1, 1}), SpecError);
  CHECK_THROWS_AS(shape(Upsample{.factor = 30'000}, {32, 32, 3}), SpecError);
  CHECK_THROWS_AS(shape(Flatten{}, {46'341, 46'341, 2}), SpecError);
  CHECK_THROWS_AS(shape(Dense{.features = 1'000'000'000}, {4}), SpecError);
  CHECK(shape(Dense{.features = 100'000}, {64}) == Shape{100'000});
  CHECK_THROWS_AS(shape(BatchNorm{.epsilon = -1}, {4}), SpecError);
  CHECK_THROWS_AS(shape(BatchNorm{.momentum = 5}, {4}), SpecError);
  CHECK_THROWS_AS(shape(ReLU{}, {46'341, 46'341, 2}), SpecError);
}

TEST_CASE("weights of a convolution that do not fit into an int are errors") {
  CHECK_THAT(misfit(Spec() << Conv2d{.channels = 8, .kernel = 32'767}, {32, 32, 3}),
             Contains("layer 'conv2d_1'") && Contains("wanted fewer than 2147483648 values, got 32767x32767x3x8"));
  CHECK_THROWS_AS(shape_after(Conv2d{.channels = 32'767, .kernel = 300}, {4, 4, 1}), SpecError);
  CHECK_THROWS_AS(shape_after(Conv2d{.kernel = 1'000}, {1, 1, 32'767}), SpecError);
  // One channel in and out: as large as it gets, and every number in it can be told.
  const Conv2d largest{.kernel = 32'767, .dilation = 32'767};
  const Shape in[] = {{2'147'483'647, 1, 1}};
  CHECK(largest.output_shape(in) == in[0]);
  CHECK(largest.params(in)[0].fan_in == 32'767 * 32'767);
}
