// Kernels chosen by timing: who is followed, who is ignored, and that values stay what they are.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "catch.hpp"
#include "kernels/common/cache.hpp"
#include "lineament/error.hpp"
#include "lineament/isa.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/tuning.hpp"
#include "lineament/random.hpp"
#include "lineament/version.hpp"
#include "plan/tune.hpp"

using namespace lineament;

namespace {

/// A 3x3 convolution that Winograd's algorithm fits, and a dense layer of many inputs.
Network small_network(int side = 12) {
  Spec spec;
  spec.add(Conv2d{.channels = 32}, spec.last(), "conv");
  spec.add(ReLU{}, spec.last(), "relu");
  spec.add(Flatten{}, spec.last(), "flatten");
  spec.add(Dense{.features = 24}, spec.last(), "dense");
  return Network(spec, Shape{side, side, 16}, 3);
}

std::vector<float> run(const Network& network, const InferenceOptions& options) {
  InferenceSession session(network, options);
  Random random(7);
  for (float& v : session.input()) v = std::max(0.0f, random.normal());
  const auto output = session.forward();
  return {output.begin(), output.end()};
}

std::vector<std::string> kernels(const Network& network, const InferenceOptions& options) {
  const InferenceSession session(network, options);
  std::vector<std::string> names;
  for (const PlannedOp& op : session.plan()) names.push_back(op.kernel);
  return names;
}
bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The network's ops, whatever won.
TuneResult timed(const Network& network, const InferenceOptions& options = {}) {
  return tune(network, options, {.seconds = 0.02, .margin = 1});
}
/// A Tuning in which `kernel` is for every op that has it.
Tuning forced(const Network& network, const std::string& kernel, const InferenceOptions& options = {}) {
  Tuning tuning{.machine = tuning_machine()};
  for (const TunedOp& op : timed(network, options).ops)
    for (const TunedOp::Candidate& c : op.candidates)
      if (c.kernel == kernel) tuning.kernels[op.op] = kernel;
  REQUIRE(!tuning.kernels.empty());
  return tuning;
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  float most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

}  // namespace

TEST_CASE("every kernel that could run an op is timed, first the usual one") {
  const Network network = small_network();
  const TuneResult result = timed(network);
  REQUIRE(result.ops.size() == 2);
  CHECK(result.ops[0].layer == "conv");
  CHECK(result.ops[0].candidates[0].kernel == kernels(network, {})[0]);
  CHECK(result.ops[1].layer == "dense");
  CHECK(result.ops[1].candidates[0].kernel == "gemm");
  for (const TunedOp& op : result.ops) {
    std::vector<std::string> names;
    for (const TunedOp::Candidate& c : op.candidates) {
      CHECK(c.seconds > 0);
      CHECK(c.seconds < 1);
      names.push_back(c.kernel);
    }
    CHECK(has(names, op.layer == "conv" ? "direct" : "pointwise"));
    CHECK_FALSE(has(names, "reference"));
    // The usual kernel, too, has its entry: it takes the place of an older choice.
    CHECK(result.tuning.kernels.at(op.op) == op.candidates[op.chosen].kernel);
  }
  CHECK(result.tuning.kernels.size() == 2);
  CHECK(result.usual_seconds > 0);
  CHECK(result.tuned_seconds > 0);
  // What would have to be a thousand times faster never is.
  const TuneResult strict = tune(network, {}, {.seconds = 0.02, .margin = 1000});
  for (const TunedOp& op : strict.ops) CHECK(op.chosen == 0);
  CHECK(strict.tuning.kernels.size() == 2);
  CHECK(strict.tuned_seconds == strict.usual_seconds);
}

TEST_CASE("ops keep what they chose where the whole network is faster with it, and only there") {
  const auto settled = [](double usual, double tuned) {
    TuneResult result{.tuning = {.machine = "any"}, .ops = {}, .usual_seconds = usual, .tuned_seconds = tuned};
    result.ops = {{.layer = "a", .op = "a op", .candidates = {{"usual", 2}, {"other", 1}}, .chosen = 1},
                  {.layer = "b", .op = "b op", .candidates = {{"usual", 1}, {"other", 2}}, .chosen = 0}};
    settle(result);
    for (const TunedOp& op : result.ops) CHECK(result.tuning.kernels.at(op.op) == op.candidates[op.chosen].kernel);
    CHECK(result.tuning.kernels.at("b op") == "usual");
    CHECK(result.tuning.machine == "any");
    return result.tuning.kernels.at("a op");
  };
  CHECK(settled(1.0, 0.9) == "other");
  CHECK(settled(1.0, 1.0) == "usual");
  CHECK(settled(1.0, 1.1) == "usual");
}

TEST_CASE("what a tuning knows already stays, and is not timed again") {
  const Network network = small_network();
  const Tuning direct = forced(network, "direct");
  const TuneResult more = timed(network, {.tuning = &direct});
  for (const TunedOp& op : more.ops) CHECK_FALSE(direct.kernels.contains(op.op));
  CHECK(more.ops.size() + direct.kernels.size() == timed(network).ops.size());
  Tuning foreign = direct;
  foreign.machine = "another";
  CHECK(timed(network, {.tuning = &foreign}).ops.size() == timed(network).ops.size());
}

TEST_CASE("the time asked for holds, with the sessions that are made for it") {
  Spec spec;  // layers whose weights take long to make and to pack, and little to run
  for (const int features : {1000, 1001, 1002}) spec.add(Dense{.features = features}, spec.last());
  const Network network(spec, Shape{1000}, 1);
  const auto took = [&](double seconds) {
    double least = 1e9;
    for (int i = 0; i < 3; ++i) {  // the machine may have been at something else
      const auto begin = std::chrono::steady_clock::now();
      tune(network, {}, {.seconds = seconds});
      least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    return least;
  };
  const double unavoidable = took(1e-9);  // every candidate has a pass
  const double asked = 2 * unavoidable, got = took(asked);
  CHECK(got > 0.95 * asked);
  CHECK(got < 1.4 * asked);  // if making sessions came on top: 1.5 times
}

TEST_CASE("sessions follow a tuning, and say so") {
  const Network network = small_network();
  const Tuning direct = forced(network, "direct"), product = forced(network, "pointwise");
  CHECK(kernels(network, {})[0] == "winograd");
  CHECK(kernels(network, {.tuning = &direct})[0] == "direct");
  CHECK(has(kernels(network, {.tuning = &product}), "pointwise"));
  const InferenceSession session(network, {.tuning = &direct});
  CHECK(has(session.plan()[0].refused, "winograd: slower here: tuned"));
}

TEST_CASE("a tuning that names the usual kernels leads to the plan that there is without one") {
  Spec spec;
  spec.add(Conv2d{.channels = 32}, spec.last(), "conv");
  spec.add(ReLU{}, spec.last(), "relu");
  spec.add(Conv2d{.channels = 48}, spec.last(), "conv2");
  spec.add(HardSwish{}, spec.last(), "swish");  // which Winograd's algorithm does not take into its end
  spec.add(Conv2d{.channels = 24, .kernel = 1}, spec.last(), "point");
  spec.add(HardSwish{}, spec.last(), "swish2");
  spec.add(Conv2d{.channels = 24, .groups = Conv2d::kDepthwise}, spec.last(), "depthwise");
  spec.add(ReLU{}, spec.last(), "relu2");
  spec.add(Flatten{}, spec.last(), "flatten");
  spec.add(Dense{.features = 24}, spec.last(), "dense");
  const Network network(spec, Shape{12, 12, 16}, 3);
  for (const int batch : {1, 3}) {
    Tuning usual{.machine = tuning_machine()};
    for (const TunedOp& op : timed(network, {.batch = batch}).ops) usual.kernels[op.op] = op.candidates[0].kernel;
    REQUIRE(usual.kernels.size() == 5);
    const auto without = InferenceSession(network, {.batch = batch}).plan(),
               with = InferenceSession(network, {.batch = batch, .tuning = &usual}).plan();
    REQUIRE(with.size() == without.size());
    for (std::size_t i = 0; i < with.size(); ++i) {
      CHECK(with[i].layers == without[i].layers);
      CHECK(with[i].kernel == without[i].kernel);
      CHECK(with[i].refused == without[i].refused);
      CHECK(with[i].region == without[i].region);
      CHECK(with[i].bytes == without[i].bytes);
      CHECK(with[i].workspace == without[i].workspace);
      CHECK(with[i].packed == without[i].packed);
    }
  }
}

TEST_CASE("names in a tuning that cannot be followed change nothing, and the op says why") {
  const Network network = small_network();
  const std::vector<std::string> usual = kernels(network, {});
  Tuning wrong = forced(network, "direct");
  const auto refused = [&](const std::string& name) {
    for (auto& [op, kernel] : wrong.kernels) kernel = name;
    CHECK(kernels(network, {.tuning = &wrong}) == usual);
    return InferenceSession(network, {.tuning = &wrong}).plan()[0].refused;
  };
  CHECK(has(refused("fastest"), "fastest: in the tuning, but: there is no such kernel for it"));
  CHECK(has(refused("reference"), "reference: in the tuning, but: there is no such kernel for it"));
  CHECK(has(refused("depthwise"), "depthwise: in the tuning, but: needs one channel a group"));
  CHECK_FALSE(has(refused("depthwise"), "depthwise: needs one channel a group"));  // once is enough
  CHECK(has(refused("windows"), "windows: in the tuning, but: for rectangular and dilated windows"));
  CHECK(refused("windows").size() == refused("depthwise").size() + 1);  // it comes after the one that runs
}

TEST_CASE("a tuning without a key is for no op") {
  Spec spec;
  spec.add(Conv2d{.channels = 32}, spec.last(), "conv");
  spec.add(ReLU{}, spec.last(), "relu");
  spec.add(MaxPool{}, spec.last(), "pool");
  const Network network(spec, Shape{12, 12, 16}, 3);
  const std::vector<LayerRange> ranges = measure_ranges(network, std::vector<float>(12 * 12 * 16, 0.5f));
  const Tuning empty{.machine = tuning_machine(), .kernels = {{"", "direct"}}};
  for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::int8})
    CHECK(kernels(network, {.precision = precision, .ranges = ranges, .tuning = &empty}) ==
          kernels(network, {.precision = precision, .ranges = ranges}));
}

