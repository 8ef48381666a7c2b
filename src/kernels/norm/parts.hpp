// Statistics of a batch that lies in several parts, each of which knows its own.
#pragma once
#include <cstddef>
#include <tuple>
#include <utility>
#include <vector>

#include "lineament/nn/session.hpp"

namespace lineament {

/// Two numbers for each channel and part, gathered once.
class PairsOfParts {
 public:
  /// own(channel) gives this part's pair.
  template <class Own>
  PairsOfParts(BatchParts& parts, std::size_t channels, Own own) : channels_(channels) {
    std::vector<double> mine(2 * channels);
    for (std::size_t c = 0; c < channels; ++c) std::tie(mine[2 * c], mine[2 * c + 1]) = own(c);
    all_.resize(static_cast<std::size_t>(parts.count()) * mine.size());
    parts.gather(mine, all_);
  }

  std::size_t count() const { return all_.size() / (2 * channels_); }

  /// The sums over all parts.
  std::pair<double, double> sums(std::size_t channel) const {
    std::pair<double, double> sum{0, 0};
    for (std::size_t at = 2 * channel; at < all_.size(); at += 2 * channels_) {
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
    for (std::size_t at = 2 * channel; at < all_.size(); at += 2 * channels_)
      between += (all_[at] - mean) * (all_[at] - mean);
    return {mean, (variances + between) / parts};
  }

 private:
  std::size_t channels_;
  std::vector<double> all_;
};

}  // namespace lineament
