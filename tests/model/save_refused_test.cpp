// What loading would refuse replaces no file; and what trains can be saved.
#include <algorithm>
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "lineament/model/model.hpp"
#include "lineament/zoo/networks.hpp"
#include "support/folder.hpp"

using namespace lineament;
using lineament::testing::Folder;

namespace {

/// A layer of a user's own takes any number.
struct Scaled {
  static constexpr std::string_view kType = "scaled";
  static constexpr Traits kTraits{.light = true};
  float by = 1;
  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("by", self.by);
  }
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return inputs[0]; }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
  void forward(const auto& f) const { std::copy_n(f.input().data, f.output.size(), f.output.data); }
  void backward(const auto&) const {}
};

Model model_of(const Shape& input, const Layer& last = LeakyReLU{.slope = 0.1}) {
  Spec net;
  net << Flatten{} << Dense{.features = 4} << last;
  return {.network = Network(net, input, 1)};
}

}  // namespace

TEST_CASE("a model that could not be loaded again is not written") {
  const Folder folder{"save_refused"};
  const auto path = folder / "m.safetensors";
  write_file(path, std::string_view("the old one"));
  const auto refused = [&](auto change) {
    Model model = model_of({4, 4, 3});
    change(model);
    CHECK_THROWS_AS(save_model(path, model), Error);
    CHECK(read_text(path) == "the old one");
  };
  refused([](Model& m) { m.ranges = {{"dense_1", {1, 2}}}; });
  refused([](Model& m) { m.ranges = {{"dense_1", {0, std::numeric_limits<float>::infinity()}}}; });
  refused([](Model& m) { m.preprocessing.margin = 9; });
  refused([](Model& m) { m.preprocessing.size = 4; });
  refused([](Model& m) { m = model_of({4, 4, 3}, custom(Scaled{.by = std::numeric_limits<float>::infinity()})); });
  refused([](Model& m) { m.scheme.eye_corners = {0, 16}; });  // and still the name of the one that is built in
}

TEST_CASE("inputs of any shape that trains can be saved") {
  const Folder folder{"save_refused"};
  for (const Shape& input : {Shape{70000}, Shape{4, 4}, Shape{4, 4, 2, 2}, Shape{4, 4, 3}}) {
    INFO(to_string(input));
    save_model(folder / "m.safetensors", model_of(input));
    CHECK(load_model(folder / "m.safetensors").network.input_shape() == input);
  }
  Spec net;
  const NodeId more = net.add_input(Shape{2, 3}, "more");
  net.add(Concat{}, {net.add(Flatten{}, Spec::kInput), net.add(Flatten{}, more)});
  save_model(folder / "m.safetensors", {.network = Network(net, Shape{2}, 1)});
  CHECK(load_model(folder / "m.safetensors").network.inputs()[1].shape == Shape{2, 3});
}

TEST_CASE("a state whose best is infinite, and sums that are no numbers, come back") {
  const Folder folder{"save_refused"};
  TrainingState state;
  state.best = std::numeric_limits<double>::infinity();
  state.batch = 2;
  state.sums = {1.5, -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()};
  save_checkpoint(folder / "c.safetensors", model_of({4, 4, 3}), state);
  const auto back = load_checkpoint(folder / "c.safetensors").state;
  REQUIRE(back);
  CHECK(back->best == state.best);
  REQUIRE(back->sums.size() == 3);
  CHECK(back->sums[0] == 1.5);
  CHECK(back->sums[1] == state.sums[1]);
  CHECK(std::isnan(back->sums[2]));
}
