// Optimisers: three steps of each worked by hand, decay only where it belongs, the same bits however chunks are run.
#include "lineament/train/optimizers.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/random.hpp"

using namespace lineament;

namespace {

using Kind = OptimizerOptions::Kind;

std::vector<float> random_values(std::size_t n, std::uint64_t stream) {
  Random random(3, stream);
  std::vector<float> v(n);
  for (float& x : v) x = random.normal();
  return v;
}

/// The weight, from 1, after each of three steps with gradients 0.5, -1, 2 and rate 0.1.
std::vector<double> three_steps(const OptimizerOptions& options, bool decayed) {
  Optimizer optimizer(options, 1, decayed ? std::vector<WeightRange>{{0, 1}} : std::vector<WeightRange>{});
  std::vector<float> w{1};
  std::vector<double> course;
  for (const float gradient : {0.5f, -1.0f, 2.0f}) {
    optimizer.step(w, std::vector{gradient}, 0.1f);
    course.push_back(static_cast<double>(w[0]));
  }
  CHECK(optimizer.steps() == 3);
  return course;
}

void check_course(const std::vector<double>& course, const std::vector<double>& expected) {
  REQUIRE(course.size() == expected.size());
  for (std::size_t i = 0; i < course.size(); ++i) CHECK(course[i] == Approx(expected[i]).epsilon(1e-6));
}

/// Runs chunks last to first.
struct Backwards {
  template <class F>
  void operator()(std::size_t chunks, F&& f) const {
    for (std::size_t chunk = chunks; chunk-- > 0;) f(chunk);
  }
};

const std::vector<OptimizerOptions> kAll{{.kind = Kind::sgd, .momentum = 0, .weight_decay = 0.1},
                                         {.kind = Kind::sgd, .weight_decay = 0.1},
                                         {.kind = Kind::sgd, .nesterov = true, .weight_decay = 0.1},
                                         {.kind = Kind::adam, .weight_decay = 0.1},
                                         {.kind = Kind::adamw, .weight_decay = 0.1}};

}  // namespace

TEST_CASE("sgd takes the steps worked out by hand") {
  // w -= 0.1 g
  check_course(three_steps({.kind = Kind::sgd, .momentum = 0}, false), {0.95, 1.05, 0.85});
  // v = 0.5, -0.55, 1.505
  check_course(three_steps({.kind = Kind::sgd, .momentum = 0.9}, false), {0.95, 1.005, 0.8545});
  // g + 0.9 v = 0.95, -1.495, 3.3545
  check_course(three_steps({.kind = Kind::sgd, .momentum = 0.9, .nesterov = true}, false), {0.905, 1.0545, 0.71905});
  // g + 0.5 w = 1, -0.55, 2.4775
  check_course(three_steps({.kind = Kind::sgd, .momentum = 0, .weight_decay = 0.5}, true), {0.9, 0.955, 0.70725});
  // g + 0.5 w = 1, -0.55, 2.4325; v = 1, 0.35, 2.7475
  check_course(three_steps({.kind = Kind::sgd, .momentum = 0.9, .weight_decay = 0.5}, true), {0.9, 0.865, 0.59025});
  // The same option without a range: nothing decays.
  check_course(three_steps({.kind = Kind::sgd, .momentum = 0, .weight_decay = 0.5}, false), {0.95, 1.05, 0.85});
}

TEST_CASE("adam takes the steps worked out by hand") {
  // beta1 0.5, beta2 0.75: m = 0.25, -0.375, 0.8125 over 0.5, 0.75, 0.875;
  // v = 0.0625, 0.296875, 1.22265625 over 0.25, 0.4375, 0.578125.
  const OptimizerOptions adam{.kind = Kind::adam, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 1e-8};
  const std::vector<double> ratio{0.5 / std::sqrt(0.25), -0.5 / std::sqrt(0.296875 / 0.4375),
                                  0.8125 / 0.875 / std::sqrt(1.22265625 / 0.578125)};
  const double w1 = 1 - 0.1 * ratio[0], w2 = w1 - 0.1 * ratio[1], w3 = w2 - 0.1 * ratio[2];
  check_course(three_steps(adam, false), {w1, w2, w3});
  CHECK(w1 == Approx(0.9));

  // An epsilon that counts is added after the correction: first step 0.1 * 0.5 / (0.5 + 0.5).
  CHECK(three_steps({.kind = Kind::adam, .epsilon = 0.5}, false)[0] == Approx(0.95));
  // The first step of Adam is the rate, whatever the constants: also with the true betas.
  CHECK(three_steps({.kind = Kind::adam}, false)[0] == Approx(0.9));

  // AdamW: 5 % of the weight goes first, at each step.
  OptimizerOptions adamw = adam;
  adamw.kind = Kind::adamw;
  adamw.weight_decay = 0.5;
  const double d1 = 0.95 - 0.1 * ratio[0], d2 = 0.95 * d1 - 0.1 * ratio[1], d3 = 0.95 * d2 - 0.1 * ratio[2];
  check_course(three_steps(adamw, true), {d1, d2, d3});
  check_course(three_steps(adamw, false), {w1, w2, w3});

  // Adam with decay adds it to the gradient: g = 0.5 + 0.5 = 1, then -1 + 0.45 = -0.55.
  OptimizerOptions decayed = adam;
  decayed.weight_decay = 0.5;
  const double m2 = 0.5 * 0.5 - 0.5 * 0.55, v2 = 0.75 * 0.25 + 0.25 * 0.55 * 0.55;
  const std::vector<double> course = three_steps(decayed, true);
  CHECK(course[0] == Approx(0.9));
  CHECK(course[1] == Approx(0.9 - 0.1 * (m2 / 0.75) / std::sqrt(v2 / 0.4375)));
}

