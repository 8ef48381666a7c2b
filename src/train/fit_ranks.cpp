#include "train/fit_ranks.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>

#include "lineament/error.hpp"

namespace lineament {
namespace {

constexpr const char* kOtherWeights =
    "its processor, memory or program is another than the others'; go on from the last checkpoint";

std::uint64_t digest_of(std::span<const float> values, std::uint64_t seed) {
  return digest_of_bytes(std::as_bytes(values), seed);
}

/// A loss and sums of metrics as bytes: two numbers, then for each metric its sum, its direction and its name.
std::string packed(double loss, const NamedSums& metrics) {
  std::string bytes;
  const auto put = [&](double value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof value); };
  put(loss);
  put(static_cast<double>(metrics.samples()));
  for (const NamedValue& m : metrics.named_sums()) {
    put(m.value);
    bytes += m.higher_is_better ? '+' : '-';
    bytes += m.name + '\0';
  }
  return bytes;
}

void unpack(const std::string& bytes, double& loss, NamedSums& metrics) {
  std::size_t at = 0;
  const auto take = [&] {
    double value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    at += sizeof value;
    return value;
  };
  loss += take();
  const auto samples = static_cast<std::size_t>(take());
  std::vector<NamedValue> sums;
  while (at < bytes.size()) {
    NamedValue& m = sums.emplace_back();
    m.value = take();
    m.higher_is_better = bytes[at++] == '+';
    m.name = bytes.c_str() + at;
    at += m.name.size() + 1;
  }
  metrics.add_sums(std::move(sums), samples);
}

}  // namespace

FitRanks::FitRanks(const FitOptions& options)
    : options_(options),
      ranks_(options.distributed.communicator != nullptr && options.distributed.communicator->size() > 1
                 ? options.distributed.communicator
                 : nullptr) {}

void FitRanks::start(std::size_t gradients) {
  if (alone()) return;
  const DistributedOptions& d = options_.distributed;
  bucket_ = std::clamp<std::size_t>(d.bucket_bytes / sizeof(float), 1,
                                    std::max<std::size_t>(1, gradients));  // buffers are of its size
  sums_ = std::make_unique<RankSums>(*ranks_, bucket_, d.sums);
  constexpr std::size_t kStatistics = 4096;  // few, even of a large network
  if (d.norms == NormsOver::rank) statistics_sums_ = std::make_unique<RankSums>(*ranks_, kStatistics);
  calls_ = std::make_unique<CallsInOrder>(d.overlap && ranks_->any_thread());
}

BatchParts* FitRanks::norms() {
  return alone() || options_.distributed.norms == NormsOver::rank ? nullptr : this;
}

void FitRanks::together(const std::function<void()>& f) {
  if (alone()) return f();
  all_fail_ = true;
  lineament::together(*ranks_, f);
  all_fail_ = false;
}

void FitRanks::require_same_weights(std::span<const std::span<const float>> values) {
  if (alone()) return;
  std::uint64_t digest = 0;
  for (const std::span<const float> list : values) digest = digest_of(list, digest);
  all_fail_ = true;
  lineament::require_same(*ranks_, digest, "weights", kOtherWeights);
  all_fail_ = false;
}

namespace {

/// Numbers and texts as bytes, which two ranks have alike.
class Settings {
 public:
  void add(const std::string& text) {
    add(text.size());
    bytes_ += text;
  }
  template <class... Number>
  void add(Number... numbers) {
    (add_number(numbers), ...);
  }
  std::uint64_t digest() const { return digest_of_bytes(std::as_bytes(std::span(bytes_))); }

