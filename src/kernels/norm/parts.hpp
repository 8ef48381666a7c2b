// Statistics of a batch that lies in several parts, each of which knows its own.
#pragma once
#include <cstddef>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "lineament/nn/session.hpp"

namespace lineament {

/// Two numbers for each channel and part, in memory that the norms of a session share: one after the other uses it.
class PairsOfParts {
 public:
  PairsOfParts(BatchParts& parts, std::size_t most_channels)
      : parts_(parts), mine_(2 * most_channels), all_(static_cast<std::size_t>(parts.count()) * mine_.size()) {}

  /// own(channel) gives this part's pair. What is asked from here on is of these.
  template <class Own>
  void gather(std::size_t channels, Own own) {
    channels_ = channels;
    for (std::size_t c = 0; c < channels; ++c) std::tie(mine_[2 * c], mine_[2 * c + 1]) = own(c);
    parts_.gather(std::span(mine_).first(2 * channels), std::span(all_).first(values()));
  }

  std::size_t count() const { return static_cast<std::size_t>(parts_.count()); }

  /// The sums over all parts.
  std::pair<double, double> sums(std::size_t channel) const {
    std::pair<double, double> sum{0, 0};
    for (std::size_t at = 2 * channel; at < values(); at += 2 * channels_) {
      sum.first += all_[at];
      sum.second += all_[at + 1];
    }
    return sum;
  }

  /// Of pairs of mean and variance, over as many values in each part: those of all values. Chan, Golub & LeVeque 1983.
  std::pair<double, double> moments(std::size_t channel) const {
    const auto parts = static_cast<double>(count());
    const auto [means, variances] = sums(channel);
    const double mean = means / parts;
    double between = 0;
    for (std::size_t at = 2 * channel; at < values(); at += 2 * channels_)
      between += (all_[at] - mean) * (all_[at] - mean);
    return {mean, (variances + between) / parts};
  }

 private:
  std::size_t values() const { return count() * 2 * channels_; }

  BatchParts& parts_;
  std::size_t channels_ = 0;
  std::vector<double> mine_, all_;
};

}  // namespace lineament