TEST_CASE("weight decay touches its ranges only, and bias correction counts steps, not ranges") {
  const std::size_t n = 3 * ChunkPlan::kMinSize + 5;
  // Out of order, overlapping, over the border of a chunk, up to the end.
  const std::vector<WeightRange> ranges{
      {ChunkPlan::kMinSize - 3, 10}, {2, 3}, {ChunkPlan::kMinSize, 20}, {n - 1, 1}, {9, 0}};
  std::vector<bool> decays(n, false);
  for (const WeightRange& r : ranges) std::fill_n(decays.begin() + static_cast<std::ptrdiff_t>(r.offset), r.size, true);
  const std::vector<float> gradients = random_values(n, 1), start = random_values(n, 2);
  for (OptimizerOptions options : kAll) {
    CAPTURE(name(options), options.momentum, options.nesterov);
    const auto after = [&](double decay, std::vector<WeightRange> where) {
      options.weight_decay = decay;
      Optimizer optimizer(options, n, std::move(where));
      std::vector<float> w = start;
      for (int step = 0; step < 3; ++step) optimizer.step(w, gradients, 0.01f);
      return w;
    };
    const std::vector<float> some = after(0.1, ranges), all = after(0.1, {{0, n}}), none = after(0, ranges);
    for (std::size_t i = 0; i < n; ++i) {
      if (some[i] != (decays[i] ? all[i] : none[i])) FAIL("weight " << i);
    }
    CHECK(all != none);
  }
}

TEST_CASE("frozen weights keep their bits, and the others step as without them") {
  const std::size_t n = 3 * ChunkPlan::kMinSize + 5;
  // Out of order, over the border of a chunk, overlapping what decays.
  const std::vector<WeightRange> decayed{{2, 30}, {ChunkPlan::kMinSize - 3, 10}},
      frozen{{ChunkPlan::kMinSize - 1, 5}, {20, 20}, {n - 1, 1}, {7, 0}};
  std::vector<bool> stays(n, false);
  for (const WeightRange& r : frozen) std::fill_n(stays.begin() + static_cast<std::ptrdiff_t>(r.offset), r.size, true);
  const std::vector<float> start = random_values(n, 2);
  for (const OptimizerOptions& options : kAll) {
    CAPTURE(name(options), options.momentum, options.nesterov);
    Optimizer some(options, n, decayed, frozen), all(options, n, decayed);
    // A state from before the freezing moves nothing, either.
    const std::vector<float> momentum = random_values(some.state().size(), 3);
    std::vector<float> squares = momentum;
    for (float& m : squares) m = m * m;
    some.restore(squares, 7);
    all.restore(squares, 7);
    std::vector<float> a = start, b = start;
    for (std::uint64_t step = 0; step < 3; ++step) {
      const std::vector<float> gradients = random_values(n, 10 + step);
      some.step(a, gradients, 0.01f);
      all.step(b, gradients, 0.01f);
    }
    for (std::size_t i = 0; i < n; ++i)
      if (a[i] != (stays[i] ? start[i] : b[i])) FAIL("weight " << i);
  }
  CHECK_THROWS_WITH(Optimizer({}, 10, {}, {{8, 3}}), Catch::Contains("frozen"));
}