 private:
  template <class Number>
  void add_number(Number number) {
    if constexpr (std::is_floating_point_v<Number>) {
      const auto value = static_cast<double>(number);
      bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    } else {
      const auto value = static_cast<std::uint64_t>(number);  // a seed as a double would lose digits
      bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
  }

  std::string bytes_;
};

void add(Settings& to, const Schedule& s) {
  to.add(s.kind, s.rate, s.warmup, s.warmup_from, s.every, s.factor, s.last);
}
void add(Settings& to, const OptimizerOptions& o) {
  to.add(o.kind, o.momentum, o.nesterov, o.beta1, o.beta2, o.epsilon, o.weight_decay);
}

/// All that changes a run's result. Of functions, which have no bytes to compare: whether there is one.
void add(Settings& to, const FitOptions& o) {
  to.add(o.clip_norm, o.ema, o.astray, o.epochs, o.batch_size, o.copies, o.augmented, o.patience, o.start_at_mean,
         o.precision, o.seed, o.accumulate);
  to.add(o.losses.size(), o.mixes.size(), o.frozen.size(), o.own_outputs.size());
  to.add(bool(o.metric), bool(o.joint_loss));
  for (const OutputLoss& loss : o.losses) {
    to.add(loss.output);
    to.add(loss.factor, bool(loss.loss));
  }
  for (const Mix& mix : o.mixes)
    to.add(mix.source != nullptr ? mix.source->size() : 0, mix.share, mix.falls_from, mix.gone_at);
  for (const std::string& name : o.frozen) to.add(name);
  for (const std::string& name : o.own_outputs) to.add(name);
  add(to, o.schedule);
  add(to, o.optimizer);
  const DistributedOptions& d = o.distributed;
  to.add(d.norms, d.sums, d.compare_every, d.bucket_bytes);
}

}  // namespace

void FitRanks::require_same_run(const SampleSource& train, const SampleSource* validation, const TrainingState& state) {
  if (alone()) return;
  Settings run;
  add(run, options_);
  run.add(train.size(), train.pixels_per_sample(), train.values_per_sample(), validation ? validation->size() : 0);
  run.add(state.epoch, state.batch, state.step, state.best_epoch, state.best);
  all_fail_ = true;
  lineament::require_same(*ranks_, run.digest(), "samples, options or state",
                          "every rank trains on the same samples, with the same options, from the same checkpoint");
  all_fail_ = false;
}

bool FitRanks::all_go_on(bool go_on) const {
  if (alone()) return go_on;
  const auto mine = static_cast<std::byte>(go_on);
  std::vector<std::byte> all(parts());
  ranks_->gather(std::span(&mine, 1), all);
  return std::all_of(all.begin(), all.end(), [](std::byte b) { return b != std::byte{0}; });
}

void FitRanks::gather(std::span<const float> mine, std::span<float> all) const {
  ranks_->gather(std::as_bytes(mine), std::as_writable_bytes(all));
}

double FitRanks::sum(double mine) const {
  std::vector<double> all(parts());
  ranks_->gather(std::as_bytes(std::span(&mine, 1)), std::as_writable_bytes(std::span(all)));
  return std::accumulate(all.begin(), all.end(), 0.0);
}

/// While gradients are on their way, beside them, or else after them.
void FitRanks::gather(std::span<const double> mine, std::span<double> all) {
  Communicator* way = ranks_->beside();
  if (way == nullptr) {
    calls_->wait();
    way = ranks_;
  }
  way->gather(std::as_bytes(mine), std::as_writable_bytes(all));
}

void FitRanks::add_up(double& loss, NamedSums& metrics) const {
  if (alone()) return;
  const std::vector<std::string> all = gather_texts(*ranks_, packed(loss, metrics));
  loss = 0;
  metrics = NamedSums();
  for (const std::string& bytes : all) unpack(bytes, loss, metrics);
}

void FitRanks::average_statistics(Network& network) {
  if (alone() || norms() != nullptr) return;
  const std::span<float> statistics = network.weights().subspan(network.trainable_size());
  (*statistics_sums_)(statistics);
  for (float& s : statistics) s /= static_cast<float>(parts());
}

void FitRanks::begin(std::span<float> gradients) {
  gradients_ = gradients;
  posted_ = gradients.size();
}

void FitRanks::ready(std::size_t first) {
  if (alone()) return;
  while (posted_ >= first + bucket_ || (first == 0 && posted_ > 0)) {
    const std::size_t end = posted_;
    posted_ -= std::min(bucket_, posted_);
    calls_->post([this, end] {  // no more: a function that is larger would be allocated
      const std::size_t size = std::min(bucket_, end);
      (*sums_)(gradients_.subspan(end - size, size));
    });
  }
}

void FitRanks::finish() {
  if (alone()) return;
  ready(0);
  calls_->wait();
}

void FitRanks::end_others(const std::string& line) const noexcept {
  if (!alone() && !all_fail_) ranks_->end_all(line);
}

}  // namespace lineament
