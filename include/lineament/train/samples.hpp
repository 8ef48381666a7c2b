// Where training samples come from: the interface between data and the loop that trains on it.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/random.hpp"

namespace LINEAMENT_API lineament {

/// Where one sample is to be written, every element of every span.
struct Sample {
  std::span<float> pixels;  ///< the network's input
  std::span<float> values;  ///< the truth: the values of all outputs, one output after the other
  /// How much each value counts in losses and metrics: 0 for one that is not known, usually 1 for the others. Empty
  /// unless the source is weighted().
  std::span<float> weights;
};

/// A set of samples that can be prepared in any order and from several threads at once.
class SampleSource {
 public:
  virtual ~SampleSource() = default;
  virtual std::size_t size() const = 0;               ///< Number of samples.
  virtual std::size_t pixels_per_sample() const = 0;  ///< Length of `pixels` in prepare.
  virtual std::size_t values_per_sample() const = 0;  ///< Length of `values` (and `weights`) in prepare.
  virtual bool weighted() const { return false; }     ///< Whether prepare writes weights, too.

  /// Writes sample `index`. All that is random comes from `random`; with `augmented` false nothing is. Must be safe to
  /// call from several threads at once. What it throws ends the run: bad samples are to be left out when the source is
  /// made.
  virtual void prepare(std::size_t index, Random random, bool augmented, const Sample& to) const = 0;

  /// Writes the truth alone, as prepare() does without augmentation; `to.pixels` is empty. For sources whose pixels
  /// take longer than their truth.
  virtual void prepare_truth(std::size_t index, const Sample& to) const {
    std::vector<float> pixels(pixels_per_sample());
    prepare(index, Random(0), false, {pixels, to.values, to.weights});
  }

  /// Puts an epoch into a random order. `order` holds every index as often as the epoch has it, pass after pass: 0 …
  /// size() - 1, and again. All that is random comes from `random`, which is the epoch's own. Here any order is as
  /// likely; a source that reads from files may keep neighbours near each other. Must be safe to call from several
  /// threads at once.
  virtual void shuffle_epoch(std::span<std::size_t> order, Random random) const { shuffle(order, random); }
};

}  // namespace lineament
