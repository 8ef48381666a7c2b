// Every kernel of a layer, forward and backward, on every instruction set this machine has, against the definition in
// double; and the same bits for any number of threads.
#pragma once
#include <array>

#include "catch.hpp"
#include "kernels/conv/row_reading.hpp"
#include "lineament/isa.hpp"
#include "support/layer_run.hpp"

namespace lineament::testing {

/// Puts the instruction set back that was in use before.
class IsaRestorer {
 public:
  ~IsaRestorer() { force_isa(before_); }

 private:
  std::string before_ = current_isa();
};

/// Those on which inference in fp32 multiplies floats, as training does everywhere: not AMX.
inline std::vector<std::string> float_isas() {
  std::vector<std::string> isas = available_isas();
  std::erase(isas, "amx");
  return isas;
}

/// Dense layers read their weights this way as long as it lives.
class RowReadingForced {
 public:
  explicit RowReadingForced(RowReading how) { force_row_reading(how); }
  ~RowReadingForced() { force_row_reading(std::nullopt); }
};

struct Results {
  std::vector<std::vector<double>> lists;  ///< output, input gradients, parameter gradients, statistics
  bool intact = false;
  std::string kernel;
};

template <class T>
Results run_layer(const BasicNetwork<T>& network, const RunOptions& options) {
  LayerRun<T> layer(network, options);
  Results results;
  const auto keep = [&](const auto& values) { results.lists.emplace_back(values.begin(), values.end()); };
  for (std::size_t i = 0; i < layer.inputs(); ++i)
    put(layer.input(i), random_values<double>(layer.input(i).size(), i, -2, 2));
  layer.set_seed(5);
  layer.forward();
  keep(layer.output());
  if (options.mode == Mode::train) {
    put(layer.output_gradient(), random_values<double>(layer.output().size(), 20));
    layer.backward();
    for (std::size_t i = 0; i < layer.inputs(); ++i) keep(layer.input_gradient(i));
    for (std::size_t i = 0; i < layer.params(); ++i) keep(layer.param_gradient(i));
    for (std::size_t i = 0; i < layer.params(); ++i) keep(layer.param(i));
  }
  results.intact = layer.intact();
  results.kernel = layer.kernel();
  return results;
}

/// Whether a kernel is among those that do not refuse the last layer, when inferring.
inline bool runs_on(const Network& network, std::string_view kernel, int batch) {
  for (const Kernel<float>* k : fitting_kernels<float>(last_layer(network, {.batch = batch})))
    if (k->name() == kernel) return true;
  return false;
}

/// Weights are multiplied and added up in another order by Winograd's algorithm; bf16x3 leaves out the last bits.
inline double tolerance_of(std::string_view kernel, double usual) {
  return kernel.starts_with("winograd") || kernel == "bf16x3" ? 2e-5 : usual;
}

/// The last layer of `spec`, whose inputs have the shapes they have there.
inline void compare_last(const Spec& spec, const Shape& input, int batch, double tolerance = 5e-6) {
  const IsaRestorer restorer;
  Network network(spec, input, 1);
  put(network.weights().first(network.trainable_size()), random_values<double>(network.trainable_size(), 30));
  const BasicNetwork<double> exact(network);
  for (const Mode mode : {Mode::train, Mode::infer}) {
    INFO(type_of(spec[spec.last()].layer)
         << " of " << to_string(input) << ", batch " << batch << (mode == Mode::train ? ", train" : ", infer"));
    RunOptions options{.mode = mode, .batch = batch};
    const Results wanted = run_layer(exact, options);
    for (const std::string& isa : available_isas()) {
      force_isa(isa);
      for (const Kernel<float>* kernel : fitting_kernels<float>(last_layer(network, options))) {
        options.kernel = kernel->name();
        if (options.kernel == "reference" && isa != available_isas().front()) continue;  // knows of no instruction set
        INFO(isa << ", " << options.kernel);
        const Results one = run_layer(network, options);
        CHECK(one.intact);
        REQUIRE(one.lists.size() == wanted.lists.size());
        for (std::size_t i = 0; i < wanted.lists.size(); ++i) {
          INFO("list " << i);
          CHECK(difference(one.lists[i], wanted.lists[i]) < tolerance_of(options.kernel, tolerance));
        }
        for (options.threads = 2; options.threads <= 4; options.threads += 2) {
          const Results more = run_layer(network, options);
          CHECK(more.lists == one.lists);
          CHECK(more.intact);
        }
        options.threads = 1;
      }
    }
  }
}

inline void compare(const Layer& layer, const Shape& input, int batch, int inputs = 1, double tolerance = 5e-6) {
  compare_last(one_layer(layer, inputs), input, batch, tolerance);
}

}  // namespace lineament::testing
