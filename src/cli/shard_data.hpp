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

/// A line for each sample of shards that was found damaged and has not been reported, which these then are.
std::string newly_damaged(Sets& sets);
/// Says these lines of all ranks, each line once.
void report_damaged(std::span<const std::string> ranks);

}  // namespace lineament::cli
