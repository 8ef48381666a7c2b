// The inputs and outputs of a network as training sees them: a sample's pixels are those of all inputs one after the
// other, its values those of all outputs.
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

/// An output and its place in a sample's values.
struct OutputPlace {
  std::string name;
  NodeId node = 0;
  std::size_t first = 0, size = 0;
};

inline std::vector<OutputPlace> places_of(const Network& network) {
  std::vector<OutputPlace> places;
  std::size_t first = 0;
  for (const auto& output : network.outputs()) {
    places.push_back({output.name, output.node, first, output.shape.size()});
    first += output.shape.size();
  }
  return places;
}

/// The bias that is added to each value of an output, if there is one.
inline const ParamInfo* bias_of(const Network& network, const OutputPlace& place) {
  for (std::size_t i = 0; i < network.outputs().size(); ++i)
    if (network.outputs()[i].node == place.node && network.has_output_bias(i))
      return &network.param(place.name + ".bias");
  return nullptr;
}

/// Values that a sample's pixels are: those of all inputs, one after the other.
inline std::size_t pixels_of(const Network& network) {
  std::size_t sum = 0;
  for (const auto& input : network.inputs()) sum += input.shape.size();
  return sum;
}

/// Puts samples, each with the values of all inputs, into the session.
inline void put_inputs(SessionBase<float>& session, const Network& network, std::span<const float> pixels) {
  const std::size_t all = pixels_of(network);
  std::size_t first = 0;
  for (std::size_t i = 0; i < network.inputs().size(); ++i) {
    const std::size_t size = network.inputs()[i].shape.size();
    const std::span<float> to = session.input(i);
    for (std::size_t k = 0; k * all < pixels.size(); ++k)
      std::copy_n(pixels.data() + k * all + first, size, to.data() + k * size);
    first += size;
  }
}

/// Values of a sample: those of all outputs.
inline std::size_t values_of(const std::vector<OutputPlace>& places) {
  return places.back().first + places.back().size;
}

/// Throws SpecError unless the network takes and gives what the samples have.
inline void require_fit(const Network& network, const SampleSource& samples, const char* which) {
  const std::size_t values = values_of(places_of(network));
  if (pixels_of(network) == samples.pixels_per_sample() && values == samples.values_per_sample()) return;
  throw SpecError({"network", std::string("it does not fit ") + which,
                   std::to_string(samples.pixels_per_sample()) + " values in and " +
                       std::to_string(samples.values_per_sample()) + " out",
                   to_string(network.input_shape()) + " in and " + std::to_string(values) + " out",
                   "change the network's input and output, or the samples"});
}

/// What a session gave for a batch.
class Outputs {
 public:
  explicit Outputs(std::vector<OutputPlace> places) : places_(std::move(places)), outputs_(places_.size()) {}

  void forward(SessionBase<float>& session) {
    session.forward();
    for (std::size_t i = 0; i < outputs_.size(); ++i) outputs_[i] = session.output(i);
  }
  static std::span<float> gradient(TrainingSession& session, std::size_t output) {
    return session.output_gradient(output);
  }

  const std::vector<OutputPlace>& places() const { return places_; }
  /// Batch x values of one output.
  std::span<const float> output(std::size_t i) const { return outputs_[i]; }

  /// All outputs of sample k, one after the other. Valid until the next call.
  std::span<const float> sample(std::size_t k) {
    if (places_.size() == 1) return outputs_[0].subspan(k * places_[0].size, places_[0].size);
    sample_.resize(values_of(places_));
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const auto values = outputs_[i].subspan(k * places_[i].size, places_[i].size);
      std::copy(values.begin(), values.end(), sample_.begin() + static_cast<std::ptrdiff_t>(places_[i].first));
    }
    return sample_;
  }

 private:
  std::vector<OutputPlace> places_;
  std::vector<std::span<const float>> outputs_;
  std::vector<float> sample_;
};

/// Of values that hold all outputs, sample after sample, those of one output; `column` is where they are put together
/// if there are several outputs.
inline std::span<const float> column_of(std::span<const float> values, const std::vector<OutputPlace>& places,
                                        std::size_t i, std::vector<float>& column) {
  if (places.size() == 1 || values.empty()) return values;
  const std::size_t all = values_of(places);
  column.clear();
  for (std::size_t first = places[i].first; first < values.size(); first += all) {
    const auto of_sample = values.subspan(first, places[i].size);
    column.insert(column.end(), of_sample.begin(), of_sample.end());
  }
  return column;
}

}  // namespace lineament
