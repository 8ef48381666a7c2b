// Single layers against an independent implementation: data/golden/layers.json.
#include "support/golden.hpp"
#include "support/layer_run.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

/// The options of a case on one line.
std::string title(Json c) {
  for (const char* key : {"input", "weight", "bias", "y", "dy", "gradients"}) c.erase(key);
  return c.dump();
}

template <class T>
void check_case(const Json& c, const std::string& kernel, double tolerance) {
  const BasicNetwork<T> network(one_layer(golden_layer(c)), sample_shape(c["input"]));
  LayerRun<T> layer(network, {.mode = Mode::train, .batch = c["input"]["shape"][0], .threads = 2, .kernel = kernel});
  put(layer.input(), values_of(c["input"]));
  const std::vector<std::string> names =
      c.contains("weight") ? std::vector<std::string>{"weight", "bias"} : std::vector<std::string>{};
  REQUIRE(layer.params() == names.size());
  for (std::size_t i = 0; i < names.size(); ++i) put(std::span<T>(layer.param(i)), values_of(c[names[i]]));
  layer.forward();
  check_digest(layer.output(), c["y"], tolerance);
  put(layer.output_gradient(), values_of(c["dy"]));
  layer.backward();
  check_digest(layer.input_gradient(), c["gradients"]["input"], tolerance);
  for (std::size_t i = 0; i < names.size(); ++i)
    check_digest(layer.param_gradient(i), c["gradients"][names[i]], tolerance);
  CHECK(layer.intact());
}

}  // namespace

TEST_CASE("single layers give what an independent implementation gives") {
  const Json file = golden("layers");
  CHECK(file["cases"].size() == 95);
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
