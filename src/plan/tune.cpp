// Timing of kernels, op by op: each candidate runs a network of this one layer.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "kernels/registry.hpp"
#include "lineament/error.hpp"
#include "lineament/isa.hpp"
#include "lineament/nn/tuning.hpp"
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

std::vector<Choice> choices_of(const Plan& plan) {
  std::vector<Choice> choices;
  for (const Op& op : plan.ops) {
    const std::string key = op_key(op.problem);
    if (key.empty() || op.problem.precision != Precision::fp32) continue;
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
  explicit OneLayer(const OpProblem& p) : problem(p), network(spec_of(p), p.inputs[0], 1) {}

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

void time_choice(Choice& choice, const TuneOptions& how, double seconds) {
  const OneLayer layer(choice.problem);
  std::vector<InferenceSession> sessions;
  Random random(1);
  std::vector<float> inputs(layer.network.input_shape().size() * static_cast<std::size_t>(choice.problem.batch));
  for (float& v : inputs) v = std::max(0.0f, random.normal());
  std::vector<float> first;  // outputs
  for (TunedOp::Candidate& candidate : choice.tuned.candidates) {
    const Tuning forced{.machine = tuning_machine(), .kernels = {{choice.tuned.op, candidate.kernel}}};
    InferenceSession& session = sessions.emplace_back(layer.network, options_of(choice.problem, forced));
    candidate.seconds = std::numeric_limits<double>::infinity();
    std::copy(inputs.begin(), inputs.end(), session.input().begin());
    const auto outputs = session.forward();  // brings its memory in, too
    if (first.empty()) first.assign(outputs.begin(), outputs.end());
    candidate.same_bits = std::memcmp(outputs.data(), first.data(), outputs.size_bytes()) == 0;
  }
  // In turn, so that whatever else the machine does is shared out.
  const auto begin = Clock::now();
  do {
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      std::copy(inputs.begin(), inputs.end(), sessions[i].input().begin());
      const auto start = Clock::now();
      sessions[i].forward();
      double& best = choice.tuned.candidates[i].seconds;
      best = std::min(best, seconds_since(start));
    }
  } while (seconds_since(begin) < seconds);

  std::size_t& chosen = choice.tuned.chosen;
  for (std::size_t i = 1; i < sessions.size(); ++i)
    if (choice.tuned.candidates[i].seconds < choice.tuned.candidates[chosen].seconds) chosen = i;
  if (choice.tuned.candidates[chosen].seconds * how.margin > choice.tuned.candidates[0].seconds) chosen = 0;
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
  static const std::string processor = platform::processor_name();  // asked whenever a plan is made
  return processor + ", " + current_isa() + ", lineament " + std::string(version());
}

TuneResult tune(const Network& network, const InferenceOptions& options, const TuneOptions& how) {
  check(how);
  InferenceOptions untuned = options;
  untuned.tuning = nullptr;
  const InferenceSession fits(network, untuned);  // throws for options that do not fit
  const auto weights = prepare_weights(network);
  const Threads threads(options.threads);
  const Plan plan = make_plan(weights->network(), {.batch = options.batch,
                                                   .threads = threads.count(),
                                                   .precision = options.precision,
                                                   .ranges = options.ranges,
                                                   .without = options.without});
  std::vector<Choice> choices = choices_of(plan);
  TuneResult result{.tuning = {.machine = tuning_machine()}, .ops = {}};
  for (Choice& choice : choices) {
    time_choice(choice, how, how.seconds / static_cast<double>(choices.size()));
    const TunedOp& tuned = choice.tuned;
    if (tuned.chosen != 0) result.tuning.kernels[tuned.op] = tuned.candidates[tuned.chosen].kernel;
    result.ops.push_back(tuned);
    if (how.progress) how.progress(result.ops.size(), choices.size());
  }
  return result;
}

}  // namespace lineament
