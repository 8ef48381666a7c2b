// A fit's part in training on several ranks: which samples are its own, and what it tells the others. Alone, with no
// communicator or one rank, every call does nothing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lineament/nn/session.hpp"
#include "lineament/train/communicator.hpp"
#include "lineament/train/fit.hpp"
#include "train/calls_in_order.hpp"

namespace lineament {

class FitRanks final : BatchParts {
 public:
  explicit FitRanks(const FitOptions& options);
  /// Of `gradients` values. Throws ArgumentError for options out of range.
  void start(std::size_t gradients);

  bool alone() const { return ranks_ == nullptr; }
  std::size_t part() const { return alone() ? 0 : static_cast<std::size_t>(ranks_->rank()); }
  std::size_t parts() const { return alone() ? 1 : static_cast<std::size_t>(ranks_->size()); }
  /// With norms of its own each rank needs its share of every kind of samples: they take turns.
  bool interleaved() const { return !alone() && options_.distributed.norms == NormsOver::rank; }
  int own_batch() const { return options_.batch_size / static_cast<int>(parts()); }
  /// Another for each rank, so that no two drop out the same; rank 0's is the run's.
  std::uint64_t session_seed() const { return options_.seed + part() * 0x9E3779B97F4A7C15u; }
  /// For batch norms: nullptr where each rank's are its own.
  BatchParts* norms();

  /// All ranks do it, or none: see together().
  void together(const std::function<void()>& f);
  /// Throws TrainingError unless all ranks have the same weights, and what belongs to them.
  void require_same_weights(std::span<const std::span<const float>> values);
  /// The same for what they are to do; `state` is where they begin.
  void require_same_run(const SampleSource& train, const SampleSource* validation, const TrainingState& state);
  /// False if it is so on any rank.
  bool all_go_on(bool go_on) const;

  /// Every rank's values, one after the other.
  void gather(std::span<const float> mine, std::span<float> all) const;
  /// Of every rank's value, in the order of ranks.
  double sum(double mine) const;
  /// Adds up what was measured on all ranks, in their order.
  void add_up(double& loss, NamedSums& metrics) const;
  /// Each rank's batch norms have followed its own batches: they take the mean of all.
  void average_statistics(Network& network);

  /// Sums of gradients over ranks, while they are being made: begin(), then ready() with where those that are complete
  /// begin, and finish(), after which all have their sums.
  void begin(std::span<float> gradients);
  void ready(std::size_t first);
  void finish();

  /// What is thrown next, all ranks throw: it is by numbers that all have.
  void all_fail() { all_fail_ = true; }
  /// This rank cannot go on, and the others, unless they fail as well, wait for it.
  void end_others(const std::string& line) const noexcept;

 private:
  int count() const override { return static_cast<int>(parts()); }
  void gather(std::span<const double> mine, std::span<double> all) override;

  const FitOptions& options_;
  Communicator* ranks_;
  std::unique_ptr<RankSums> sums_;             ///< of gradients, sent as DistributedOptions::sums says
  std::unique_ptr<RankSums> statistics_sums_;  ///< always in fp32: what they round stays in the network
  std::size_t bucket_ = 0;                     ///< values
  std::span<float> gradients_;
  std::size_t posted_ = 0;  ///< gradients from this one on are on their way
  bool all_fail_ = false;
  std::unique_ptr<CallsInOrder> calls_;  ///< the last: it is stopped before what its calls use goes away
};

}  // namespace lineament
