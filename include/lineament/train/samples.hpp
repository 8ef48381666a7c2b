// Where training samples come from: the interface between data and the loop that trains on it.
#pragma once
#include <cstddef>
#include <span>

#include "lineament/random.hpp"

namespace lineament {

/// A set of samples that can be prepared in any order and from several threads at once.
class SampleSource {
 public:
  virtual ~SampleSource() = default;
  virtual std::size_t size() const = 0;               ///< Number of samples.
  virtual std::size_t pixels_per_sample() const = 0;  ///< Length of `pixels` in prepare.
  virtual std::size_t values_per_sample() const = 0;  ///< Length of `values` in prepare.

  /// Writes sample `index` as network input and target, every element of both. All that is random comes from `random`;
  /// with `augmented` false nothing is. Must be safe to call from several threads at once. What it throws ends the run:
  /// bad samples are to be left out when the source is made.
  virtual void prepare(std::size_t index, Random random, bool augmented, std::span<float> pixels,
                       std::span<float> values) const = 0;
};

}  // namespace lineament