TEST_CASE("a tuning means nothing with another processor, cache, instruction set or version") {
  const Network network = small_network();
  const std::string machine = tuning_machine(), isa = current_isa();
  const std::vector<std::string> usual = kernels(network, {});
  const Tuning direct = forced(network, "direct");
  REQUIRE(kernels(network, {.tuning = &direct}) != usual);
  const auto with = [&](std::string_view part, const std::string& other) {
    Tuning changed = direct;
    const std::size_t at = changed.machine.find(part);
    REQUIRE(at != std::string::npos);
    changed.machine.replace(at, part.size(), other);
    return kernels(network, {.tuning = &changed});
  };
  CHECK(with(machine.substr(0, machine.find(',')), "an abacus") == usual);
  CHECK(with("lineament " + std::string(version()), "lineament 0.0.1") == usual);
  force_second_level_cache(second_level_cache() == 512 * 1024 ? 1024 * 1024 : 512 * 1024);
  CHECK(tuning_machine() != machine);
  CHECK(kernels(network, {.tuning = &direct}) == usual);
  force_second_level_cache(0);
  for (const std::string& other : available_isas()) {
    if (other == isa) continue;
    force_isa(other);
    CHECK(kernels(network, {.tuning = &direct}) == kernels(network, {}));
  }
  force_isa(isa);
  CHECK(tuning_machine() == machine);
}