TEST_CASE("the same bits whole, in turn, backwards and on threads") {
  const std::size_t n = GENERATE(std::size_t{1}, std::size_t{1000}, ChunkPlan::kMinSize * 5 + 77);
  const std::vector<float> start = random_values(n, 4);
  Threads threads(3);
  for (const OptimizerOptions& options : kAll) {
    CAPTURE(name(options), n);
    const std::vector<WeightRange> ranges{{n / 3, n / 2}};
    Optimizer forwards(options, n, ranges), backwards(options, n, ranges), threaded(options, n, ranges);
    std::vector<float> a = start, b = start, c = start;
    for (std::uint64_t step = 0; step < 3; ++step) {
      const std::vector<float> gradients = random_values(n, 10 + step);
      forwards.step(a, gradients, 0.01f, 0.5f);
      backwards.step(b, gradients, 0.01f, 0.5f, Backwards{});
      threaded.step(c, gradients, 0.01f, 0.5f, OnThreads{threads});
    }
    CHECK(a == b);
    CHECK(a == c);
    CHECK(std::equal(forwards.state().begin(), forwards.state().end(), threaded.state().begin()));
  }
  const double norm = gradient_norm(start);
  CHECK(norm == gradient_norm(start, Backwards{}));
  CHECK(norm == gradient_norm(start, OnThreads{threads}));
}

TEST_CASE("going on from a stored state gives the same bits") {
  const std::size_t n = 100;
  const std::vector<float> gradients = random_values(n, 1);
  for (const OptimizerOptions& options : kAll) {
    Optimizer whole(options, n, {{0, 50}});
    std::vector<float> w = random_values(n, 2);
    for (int step = 0; step < 4; ++step) whole.step(w, gradients, 0.1f);
    std::vector<float> stored_w = w;
    const std::vector<float> stored(whole.state().begin(), whole.state().end());
    Optimizer resumed(options, n, {{0, 50}});
    resumed.restore(stored, whole.steps());
    whole.step(w, gradients, 0.1f);
    resumed.step(stored_w, gradients, 0.1f);
    CHECK(w == stored_w);
    CHECK(resumed.steps() == 5);
    CHECK_THROWS_AS(resumed.restore(std::vector<float>(3), 1), ArgumentError);
  }
}

TEST_CASE("the gradient scale multiplies gradients, not decay") {
  Optimizer optimizer({.kind = Kind::sgd, .momentum = 0, .weight_decay = 0.5}, 1, {{0, 1}});
  std::vector<float> w{1};
  optimizer.step(w, std::vector{8.0f}, 0.1f, 0.25f);
  CHECK(w[0] == Approx(1 - 0.1 * (2 + 0.5)));
}

TEST_CASE("gradient norm and clipping") {
  CHECK(gradient_norm(std::vector<float>{}) == 0);
  CHECK(gradient_norm(std::vector<float>{3, 4}) == 5);
  // Float would lose the small ones: 2^20 ones beside a thousand.
  std::vector<float> many(1 << 20, 1.0f);
  many[77] = 1000;
  CHECK(gradient_norm(many) == std::sqrt(1e6 + (1 << 20) - 1));
  CHECK(clip_scale(0.5, 1) == 1.0f);
  CHECK(clip_scale(4, 1) == Approx(1.0 / (4 + 1e-6)));
  CHECK(clip_scale(0, 1) == 1.0f);
}

TEST_CASE("chunks cover every size once") {
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{16384}, std::size_t{16385},
                              std::size_t{8420000}, std::size_t{256} * 16384, std::size_t{256} * 16384 + 1}) {
    const ChunkPlan plan = ChunkPlan::of(n);
    CAPTURE(n, plan.size, plan.count);
    CHECK(plan.count <= ChunkPlan::kMaxChunks);
    CHECK(plan.size % 16 == 0);
    CHECK(plan.count * plan.size >= n);
    CHECK((plan.count == 0 || (plan.count - 1) * plan.size < n));
  }
}

TEST_CASE("optimisers go by name, and what is out of range is refused") {
  for (const std::string_view kind : kOptimizerNames) CHECK(name(optimizer_by_name(kind)) == kind);
  CHECK(optimizer_by_name("adamw").weight_decay == 0.01);
  CHECK_THROWS_WITH(optimizer_by_name("lion"),
                    "optimizer: there is no optimizer of this name (wanted sgd, adam or adamw, got 'lion')");
  CHECK_THROWS_AS(Optimizer({.momentum = 1}, 1), ArgumentError);
  CHECK_THROWS_AS(Optimizer({.beta1 = -0.1}, 1), ArgumentError);
  CHECK_THROWS_AS(Optimizer({.beta2 = 1}, 1), ArgumentError);
  CHECK_THROWS_AS(Optimizer({.epsilon = 0}, 1), ArgumentError);
  CHECK_THROWS_AS(Optimizer({.weight_decay = -1}, 1), ArgumentError);
  CHECK_THROWS_AS(Optimizer({}, 10, {{8, 3}}), ArgumentError);
  CHECK_THROWS_AS(Optimizer({}, 10, {{std::size_t(-1), 3}}), ArgumentError);
  Optimizer optimizer({}, 2);
  std::vector<float> two(2), three(3);
  CHECK_THROWS_AS(optimizer.step(two, three, 0.1f), ArgumentError);
  CHECK_THROWS_AS(optimizer.step(three, two, 0.1f), ArgumentError);
  CHECK(optimizer.steps() == 0);
}
