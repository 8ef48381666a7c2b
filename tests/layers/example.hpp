// A layer with numbers worked by hand, run on every implementation there is: double, float, fast float.
#pragma once
#include "catch.hpp"
#include "support/layer_cases.hpp"
#include "support/layer_run.hpp"

namespace lineament::testing {

struct Example {
  using Lists =
      std::vector<std::vector<double>>;  ///< one list an input or parameter; a parameter's may be empty: any value
  Layer layer;
  Shape input;
  Lists inputs;
  Lists params;
  std::vector<double> output;
  std::vector<double> output_gradient = {};  ///< empty: only `forward` is run
  Lists input_gradients = {};
  Lists param_gradients = {};
  Mode mode = Mode::train;
  std::vector<Shape> other_inputs = {};  ///< shapes of the second input and so on, if they are not as the first
};

template <class T>
void check_list(std::span<const T> got, const std::vector<double>& wanted, double offset = 0) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    INFO("value " << i);
    CHECK(static_cast<double>(got[i]) == Approx(wanted[i] + offset).epsilon(1e-6).margin(1e-6));
  }
}

template <class T>
void run(const Example& e, const std::string& kernel) {
  std::vector<Shape> shapes(e.inputs.size(), e.input);
  std::copy(e.other_inputs.begin(), e.other_inputs.end(), shapes.begin() + 1);
  const BasicNetwork<T> network(alone(e.layer, shapes), e.input);
  const int batch = static_cast<int>(e.inputs[0].size() / e.input.size());
  LayerRun<T> layer(network, {.mode = e.mode, .batch = batch, .kernel = kernel});
  for (std::size_t i = 0; i < e.inputs.size(); ++i) put(layer.input(i), e.inputs[i]);
  for (std::size_t i = 0; i < e.params.size(); ++i)
    if (!e.params[i].empty()) put(std::span<T>(layer.param(i)), e.params[i]);
  layer.forward();
  check_list<T>(layer.output(), e.output);
  CHECK(layer.intact());
  if (e.output_gradient.empty()) return;

  constexpr double kStart = 5;  // parameter gradients are added to
  for (std::size_t i = 0; i < layer.params(); ++i)
    std::fill(layer.param_gradient(i).begin(), layer.param_gradient(i).end(), T(kStart));
  put(layer.output_gradient(), e.output_gradient);
  layer.backward();
  for (std::size_t i = 0; i < e.input_gradients.size(); ++i)
    check_list<T>(layer.input_gradient(i), e.input_gradients[i]);
  for (std::size_t i = 0; i < e.param_gradients.size(); ++i)
    check_list<T>(std::span<const T>(layer.param_gradient(i)), e.param_gradients[i], kStart);
  check_list<T>(layer.output_gradient(), e.output_gradient);  // only read
  CHECK(layer.intact());
}

inline void check(const Example& e) {
  {
    INFO("double");
    run<double>(e, "reference");
  }
  {
    INFO("float");
    run<float>(e, "reference");
  }
  INFO("fast float");
  run<float>(e, "");
}

}  // namespace lineament::testing
