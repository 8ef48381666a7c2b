// What a batch norm makes of the sums over blocks of pixels that it, or a convolution, took: two numbers a channel.
#pragma once
#include <algorithm>
#include <cstddef>
#include <utility>

#include "kernels/common/norm_factors.hpp"

namespace lineament {

/// Two numbers for each channel, from a pair of floats for each block and channel, {block, 2, channels}. Some
/// neighbouring channels are taken together: one alone would read a cache line for each of its values.
class ChannelPairs {
 public:
  ChannelPairs(const float* pairs, std::size_t blocks, std::size_t channels)
      : pairs_(pairs), blocks_(blocks), channels_(channels) {}

 protected:
  static constexpr std::size_t kTogether = 64;

  /// Whether the channel is the first asked for of others: their numbers then are zeros.
  bool enters(std::size_t channel) {
    if (channel >= first_ && channel < end_) return false;
    first_ = channel / kTogether * kTogether;
    end_ = std::min(channels_, first_ + kTogether);
    std::fill_n(a_, kTogether, 0.0);
    std::fill_n(b_, kTogether, 0.0);
    return true;
  }
  /// Calls f(block, place from 0 on, the two floats) for all blocks of the channels taken together.
  template <class F>
  void each(const F& f) const {
    for (std::size_t block = 0; block < blocks_; ++block) {
      const float* from = pairs_ + block * 2 * channels_ + first_;
      for (std::size_t i = 0; i < end_ - first_; ++i)
        f(block, i, static_cast<double>(from[i]), static_cast<double>(from[channels_ + i]));
    }
  }
  std::pair<double, double> at(std::size_t channel) const { return {a_[channel - first_], b_[channel - first_]}; }

  double a_[kTogether], b_[kTogether];

 private:
  const float* pairs_;
  std::size_t blocks_, channels_, first_ = 0, end_ = 0;
};

/// Sums over all blocks.
class Totals : ChannelPairs {
 public:
  using ChannelPairs::ChannelPairs;
  std::pair<double, double> operator()(std::size_t channel) {
    if (enters(channel)) {
      each([&](std::size_t, std::size_t i, double a, double b) {
        a_[i] += a;
        b_[i] += b;
      });
    }
    return at(channel);
  }
};

/// Mean and variance over all blocks: Chan, Golub & LeVeque 1983.
class WholeMoments : ChannelPairs {
 public:
  WholeMoments(const NormBlocks& blocks, std::size_t channels)
      : ChannelPairs(blocks.sums, blocks.count(), channels),
        blocks_(blocks),
        pixels_(static_cast<double>(blocks.images * blocks.image_pixels)) {}

  std::pair<double, double> operator()(std::size_t channel) {
    if (enters(channel)) {
      each([&](std::size_t block, std::size_t i, double mean, double) { a_[i] += mean * pixels_of(block); });
      for (double& mean : a_) mean /= pixels_;
      each([&](std::size_t block, std::size_t i, double mean, double squares) {
        const double away = mean - a_[i];
        b_[i] += squares + away * away * pixels_of(block);
      });
      for (double& variance : b_) variance /= pixels_;
    }
    return at(channel);
  }

 private:
  double pixels_of(std::size_t block) const { return static_cast<double>(blocks_.pixels_of(block)); }

  const NormBlocks& blocks_;
  double pixels_;
};

}  // namespace lineament
