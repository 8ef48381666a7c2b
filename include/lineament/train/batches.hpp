// Batches prepared ahead by loader threads while the network is busy with the one before. What a batch holds depends on
// (seed, epoch, position) alone: any number of threads, and a run resumed in the middle, give the same bits.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/buffer.hpp"
#include "lineament/error.hpp"
#include "lineament/random.hpp"
#include "lineament/train/mix.hpp"
#include "lineament/train/samples.hpp"

namespace LINEAMENT_API lineament {

struct BatchOptions {
  std::size_t batch_size = 32;
  std::uint64_t seed = 1;
  int threads = 2;        ///< Loader threads, at least 1. Changes nothing but the speed.
  int copies = 1;         ///< How often each sample comes in one epoch, augmented anew each time.
  bool augmented = true;  ///< False: samples come as at inference.
  bool shuffled = true;   ///< False: in the source's order, copy after copy.
  std::size_t epoch = 0;  ///< Where to begin, for resuming: batch `batch` of epoch `epoch`, both from 0.
  std::size_t batch = 0;
  std::vector<Mix> mixes{};  ///< Samples of other sources in every batch, augmented as the others.
  std::size_t epochs = 0;    ///< Of the run, which the mixes' shares follow; needed with a mix.
  /// Of each batch, the samples from part * batch_size / parts on, a `parts`-th of them: for ranks that share it.
  std::size_t part = 0, parts = 1;
  bool interleaved = false;  ///< In their place samples part, part + parts, …: each part has its share of the mixes.
};

/// One batch. Sample k is sample indices[k] of the source, or, after the epoch's own, of the mixes' sources in their
/// order; its pixels begin at k * pixels_per_sample().
struct Batch {
  std::span<const float> pixels, values;
  std::span<const float> weights;  ///< as many as values, or none: every value counts the same
  std::span<const std::size_t> indices;
  std::size_t epoch = 0, index = 0;
  /// Of the whole batch, the first `fresh` samples are the epoch's; the others repeat its beginning to fill the last
  /// batch, or come from the mixes.
  std::size_t fresh = 0;
};

/// An endless sequence of batches: batch 0 … batches_in(epoch) - 1 of an epoch, then those of the next one. An epoch is
/// every sample `copies` times, shuffled by (seed, epoch) as the source does it. Every batch is full: the last of an
/// epoch is filled up from the beginning of the epoch's order, augmented anew.
class Batches {
 public:
  /// Allocates everything and starts loading. `source` must outlive this object.
  /// Throws ArgumentError for an empty source or options out of range.
  Batches(const SampleSource& source, const BatchOptions& options) : source_(source), options_(options) {
    check_options();
    place_ = {options_.epoch, options_.batch};
    while (place_.index >= batches_in(place_.epoch)) place_.index -= batches_in(place_.epoch++);
    // One batch with the consumer, and one ready beside those being filled.
    slots_ = std::vector<Slot>(static_cast<std::size_t>(std::max(3, options_.threads + 2)));
    for (Slot& slot : slots_) {
      slot.pixels = Buffer<float>(part_size() * source_.pixels_per_sample());
      slot.values = Buffer<float>(part_size() * source_.values_per_sample());
      if (weighted()) slot.weights = Buffer<float>(slot.values.span().size());
      slot.indices.resize(part_size());
    }
    try {
      for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { work(); });
    } catch (...) {
      join();
      throw;
    }
  }
  Batches(const SampleSource&& source, const BatchOptions& options) = delete;  ///< It would be gone by the next line.
  ~Batches() { join(); }
  Batches(const Batches&) = delete;
  Batches& operator=(const Batches&) = delete;

  /// The next batch, valid until the next call. Waits where it must. What prepare() threw in a loader thread is thrown
  /// here when that batch's turn comes, and again by every later call.
  const Batch& next() {
    std::unique_lock lock(mutex_);
    released_ = next_;
    wake_.notify_all();
    Slot& slot = slots_[next_ % slots_.size()];
    const auto begin = std::chrono::steady_clock::now();
    wake_.wait(lock, [&] { return slot.ready == next_ + 1; });
    waited_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (slot.error) std::rethrow_exception(slot.error);
    ++next_;
    return slot.batch;
  }

