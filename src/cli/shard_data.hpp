// Packed faces for training and to be looked at: folders that 'lineament pack' wrote.
#pragma once
#include <cstddef>

#include "cli/data.hpp"
#include "cli/train_options.hpp"
#include "lineament/landmarker/kept_face.hpp"

namespace lineament::cli {

/// Of --memory, where drawn faces come beside packed ones, which have the rest.
inline constexpr double kShareOfShards = 0.5;

/// Whether --data are folders of shards.
bool trains_on_shards(const TrainOptions& options);

/// Throws ArgumentError for shards beside photos, and for options that have no effect on what there is to train on.
void check_sources(const TrainOptions& options);

/// Training and held-out faces, read when they are asked for. Says on standard error what is left out.
Sets shard_sets(const TrainOptions& options, const StoreOptions& store);

/// Loader threads for these sets: as many as it takes where samples are read or drawn while training.
int loader_threads(const Sets& sets, int threads);

/// Names on standard error the samples of shards that were found damaged after the first `known`. Returns how many
/// there are now.
std::size_t report_damaged(const Sets& sets, std::size_t known);

}  // namespace lineament::cli