TEST_CASE("a tuning means nothing for another batch, size, precision or number of threads") {
  constexpr int kSide = 7;  // so small that threads go through a batch together
  const Network network = small_network(kSide), other = small_network(kSide + 1);
  const Tuning direct = forced(network, "direct");
  const auto same = [&](const Network& n, InferenceOptions options) {
    const std::vector<std::string> usual = kernels(n, options);
    options.tuning = &direct;
    return kernels(n, options) == usual;
  };
  CHECK_FALSE(same(network, {}));
  CHECK(same(network, {.batch = 2}));
  CHECK(same(network, {.threads = 2}));
  CHECK(same(network, {.precision = Precision::bf16}));
  CHECK(same(other, {}));
}

TEST_CASE("a tuned network gives the same values within rounding, on every instruction set and any threads") {
  const std::string before = current_isa();
  for (const std::string& isa : available_isas()) {
    force_isa(isa);
    for (const int side : {12, 7, 13}) {
      INFO(isa << ", side " << side);
      const Network network = small_network(side);
      const std::vector<float> wanted = run(network, {.without = {Pass::choose_kernels}});
      for (const TunedOp& op : timed(network).ops)
        for (const TunedOp::Candidate& c : op.candidates) {
          const Tuning one{.machine = tuning_machine(), .kernels = {{op.op, c.kernel}}};
          CHECK(largest_difference(run(network, {.tuning = &one}), wanted) < 1e-4f);
        }
      std::vector<float> first;
      for (const int threads : {1, 2, 4}) {
        const Tuning product = forced(network, "pointwise", {.threads = threads});
        const std::vector<float> got = run(network, {.threads = threads, .tuning = &product});
        if (first.empty()) first = got;
        CHECK(got == first);
      }
    }
  }
  force_isa(before);
}

