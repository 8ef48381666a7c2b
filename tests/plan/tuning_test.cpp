// Kernels chosen by timing: who is followed, who is ignored, and that values stay what they are.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/isa.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/tuning.hpp"
#include "lineament/random.hpp"

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
    const bool kept = result.tuning.kernels.find(op.op) == result.tuning.kernels.end();
    CHECK(kept == (op.chosen == 0));
  }
  // What would have to be a thousand times faster never is.
  CHECK(tune(network, {}, {.seconds = 0.02, .margin = 1000}).tuning.kernels.empty());
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

TEST_CASE("a tuning of another machine or of names that mean nothing changes nothing") {
  const Network network = small_network();
  const std::vector<std::string> usual = kernels(network, {});
  Tuning foreign = forced(network, "direct");
  foreign.machine = "another, avx512, lineament 9.9.9";
  CHECK(kernels(network, {.tuning = &foreign}) == usual);
  Tuning wrong = forced(network, "direct");
  for (auto& [op, kernel] : wrong.kernels) kernel = "fastest";
  CHECK(kernels(network, {.tuning = &wrong}) == usual);
  for (auto& [op, kernel] : wrong.kernels) kernel = "depthwise";  // which refuses
  CHECK(kernels(network, {.tuning = &wrong}) == usual);
  // Other threads, another precision: other ops.
  const Tuning direct = forced(network, "direct");
  CHECK(kernels(network, {.threads = 2, .tuning = &direct}) == kernels(network, {.threads = 2}));
  CHECK(kernels(network, {.precision = Precision::bf16, .tuning = &direct}) ==
        kernels(network, {.precision = Precision::bf16}));
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

TEST_CASE("options of tuning are checked") {
  const Network network = small_network();
  CHECK_THROWS_AS(tune(network, {}, {.seconds = 0}), ArgumentError);
  CHECK_THROWS_AS(tune(network, {}, {.margin = 0.5}), ArgumentError);
  CHECK_THROWS_AS(tune(network, {.batch = 0}), ArgumentError);
}
