// Networks as JSON: every layer and option there and back, and one clear line for whatever is wrong.
#include "lineament/model/spec_json.hpp"

#include "catch.hpp"
#include "lineament/zoo/networks.hpp"
#include "nn/networks.hpp"
#include "support/layer_cases.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

/// A layer of a user's own with options of every kind that one may have.
struct Shifted {
  static constexpr std::string_view kType = "shifted";
  static constexpr Traits kTraits{.light = true};
  int by = 1;
  bool twice = false;
  float share = 0.5f;
  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("by", self.by);
    visit("twice", self.twice);
    visit("share", self.share);
  }
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return inputs[0]; }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
  void forward(const auto&) const {}
  void backward(const auto&) const {}
};
struct OtherShifted : Shifted {};

/// A layer's type and options as text.
std::string options_of(const Layer& layer) {
  std::string text(type_of(layer));
  const auto visit = [&]<class V>(const char* key, const V& value) {
    text += std::string(" ") + key + "=";
    if constexpr (std::same_as<V, Shape>)
      text += to_string(value);
    else
      text += std::to_string(static_cast<double>(value));
  };
  std::visit([&](const auto& l) { l.fields(l, visit); }, layer);
  return text;
}

void check_round_trip(const Spec& spec, const Shape& input) {
  const std::string json = spec_to_json(spec, input);
  const SpecFile back = spec_from_json(json, "net.json");
  CHECK(back.input == input);
  REQUIRE(back.spec.size() == spec.size());
  for (NodeId id = 1; id <= spec.size(); ++id) {
    INFO(json);
    CHECK(back.spec[id].name == spec[id].name);
    CHECK(options_of(back.spec[id].layer) == options_of(spec[id].layer));
    CHECK(back.spec[id].inputs == spec[id].inputs);
  }
  CHECK(spec_to_json(back.spec, back.input) == json);
}

/// One line that begins with the file's name; SpecError or FormatError as asked.
template <class Error>
std::string refusal(const std::string& json) {
  try {
    spec_from_json(json, "net.json");
  } catch (const Error& error) {
    const std::string text = error.what();
    CHECK(text.starts_with("net.json"));
    CHECK(text.find('\n') == std::string::npos);
    return text;
  }
  return "accepted";
}

std::string network(const std::string& layers, const std::string& input = "[8, 8, 3]") {
  return R"({"input": )" + input + R"(, "layers": [)" + layers + "]}";
}

}  // namespace

TEST_CASE("every kind of layer goes to JSON and back, with options that are not the default") {
  register_layer<ChannelGain>();
  for (const LayerCase& c : layer_cases()) {
    INFO(c.name);
    Spec spec = alone(c.layer, c.inputs);
    if (c.inputs.empty()) spec.add(ReLU{}, Spec::kInput);
    check_round_trip(spec, c.inputs.empty() ? Shape{4} : c.inputs[0]);
  }
}

TEST_CASE("options that came later are written only where they say something") {
  const auto json = [](const Conv2d& conv) { return spec_to_json(Spec() << conv, {9, 8, 4}); };
  CHECK_THAT(json(Conv2d{.channels = 4, .kernel = 3, .kernel_width = 3}), !Catch::Contains("kernel_width"));
  CHECK_THAT(json(Conv2d{.channels = 4, .dilation = 2}),
             Catch::Contains("\"dilation\": 2") && Catch::Contains("\"kernel_width\": 0"));
}

TEST_CASE("whole networks go to JSON and back") {
  check_round_trip(zoo(), kZooInput);
  for (const NamedNetwork& named : named_networks()) {
    INFO(named.name);
    check_round_trip(named.spec(true, kValues), named.input);
  }
}

TEST_CASE("what is left out has its default: names, options, and the layer before as the input") {
  const SpecFile file =
      spec_from_json(network(R"({"type": "conv2d", "channels": 4}, {"type": "relu"}, {"type": "relu"})"), "net.json");
  CHECK(file.spec.size() == 3);
  CHECK(file.spec[1].name.view() == "conv2d_1");
  CHECK(options_of(file.spec[1].layer) == options_of(Conv2d{.channels = 4}));
  CHECK(file.spec[3].name.view() == "relu_2");
  CHECK(file.spec[3].inputs[0] == 2);
  CHECK(file.spec[1].inputs[0] == Spec::kInput);
}

