// The registry: which kernels there are, what they are called and why they refuse.
#include "kernels/registry.hpp"

#include <filesystem>
#include <set>

#include "kernels/compare.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

/// One of each kind of layer, but for a user's own.
template <std::size_t kIndex = 0>
std::vector<Layer> each_layer(std::vector<Layer> list = {}) {
  if constexpr (kIndex == std::variant_size_v<Layer>) {
    return list;
  } else {
    using L = std::variant_alternative_t<kIndex, Layer>;
    if constexpr (std::is_default_constructible_v<L>) list.push_back(L());
    return each_layer<kIndex + 1>(std::move(list));
  }
}

/// Names of files below src/kernels that are compiled, without folder, extension and "-inl".
std::set<std::string> sources() {
  std::set<std::string> names;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::string(LINEAMENT_SOURCE_DIR) + "/src/kernels"))
    if (const std::string name = entry.path().filename().string(); name.ends_with("-inl.hpp") || name.ends_with(".cpp"))
      names.insert(name.substr(0, std::min(name.rfind("-inl.hpp"), name.rfind(".cpp"))));
  return names;
}

std::string refusal(const ConvProblem& p, std::string_view name) {
  for (const ConvKernel* kernel : conv_kernels())
    if (kernel->name() == name) {
      const char* reason = kernel->unfit(p);
      return reason == nullptr ? "" : reason;
    }
  return "no such kernel";
}

}  // namespace

TEST_CASE("registry: every layer has kernels of different names, the reference last") {
  for (const Layer& layer : each_layer()) {
    INFO(type_of(layer));
    std::set<std::string_view> names;
    for (const Kernel<float>* kernel : kernels_for<float>(layer)) CHECK(names.insert(kernel->name()).second);
    CHECK(kernels_for<float>(layer).back()->name() == "reference");
    REQUIRE(kernels_for<double>(layer).size() == 1);
    CHECK(kernels_for<double>(layer).front()->name() == "reference");
  }
}

TEST_CASE("registry: a kernel's name is that of its file") {
  const std::set<std::string> files = sources();
  REQUIRE(files.size() > 10);
  for (const Layer& layer : each_layer())
    for (const Kernel<float>* kernel : kernels_for<float>(layer))
      if (kernel->name() != "reference") CHECK(files.count(std::string(kernel->name())) == 1);
}

TEST_CASE("registry: convolutions and dense layers have one list") {
  const auto conv = kernels_for<float>(Conv2d{}), dense = kernels_for<float>(Dense{});
  REQUIRE(conv.size() == conv_kernels().size() + 1);
  REQUIRE(dense.size() == conv.size());
  for (std::size_t i = 0; i < conv_kernels().size(); ++i) {
    CHECK(conv[i] == conv_kernels()[i]);
    CHECK(dense[i] == conv_kernels()[i]);
  }
}

TEST_CASE("registry: kernels of convolutions say why they refuse") {
  const ConvProblem p{.g = Conv2d{.channels = 32}.geometry({12, 12, 3}, 2)};
  CHECK(refusal(p, "int8") == "for int8");
  CHECK(refusal(p, "bf16") == "for bf16");
  CHECK(refusal(p, "depthwise") == "needs one channel a group");
  CHECK(refusal(p, "gemm") == "needs a window that sees the whole image");
  CHECK(refusal(p, "im2col") == "needs 64 channels out");
  CHECK(refusal(p, "winograd") == "needs channels in and out in multiples of 16");
  CHECK(refusal(p, "direct").empty());
  ConvProblem few{.g = Conv2d{.channels = 32}.geometry({5, 5, 16}, 2)};
  CHECK(refusal(few, "winograd").empty());
  CHECK(refusal(few, "winograd_6x6") == "fewer than 12 tiles of 6x6: reading its weights takes longer than winograd");
  CHECK(refusal({.g = Conv2d{.channels = 32}.geometry({8, 8, 16}, 9)}, "winograd_6x6") ==
        "as many products as winograd, or more");
  CHECK(refusal({.g = Conv2d{.channels = 32}.geometry({10, 10, 16}, 9)}, "winograd_6x6").empty());
  few.mode = Mode::train;
  CHECK(refusal(few, "winograd") == "training: more than half of the tiles' pixels lie outside");
  const Network network(Spec() << Conv2d{.channels = 4}, Shape{5, 5, 4}, 1);
  CHECK(find_kernel<float>(last_layer(network, {}), "direct").refuses(last_layer(network, {})) == nullptr);
}

TEST_CASE("registry: kernels that are for inference alone refuse training") {
  for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::int8})
    for (const ConvKernel* kernel : conv_kernels()) {
      const bool trains = kernel->name() != "int8" && kernel->name() != "bf16" && kernel->name() != "bf16_weights" &&
                          kernel->name() != "im2col" && kernel->name() != "bf16x3";
      const ConvProblem p{
          .g = Conv2d{.channels = 64}.geometry({2, 2, 16}, 1), .mode = Mode::train, .precision = precision};
      if (!trains) CHECK(kernel->unfit(p) != nullptr);
      if (!trains) CHECK_THROWS_AS(kernel->gradients(p, {}), ArgumentError);
    }
}
