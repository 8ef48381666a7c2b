#include "train/checks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "lineament/error.hpp"
#include "lineament/train/communicator.hpp"
#include "lineament/train/fine_tune.hpp"
#include "train/names.hpp"
#include "train/ports.hpp"

namespace lineament {
namespace {

[[noreturn]] void out_of_range(const char* option, const std::string& wanted, const std::string& got) {
  throw ArgumentError({"FitOptions::" + std::string(option), "out of range", wanted, got, ""});
}

void require_whole(const char* option, int got, int low, int high = std::numeric_limits<int>::max()) {
  if (got >= low && got <= high) return;
  const bool open = high == std::numeric_limits<int>::max();
  out_of_range(option, std::to_string(low) + (open ? " or more" : " to " + std::to_string(high)), std::to_string(got));
}

void require_not_negative(const char* option, double got) {
  if (got >= 0 && std::isfinite(got)) return;
  out_of_range(option, "0 or more", std::to_string(got));
}

void require_something_to_train(const Network& network, const FitOptions& options) {
  const auto trainable = [](const ParamInfo& p) { return p.trainable; };
  const std::vector<ParamInfo> frozen = params_named(network, options.frozen);
  if (std::count_if(network.params().begin(), network.params().end(), trainable) >
      std::count_if(frozen.begin(), frozen.end(), trainable))
    return;
  throw ArgumentError(
      {"FitOptions::frozen", "there is nothing left to train", "a layer with weights that is not frozen", "none", ""});
}

void check_ranks(const FitOptions& options) {
  const DistributedOptions& d = options.distributed;
  require_whole("distributed.compare_every", d.compare_every, 0);
  if (d.bucket_bytes < sizeof(float))
    out_of_range("distributed.bucket_bytes", "4 or more", std::to_string(d.bucket_bytes));
  if (d.communicator == nullptr || options.batch_size % d.communicator->size() == 0) return;
  throw ArgumentError({"FitOptions::batch_size", "the batch cannot be shared out over the ranks",
                       "a multiple of " + std::to_string(d.communicator->size()), std::to_string(options.batch_size),
                       "it is the batch of all ranks together"});
}

void check_schedule(const FitOptions& options) {
  const Schedule& s = options.schedule;
  require_not_negative("schedule.rate", static_cast<double>(s.rate));
  require_not_negative("schedule.warmup_from", static_cast<double>(s.warmup_from));
  require_not_negative("schedule.factor", static_cast<double>(s.factor));
  require_not_negative("schedule.last", static_cast<double>(s.last));
  learning_rate(s, 0, options.epochs);  // throws for what else is wrong with it
  require_not_negative("schedule.warmup", s.warmup);
  require_not_negative("schedule.every", s.every);
}

/// After require_fit(): where there are outputs without a truth, there is a joint loss.
void require_own_outputs(const Network& network, const SampleSource& train, const FitOptions& options) {
  Places behind = Ports(network).outputs;
  const std::size_t judged = count_with_truth(behind, train.values_per_sample());
  behind.erase(behind.begin(), behind.begin() + static_cast<std::ptrdiff_t>(judged));
  for (const std::string& name : options.own_outputs) {
    if (std::any_of(behind.begin(), behind.end(), [&](const Place& output) { return output.name == name; })) continue;
    const std::string names = one_of(behind, [](const Place& output) { return output.name; });
    throw ArgumentError({"FitOptions::own_outputs", "it is no output without a truth",
                         names.empty() ? "none: all have one" : names, "'" + name + "'", "leave it out"});
  }
}

}  // namespace

void check_fit(const Network& network, const SampleSource& train, const SampleSource* validation,
               const FitOptions& options) {
  require_whole("epochs", options.epochs, 1);
  require_whole("batch_size", options.batch_size, 1);
  require_whole("copies", options.copies, 1);
  require_whole("patience", options.patience, 0);
  require_whole("threads", options.threads, 0);
  require_whole("loader_threads", options.loader_threads, 1, 256);
  require_whole("accumulate", options.accumulate, 1);
  check_ranks(options);
  require_not_negative("clip_norm", options.clip_norm);
  require_not_negative("astray", options.astray);
  if (!(options.ema >= 0 && options.ema < 1)) out_of_range("ema", "0 or more, below 1", std::to_string(options.ema));
  check_schedule(options);
  require_something_to_train(network, options);
  const Truths truths = options.joint_loss ? Truths::of_the_first : Truths::of_all_outputs;
  require_fit(network, train, "the training samples", truths);
  require_own_outputs(network, train, options);
  if (train.size() == 0) throw ArgumentError({"training", "there are no samples", "at least one", "none", ""});
  if (validation == nullptr) return;
  require_fit(network, *validation, "the validation samples", truths);
  if (validation->values_per_sample() != train.values_per_sample())
    throw ArgumentError({"validation", "its samples have other values than those trained on",
                         std::to_string(train.values_per_sample()) + " values",
                         std::to_string(validation->values_per_sample()), ""});
  if (validation->size() == 0)
    throw ArgumentError({"validation", "there are no samples", "at least one", "none", "leave it out"});
}

}  // namespace lineament
