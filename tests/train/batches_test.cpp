// The batch loader: the same bits for any number of threads and from any start, nothing left out, no deadlock.
#include "lineament/train/batches.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "catch.hpp"

using namespace lineament;

namespace {

/// Sample i: its index and three draws. Keeps count of calls; sample `bad` throws.
struct Numbers : SampleSource {
  std::size_t count = 10, bad = ~std::size_t{0};
  mutable std::atomic<int> calls{0};
  int delay_us = 0;
  bool with_weights = false;
  explicit Numbers(std::size_t n) : count(n) {}

  std::size_t size() const override { return count; }
  std::size_t pixels_per_sample() const override { return 4; }
  std::size_t values_per_sample() const override { return 2; }
  bool weighted() const override { return with_weights; }
  void prepare(std::size_t index, Random random, bool augmented, const Sample& to) const override {
    if (index == bad) throw FormatError({"sample", "is bad", "", "", ""});
    if (delay_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(delay_us));
    to.pixels[0] = static_cast<float>(index);
    for (std::size_t i = 1; i < 4; ++i) to.pixels[i] = augmented ? random.uniform() : 0;
    to.values[0] = static_cast<float>(index) + 0.5f;
    to.values[1] = augmented ? random.uniform() : 0;
    REQUIRE(to.weights.size() == (with_weights ? 2u : 0u));
    for (std::size_t i = 0; i < to.weights.size(); ++i) to.weights[i] = static_cast<float>(10 * index + i);
    ++calls;
  }
};

/// All a consumer can see of the next `n` batches.
struct Seen {
  std::vector<float> pixels, values;
  std::vector<std::size_t> indices, places;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen take(Batches& batches, int n) {
  Seen seen;
  for (int i = 0; i < n; ++i) {
    const Batch& b = batches.next();
    seen.pixels.insert(seen.pixels.end(), b.pixels.begin(), b.pixels.end());
    seen.values.insert(seen.values.end(), b.values.begin(), b.values.end());
    seen.indices.insert(seen.indices.end(), b.indices.begin(), b.indices.end());
    seen.places.insert(seen.places.end(), {b.epoch, b.index, b.fresh});
  }
  return seen;
}

Seen take(const SampleSource& source, const BatchOptions& options, int n) {
  Batches batches(source, options);
  return take(batches, n);
}

}  // namespace

TEST_CASE("1, 2 and 4 loader threads give the same bits") {
  Numbers source(23);
  source.delay_us = 20;
  BatchOptions options{.batch_size = 5, .seed = 7, .threads = 1, .copies = 2};
  const Seen one = take(source, options, 40);
  for (const int threads : {2, 4}) {
    options.threads = threads;
    CHECK(take(source, options, 40) == one);
  }
  options.seed = 8;
  CHECK_FALSE(take(source, options, 40) == one);
}

TEST_CASE("a run resumed anywhere goes on with the same bits") {
  const Numbers source(23);
  BatchOptions options{.batch_size = 4, .threads = 2};
  Batches whole(source, options);
  CHECK(whole.batches_in(0) == 6);
  take(whole, 15);  // Two epochs and three batches.
  const Seen rest = take(whole, 20);
  options.epoch = 2;
  options.batch = 3;
  CHECK(take(source, options, 20) == rest);
  options.epoch = 0;
  options.batch = 15;  // The same place, counted through.
  CHECK(take(source, options, 20) == rest);
}

TEST_CASE("an epoch is every sample as often as asked, in another order each time") {
  const Numbers source(11);
  Batches batches(source, {.batch_size = 4, .threads = 3, .copies = 3});
  REQUIRE(batches.batches_in(0) == 9);  // 33 samples.
  std::vector<std::vector<std::size_t>> orders;
  for (std::size_t epoch = 0; epoch < 4; ++epoch) {
    std::vector<std::size_t> order, filled;
    for (std::size_t i = 0; i < 9; ++i) {
      const Batch& b = batches.next();
      REQUIRE(b.epoch == epoch);
      REQUIRE(b.index == i);
      REQUIRE(b.fresh == (i < 8 ? 4u : 1u));
      for (std::size_t k = 0; k < 4; ++k) {
        REQUIRE(b.pixels[4 * k] == static_cast<float>(b.indices[k]));  // Rows and indices belong together.
        REQUIRE(b.values[2 * k] == static_cast<float>(b.indices[k]) + 0.5f);
        (k < b.fresh ? order : filled).push_back(b.indices[k]);
      }
    }
    std::map<std::size_t, int> times;
    for (const std::size_t i : order) ++times[i];
    REQUIRE(times.size() == 11);
    for (const auto& [sample, n] : times) REQUIRE(n == 3);
    CHECK(filled == std::vector<std::size_t>(order.begin(), order.begin() + 3));
    orders.push_back(order);
  }
  CHECK(orders[0] != orders[1]);
  CHECK(orders[1] != orders[2]);
}

TEST_CASE("a source may order an epoch itself, by the epoch's random numbers") {
  struct Ordered : Numbers {
    using Numbers::Numbers;
    void shuffle_epoch(std::span<std::size_t> order, Random random) const override {
      const std::size_t first = random.below(static_cast<std::uint32_t>(size()));
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = (first + i) % size();
    }
  };
  const Ordered source(40);
  const Seen seen = take(source, {.batch_size = 40}, 3);
  std::vector<std::size_t> firsts;
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    firsts.push_back(seen.indices[40 * epoch]);
    for (std::size_t i = 0; i < 40; ++i) CHECK(seen.indices[40 * epoch + i] == (firsts.back() + i) % 40);
  }
  CHECK((firsts[0] != firsts[1] || firsts[1] != firsts[2]));
  CHECK(take(source, {.batch_size = 40, .threads = 3}, 3) == seen);
  const Seen plain = take(source, {.batch_size = 40, .shuffled = false}, 1);
  CHECK(plain.indices[0] == 0);
}

