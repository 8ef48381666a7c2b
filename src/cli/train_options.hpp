// The options of a training run, in one table: its entries are what help, the command line, the settings that a run is
// stored with, and resuming are made from.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace lineament::cli {

struct TrainOptions {
  std::vector<Path> data;
  int synthetic = 0;
  double mix = 0;  ///< 0: none
  std::vector<double> mix_until{0.6, 0.8};
  Path backgrounds;
  double negatives = 0.06;
  std::string network = "reference";
  Path from;
  std::vector<std::string> freeze;
  int epochs = 30;
  int batch = 32;
  double lr = 1e-3;
  std::string schedule = "cosine";
  std::string loss = "wing";
  double coarse_term = 0.5;
  double heatmap_term = 0;
  std::string optimizer = "adam";
  double weight_decay = -1;  ///< below 0: the optimiser's own
  double beta2 = 0.999;
  double clip = 0;
  double ema = 0;
  std::string augment = "standard";
  double mirror_until = 1;
  int copies = 1;
  double val_split = 0.1;
  int limit = 0;  ///< 0: none
  int patience = 0;
  std::string box = "points";
  double margin = 0.15;
  std::string scheme = "ibug-68";
  std::string missing = "reject";
  std::string group;
  int max_megapixels = 100;
  std::string precision = "fp32";
  int accumulate = 1;
  double warmup = 0.5;
  std::string sums = "fp32";
  std::string norms = "batch";
  std::uint64_t seed = 1;
  std::string memory;  ///< bytes of decoded faces, as "512M"; empty: the default
  // What does not change the result, but by other options:
  std::string recipe;
  Path out = "run";
  bool resume = false;
  int threads = 0;
  std::string resume_with;             ///< the command that goes on with the run; empty: train --resume
  std::vector<std::string> given;      ///< of the options, the names on the command line, without dashes
  std::vector<std::string> of_recipe;  ///< and those that the recipe gave

  bool typed(const std::string& name) const;  ///< whether the option `name` is on the command line
  bool has(const std::string& name) const;    ///< or the recipe gave it
};

/// Adds the options to the command.
void add_train_options(CLI::App& command, TrainOptions& options);

/// The names of the options that change a run's result.
std::vector<std::string> stored_option_names();

/// What was given in `from`, and not in `to`, as of a recipe.
void take_given(TrainOptions& to, const TrainOptions& from);

/// The options that change a run's result, as JSON text: stored in checkpoints.
std::string settings_of(const TrainOptions& options);

/// Settings without the folders of this machine, for models to show: what they were trained on is said beside them.
std::string without_paths(const std::string& settings);
/// And without files of networks and schemes, by which a run can be repeated where they are.
std::string without_files(const std::string& settings);

/// The first option that two settings have differently. They do.
struct DifferentOption {
  std::string name, first, second;
};
DifferentOption different_option(const std::string& first, const std::string& second);

/// Takes a stored run's settings over; what those of an older version lack takes its default. Throws ArgumentError when
/// an option given on the command line differs from them and may not, ModelError when they hold one that this program
/// does not know, or are not settings at all.
void restore_settings(TrainOptions& options, const std::string& settings, const Path& file);

}  // namespace lineament::cli
