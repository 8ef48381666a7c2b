// Timing of kernels, op by op: each candidate runs a network of this one layer. Then the whole network has its say.
#include "plan/tune.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "kernels/common/cache.hpp"
#include "kernels/registry.hpp"
#include "lineament/error.hpp"
#include "lineament/isa.hpp"
#include "lineament/random.hpp"
#include "lineament/version.hpp"
#include "plan/op_key.hpp"
#include "plan/plan.hpp"
#include "plan/weights.hpp"
#include "platform/platform.hpp"

namespace lineament {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// An op of the plan that has a choice.
struct Choice {
  TunedOp tuned;
  OpProblem problem;
};

std::vector<Choice> choices_of(const Plan& plan, const Tuning& known) {
  std::vector<Choice> choices;
  for (const Op& op : plan.ops) {
    const std::string key = op_key(op.problem);
    if (key.empty() || op.problem.precision != Precision::fp32 || known.kernels.contains(key)) continue;
    const auto same = std::find_if(choices.begin(), choices.end(), [&](const Choice& c) { return c.tuned.op == key; });
    if (same != choices.end()) {
      // One choice for all of them: fewer kernels take a hard-swish into their end than a ReLU.
      if (op.problem.epilogue.hard_swish) same->problem = op.problem;
      continue;
    }
    TunedOp tuned{.layer = (*plan.spec)[op.node].name.str(), .op = key, .candidates = {}};
    const std::span<const Kernel<float>* const> list = kernels_for<float>(op.problem.layer);
    for (const Kernel<float>* kernel : list.first(list.size() - 1))  // the last is the definition: never the fastest
      if (kernel->refuses(op.problem) == nullptr) tuned.candidates.push_back({std::string(kernel->name()), 0});
    if (tuned.candidates.size() > 1) choices.push_back({std::move(tuned), op.problem});
  }
  return choices;
}

/// A network of the op's layer alone, with the hard-swish or ReLU that is mostly fused into it.
struct OneLayer {
  explicit OneLayer(const OpProblem& p) : problem(p), network(spec_of(p), p.inputs[0], 1) {
    // Biases, and layers that start at zero: sums of zeros are the same in any order.
    Random random(2);
    for (float& weight : network.weights())
      if (weight == 0) weight = 0.1f * random.normal();
  }

  static Spec spec_of(const OpProblem& p) {
    Spec spec;
    NodeId last = Spec::kInput;
    std::visit([&](const auto& layer) { last = spec.add(layer, Spec::kInput, "layer"); }, p.layer);
    if (p.epilogue.hard_swish)
      spec.add(HardSwish{}, last, "swish");
    else
      spec.add(ReLU{}, last, "relu");
    return spec;
  }

  const OpProblem& problem;
  Network network;
};

InferenceOptions options_of(const OpProblem& p, const Tuning& tuning) {
  return {.batch = p.batch, .threads = p.threads, .tuning = &tuning};
}

/// Half of them zero.
void fill(std::span<float> inputs, Random& random) {
  for (float& v : inputs) v = std::max(0.0f, random.normal());
}

/// Runs each session, which brings its memory in, too, and says which give the first one's outputs bit for bit. On many
/// inputs: where few products are added up, another order often gives the same sum.
void compare_bits(std::vector<InferenceSession>& sessions, std::vector<TunedOp::Candidate>& candidates) {
  constexpr std::size_t kEnough = 4096;  // outputs
  constexpr int kMostPasses = 64;
  const std::size_t outputs = sessions[0].output().size();
  Random random(1);
  std::vector<float> inputs(sessions[0].input().size());
  std::size_t alike = sessions.size() - 1;  // besides the first
  for (int pass = 0;
       pass == 0 || (alike > 0 && pass < kMostPasses && outputs * static_cast<std::size_t>(pass) < kEnough); ++pass) {
    fill(inputs, random);
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      if (!candidates[i].same_bits) continue;
      std::copy(inputs.begin(), inputs.end(), sessions[i].input().begin());
      const auto got = sessions[i].forward(), wanted = sessions[0].output();
      candidates[i].same_bits = std::memcmp(got.data(), wanted.data(), got.size_bytes()) == 0;
      if (!candidates[i].same_bits) --alike;
    }
  }
}

/// A single round says as much about the rest of the machine: however little time there is, so many are run.
constexpr int kFewestRounds = 5;

/// `seconds`: in all, with the sessions that it makes.
void time_choice(Choice& choice, double margin, double seconds) {
  const auto begin = Clock::now();
  const OneLayer layer(choice.problem);
  std::vector<TunedOp::Candidate>& candidates = choice.tuned.candidates;
  std::vector<InferenceSession> sessions;
  for (TunedOp::Candidate& candidate : candidates) {
    const Tuning forced{.machine = tuning_machine(), .kernels = {{choice.tuned.op, candidate.kernel}}};
    sessions.emplace_back(layer.network, options_of(choice.problem, forced));
    candidate.seconds = std::numeric_limits<double>::infinity();
  }
  compare_bits(sessions, candidates);
  Random random(1);
  std::vector<float> inputs(sessions[0].input().size());
  fill(inputs, random);
  // In turn, so that whatever else the machine does is shared out.
  for (int round = 0; round < kFewestRounds || seconds_since(begin) < seconds; ++round)
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      std::copy(inputs.begin(), inputs.end(), sessions[i].input().begin());
      const auto start = Clock::now();
      sessions[i].forward();
      candidates[i].seconds = std::min(candidates[i].seconds, seconds_since(start));
    }

  std::size_t& chosen = choice.tuned.chosen;
  for (std::size_t i = 1; i < candidates.size(); ++i)
    if (candidates[i].seconds < candidates[chosen].seconds) chosen = i;
  if (candidates[chosen].seconds * margin > candidates[0].seconds) chosen = 0;
}

