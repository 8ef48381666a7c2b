// Pass: int8. Ops multiply in 8 bits but those whose outputs are the network's answer, which are cheap, and depthwise
// convolutions with small windows that would have to round their input; and where an op can write bytes and all readers
// would round its output to the same ones, values lie as bytes: the same numbers, a quarter of the memory.
#include <cmath>
#include <string>

#include "lineament/error.hpp"
#include "plan/passes/passes.hpp"

namespace lineament {
namespace {

Range range_of(const Node& node, const PlanOptions& options) {
  for (const LayerRange& r : options.ranges)
    if (r.layer == node.name.view()) {
      const bool holds = r.range.low <= r.range.high && std::isfinite(r.range.high - r.range.low);
      if (holds) return r.range;
      throw ArgumentError({node.name.str(), "the range of the layer's input is none",
                           "two numbers, the lower one first",
                           std::to_string(r.range.low) + " to " + std::to_string(r.range.high), ""});
    }
  throw ArgumentError(
      {node.name.str(), "int8 needs the range of the layer's input", "ranges measured on some images",
       options.ranges.empty() ? "none" : "ranges of other layers",
       "'lineament train' measures and saves them; a program of your own: Model::ranges = calibrate(...) "
       "before save_model(), or the session's ranges = measure_ranges(...)"});
}

/// A depthwise convolution with a small window that would have to round its input itself: its few products in float
/// take less time. From a convolution, perhaps with a ReLU or hard-swish, values come as bytes. 3x3 windows that
/// round took 1.5 to 2.1 times as long as in float on a Zen 5 (docs/decisions/007).
bool rounding_costs_more(const Plan& plan, const Op& op) {
  constexpr int kSmallWindow = 3;
  const auto* conv = std::get_if<Conv2d>(&op.problem.layer);
  if (conv == nullptr || conv->groups == 1 || conv->kernel > kSmallWindow) return false;
  const Spec& spec = *plan.spec;
  NodeId from = op.inputs[0];
  const auto is_activation = [&](const Layer& layer) {
    return std::holds_alternative<ReLU>(layer) || std::holds_alternative<HardSwish>(layer);
  };
  if (from != Spec::kInput && is_activation(spec[from].layer)) from = spec[from].input_ids()[0];
  return from == Spec::kInput || !std::holds_alternative<Conv2d>(spec[from].layer);
}

}  // namespace

void set_precision(Plan& plan) {
  if (plan.options.precision != Precision::int8) return;
  for (Op& op : plan.ops) {
    if (plan.is_output(op.node) || rounding_costs_more(plan, op))
      op.problem.precision = Precision::fp32;
    else if (traits_of(op.problem.layer).quantisable)
      op.problem.range = range_of((*plan.spec)[op.node], plan.options);
  }
}

void quantise(Plan& plan) {
  if (plan.options.precision != Precision::int8) return;
  const auto reads = [](const Op& op) {
    return op.problem.precision == Precision::int8 && op.kernel->abilities(op.problem).bytes;
  };
  const auto writes = [&](const Op& op) { return reads(op) || op.kernel->abilities(op.problem).writes_bytes; };
  for (std::size_t s = 0; s < plan.ops.size(); ++s) {
    const Op& op = plan.ops[s];
    // Whole words: a pixel that many threads copy or multiply begins with one.
    if (!writes(op) || plan.is_output(op.output) || plan.output_shape(op).channels() % 4 != 0) continue;
    const Op* first = nullptr;
    bool all = true;
    for (std::size_t r = 0; r < plan.ops.size(); ++r)
      for (std::size_t i = 0; i < plan.ops[r].inputs.size(); ++i) {
        if (plan.ops[r].inputs[i] != op.output) continue;
        const Op& reader = plan.ops[r];
        if (first == nullptr) first = &reader;
        all = all && i == 0 && reads(reader) && byte_scale(reader.problem.range) == byte_scale(first->problem.range) &&
              &plan.region_of(s) == &plan.region_of(r);
      }
    if (all && first != nullptr) plan.value(op.output).bytes = byte_scale(first->problem.range);
  }
}

}  // namespace lineament