TEST_CASE("a candidate that says so gives the same bits on other inputs, too, and Winograd's algorithm does not") {
  Spec spec;
  spec.add(Conv2d{.channels = 32}, spec.last(), "winograd_or_direct");
  spec.add(ReLU{}, spec.last(), "relu1");
  spec.add(Conv2d{.channels = 24, .kernel = 1}, spec.last(), "one_by_one");
  const Network network(spec, Shape{12, 12, 16}, 3);
  const std::string before = current_isa();
  std::size_t same = 0;
  for (const std::string& isa : available_isas()) {
    force_isa(isa);
    const std::vector<float> usual = run(network, {});
    for (const TunedOp& op : timed(network).ops) {
      CHECK(op.candidates[0].same_bits);
      for (const TunedOp::Candidate& c : op.candidates) {
        INFO(isa << ", " << op.layer << " by " << c.kernel);
        const Tuning one{.machine = tuning_machine(), .kernels = {{op.op, c.kernel}}};
        CHECK((run(network, {.tuning = &one}) == usual) == c.same_bits);
        if (op.layer == "winograd_or_direct" && c.kernel == "direct") CHECK_FALSE(c.same_bits);
        same += c.same_bits && c.kernel != op.candidates[0].kernel ? 1 : 0;
      }
    }
  }
  CHECK(same > 0);  // a 1x1 convolution by `direct`, with AVX2
  force_isa(before);
}

TEST_CASE("what is said of bits holds for layers of few inputs and outputs, too, and for those that start at zero") {
  struct Case {
    int inputs;
    Dense dense;
  };
  const std::string before = current_isa();
  for (const Case& c : {Case{4, {.features = 120}}, Case{120, {.features = 4}}, Case{200, {.features = 1}},
                        Case{16, {.features = 136, .starts_at_zero = true}}}) {
    Network network(Spec() << c.dense << ReLU{}, Shape{c.inputs}, 3);
    Random random(5);
    for (float& weight : network.weights()) weight = random.normal();  // as if it was trained
    for (const std::string& isa : available_isas()) {
      force_isa(isa);
      for (const TunedOp& op : timed(network).ops)
        for (const TunedOp::Candidate& candidate : op.candidates) {
          INFO(isa << ", " << op.op << " by " << candidate.kernel);
          const Tuning one{.machine = tuning_machine(), .kernels = {{op.op, candidate.kernel}}};
          InferenceSession usual(network), tuned(network, {.tuning = &one});
          bool same = true;
          for (int pass = 0; pass < 100; ++pass) {
            for (std::size_t i = 0; i < usual.input().size(); ++i)
              usual.input()[i] = tuned.input()[i] = std::max(0.0f, random.normal());
            const auto a = usual.forward(), b = tuned.forward();
            same = same && std::equal(a.begin(), a.end(), b.begin());
          }
          CHECK(same == candidate.same_bits);
        }
    }
  }
  force_isa(before);
}

TEST_CASE("every candidate for awkward sizes gives the definition's values, on every instruction set") {
  constexpr int kBatch = 3;
  const std::string before = current_isa();
  for (const int side : {5, 13}) {
    Spec spec;
    spec.add(Conv2d{.channels = 7}, spec.last(), "conv3to7");
    spec.add(ReLU{}, spec.last());
    spec.add(Conv2d{.channels = 17, .stride = 2}, spec.last(), "conv7to17");
    spec.add(HardSwish{}, spec.last());
    spec.add(Conv2d{.channels = 17, .groups = Conv2d::kDepthwise}, spec.last(), "depthwise17");
    spec.add(ReLU{}, spec.last());
    spec.add(Conv2d{.channels = 33, .kernel = 1}, spec.last(), "conv17to33");
    spec.add(HardSwish{}, spec.last());
    spec.add(Conv2d{.channels = 7, .kernel_width = 1}, spec.last(), "tall");
    spec.add(Flatten{}, spec.last());
    spec.add(Dense{.features = 33}, spec.last(), "dense");
    const Network network(spec, Shape{side, side, 3}, 3);
    for (const std::string& isa : available_isas()) {
      force_isa(isa);
      const std::vector<float> wanted = run(network, {.batch = kBatch, .without = {Pass::choose_kernels}});
      std::size_t candidates = 0;
      for (const TunedOp& op : timed(network, {.batch = kBatch}).ops)
        for (const TunedOp::Candidate& c : op.candidates) {
          INFO(isa << ", side " << side << ", " << op.layer << " by " << c.kernel);
          const Tuning one{.machine = tuning_machine(), .kernels = {{op.op, c.kernel}}};
          REQUIRE(has(kernels(network, {.batch = kBatch, .tuning = &one}), c.kernel));
          CHECK(largest_difference(run(network, {.batch = kBatch, .tuning = &one}), wanted) < 1e-4f);
          ++candidates;
        }
      CHECK(candidates >= 6);
    }
  }
  force_isa(before);
}

TEST_CASE("options of tuning are checked") {
  const Network network = small_network();
  CHECK_THROWS_AS(tune(network, {}, {.seconds = 0}), ArgumentError);
  CHECK_THROWS_AS(tune(network, {}, {.margin = 0.5}), ArgumentError);
  CHECK_THROWS_AS(tune(network, {.batch = 0}), ArgumentError);
}
