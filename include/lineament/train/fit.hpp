// The training loop, on public parts only: Batches -> Session -> loss -> Optimizer, and a validation after each epoch.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "lineament/faces/metrics.hpp"
#include "lineament/model/model.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/pass.hpp"
#include "lineament/train/losses.hpp"
#include "lineament/train/optimizers.hpp"
#include "lineament/train/samples.hpp"
#include "lineament/train/schedules.hpp"

namespace lineament {

struct FitOptions {
  int epochs = 30;
  int batch_size = 32;
  int copies = 1;  ///< augmented copies of each sample in an epoch
  bool augmented = true;
  Loss loss{.kind = Loss::Kind::wing};  // why: made for landmarks, errors of a pixel still count
  OptimizerOptions optimizer{};
  Schedule schedule{.kind = Schedule::Kind::cosine, .rate = 1e-3f, .warmup = 0.5};
  double clip_norm = 0;  ///< longest gradient, 0: any
  int patience = 0;      ///< stop after this many epochs without a new best, 0: never
  /// bf16: 1x1 convolutions multiply in bfloat16, forward and for the gradient by their input; weights, sums, what is
  /// stored and everything else stay in fp32. Nothing changes on a processor without has_bf16_products().
  Precision precision = Precision::fp32;
  std::uint64_t seed = 1;
  int threads = 0;         ///< of the network, 0: one for each core
  int loader_threads = 1;  ///< that prepare samples beside them
};

/// The state of the epoch under way, after each step.
struct StepReport {
  std::size_t epoch = 0;  ///< 1-based
  std::size_t batch = 0, batches = 0;
  double loss = 0, nme = 0, accuracy = 0;  ///< means over the epoch so far; see EpochReport
  double images_per_second = 0;
};

struct EpochReport {
  std::size_t epoch = 0;  ///< 1-based
  double loss = 0;        ///< mean over the epoch of the loss that is minimised
  double nme = 0;         ///< training samples, inter-ocular, as a fraction, mean over the epoch
  double accuracy = 0;    ///< training samples, PCK@0.1
  std::optional<Evaluation> validation;
  double learning_rate = 0;  ///< at the end of the epoch
  double seconds = 0;        ///< training alone
  double validation_seconds = 0;
  double waited_seconds = 0;  ///< of `seconds`: for samples
  double images_per_second = 0;
  /// Lowest validation NME so far; without validation, training NME; where the samples are no faces, loss.
  bool best = false;
};

struct FitCallbacks {
  std::function<void(const StepReport&)> on_step;
  /// After each epoch, with the network and all that is needed to go on from here. Returning false ends training.
  std::function<bool(const EpochReport&, const Network&, const TrainingState&)> on_epoch;
};

struct FitResult {
  std::vector<EpochReport> epochs;  ///< of this call
  std::size_t best_epoch = 0;       ///< 1-based
  double best = 0;                  ///< NME as a fraction
};

/// Trains `network` in place for options.epochs epochs in all; with `resume`, from there on (the network must be the
/// one saved with it), ending with the same bits as an uninterrupted run. The output bias starts at the mean shape of
/// `train` unless resuming. `validation` may be nullptr. Same seed, same bits, for any number of threads on one
/// instruction set. Throws ArgumentError or SpecError for options or samples that do not fit, TrainingError when the
/// loss, a weight or the validation error is no longer a number; on_epoch never sees such a network.
FitResult fit(Network& network, const SampleSource& train, const SampleSource* validation, const FitOptions& options,
              const FitCallbacks& callbacks = {}, const TrainingState* resume = nullptr);

/// The mean of the targets of up to 1,000 samples, not augmented: the best constant prediction.
std::vector<float> mean_values(const SampleSource& samples);

}  // namespace lineament
