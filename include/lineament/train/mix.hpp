// Samples of other sources in every batch of a run: drawn faces beside photos, crops that show no face.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include "lineament/api.hpp"
#include "lineament/train/samples.hpp"

namespace LINEAMENT_API lineament {

/// A share of each batch comes from another source, taken at random; the rest are the epoch's own samples, each of
/// which comes as often as without it. So an epoch has more batches, the larger the share. The share is the same for
/// all batches of an epoch: `share` until `falls_from`, then less and less, and none any more from `gone_at` on.
struct Mix {
  const SampleSource* source = nullptr;  ///< must outlive the run; nullptr: none
  double share = 0.5;                    ///< 0 or more, below 1; those of several sources together, too
  double falls_from = 0.6;               ///< as a share of the run's epochs
  double gone_at = 0.8;                  ///< the same, not before it

  /// The share in the middle of `epoch`, from 0, of a run of `epochs`.
  double share_in(std::size_t epoch, std::size_t epochs) const {
    if (source == nullptr) return 0;
    const double at = (static_cast<double>(epoch) + 0.5) / static_cast<double>(epochs);
    if (at < falls_from) return share;
    return at < gone_at ? share * (gone_at - at) / (gone_at - falls_from) : 0.0;
  }
  /// How many of a batch of `batch_size` it is.
  std::size_t count_in(std::size_t epoch, std::size_t epochs, std::size_t batch_size) const {
    return static_cast<std::size_t>(std::round(share_in(epoch, epochs) * static_cast<double>(batch_size)));
  }
};

/// How many of a batch are the epoch's own beside those of all `mixes`, at least one.
inline std::size_t own_in(std::span<const Mix> mixes, std::size_t epoch, std::size_t epochs, std::size_t batch_size) {
  std::size_t others = 0;
  for (const Mix& mix : mixes) others += mix.count_in(epoch, epochs, batch_size);
  return batch_size - std::min(others, batch_size - 1);
}

}  // namespace lineament
