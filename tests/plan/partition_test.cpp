// One picture on several threads: each goes through several layers for rows of its own. The results must be the bits of
// one thread, whatever rows a window reaches and whoever wrote them.
#include "catch.hpp"
#include "lineament/nn/ranges.hpp"
#include "lineament/nn/session.hpp"
#include "nn/networks.hpp"
#include "support/networks.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

NodeId depthwise(Spec& spec, NodeId from, int kernel, int stride, const char* name) {
  return spec.add(
      Conv2d{
          .channels = 24, .kernel = kernel, .stride = stride, .padding = Padding::same, .groups = Conv2d::kDepthwise},
      from, name);
}

/// Chains of 1x1 and depthwise convolutions with sums across them, values with several readers, windows of several
/// sizes and strides, and layers in between and at the end that want the whole picture.
Spec chain(int last_kernel) {
  Spec spec;
  NodeId at = spec.add(Conv2d{.channels = 24, .kernel = 3, .stride = 2, .padding = Padding::fixed, .pad = 1},
                       Spec::kInput, "stem");
  at = spec.add(ReLU{}, at, "stem_relu");
  at = depthwise(spec, at, 5, 1, "wide");
  const NodeId thin = at = spec.add(Conv2d{.channels = 12, .kernel = 1}, at, "thin");
  at = spec.add(Conv2d{.channels = 24, .kernel = 1}, at, "expand");
  at = spec.add(ReLU{}, at, "expand_relu");
  at = depthwise(spec, at, 3, 1, "inner");
  at = spec.add(Conv2d{.channels = 12, .kernel = 1}, at, "project");
  const NodeId sum = at = spec.add(Add{}, {at, thin}, "sum");
  at = spec.add(Conv2d{.channels = 24, .kernel = 1}, at, "expand_2");
  at = spec.add(Conv2d{.channels = 24, .kernel = 1, .padding = Padding::fixed, .pad = 1}, at, "padded");
  at = depthwise(spec, at, 3, 2, "strided");
  at = spec.add(Conv2d{.channels = 8, .kernel = last_kernel}, at, "last_conv");
  const NodeId whole = spec.add(MaxPool{.kernel = 3, .stride = 2}, sum, "whole");
  at = spec.add(GlobalAvgPool{}, at, "mean");
  spec.add(Concat{}, {at, spec.add(GlobalAvgPool{}, whole, "mean_whole")}, "both");
  return spec;
}

}  // namespace

TEST_CASE("one picture: the same bits on 1, 2, 3 and 4 threads, call after call") {
  for (const int last_kernel : {1, 3})
    for (const Shape input : {Shape{37, 29, 3}, Shape{64, 64, 3}}) {
      Network network(chain(last_kernel), input, 1);
      randomise(network);
      std::vector<std::vector<float>> pictures(3, std::vector<float>(input.size()));
      for (std::size_t i = 0; i < pictures.size(); ++i)
        put(std::span(pictures[i]), random_values<double>(input.size(), i + 1, -1, 1));
      const std::vector<LayerRange> ranges = measure_ranges(network, pictures[0]);
      for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::int8}) {
        std::vector<std::vector<float>> wanted;
        for (const int threads : {1, 2, 3, 4}) {
          INFO(threads << " threads, precision " << static_cast<int>(precision) << ", " << to_string(input));
          InferenceSession session(network, {.threads = threads, .precision = precision, .ranges = ranges});
          std::vector<std::vector<float>> got;
          for (int repetition = 0; repetition < (kSanitized ? 2 : 20); ++repetition)
            for (const auto& picture : pictures) {
              std::copy(picture.begin(), picture.end(), session.input().begin());
              const auto output = copy_of(session.forward());
              if (repetition == 0)
                got.push_back(output);
              else
                REQUIRE(output ==
                        got[got.size() - pictures.size() + static_cast<std::size_t>(&picture - pictures.data())]);
            }
          if (threads == 1) wanted = got;
          CHECK(got == wanted);
        }
      }
      BasicNetwork<double> exact(network);
      BasicInferenceSession<double> oracle(exact);
      InferenceSession fast(network, {.threads = 2});
      std::copy(pictures[0].begin(), pictures[0].end(), oracle.input().begin());
      std::copy(pictures[0].begin(), pictures[0].end(), fast.input().begin());
      CHECK(difference(copy_of(fast.forward()), copy_of(oracle.forward())) < 1e-5);
    }
}
