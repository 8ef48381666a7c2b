// Weights in PyTorch's layout, written here by its rules, against sums over {channel, row, column} as PyTorch has them.
#include "lineament/model/pytorch.hpp"

#include <algorithm>
#include <map>

#include "catch.hpp"
#include "lineament/nn/session.hpp"
#include "support/values.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

constexpr int kIn = 3, kOut = 4, kSide = 6, kHalf = 3, kFeatures = 5;

Network small_network() {
  Spec spec;
  spec.add(Conv2d{.channels = kOut, .stride = 2, .padding = Padding::fixed, .pad = 1}, Spec::kInput, "conv1");
  spec.add(PReLU{}, spec.last(), "act1");
  spec.add(Flatten{}, spec.last());
  spec.add(BatchNorm{.epsilon = 0}, spec.last(), "bn1");
  spec.add(Dense{.features = kFeatures}, spec.last(), "fc");
  return Network(spec, {kSide, kSide, kIn}, 1);
}

struct StateDict {
  std::map<std::string, std::vector<float>> values;
  TensorFile file;

  void add(const std::string& name, std::vector<std::int64_t> shape) {
    std::size_t size = 1;
    for (const std::int64_t n : shape) size *= static_cast<std::size_t>(n);
    const auto numbers = random_values<double>(size, values.size() + 1, 0.1F, 1);
    values[name].resize(size);
    put(std::span<float>(values[name]), numbers);
    file.tensors.push_back(tensor_view<float>(name, std::move(shape), std::span<const float>(values[name])));
  }
  StateDict() {
    file.source = "state.safetensors";
    constexpr int kFlat = kOut * kHalf * kHalf;
    add("conv1.weight", {kOut, kIn, 3, 3});
    add("conv1.bias", {kOut});
    add("act1.weight", {kOut});
    for (const char* name : {"bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"}) add(name, {kFlat});
    add("bn1.num_batches_tracked", {1});
    add("fc.weight", {kFeatures, kFlat});
    add("fc.bias", {kFeatures});
    add("head.weight", {2, 2});
  }
  float at(const std::string& name, int i) const { return values.at(name)[static_cast<std::size_t>(i)]; }

  /// By PyTorch's definitions; `image` is {channel, row, column}.
  std::vector<double> output(const std::vector<double>& image) const {
    std::vector<double> out;
    for (int f = 0; f < kFeatures; ++f) out.push_back(at("fc.bias", f));
    for (int o = 0, at_flat = 0; o < kOut; ++o)
      for (int y = 0; y < kHalf; ++y)
        for (int x = 0; x < kHalf; ++x, ++at_flat) {
          double v = convolved(image, o, y, x);
          if (v < 0) v *= at("act1.weight", o);
          v = (v - at("bn1.running_mean", at_flat)) / std::sqrt(at("bn1.running_var", at_flat));
          v = v * at("bn1.weight", at_flat) + at("bn1.bias", at_flat);
          for (int f = 0; f < kFeatures; ++f)
            out[static_cast<std::size_t>(f)] += v * at("fc.weight", f * kOut * kHalf * kHalf + at_flat);
        }
    return out;
  }
  double convolved(const std::vector<double>& image, int o, int y, int x) const {
    double sum = at("conv1.bias", o);
    for (int i = 0; i < kIn; ++i)
      for (int h = 0; h < 3; ++h)
        for (int w = 0; w < 3; ++w) {
          const int row = 2 * y - 1 + h, column = 2 * x - 1 + w;
          if (row < 0 || row >= kSide || column < 0 || column >= kSide) continue;
          sum += image[static_cast<std::size_t>((i * kSide + row) * kSide + column)] *
                 at("conv1.weight", ((o * kIn + i) * 3 + h) * 3 + w);
        }
    return sum;
  }
};

}  // namespace

TEST_CASE("pytorch: a network with weights in PyTorch's order gives PyTorch's output") {
  Network network = small_network();
  const StateDict state;
  CHECK(take_pytorch_weights(network, state.file) == std::vector<std::string>{"head.weight"});
  const auto image = random_values<double>(kIn * kSide * kSide, 9);
  InferenceSession session(network);
  for (int i = 0; i < kIn; ++i)
    for (int p = 0; p < kSide * kSide; ++p)
      session.input()[static_cast<std::size_t>(p * kIn + i)] =
          static_cast<float>(image[static_cast<std::size_t>(i * kSide * kSide + p)]);
  session.forward();
  CHECK(difference(copy_of(session.output()), state.output(image)) < 1e-5);
}

TEST_CASE("pytorch: what does not fit is named, and the weights stay as they were") {
  Network network = small_network();
  const std::vector<float> before = copy_of(network.weights());
  StateDict state;
  const auto refused = [&](const char* why) {
    CHECK_THROWS_WITH(take_pytorch_weights(network, state.file), Catch::Contains(why));
    CHECK(copy_of(network.weights()) == before);
  };
  NamedTensor& weight = *std::find_if(state.file.tensors.begin(), state.file.tensors.end(),
                                      [](const NamedTensor& t) { return t.name == "fc.weight"; });
  std::swap(weight.shape[0], weight.shape[1]);
  refused("the tensor 'fc.weight' has another shape (wanted 5x36, got 36x5)");
  weight.name = "classifier.weight";
  refused("fc.weight");

  Spec two;
  const NodeId flat = two.add(Flatten{}, Spec::kInput), other = two.add(Flatten{}, Spec::kInput);
  two.add(Concat{}, {flat, other});
  two.add(Dense{.features = 1, .bias = false}, two.last(), "head");
  Network joined(two, {1, 2, 1}, 1);
  state.add("joined.weight", {1, 4});
  state.file.tensors.back().name = "head.weight";
  std::erase_if(state.file.tensors, [](const NamedTensor& t) { return t.name == "head.weight" && t.shape[0] == 2; });
  CHECK_THROWS_WITH(take_pytorch_weights(joined, state.file),
                    Catch::Contains("the order of the values that flow into 'head'"));
}
