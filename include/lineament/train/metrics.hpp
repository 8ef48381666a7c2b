// What people watch while a network trains: named numbers of a sample, and their means over many.
#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lineament/api.hpp"

namespace LINEAMENT_API lineament {

struct NamedValue {
  std::string name;  ///< "NME"
  double value = 0;
  bool higher_is_better = false;
};

/// A metric is a function of one sample: (output, truth, weights) -> named numbers, the same names in the same order
/// for every sample, or none for a sample that is not to be counted. The first of them decides which epoch is the best.
/// `weights` is empty where every value counts the same.
using Metric = std::function<std::vector<NamedValue>(std::span<const float> output, std::span<const float> truth,
                                                     std::span<const float> weights)>;

/// "accuracy" of a classifier: 1 where the largest output is at the place of the largest truth, else 0.
std::vector<NamedValue> class_accuracy(std::span<const float> output, std::span<const float> truth,
                                       std::span<const float> weights);

/// Means over samples.
struct Means {
  std::size_t samples = 0;
  double loss = 0;  ///< NaN where none was measured: evaluate()
  std::vector<NamedValue> metrics{};

  /// The mean of that name. Throws ArgumentError, listing the names, if there is none.
  double metric(std::string_view name) const;
};

/// Adds up named numbers sample by sample.
class NamedSums {
 public:
  /// Counts a sample that has values. Throws ArgumentError unless the names are those of the first sample.
  void add(std::vector<NamedValue> values);
  std::size_t samples() const { return samples_; }
  std::vector<NamedValue> means() const;

  /// The sums alone, to be stored; restored, names are those of the next sample.
  std::vector<double> sums() const;
  void restore(std::span<const double> sums, std::size_t samples);

  /// The sums with their names, and what other samples gave: as if each had been added. Throws as add().
  std::span<const NamedValue> named_sums() const { return sums_; }
  void add_sums(std::vector<NamedValue> sums, std::size_t samples);

 private:
  std::vector<NamedValue> sums_;
  std::size_t samples_ = 0;
};

}  // namespace lineament
