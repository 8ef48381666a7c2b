// The training loop, on public parts only: Batches -> Session -> loss -> Optimizer, and a validation after each epoch.
// It knows of samples and values, and not of what they mean.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/pass.hpp"
#include "lineament/nn/precision.hpp"
#include "lineament/train/joint_loss.hpp"
#include "lineament/train/losses.hpp"
#include "lineament/train/metrics.hpp"
#include "lineament/train/mix.hpp"
#include "lineament/train/optimizers.hpp"
#include "lineament/train/samples.hpp"
#include "lineament/train/schedules.hpp"
#include "lineament/train/training_state.hpp"

namespace LINEAMENT_API lineament {

/// The loss of one of several outputs.
struct OutputLoss {
  std::string output;  ///< its name
  Loss loss;
  double factor = 1;  ///< its share in what is minimised: the sum over outputs of factor * loss
};

class Communicator;

/// Over which samples batch norms take their statistics in training on several ranks.
enum class NormsOver {
  batch,  ///< all of a batch, as one rank would
  rank    ///< a rank's own share, every N-th sample, saving two short exchanges a norm; running averages are averaged
};

/// Training on several ranks, each with a copy of the network and its share of every batch. Their gradients are added
/// up in the order of ranks: as many ranks, the same bits. Weights, state and reports are the same on all of them, and
/// fit for any other number of ranks. Every rank calls fit() with the same network, samples and options.
struct DistributedOptions {
  Communicator* communicator = nullptr;  ///< must outlive the run; nullptr: there are no others
  NormsOver norms = NormsOver::batch;
  Precision sums = Precision::fp32;  ///< how gradients, and they alone, are sent: fp32, or bf16, half as much
  /// Weights and the optimiser's state are compared after so many steps, and after each epoch. 0: after epochs alone.
  int compare_every = 100;
  /// Gradients are sent in pieces of this size, while the backward pass goes on if `overlap` is set and the
  /// communicator allows calls from any thread. Neither changes a bit of the result.
  std::size_t bucket_bytes = std::size_t{1} << 22;
  bool overlap = true;
};

struct FitOptions {
  int epochs = 30;
  int batch_size = 32;
  int copies = 1;  ///< augmented copies of each sample in an epoch
  bool augmented = true;
  Loss loss = Wing{};  // why: made for coordinates in units of the image's side, errors of a pixel still count
  std::vector<OutputLoss> losses{};  ///< of outputs by name; those that are not in it have `loss`, with factor 1
  JointLoss joint_loss{};            ///< instead of both: of all outputs, of which the first have a truth
  /// With several ranks: large outputs without a truth, of which the joint loss can do with each rank's own samples,
  /// OutputBatch::own. Others go from every rank to every rank.
  std::vector<std::string> own_outputs{};
  Metric metric{};  ///< for people, and to choose the best epoch by; may be left out
  OptimizerOptions optimizer{};
  Schedule schedule{.kind = Schedule::Kind::cosine, .rate = 1e-3f, .warmup = 0.5};
  /// Above 0: the network that is measured, kept and returned is the average of those after each step, statistics of
  /// batch norms included, with the weight (1 - ema) of the newest. The first steps, t = 1, 2, …, weigh more: the decay
  /// is at most (1 + t) / (10 + t). Polyak and Juditsky, 1992.
  double ema = 0;
  std::vector<Mix> mixes{};  ///< samples of other sources, beside those of the epoch
  double clip_norm = 0;      ///< the gradient is shortened to this norm if it is longer, 0: off
  /// An epoch whose metric is this many times that of a guess, the mean of the training samples, ends the run with a
  /// TrainingError; 0: none does. For metrics that are better the lower, and above 0. Why so much: first epochs at a
  /// brave rate may be some times worse, and recover.
  double astray = 50;
  int patience = 0;  ///< stop after this many epochs without a new best, 0: never
  /// Layers or parameters that keep their bits (see params_named): no step, weight decay or clipping touches them, and
  /// statistics of batch norms stay (a batch norm still normalises by its batch while it trains).
  std::vector<std::string> frozen{};
  /// The bias of an output with a truth starts at mean_values(), if it is all 0, as in a network never trained: a
  /// trained one keeps what it has learnt.
  bool start_at_mean = true;
  /// bf16: 1x1 convolutions multiply in bfloat16, forward and for the gradient with respect to their input; weights,
  /// sums, what is stored and everything else stay in fp32. Nothing changes on a processor without has_bf16_products().
  Precision precision = Precision::fp32;
  std::uint64_t seed = 1;
  int threads = 0;         ///< of the network, 0: one for each core
  int loader_threads = 1;  ///< that prepare samples beside them
  /// Gradients of so many batches are averaged before a step: as of a batch so many times as large, but for norms,
  /// which see one batch. Of an epoch whose batches are no multiple of it, the last step has fewer.
  int accumulate = 1;
  /// With several ranks, batch_size is that of all of them together, and a multiple of their number.
  DistributedOptions distributed{};
};

/// The state of the epoch under way, after each step.
struct StepReport {
  std::size_t epoch = 0;  ///< 1-based
  std::size_t batch = 0, batches = 0;
  Means train;  ///< over the epoch so far; see EpochReport
  double images_per_second = 0;
};

struct EpochReport {
  std::size_t epoch = 0;  ///< 1-based
  /// Over the epoch, in which the network changes; the loss is that minimised. Metrics are of the epoch's own samples,
  /// without those of FitOptions::mixes, and of the network that is trained, not of an average.
  Means train;
  std::optional<Means> validation;
  double learning_rate = 0;  ///< at the end of the epoch
  double seconds = 0;        ///< training alone
  double validation_seconds = 0;
  double waited_seconds = 0;  ///< of `seconds`: for samples
  double images_per_second = 0;
  /// The best so far by the metric's first number, without a metric by the loss: of the validation samples if there
  /// are any.
  bool best = false;
};

/// On several ranks each calls its own, and a false of any of them counts for all.
struct FitCallbacks {
  /// After each step. Returning false ends training there, in the middle of an epoch.
  std::function<bool(const StepReport&)> on_step;
  /// After each epoch, with the network and all that is needed to go on from here. Returning false ends training.
  std::function<bool(const EpochReport&, const Network&, const TrainingState&)> on_epoch;
};

/// Why training ended.
enum class Ended {
  all_epochs,
  patience,  ///< see FitOptions::patience
  on_step,   ///< it returned false
  on_epoch   ///< it returned false
};

struct FitResult {
  std::vector<EpochReport> epochs;  ///< of this call, whole ones
  std::size_t best_epoch = 0;       ///< 1-based
  double best = 0;                  ///< its metric, or loss: see EpochReport::best
  Ended ended = Ended::all_epochs;
  TrainingState state;  ///< with the network, all that is needed to go on from here
};

/// Trains `network` in place for options.epochs epochs in all; with `resume`, from there on (the network must be the
/// one saved with it), ending with the same bits as an uninterrupted run. `validation` may be nullptr. Same seed, same
/// bits, for any number of threads on one instruction set.
///
/// Throws ArgumentError or SpecError for options or samples that do not fit, before anything happens; TrainingError
/// when the loss, a weight or the validation error is no longer a number: on_epoch never sees such a network. On
/// several ranks also where they differ in their network, samples or options, or another rank cannot go on.
FitResult fit(Network& network, const SampleSource& train, const SampleSource* validation, const FitOptions& options,
              const FitCallbacks& callbacks = {}, const TrainingState* resume = nullptr);

/// The mean of each value over up to 1,000 samples, evenly spread, not augmented, weighted where they are: the best
/// constant prediction.
std::vector<float> mean_values(const SampleSource& samples);

}  // namespace lineament
