// The parameters that a fit leaves as they are.
#pragma once
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "lineament/nn/network.hpp"
#include "lineament/train/fine_tune.hpp"
#include "lineament/train/optimizers.hpp"

namespace lineament {

class Frozen {
 public:
  /// Throws ArgumentError for a pattern that fits nothing.
  Frozen(const Network& network, const std::vector<std::string>& patterns) : params_(params_named(network, patterns)) {
    for (const ParamInfo& p : params_) {
      if (p.trainable) continue;
      const auto values = network.values(p);
      statistics_.insert(statistics_.end(), values.begin(), values.end());
    }
  }

  /// What no optimiser may change.
  std::vector<WeightRange> ranges() const {
    std::vector<WeightRange> ranges;
    for (const ParamInfo& p : params_)
      if (p.trainable) ranges.push_back({p.offset, p.size});
    return ranges;
  }

  bool has(const ParamInfo& param) const {
    return std::any_of(params_.begin(), params_.end(), [&](const ParamInfo& p) { return p.offset == param.offset; });
  }

  /// Takes them out of the gradient's norm.
  void clear_gradients(std::span<float> gradients) const {
    for (const ParamInfo& p : params_)
      if (p.trainable) std::fill_n(gradients.begin() + static_cast<std::ptrdiff_t>(p.offset), p.size, 0.0f);
  }

  /// Training has updated the statistics of every batch norm: a few numbers for each channel, put back.
  void restore_statistics(Network& network) const {
    auto from = statistics_.begin();
    for (const ParamInfo& p : params_) {
      if (p.trainable) continue;
      std::copy_n(from, p.size, network.values(p).begin());
      from += static_cast<std::ptrdiff_t>(p.size);
    }
  }

 private:
  std::vector<ParamInfo> params_;
  std::vector<float> statistics_;  ///< as they were, one parameter after the other
};

}  // namespace lineament