TEST_CASE("every sample is augmented by draws of its own") {
  const Numbers source(16);
  const Seen seen = take(source, {.batch_size = 8, .copies = 4}, 24);  // Three epochs.
  std::map<float, int> draws;
  for (std::size_t i = 0; i < seen.pixels.size(); i += 4) ++draws[seen.pixels[i + 1]];
  CHECK(draws.size() == 24 * 8);
}

TEST_CASE("unshuffled and without augmentation: the source as it is") {
  const Numbers source(5);
  const Seen seen = take(source, {.batch_size = 3, .augmented = false, .shuffled = false}, 2);
  CHECK(seen.indices == std::vector<std::size_t>{0, 1, 2, 3, 4, 0});
  CHECK(seen.places == std::vector<std::size_t>{0, 0, 3, 0, 1, 2});
  for (std::size_t i = 0; i < seen.pixels.size(); i += 4) CHECK(seen.pixels[i + 1] == 0);
}

TEST_CASE("a batch larger than the epoch goes round it") {
  const Numbers source(3);
  const Seen seen = take(source, {.batch_size = 7, .shuffled = false}, 1);
  CHECK(seen.indices == std::vector<std::size_t>{0, 1, 2, 0, 1, 2, 0});
  CHECK(seen.places == std::vector<std::size_t>{0, 0, 3});
}

TEST_CASE("what a loader thread throws is thrown by next, in its turn") {
  Numbers source(12);
  source.bad = 7;
  for (const int threads : {1, 4}) {
    Batches batches(source, {.batch_size = 3, .threads = threads, .shuffled = false});
    batches.next();
    batches.next();
    CHECK_THROWS_WITH(batches.next(), "sample: is bad");  // Samples 6, 7, 8.
    CHECK_THROWS_AS(batches.next(), FormatError);
  }
}

TEST_CASE("no more is prepared ahead than there is room for, and leaving never hangs") {
  Numbers source(1000);
  for (int round = 0; round < 50; ++round) {
    Batches batches(source, {.batch_size = 10, .threads = 1 + round % 4});
    if (round % 3 > 0) batches.next();
  }
  source.calls = 0;
  {
    Batches batches(source, {.batch_size = 10, .threads = 1});
    for (int i = 0; i < 2000 && source.calls < 30; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(source.calls == 30);  // Three batches.
  }

  source.delay_us = 1000;
  const auto begin = std::chrono::steady_clock::now();
  { Batches batches(source, {.batch_size = 1000, .threads = 2}); }  // A batch takes a second.
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(500));
}

