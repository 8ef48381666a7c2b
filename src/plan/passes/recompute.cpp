// Pass: in training, inputs need not be kept until backward where batch norms, residual sums and gates give them again
// for next to nothing: from the norms' inputs, which are kept anyway, or from a value that is kept for somebody else.
#include <algorithm>

#include "plan/passes/passes.hpp"

namespace lineament {
namespace {

using Terms = std::vector<Term>;

class Recompute {
 public:
  explicit Recompute(Plan& plan) : plan_(plan), terms_(plan.values.size()) {}

  void run() {
    for (std::size_t s = 0; s < plan_.ops.size(); ++s) {
      const ValueId value = plan_.ops[s].output;
      Terms terms = terms_of(s);
      if (plan_.is_output(value) || terms.empty() || terms.size() > kMostTerms || !readers_can_make(value, terms))
        continue;
      for (Op& reader : plan_.ops)
        if (reader.inputs[0] == value && reads_input_in_backward(plan_, reader)) reader.recomputed = terms;
      terms_[static_cast<std::size_t>(value)] = std::move(terms);
    }
  }

 private:
  /// Each is read from memory in place of the one value. A longer chain of sums keeps every such link of it.
  static constexpr std::size_t kMostTerms = 5;

  /// The sum or gated value that an op's output is, as far as it may be recomputed; otherwise none.
  Terms terms_of(std::size_t s) const {
    const Op& op = plan_.ops[s];
    if (op.kernel->is_norm())
      return op.norms.output_deferred || op.problem.epilogue.max_pool ? Terms() : Terms{{op.inputs[0], s}};
    if (std::holds_alternative<Multiply>(op.problem.layer)) {
      Terms gated = terms_for(op.inputs[0]);
      if (!Multiply::is_per_channel(op.problem.inputs) || gated.size() != 1 || gated[0].norm == kNone || gated[0].gate)
        return {};
      gated[0].gate = op.inputs[1];
      return gated;
    }
    if (!std::holds_alternative<Add>(op.problem.layer) || Plan::is_fused(op) || op.inputs.size() != 2) return {};
    // Added up one after the other in the same order as forward does, so one side is a single term, and comes last.
    Terms sum = terms_for(op.inputs[0]), last = terms_for(op.inputs[1]);
    if (sum.empty() || last.empty()) return {};
    if (last.size() > 1 || (last[0].norm != kNone && sum[0].norm == kNone)) std::swap(sum, last);
    if (last.size() > 1 || sum[0].norm == kNone || sum[0].gate || last[0].gate) return {};
    sum.push_back(last[0]);
    return sum;
  }

  Terms terms_for(ValueId value) const {
    const Terms& made = terms_[static_cast<std::size_t>(value)];
    if (!made.empty()) return made;
    for (const Op& reader : plan_.ops)
      if (reads(reader, value) && reads_input_in_backward(plan_, reader)) return {{value, kNone}};
    return {};
  }

  bool readers_can_make(ValueId value, const Terms& terms) const {
    return std::all_of(plan_.ops.begin(), plan_.ops.end(), [&](const Op& reader) {
      if (!reads(reader, value) || !reads_input_in_backward(plan_, reader)) return true;
      const Abilities can = reader.kernel->abilities(reader.problem);
      const bool only_first =
          std::count(reader.inputs.begin(), reader.inputs.end(), value) == 1 && reader.inputs[0] == value;
      return only_first && can.reads_norm && (!terms[0].gate || can.reads_gate);
    });
  }

  static bool reads(const Op& reader, ValueId value) {
    return std::find(reader.inputs.begin(), reader.inputs.end(), value) != reader.inputs.end();
  }

  Plan& plan_;
  std::vector<Terms> terms_;  // by ValueId; empty: the value is kept as long as anybody wants it
};

}  // namespace

void recompute(Plan& plan) {
  Recompute(plan).run();
}

}  // namespace lineament
