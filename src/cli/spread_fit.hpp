// The expected errors of a model, fitted to those on annotated photos.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/options.hpp"
#include "lineament/model/model.hpp"

namespace lineament::cli {

struct SpreadFit {
  std::vector<Path> data;  ///< none: expected errors stay what they are
  double val_split = 0;
  std::uint64_t seed = 1;
  std::string box = "points";
  ReadingOptions reading;
  int threads = 0;
};

void add_spread_fit(CLI::App& c, SpreadFit& o);

/// Says what expected errors were and are. Throws ArgumentError where the model has none, and what reading throws.
void fit_spread_to(Model& model, const SpreadFit& options);

}  // namespace lineament::cli
