// A loss that sees all of a network's outputs at once: for outputs that mean something only together, or that have no
// truth of their own.
#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

#include "lineament/api.hpp"

namespace LINEAMENT_API lineament {

/// A rank's samples of a batch that several ranks share (see FitOptions::own_outputs).
struct OwnShare {
  std::size_t first = 0;  ///< place in the batch of the first of them
  double value = 0;       ///< for the loss to write: what these samples add to it. Ranks add it up.
};

/// One output of a network for a batch.
template <class T>
struct OutputBatch {
  std::string_view name;      ///< the layer's
  std::span<const T> values;  ///< batch x values, or those of `own` samples alone
  std::span<T> gradient;      ///< as many: of the loss with respect to them; all 0 before the call
  OwnShare* own = nullptr;    ///< nullptr: the whole batch is here
};

/// A function of a batch: (outputs, truth, weights, batch) -> value. It writes the gradients; an output that it leaves
/// alone gets none.
///
/// - outputs: every output, in the order of Network::outputs();
/// - truth: batch x values. It is that of the first outputs, as many as have the size of a sample's values together;
///   outputs behind them have none;
/// - weights: as many as truth, or none: all the same. The truth of a value of weight 0 may be NaN.
using JointLoss = std::function<double(std::span<const OutputBatch<float>> outputs, std::span<const float> truth,
                                       std::span<const float> weights, int batch)>;

}  // namespace lineament