/// The fastest passes of the whole network, by session, in turn as well.
std::vector<double> time_whole(std::span<InferenceSession* const> sessions, std::size_t inputs, double seconds) {
  const auto begin = Clock::now();
  std::vector<std::vector<float>> pixels;
  Random random(1);
  for (std::size_t i = 0; i < inputs; ++i)
    for (float& v : pixels.emplace_back(sessions[0]->input(i).size())) v = random.uniform();
  const auto pass = [&](InferenceSession& session) {
    for (std::size_t i = 0; i < inputs; ++i) std::copy(pixels[i].begin(), pixels[i].end(), session.input(i).begin());
    const auto start = Clock::now();
    session.forward();
    return seconds_since(start);
  };
  std::vector<double> fastest(sessions.size(), std::numeric_limits<double>::infinity());
  for (InferenceSession* session : sessions) pass(*session);  // brings its memory in
  for (int round = 0; round < kFewestRounds || seconds_since(begin) < seconds; ++round)
    for (std::size_t i = 0; i < sessions.size(); ++i) fastest[i] = std::min(fastest[i], pass(*sessions[i]));
  return fastest;
}

void check(const TuneOptions& o) {
  if (!(o.seconds > 0) || !std::isfinite(o.seconds))
    throw ArgumentError({"TuneOptions::seconds", "out of range", "above 0", std::to_string(o.seconds), ""});
  if (!(o.margin >= 1) || !std::isfinite(o.margin))
    throw ArgumentError({"TuneOptions::margin", "out of range", "1 or more", std::to_string(o.margin), ""});
}

/// Fields of a layer's options as text.
struct FieldText {
  std::string text;

  template <class V>
  void operator()(std::string_view name, const V& value) {
    if constexpr (std::is_enum_v<V>)
      text += " " + std::string(name) + " " + std::to_string(static_cast<int>(value));
    else
      text += " " + std::string(name) + " " + std::to_string(value);
  }
};

}  // namespace

std::string op_key(const OpProblem& p) {
  FieldText fields;
  if (const auto* conv = std::get_if<Conv2d>(&p.layer))
    Conv2d::fields(*conv, fields);
  else if (const auto* dense = std::get_if<Dense>(&p.layer))
    Dense::fields(*dense, fields);
  else
    return "";
  if (p.mode != Mode::infer || p.precision != Precision::fp32) return "";
  std::string sizes;
  for (int i = 0; i < p.inputs[0].rank(); ++i) sizes += (i == 0 ? "" : "x") + std::to_string(p.inputs[0][i]);
  return (std::holds_alternative<Conv2d>(p.layer) ? "conv2d " : "dense ") + sizes + fields.text + " batch " +
         std::to_string(p.batch) + " threads " + std::to_string(p.threads);
}

std::string tuning_machine() {
  static const std::string processor = platform::processor_name();  // asked whenever a plan is made with a Tuning
  return (processor.empty() ? "unknown processor" : processor) + ", second-level cache " +
         std::to_string(second_level_cache() / 1024) + " KB, " + current_isa() + ", lineament " +
         std::string(version());
}

void settle(TuneResult& result) {
  for (TunedOp& op : result.ops) {
    if (!(result.tuned_seconds < result.usual_seconds)) op.chosen = 0;
    result.tuning.kernels[op.op] = op.candidates[op.chosen].kernel;
  }
}

TuneResult tune(const Network& network, const InferenceOptions& options, const TuneOptions& how) {
  check(how);
  const auto begin = Clock::now();
  Tuning fastest{.machine = tuning_machine()};
  if (options.tuning != nullptr && options.tuning->machine == fastest.machine) fastest = *options.tuning;
  const Tuning known = fastest;
  InferenceOptions other = options;
  other.tuning = &known;
  const auto weights =
      std::make_shared<PreparedWeights<float>>(network, !options.without.contains(Pass::fold_batch_norm));
  InferenceSession usual(weights, other);  // throws for options that do not fit
  const Plan plan = make_plan(weights->network(), {.batch = options.batch,
                                                   .threads = usual.threads().count(),
                                                   .precision = options.precision,
                                                   .ranges = options.ranges,
                                                   .without = options.without});
  std::vector<Choice> choices = choices_of(plan, known);
  TuneResult result{.tuning = {.machine = known.machine}, .ops = {}};
  for (Choice& choice : choices) {
    // A fifth is for the whole network.
    const double left = 0.8 * how.seconds - seconds_since(begin);
    time_choice(choice, how.margin, left / static_cast<double>(choices.size() - result.ops.size()));
    const TunedOp& tuned = result.ops.emplace_back(choice.tuned);
    if (tuned.chosen != 0) fastest.kernels[tuned.op] = tuned.candidates[tuned.chosen].kernel;
    if (how.progress) how.progress(result.ops.size(), choices.size());
  }
  std::vector<InferenceSession*> sessions{&usual};
  std::optional<InferenceSession> tuned;
  if (fastest.kernels != known.kernels) {
    other.tuning = &fastest;
    sessions.push_back(&tuned.emplace(weights, other));
  }
  const std::vector<double> seconds = time_whole(sessions, network.inputs().size(), how.seconds - seconds_since(begin));
  result.usual_seconds = seconds.front();
  result.tuned_seconds = seconds.back();
  settle(result);
  return result;
}

}  // namespace lineament
