// Layers fused into one step give the same bits as one after the other, on every instruction set.
#include "kernels/compare.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

/// Inference with everything fused that can be, against the same kernels one by one, which is what training runs.
void check_fused(const Spec& spec, const Shape& input, int batch, const std::string& first_step) {
  const IsaRestorer restorer;
  Network network(spec, input, 1);
  put(network.weights().first(network.trainable_size()), random_values<double>(network.trainable_size(), 30));
  const auto values = random_values<double>(static_cast<std::size_t>(batch) * input.size(), 1);
  for (const std::string& isa : available_isas())
    for (const int threads : {1, 3}) {
      INFO(first_step << " of " << to_string(input) << ", batch " << batch << ", " << isa);
      force_isa(isa);
      Session fused(std::as_const(network), {.batch = batch, .threads = threads});
      Session apart(network, {.mode = Mode::train, .batch = batch, .threads = threads});
      CHECK(fused.plan().front().layers == first_step);
      CHECK(static_cast<int>(apart.plan().size()) == spec.size());
      put(fused.input(), values);
      put(apart.input(), values);
      CHECK(copy_of(fused.forward()) == copy_of(apart.forward()));
    }
}

}  // namespace

TEST_CASE("fusion: convolution, relu and max_pool") {
  const Spec all = Spec() << Conv2d{.channels = 17} << ReLU{} << MaxPool{};
  for (const Shape& input : {Shape{2, 2, 1}, Shape{6, 14, 3}, Shape{18, 16, 7}, Shape{34, 8, 15}})
    for (const int batch : {1, 3}) check_fused(all, input, batch, "conv2d_1 + relu_1 + max_pool_1");
  // Odd pictures are pooled apart: the last row or column belongs to no window.
  check_fused(all, {7, 8, 3}, 2, "conv2d_1 + relu_1");
  check_fused(all, {8, 7, 3}, 2, "conv2d_1 + relu_1");
  check_fused(Spec() << Conv2d{.channels = 33, .bias = false} << MaxPool{}, {8, 6, 3}, 2, "conv2d_1 + max_pool_1");
  check_fused(Spec() << Conv2d{.channels = 4, .stride = 2} << ReLU{} << MaxPool{}, {16, 12, 3}, 2, "conv2d_1 + relu_1 + max_pool_1");
  check_fused(Spec() << Conv2d{.channels = 6, .groups = 3} << ReLU{} << MaxPool{}, {8, 6, 3}, 2, "conv2d_1 + relu_1 + max_pool_1");
  check_fused(Spec() << Conv2d{.channels = 4} << ReLU{} << MaxPool{.kernel = 3, .stride = 2}, {9, 9, 3}, 2, "conv2d_1 + relu_1");
  check_fused(Spec() << Conv2d{.channels = 4} << SiLU{} << MaxPool{}, {8, 8, 3}, 2, "conv2d_1");
}

TEST_CASE("fusion: depthwise and dense layers with relu") {
  check_fused(Spec() << Conv2d{.channels = 7, .groups = Conv2d::kDepthwise} << ReLU{} << MaxPool{}, {8, 6, 7}, 2, "conv2d_1 + relu_1");
  for (const int in : {3, 129, 1031})
    for (const int batch : {1, 5}) check_fused(Spec() << Dense{.features = 33} << ReLU{} << Dense{}, {in}, batch, "dense_1 + relu_1");
}