  /// The same for every epoch unless there is a mix.
  std::size_t batches_in(std::size_t epoch) const { return (epoch_length() + own_in(epoch) - 1) / own_in(epoch); }
  /// Samples of a batch that are not the mixes'.
  std::size_t own_in(std::size_t epoch) const {
    return lineament::own_in(options_.mixes, epoch, options_.epochs, options_.batch_size);
  }
  /// Time next() has spent waiting so far: where it is much of an epoch, loading is the bottleneck.
  double waited_seconds() const { return waited_; }

 private:
  struct Slot {
    Buffer<float> pixels, values, weights;
    std::vector<std::size_t> indices;
    Batch batch;
    std::exception_ptr error;
    std::size_t ready = 0;  ///< 1 + the number of the batch it holds complete; 0 for none.
  };
  /// The shuffled epoch a loader thread is in.
  struct Order {
    std::vector<std::size_t> samples;
    std::size_t epoch = 0;
  };

  struct Place {
    std::size_t epoch = 0, index = 0;
  };

  bool weighted() const {
    return source_.weighted() || std::any_of(options_.mixes.begin(), options_.mixes.end(),
                                             [](const Mix& mix) { return mix.source && mix.source->weighted(); });
  }
  std::size_t part_size() const { return options_.batch_size / options_.parts; }
  std::size_t epoch_length() const { return source_.size() * static_cast<std::size_t>(options_.copies); }

  static void require(bool good, const char* what, const char* wanted, auto got) {
    if (!good) throw ArgumentError({"batches", what, wanted, std::to_string(got), ""});
  }

  void check_options() const {
    require(source_.size() > 0, "there are no samples", "at least 1", source_.size());
    require(options_.batch_size > 0, "batch size out of range", "at least 1", options_.batch_size);
    require(options_.threads > 0 && options_.threads <= 256, "number of loader threads out of range", "1 to 256",
            options_.threads);
    require(options_.parts > 0 && options_.batch_size % options_.parts == 0, "the batch cannot be shared out",
            "a multiple of the parts", options_.batch_size);
    require(options_.part < options_.parts, "there is no such part", "less than the parts", options_.part);
    require(options_.copies > 0, "number of copies out of range", "at least 1", options_.copies);
    require(epoch_length() < (std::size_t{1} << 32), "an epoch is too long", "less than 2^32 samples", epoch_length());
    double shares = 0;
    for (const Mix& mix : options_.mixes) {
      if (mix.source == nullptr) continue;
      check_mix(mix);
      shares += mix.share;
    }
    require(shares < 1, "nothing is left beside the mixes", "shares of less than 1 together", shares);
  }

  void check_mix(const Mix& mix) const {
    require(mix.source->size() > 0, "there are no samples to mix in", "at least 1", mix.source->size());
    require(mix.source->pixels_per_sample() == source_.pixels_per_sample() &&
                mix.source->values_per_sample() == source_.values_per_sample(),
            "the samples to mix in are others", "as many pixels and values a sample", mix.source->values_per_sample());
    require(mix.share >= 0 && mix.share < 1, "the share of the mix is out of range", "0 or more, below 1", mix.share);
    require(mix.falls_from >= 0 && mix.falls_from <= mix.gone_at && mix.gone_at <= 1,
            "the end of the mix is out of range", "0 to 1, and falls_from not above gone_at", mix.falls_from);
    require(options_.epochs > 0, "a mix needs the number of epochs", "at least 1", options_.epochs);
  }