TEST_CASE("several sources can share a batch, each with what it has of it") {
  const Numbers own(12), first(50), second(900);
  const BatchOptions options{.batch_size = 8,
                             .threads = 1,
                             .mixes = {{.source = &first, .share = 0.5, .falls_from = 0, .gone_at = 0.5},
                                       {.source = &second, .share = 0.25, .falls_from = 1, .gone_at = 1}},
                             .epochs = 2};
  Batches batches(own, options);
  CHECK(batches.own_in(0) == 4);  // 2 of the first, half of whose share is gone, 2 of the second
  CHECK(batches.own_in(1) == 6);
  std::size_t highest = 0;
  for (int i = 0; i < 3; ++i) {
    const Batch& b = batches.next();
    CHECK(b.fresh == 4);
    CHECK(b.indices[4] < 50);
    CHECK(b.indices[5] < 50);
    highest = std::max({highest, b.indices[6], b.indices[7]});
  }
  CHECK(highest >= 50);
  BatchOptions too_much = options;
  too_much.mixes[0].share = 0.75;
  CHECK_THROWS_AS(Batches(own, too_much), ArgumentError);
}

TEST_CASE("a share of each batch comes from another source, falls to nothing, and depends on no thread") {
  const Numbers own(12), others(1000);
  // 6 of 8 are others in epochs 0 and 1; 3 in epoch 2, in whose middle half the way to epoch 3 is gone.
  BatchOptions options{.batch_size = 8,
                       .seed = 3,
                       .threads = 1,
                       .mixes = {{.source = &others, .share = 0.75, .falls_from = 0.5, .gone_at = 0.75}},
                       .epochs = 4};
  Batches batches(own, options);
  const std::vector<std::size_t> in_batch{2, 2, 5, 8, 8}, count{6, 6, 3, 2, 2};
  std::map<std::size_t, int> drawn;
  for (std::size_t epoch = 0; epoch < 5; ++epoch) {
    REQUIRE(batches.own_in(epoch) == in_batch[epoch]);
    REQUIRE(batches.batches_in(epoch) == count[epoch]);
    std::map<std::size_t, int> times;
    for (std::size_t i = 0; i < count[epoch]; ++i) {
      const Batch& b = batches.next();
      REQUIRE(b.epoch == epoch);
      REQUIRE(b.index == i);
      for (std::size_t k = 0; k < 8; ++k) {
        CHECK(b.pixels[4 * k] == static_cast<float>(b.indices[k]));
        if (k < b.fresh) ++times[b.indices[k]];
        if (k >= in_batch[epoch]) ++drawn[b.indices[k]];
      }
    }
    CHECK(times.size() == 12);  // each of the epoch's own, once
    for (const auto& [sample, n] : times) CHECK(n == 1);
  }
  CHECK(drawn.size() > 75);  // of 81: nearly all are different ones
  CHECK(drawn.rbegin()->first > 900);

  const Seen one = take(own, options, 19);
  options.threads = 4;
  CHECK(take(own, options, 19) == one);
  Batches whole(own, options);
  take(whole, 13);
  const Seen rest = take(whole, 6);
  options.epoch = 2;
  options.batch = 1;
  CHECK(take(own, options, 6) == rest);
  options.seed = 4;
  CHECK_FALSE(take(own, options, 6) == rest);
}

TEST_CASE("parts of a batch together are the whole one, mixes and the last of an epoch included") {
  Numbers source(23), others(7);
  BatchOptions options{.batch_size = 12, .seed = 7, .mixes = {{.source = &others, .share = 0.3}}, .epochs = 10};
  for (const std::size_t parts : {1u, 2u, 3u, 12u}) {
    std::vector<std::unique_ptr<Batches>> shares;
    options.parts = parts;
    for (options.part = 0; options.part < parts; ++options.part)
      shares.push_back(std::make_unique<Batches>(source, options));
    Batches again(source, {.batch_size = 12, .seed = 7, .mixes = options.mixes, .epochs = 10});
    for (int i = 0; i < 20; ++i) {
      const Batch& all = again.next();
      std::vector<float> pixels;
      std::vector<std::size_t> indices;
      for (const auto& share : shares) {
        const Batch& b = share->next();
        CHECK(b.indices.size() == 12 / parts);
        CHECK(b.fresh == all.fresh);
        pixels.insert(pixels.end(), b.pixels.begin(), b.pixels.end());
        indices.insert(indices.end(), b.indices.begin(), b.indices.end());
      }
      CHECK(std::equal(pixels.begin(), pixels.end(), all.pixels.begin(), all.pixels.end()));
      CHECK(std::equal(indices.begin(), indices.end(), all.indices.begin(), all.indices.end()));
    }
  }
  CHECK_THROWS_AS(Batches(source, {.batch_size = 12, .parts = 5}), ArgumentError);
  CHECK_THROWS_AS(Batches(source, {.batch_size = 12, .part = 3, .parts = 3}), ArgumentError);
}

