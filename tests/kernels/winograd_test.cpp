// Winograd's algorithm on awkward sizes.
#include "kernels/compare.hpp"
#include "kernels/conv/winograd_plan.hpp"

using namespace lineament;
using namespace lineament::testing;

TEST_CASE("kernels: winograd on whole tiles, parts of tiles and single pixels") {
  struct Size {
    int height, width, in, out, batch;
  };
  for (const Size& s :
       {Size{1, 1, 16, 16, 1}, Size{3, 7, 16, 48, 2}, Size{4, 4, 32, 16, 1}, Size{5, 9, 48, 32, 3},
        Size{17, 15, 16, 16, 9}, Size{33, 3, 16, 80, 1}, Size{8, 64, 32, 16, 5}, Size{12, 12, 128, 144, 2}})
    for (const Padding padding : {Padding::same, Padding::fixed, Padding::valid}) {
      if (padding == Padding::valid && std::min(s.height, s.width) < 3) continue;
      INFO("padding " << static_cast<int>(padding) << ", in " << s.in << ", out " << s.out);
      const Conv2d conv{.channels = s.out, .padding = padding, .pad = 2, .bias = s.batch != 2};
      const Shape input{s.height, s.width, s.in};
      REQUIRE(runs_on(Network(Spec() << conv, input, 1), "winograd", s.batch));
      compare(conv, input, s.batch);
    }
}

TEST_CASE("kernels: winograd_6x6 on whole tiles and parts, few and many in a part of the batch") {
  struct Size {
    int height, width, in, out, batch;
  };
  for (const Size& s : {Size{6, 6, 16, 48, 12}, Size{5, 6, 48, 32, 13}, Size{36, 12, 32, 16, 2},
                        Size{29, 35, 16, 16, 1}, Size{12, 11, 32, 144, 3},  // threads share out groups of channels
                        // gradients in such tiles, too: of a part of an image, of several images
                        Size{66, 35, 16, 32, 3}, Size{48, 47, 64, 32, 1}, Size{17, 16, 16, 16, 60}})
    for (const Padding padding : {Padding::same, Padding::fixed, Padding::valid}) {
      // So that outputs have the size given.
      const int more = padding == Padding::valid ? 2 : padding == Padding::fixed ? -2 : 0;
      INFO("padding " << static_cast<int>(padding) << ", in " << s.in << ", out " << s.out);
      const Conv2d conv{.channels = s.out, .padding = padding, .pad = 2, .bias = s.batch != 2};
      const Shape input{s.height + more, s.width + more, s.in};
      REQUIRE(runs_on(Network(Spec() << conv, input, 1), "winograd_6x6", s.batch));
      CHECK(gradient_side(conv.geometry(input, s.batch), 6) == (s.height * s.width * s.batch > 2200 ? 6 : 4));
      compare(conv, input, s.batch);
    }
}