TEST_CASE("text that is no network") {
  CHECK_THAT(refusal<FormatError>(""), Catch::Contains("not valid JSON"));
  CHECK_THAT(refusal<FormatError>("{\"input\":\n[8, 8"), Catch::Contains("not valid JSON"));
  CHECK_THAT(refusal<FormatError>("[\n1,\n2]"), Catch::Contains("not a network"));
  CHECK_THAT(refusal<FormatError>("{}"), Catch::Contains("not a network"));
  CHECK_THAT(refusal<FormatError>(R"({"input": [8, 8, 3], "layers": {}})"), Catch::Contains("not a network"));
  CHECK_THAT(refusal<FormatError>(R"({"input": [8, 8, 3], "layers": []})"), Catch::Contains("not a network"));
  CHECK_THAT(refusal<FormatError>(R"({"layers": [{"type": "relu"}]})"), Catch::Contains("\"input\" is missing"));
  for (const char* input : {"[]", "[8, 8, 3, 1, 1]", "[8, 0, 3]", "[8, -8, 3]", "[8.5, 8, 3]", "[8, 8, \"3\"]", "8",
                            "null", "[4294967304, 8, 3]", "[18446744073709551615, 8, 3]"}) {
    INFO(input);
    CHECK_THAT(refusal<FormatError>(network(R"({"type": "relu"})", input)),
               Catch::Contains("\"input\" is missing or wrong"));
  }
}

TEST_CASE("a layer that cannot be understood is named by its number") {
  const auto wrong = [](const std::string& layer) {
    return refusal<FormatError>(network(R"({"type": "relu"}, )" + layer));
  };
  for (const char* layer : {"3", "{}", R"({"type": 4})", "null", R"(["conv2d"])"}) {
    INFO(layer);
    CHECK_THAT(wrong(layer), Catch::StartsWith("net.json, layer 2: a layer is not described"));
  }
  for (const char* value :
       {"\"8\"", "8.5", "true", "null", "[8]", "4294967304", "18446744073709551615", "-99999999999999999999"}) {
    INFO(value);
    CHECK_THAT(wrong(std::string(R"({"type": "conv2d", "channels": )") + value + "}"),
               Catch::StartsWith("net.json, layer 2: the option 'channels' has a wrong value (wanted a whole number"));
  }
  CHECK_THAT(wrong(R"({"type": "conv2d", "bias": 1})"), Catch::Contains("wanted true or false, got 1"));
  CHECK_THAT(wrong(R"({"type": "conv2d", "padding": "full"})"),
             Catch::Contains("wanted one of same, valid, fixed, got \"full\""));
  CHECK_THAT(wrong(R"({"type": "dropout", "rate": "a\nlot"})"), Catch::Contains("wanted a number"));
  CHECK_THAT(wrong(R"({"type": "relu", "name": 3})"), Catch::Contains("'name' is wrong"));
  CHECK_THAT(wrong(R"({"type": "relu", "inputs": "input"})"), Catch::Contains("'inputs' is wrong"));
  CHECK_THAT(wrong(R"({"type": "relu", "inputs": [1]})"), Catch::Contains("an entry of 'inputs' is wrong"));
}

TEST_CASE("a layer that makes no sense is named") {
  const auto wrong = [](const std::string& layer) {
    return refusal<SpecError>(network(R"({"type": "relu", "name": "a"}, )" + layer));
  };
  CHECK_THAT(wrong(R"({"type": "conv3d"})"),
             Catch::StartsWith("net.json, layer 2: there is no layer of this type (wanted one of conv2d, dense") &&
                 Catch::Contains("got conv3d"));
  CHECK_THAT(wrong(R"({"type": "conv2d", "chanels": 8})"), Catch::Contains("this layer has no such option") &&
                                                               Catch::Contains("channels") &&
                                                               Catch::Contains("got chanels"));
  CHECK_THAT(wrong(R"({"type": "relu", "inputs": ["b"]})"),
             Catch::Contains("layer 2: an input is not known") && Catch::Contains("got \"b\""));
  // A circle would need the name of a layer that comes later, or its own.
  CHECK_THAT(wrong(R"({"type": "relu", "name": "b", "inputs": ["b"]})"), Catch::Contains("an earlier layer"));
  CHECK_THAT(
      wrong(R"({"type": "add", "name": "b", "inputs": ["a", "c"]}, {"type": "relu", "name": "c", "inputs": ["b"]})"),
      Catch::Contains("layer 2: an input is not known"));
  CHECK_THAT(wrong(R"({"type": "relu", "inputs": []})"),
             Catch::Contains("layer 2") && Catch::Contains("the number of inputs is wrong (wanted 1, got 0)"));
  CHECK_THAT(wrong(R"({"type": "add", "inputs": ["a"]})"), Catch::Contains("wanted 2 or more, got 1"));
  CHECK_THAT(wrong(R"({"type": "relu", "name": "a"})"),
             Catch::Contains("layer 2") && Catch::Contains("the name is taken"));
  // Options that are out of range, and layers that do not fit each other: by name, as when a Spec is written in C++.
  CHECK_THAT(wrong(R"({"type": "conv2d", "name": "c", "channels": -3})"),
             Catch::StartsWith(
                 "net.json, layer 'c' (conv2d): the option 'channels' is out of range (wanted 1 or more, got -3)"));
  CHECK_THAT(wrong(R"({"type": "dropout", "rate": 1})"), Catch::Contains("at least 0 and below 1"));
  CHECK_THAT(wrong(R"({"type": "dense", "name": "d", "features": 3})"),
             Catch::StartsWith("net.json, layer 'd' (dense): the layer does not fit its input") &&
                 Catch::Contains("got 8x8x3"));
  CHECK_THAT(wrong(R"({"type": "flatten"}, {"type": "add", "inputs": ["a", "flatten_1"]})"),
             Catch::Contains("inputs of one shape"));
}

