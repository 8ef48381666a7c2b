#include "lineament/train/metrics.hpp"

#include <algorithm>

#include "lineament/error.hpp"
#include "train/names.hpp"

namespace lineament {

std::vector<NamedValue> class_accuracy(std::span<const float> output, std::span<const float> truth,
                                       std::span<const float>) {
  const auto place_of_largest = [](std::span<const float> values) {
    return std::max_element(values.begin(), values.end()) - values.begin();
  };
  return {{"accuracy", place_of_largest(output) == place_of_largest(truth) ? 1.0 : 0.0, true}};
}

double Means::metric(std::string_view name) const {
  for (const NamedValue& m : metrics)
    if (m.name == name) return m.value;
  throw ArgumentError(
      {"metric", "there is none of this name",
       metrics.empty() ? "a metric to be measured" : one_of(metrics, [](const auto& m) { return m.name; }),
       "'" + std::string(name) + "'", metrics.empty() ? "set FitOptions::metric" : ""});
}

void NamedSums::add(std::vector<NamedValue> values) {
  if (values.empty()) return;
  const bool first = sums_.empty() || sums_.front().name.empty();  // or restored
  if (first && (sums_.empty() || sums_.size() == values.size())) {
    for (std::size_t i = 0; i < sums_.size(); ++i) values[i].value += sums_[i].value;
    sums_ = std::move(values);
  } else {
    if (!std::equal(values.begin(), values.end(), sums_.begin(), sums_.end(),
                    [](const NamedValue& a, const NamedValue& b) { return a.name == b.name; }))
      throw ArgumentError({"metric", "it does not give the same names for every sample",
                           one_of(sums_, [](const auto& m) { return m.name; }),
                           one_of(values, [](const auto& m) { return m.name; }), ""});
    for (std::size_t i = 0; i < values.size(); ++i) sums_[i].value += values[i].value;
  }
  ++samples_;
}

void NamedSums::add_sums(std::vector<NamedValue> sums, std::size_t samples) {
  if (sums.empty()) return;
  add(std::move(sums));
  samples_ += samples - 1;
}

std::vector<NamedValue> NamedSums::means() const {
  std::vector<NamedValue> means = sums_;
  for (NamedValue& m : means) m.value /= static_cast<double>(samples_);
  return means;
}

std::vector<double> NamedSums::sums() const {
  std::vector<double> sums;
  for (const NamedValue& m : sums_) sums.push_back(m.value);
  return sums;
}

void NamedSums::restore(std::span<const double> sums, std::size_t samples) {
  sums_.clear();
  for (const double sum : sums) sums_.push_back({"", sum});
  samples_ = samples;
}

}  // namespace lineament
