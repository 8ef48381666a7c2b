// Kernels chosen by timing them on the machine at hand, in place of the order that is built in.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/nn/session.hpp"

namespace LINEAMENT_API lineament {

/// What tune() found, by op: a layer with its options, sizes, batch, threads. Kept in files by model/tuning_file.hpp.
struct Tuning {
  std::string machine;  ///< where it was found: tuning_machine(). Anywhere else it means nothing
  /// By op. Ops that are not in it run what they would, as do those with the name of the kernel they would run.
  std::map<std::string, std::string, std::less<>> kernels{};
};

/// Processor, second-level cache, instruction set and version of the library: what a Tuning depends on.
std::string tuning_machine();

struct TuneOptions {
  /// In all, with the sessions that are made for it and with the whole network's passes. Each candidate has five timed
  /// passes at least: where these take longer, so does it all.
  double seconds = 10;
  /// Times that a kernel must be faster than the one it replaces. why: below, it is noise as often as not.
  double margin = 1.05;
  /// Called with (done, total) after each op. Optional.
  std::function<void(std::size_t, std::size_t)> progress{};
};

/// One op whose kernels were timed.
struct TunedOp {
  struct Candidate {
    std::string kernel;
    double seconds = 0;  ///< the fastest run
    /// Its outputs were those of the first candidate bit for bit. Otherwise it adds in another order, or rounds
    /// otherwise as Winograd's algorithm does.
    bool same_bits = true;
  };
  std::string layer;                  ///< the name of the first layer of this kind in the network
  std::string op;                     ///< its key in Tuning::kernels
  std::vector<Candidate> candidates;  ///< first the usual one, which runs without a Tuning
  std::size_t chosen = 0;             ///< of the candidates
};

struct TuneResult {
  /// What each op has chosen, also where that is the usual kernel: so a file's older choice goes.
  Tuning tuning;
  std::vector<TunedOp> ops;
  /// The whole network's fastest pass with the usual kernels, and with those that were the fastest op by op. Where the
  /// second is not below the first, every op has chosen the usual kernel after all.
  double usual_seconds = 0, tuned_seconds = 0;
};

/// Times every kernel that could run each op of the network, for inference with these options, each op by itself, on
/// inputs of which half are zero, as after a ReLU; then the whole network. Ops in int8 and bfloat16 keep their kernels,
/// as do those that `options.tuning` knows: they are not timed again, and run as it says when the whole network does.
/// Nothing else should run meanwhile. With a Tuning, values change within rounding where a chosen candidate has not
/// `same_bits`, and nowhere else. Throws ArgumentError for options out of range.
TuneResult tune(const Network& network, const InferenceOptions& options = {}, const TuneOptions& how = {});

}  // namespace lineament