TEST_CASE("interleaved parts of a batch are the whole one, and each has its share of the mix") {
  Numbers source(23), others(7);
  const std::vector<Mix> mixes{{.source = &others, .share = 0.5, .falls_from = 1, .gone_at = 1}};
  Batches whole(source, {.batch_size = 12, .seed = 7, .mixes = mixes, .epochs = 10});
  std::vector<std::unique_ptr<Batches>> shares;
  for (std::size_t part = 0; part < 3; ++part)
    shares.push_back(std::make_unique<Batches>(
        source,
        BatchOptions{
            .batch_size = 12, .seed = 7, .mixes = mixes, .epochs = 10, .part = part, .parts = 3, .interleaved = true}));
  for (int i = 0; i < 12; ++i) {
    const Batch& all = whole.next();
    for (std::size_t part = 0; part < 3; ++part) {
      const Batch& b = shares[part]->next();
      REQUIRE(b.indices.size() == 4);
      CHECK(b.fresh == all.fresh);
      const std::size_t pixels = b.pixels.size() / 4;
      for (std::size_t k = 0; k < 4; ++k) {  // the whole has 6 of its own, then 6 of the mix: each part 2 and 2
        CHECK(b.indices[k] == all.indices[3 * k + part]);
        CHECK(std::equal(b.pixels.begin() + static_cast<std::ptrdiff_t>(k * pixels),
                         b.pixels.begin() + static_cast<std::ptrdiff_t>((k + 1) * pixels),
                         all.pixels.begin() + static_cast<std::ptrdiff_t>((3 * k + part) * pixels)));
      }
    }
  }
}

TEST_CASE("weights of a mix: 1 for a source that has none") {
  Numbers own(6);
  const Numbers others(5);
  own.with_weights = true;
  BatchOptions options{.batch_size = 4, .mixes = {{.source = &others}}, .epochs = 10};
  Batches batches(own, options);
  const Batch& b = batches.next();
  REQUIRE(b.weights.size() == b.values.size());
  CHECK(b.weights[3] == static_cast<float>(10 * b.indices[1] + 1));
  CHECK(b.weights[4] == 1);
  CHECK(b.weights[7] == 1);

  const Numbers none(0);
  const auto refused = [&](auto change) {
    BatchOptions wrong = options;
    change(wrong);
    CHECK_THROWS_AS(Batches(own, wrong), ArgumentError);
  };
  refused([&](BatchOptions& o) { o.mixes[0].source = &none; });
  refused([](BatchOptions& o) { o.mixes[0].share = 1; });
  refused([](BatchOptions& o) { o.mixes[0].falls_from = 0.9; });
  refused([](BatchOptions& o) { o.mixes[0].gone_at = 1.5; });
  refused([](BatchOptions& o) { o.epochs = 0; });
}

TEST_CASE("weights come with their values, if the source has any") {
  Numbers source(6);
  CHECK(Batches(source, {.batch_size = 4}).next().weights.empty());
  source.with_weights = true;
  Batches batches(source, {.batch_size = 4});
  const Batch& b = batches.next();
  REQUIRE(b.weights.size() == b.values.size());
  for (std::size_t i = 0; i < 8; ++i) CHECK(b.weights[i] == static_cast<float>(10 * b.indices[i / 2] + i % 2));
}

TEST_CASE("a source that would be gone before the first batch does not compile") {
  static_assert(std::is_constructible_v<Batches, const Numbers&, const BatchOptions&>);
  static_assert(!std::is_constructible_v<Batches, Numbers, const BatchOptions&>);
  static_assert(!std::is_constructible_v<Batches, const Numbers, const BatchOptions&>);
}

TEST_CASE("the time spent waiting is measured") {
  Numbers source(8);
  source.delay_us = 5000;
  Batches batches(source, {.batch_size = 8, .threads = 1});
  batches.next();  // 40 ms of work.
  CHECK(batches.waited_seconds() > 0.02);
  CHECK(batches.waited_seconds() < 10);
}

TEST_CASE("options out of range are refused") {
  const Numbers source(8), empty(0);
  CHECK_THROWS_AS(Batches(empty, {}), ArgumentError);
  CHECK_THROWS_AS(Batches(source, {.batch_size = 0}), ArgumentError);
  CHECK_THROWS_AS(Batches(source, {.threads = 0}), ArgumentError);
  CHECK_THROWS_WITH(Batches(source, {.threads = -1}), Catch::Contains("got -1"));
  CHECK_THROWS_AS(Batches(source, {.copies = 0}), ArgumentError);
}
