// Sizes that no int holds are refused by shape inference: what they wrapped to would be written beyond.
#include <initializer_list>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/nn/spec.hpp"

using namespace lineament;

namespace {

constexpr int kQuarter = 1 << 30;

void refuses(const Spec& net, const Shape& input) {
  CHECK_THROWS_AS(infer_shapes(net, input), SpecError);
}

}  // namespace

TEST_CASE("concat counts past an int, also where the sum wraps to a small one") {
  Spec twice;
  twice.add(Concat{}, {Spec::kInput, Spec::kInput});
  refuses(twice, {kQuarter});

  Spec around;
  const NodeId few = around.add_input(Shape{8}, "few");
  around.add(Concat{}, {Spec::kInput, Spec::kInput, Spec::kInput, Spec::kInput, few});
  refuses(around, {kQuarter});
  CHECK(output_shape(around, Shape{2}) == Shape{16});
}

TEST_CASE("soft-argmax, pads and windows count past an int") {
  refuses(Spec() << SoftArgmax{}, {1, 1, kQuarter});
  refuses(Spec() << Pad{.top = 32767}, {2147483000, 1, 1});
  refuses(Spec() << Pad{.left = 32767}, {1, 2147483000, 1});
  refuses(Spec() << Conv2d{.channels = 1, .kernel = 3, .padding = Padding::fixed, .pad = 32767}, {2147483000, 1, 1});
}