TEST_CASE("any number of layers, names of any length") {
  const std::string name(1000, 'x');
  std::string layers = R"({"type": "relu", "name": ")" + name + "\"}";
  for (int i = 1; i < 500; ++i) layers += R"(, {"type": "relu"})";
  const SpecFile file = spec_from_json(network(layers), "net.json");
  CHECK(file.spec.size() == 500);
  CHECK(file.spec[1].name.str() == name);
  check_round_trip(file.spec, file.input);
}

TEST_CASE("several inputs and outputs go to JSON and back") {
  Spec spec;
  const NodeId depth = spec.add_input(Shape{8, 8, 1}, "depth");
  const NodeId both = spec.add(Concat{}, {Spec::kInput, depth});
  const NodeId points = spec.add(Dense{.features = 4}, spec.add(Flatten{}, both), "points");
  const NodeId heat = spec.add(Conv2d{.channels = 2}, both, "heat");
  spec.mark_output(heat);
  spec.mark_output(points);
  check_round_trip(spec, {8, 8, 3});
  const SpecFile back = spec_from_json(spec_to_json(spec, {8, 8, 3}), "net.json");
  CHECK(back.spec.outputs() == NodeIds{heat, points});
  CHECK(back.spec.inputs() == NodeIds{Spec::kInput, depth});
  CHECK(output_shape(back.spec[depth].layer, {}) == Shape{8, 8, 1});

  const auto wrong = [](const std::string& outputs) {
    return R"({"input": [3], "layers": [{"type": "relu", "name": "a"}], "outputs": )" + outputs + "}";
  };
  CHECK_THAT(refusal<FormatError>(wrong("\"a\"")), Catch::Contains("'outputs' is wrong"));
  CHECK_THAT(refusal<FormatError>(wrong("[]")), Catch::Contains("'outputs' is wrong"));
  CHECK_THAT(refusal<FormatError>(wrong("[1]")), Catch::Contains("an entry of 'outputs' is wrong"));
  CHECK_THAT(refusal<SpecError>(wrong("[\"b\"]")), Catch::Contains("an output is not known"));
  CHECK_THAT(refusal<SpecError>(wrong("[\"a\", \"a\"]")), Catch::Contains("cannot be marked as an output"));
  CHECK_THAT(refusal<SpecError>(wrong("[\"input\"]")), Catch::Contains("cannot be marked as an output"));
  CHECK_THAT(refusal<FormatError>(network(R"({"type": "input", "name": "b", "shape": [1, 0]})")),
             Catch::Contains("the option 'shape' has a wrong value"));
}

TEST_CASE("a custom layer is found by the name it was registered with") {
  const Layer layer = custom(Shifted{.by = 3, .twice = true, .share = 0.25f});
  const std::string json = spec_to_json(Spec() << layer, {4});
  CHECK_THAT(json, Catch::Contains("\"custom\"") && Catch::Contains("\"shifted\""));
  CHECK_THAT(refusal<SpecError>(network(R"({"type": "custom", "layer": "shiftde"})")),
             Catch::Contains("a layer of somebody's own") && Catch::Contains("got shiftde") &&
                 Catch::Contains("after register_layer"));
  CHECK_THAT(refusal<FormatError>(network(R"({"type": "custom"})")), Catch::Contains("a custom layer has no name"));
  register_layer<Shifted>();
  register_layer<Shifted>();
  check_round_trip(Spec() << layer, {4});
  const SpecFile file = spec_from_json(network(R"({"type": "custom", "layer": "shifted", "by": 7})"), "net.json");
  CHECK(file.spec[1].name.view() == "shifted_1");
  CHECK(options_of(file.spec[1].layer) == options_of(custom(Shifted{.by = 7})));
  CHECK_THAT(refusal<FormatError>(network(R"({"type": "custom", "layer": "shifted", "by": 7.5})")),
             Catch::Contains("the option 'by' has a wrong value (wanted a whole number"));
  CHECK_THAT(refusal<SpecError>(network(R"({"type": "custom", "layer": "shifted", "bye": 7})")),
             Catch::Contains("this layer has no such option") && Catch::Contains("by, twice, share"));
  CHECK_THROWS_AS(register_layer<OtherShifted>(), ArgumentError);
}

TEST_CASE("a network whose names cannot be written says so") {
  Spec spec;
  spec.add(ReLU{}, Spec::kInput, "caf\xe9");
  CHECK_THROWS_AS(spec_to_json(spec, {4}), SpecError);
}

TEST_CASE("text nested without end is refused") {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  for (const std::string& text : {deep, R"({"input": )" + deep + R"(, "layers": [{"type": "relu"}]})",
                                  network(R"({"type": "conv2d", "channels": )" + deep + "}")})
    CHECK_THAT(refusal<FormatError>(text), Catch::Contains("nested too deeply"));
}