  void join() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void work() {
    Order order;
    for (;;) {
      std::unique_lock lock(mutex_);
      // Batch n lives in slot n % slots: free once batch n - slots was given back.
      wake_.wait(lock, [&] { return stop_ || claimed_ < released_ + slots_.size(); });
      if (stop_) return;
      const std::size_t number = claimed_++;
      const Place place = place_;
      if (++place_.index == batches_in(place_.epoch)) place_ = {place_.epoch + 1, 0};
      lock.unlock();

      Slot& slot = slots_[number % slots_.size()];
      try {
        fill(slot, place, order);
      } catch (...) {
        slot.error = std::current_exception();
      }
      lock.lock();
      slot.ready = number + 1;
      lock.unlock();
      wake_.notify_all();
    }
  }

  void shuffle_epoch(Order& order, std::size_t epoch) const {
    if (!order.samples.empty() && order.epoch == epoch) return;
    order.epoch = epoch;
    order.samples.resize(epoch_length());
    for (std::size_t i = 0; i < order.samples.size(); ++i) order.samples[i] = i % source_.size();
    // No position of a sample reaches 2^32 - 1: the shuffle has a stream of its own.
    if (options_.shuffled) source_.shuffle_epoch(order.samples, Random(options_.seed ^ kStream, epoch, 0xFFFFFFFFu));
  }

  void fill(Slot& slot, const Place& place, Order& order) const {
    const std::size_t own = own_in(place.epoch), first = place.index * own;
    shuffle_epoch(order, place.epoch);
    for (std::size_t i = 0; i < part_size(); ++i) {
      if (stop_) return;  // Nobody will ask for this batch.
      const std::size_t k = options_.interleaved ? i * options_.parts + options_.part : options_.part * part_size() + i;
      if (k < own) {
        slot.indices[i] = order.samples[(first + k) % order.samples.size()];
        prepare(source_, slot, i, Random(options_.seed ^ kStream, place.epoch, first + k));
      } else {
        const SampleSource& source = *mix_of(k, place.epoch).source;
        Random random(options_.seed ^ kMixStream, place.epoch, place.index * options_.batch_size + k);
        slot.indices[i] = random.below(static_cast<std::uint32_t>(source.size()));
        prepare(source, slot, i, random);
      }
    }
    slot.batch = {slot.pixels.span(),
                  slot.values.span(),
                  slot.weights.span(),
                  slot.indices,
                  place.epoch,
                  place.index,
                  std::min(own, order.samples.size() - first)};
  }

  /// Of sample k of a batch, which is not the epoch's own.
  const Mix& mix_of(std::size_t k, std::size_t epoch) const {
    std::size_t end = own_in(epoch);
    const auto mix = std::find_if(options_.mixes.begin(), options_.mixes.end(), [&](const Mix& m) {
      end += m.count_in(epoch, options_.epochs, options_.batch_size);
      return k < end;
    });
    return *mix;
  }

  void prepare(const SampleSource& source, Slot& slot, std::size_t k, Random random) const {
    const std::size_t pixels = source.pixels_per_sample(), values = source.values_per_sample();
    const std::size_t count = slot.weights.size() > 0 ? values : 0;
    const std::span<float> weights = slot.weights.span().subspan(k * count, count);
    source.prepare(slot.indices[k], random, options_.augmented,
                   {slot.pixels.span().subspan(k * pixels, pixels), slot.values.span().subspan(k * values, values),
                    source.weighted() ? weights : std::span<float>()});
    if (!source.weighted()) std::fill(weights.begin(), weights.end(), 1.0f);
  }

  /// Sets these draws apart from others made with the user's seed (weights, dropout).
  static constexpr std::uint64_t kStream = 0x6261746368657321u, kMixStream = 0x6D69786564696E21u;

  const SampleSource& source_;
  const BatchOptions options_;
  std::size_t next_ = 0;  ///< Number of the batch that next() gives; batches are numbered through from the first one.
  double waited_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Slot> slots_;
  std::size_t claimed_ = 0;   ///< First batch no loader thread has taken on. Guarded by mutex_, as are the next two.
  Place place_;               ///< Where that one is.
  std::size_t released_ = 0;  ///< First batch the consumer has not given back.
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

}  // namespace lineament
