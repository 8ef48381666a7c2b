// Single layers against an independent implementation: data/golden/layers.json.
#include "support/golden.hpp"
#include "support/layer_cases.hpp"
#include "support/layer_run.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

/// The options of a case on one line.
std::string title(Json c) {
  for (const char* key : {"input", "second", "weight", "bias", "y", "dy", "gradients"}) c.erase(key);
  return c.dump();
}

template <class T>
void check_case(const Json& c, const std::string& kernel, double tolerance) {
  std::vector<std::string> inputs{"input"};
  if (c.contains("second")) inputs.emplace_back("second");
  std::vector<Shape> shapes;
  for (const std::string& name : inputs) shapes.push_back(sample_shape(c[name]));
  const Layer described = golden_layer(c);
  const BasicNetwork<T> network(alone(described, shapes), shapes[0]);
  LayerRun<T> layer(network, {.mode = Mode::train, .batch = c["input"]["shape"][0], .threads = 2, .kernel = kernel});
  for (std::size_t i = 0; i < inputs.size(); ++i) put(layer.input(i), values_of(c[inputs[i]]));
  const double noise = std::is_same_v<T, double> ? 1e-12 : 5e-7;  // sums of values around 1 that nearly cancel
  std::vector<std::string> names;
  for (const ParamSpec& p : params_of(described, shapes)) names.emplace_back(p.name);
  REQUIRE(layer.params() == names.size());
  for (std::size_t i = 0; i < names.size(); ++i) put(std::span<T>(layer.param(i)), values_of(c[names[i]]));
  layer.forward();
  check_digest(layer.output(), c["y"], tolerance, noise);
  put(layer.output_gradient(), values_of(c["dy"]));
  layer.backward();
  for (std::size_t i = 0; i < inputs.size(); ++i)
    check_digest(layer.input_gradient(i), c["gradients"][inputs[i]], tolerance, noise);
  for (std::size_t i = 0; i < names.size(); ++i)
    check_digest(layer.param_gradient(i), c["gradients"][names[i]], tolerance, noise);
  CHECK(layer.intact());
}

}  // namespace

TEST_CASE("single layers give what an independent implementation gives") {
  const Json file = golden("layers");
  CHECK(file["cases"].size() == 143);
  for (const Json& c : file["cases"]) {
    INFO(title(c));
    {
      INFO("double");
      check_case<double>(c, "reference", 1e-9);
    }
    INFO("fast float");
    check_case<float>(c, "", 2e-6);
  }
}
