// A network's inputs and outputs as samples have them: the pixels of a sample are those of all inputs, one after the
// other, and its values those of all outputs.
#pragma once
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "lineament/error.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/train/samples.hpp"

namespace lineament {

/// An input or output and its place in a sample's pixels or values.
struct Place {
  std::string name;
  NodeId node = 0;
  std::size_t first = 0, size = 0;
};
using Places = std::vector<Place>;

inline Places places_of(const std::vector<Port>& ports) {
  Places places;
  std::size_t first = 0;
  for (const Port& port : ports) {
    places.push_back({port.name, port.node, first, port.shape.size()});
    first += port.shape.size();
  }
  return places;
}

struct Ports {
  Places inputs, outputs;
  explicit Ports(const Network& network) : inputs(places_of(network.inputs())), outputs(places_of(network.outputs())) {}
};

/// Of all of them together.
inline std::size_t size_of(const Places& places) {
  return places.back().first + places.back().size;
}

/// How many outputs, from the first on, have the `values` of a sample together; 0 where no number of them has. Outputs
/// behind them have no truth of their own.
inline std::size_t count_with_truth(const Places& outputs, std::size_t values) {
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i].first + outputs[i].size == values) return i + 1;
  return 0;
}

/// Those outputs.
inline Places with_truth(const Places& outputs, std::size_t values) {
  const auto count = static_cast<std::ptrdiff_t>(count_with_truth(outputs, values));
  return {outputs.begin(), outputs.begin() + count};
}

/// The bias that is added to each value of an output, if there is one.
inline const ParamInfo* bias_of(const Network& network, const Place& output) {
  for (std::size_t i = 0; i < network.outputs().size(); ++i)
    if (network.outputs()[i].node == output.node && network.has_output_bias(i))
      return &network.param(output.name + ".bias");
  return nullptr;
}

/// "32x32x3", or "32x32x3 + 4" of two.
inline std::string describe(const Network& network, const Places& places) {
  std::string text;
  for (const Place& place : places) text += (text.empty() ? "" : " + ") + to_string(network.shapes()[place.node]);
  return text;
}

enum class Truths { of_all_outputs, of_the_first };

/// Throws SpecError unless the network takes and gives what the samples have, or its first outputs give it.
inline void require_fit(const Network& network, const SampleSource& samples, const char* which,
                        Truths truths = Truths::of_the_first) {
  const Ports ports(network);
  const std::size_t count = count_with_truth(ports.outputs, samples.values_per_sample());
  if (size_of(ports.inputs) == samples.pixels_per_sample() &&
      (truths == Truths::of_the_first ? count > 0 : count == ports.outputs.size()))
    return;
  throw SpecError({"network", std::string("it does not fit ") + which,
                   std::to_string(samples.pixels_per_sample()) + " values in and " +
                       std::to_string(samples.values_per_sample()) + " out",
                   describe(network, ports.inputs) + " in and " + describe(network, ports.outputs) + " out",
                   count > 0 && count < ports.outputs.size()
                       ? "give outputs without a truth a joint loss (FitOptions::joint_loss)"
                       : "change the network's input and output, or the samples"});
}

/// Puts the pixels of a batch (or of its first samples) where the session reads them.
inline void load(SessionBase<float>& session, const Places& inputs, std::span<const float> pixels) {
  const std::size_t all = size_of(inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    for (std::size_t k = 0; k * all < pixels.size(); ++k) {
      const auto of_sample = pixels.subspan(k * all + inputs[i].first, inputs[i].size);
      std::copy(of_sample.begin(), of_sample.end(), session.input(i).subspan(k * inputs[i].size).begin());
    }
}

/// Of a batch's values, sample after sample, those of one output; `column` is where they are put together if there are
/// several outputs.
inline std::span<const float> column_of(std::span<const float> values, const Places& outputs, std::size_t i,
                                        std::vector<float>& column) {
  if (outputs.size() == 1 || values.empty()) return values;
  const std::size_t all = size_of(outputs);
  column.clear();
  for (std::size_t first = outputs[i].first; first < values.size(); first += all) {
    const auto of_sample = values.subspan(first, outputs[i].size);
    column.insert(column.end(), of_sample.begin(), of_sample.end());
  }
  return column;
}

/// All outputs of sample k of a batch, one after the other; value_of(i) is output i of the batch. `sample` is where
/// they are put together if there are several.
inline std::span<const float> sample_of(auto&& value_of, const Places& outputs, std::size_t k,
                                        std::vector<float>& sample) {
  const auto part_of = [&](std::size_t i) {
    return std::span<const float>(value_of(i)).subspan(k * outputs[i].size, outputs[i].size);
  };
  if (outputs.size() == 1) return part_of(0);
  sample.clear();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto values = part_of(i);
    sample.insert(sample.end(), values.begin(), values.end());
  }
  return sample;
}

}  // namespace lineament
