// How steps are made, compiled once for each scalar (steps_float.cpp, steps_double.cpp): every layer's Eigen reference
// is instantiated here, which takes the compiler a while.
#pragma once
#include "kernels/lists/activations.hpp"
#include "kernels/lists/add.hpp"
#include "kernels/lists/avg_pool.hpp"
#include "kernels/lists/batch_norm.hpp"
#include "kernels/lists/conv2d.hpp"
#include "kernels/lists/dense.hpp"
#include "kernels/lists/global_avg_pool.hpp"
#include "kernels/lists/max_pool.hpp"
#include "kernels/lists/prelu.hpp"
#include "plan/steps.hpp"

namespace lineament {
namespace {

template <class L, class T>
BoundKernel<T> bind(const L& layer, const KernelShapes& shapes, KernelChoice choice) {
  using K = Kernel<L, T>;
  const std::span<const K> list = Kernels<L, T>::list;
  const K* chosen = &list.back();
  if (choice == KernelChoice::fast)
    for (const K& k : list)
      if (k.fits == nullptr || k.fits(layer, shapes)) {
        chosen = &k;
        break;
      }
  const auto size = [&](std::size_t (*f)(const L&, const KernelShapes&)) {
    return f == nullptr ? 0 : f(layer, shapes);
  };
  BoundKernel<T> bound;
  bound.kernel = chosen;
  bound.name = chosen->name;
  bound.scratch_size = size(chosen->scratch_size);
  bound.gradient_over_input = chosen->gradient_over_input;
  bound.can_overwrite = chosen->can_overwrite;
  bound.can_add = chosen->can_add;
  bound.reads_bytes = chosen->reads_bytes && shapes.precision == Precision::int8;
  bound.writes_bytes = chosen->writes_bytes && shapes.precision == Precision::int8;
  bound.relu_by_output = chosen->relu_by_output;
  bound.makes_norm = chosen->makes_norm;
  bound.makes_norm_gradient = chosen->makes_norm_gradient;
  bound.norm_factors = chosen->norm_factors;
  if (chosen->rows_read != nullptr)
    bound.rows_read = [](const Layer& l, const void* k, const KernelShapes& s, RowRange rows) {
      return static_cast<const K*>(k)->rows_read(std::get<L>(l), s, rows);
    };
  if (chosen->norm_blocks != nullptr) {
    bound.output_blocks = chosen->norm_blocks(layer, shapes, false);
    bound.input_blocks = chosen->norm_blocks(layer, shapes, true);
  }
  bound.packed_size = size(chosen->packed_size);
  if (bound.packed_size > 0)
    bound.pack = [](const Layer& l, const void* k, const Pack<T>& p) {
      static_cast<const K*>(k)->pack(std::get<L>(l), p);
    };
  bound.forward = [](const Layer& l, const void* k, const Forward<T>& f) {
    static_cast<const K*>(k)->forward(std::get<L>(l), f);
  };
  bound.backward = [](const Layer& l, const void* k, const Backward<T>& b) {
    static_cast<const K*>(k)->backward(std::get<L>(l), b);
  };
  if (chosen->saved_bytes != nullptr)
    bound.saved = [](const Layer& l, const void* k, const KernelShapes& s) {
      return static_cast<const K*>(k)->saved_bytes(std::get<L>(l), s);
    };
  if (chosen->fuses != nullptr)
    bound.fuses = [](const Layer& l, const void* k, const KernelShapes& s, const Epilogue& e) {
      return static_cast<const K*>(k)->fuses(std::get<L>(l), s, e);
    };
  return bound;
}

/// What a sum of two adds to `value`, if that is there before `node` runs; otherwise `value` itself.
NodeId added_to(NodeId value, NodeId node, const Node& sum) {
  if (!std::holds_alternative<Add>(sum.layer) || sum.inputs.size() != 2) return value;
  const NodeId other = sum.inputs[0] == value ? sum.inputs[1] : sum.inputs[0];
  return other < node ? other : value;
}

/// Takes the sum, the ReLU and the 2x2 max-pool that alone read a step's output into the step, as far as its kernel
/// can.
template <class T>
void fuse(Step<T>& step, const Spec& spec, const KernelShapes& shapes) {
  if (step.kernel.fuses == nullptr) return;
  const auto accept = [&](NodeId reader, const Epilogue& epilogue) {
    if (!step.kernel.fuses(spec[step.node].layer, step.kernel.kernel, shapes, epilogue)) return false;
    step.epilogue = epilogue;
    step.output = reader;
    return true;
  };
  NodeId reader = only_reader(spec, step.output);
  if (reader != 0 && step.kernel.can_add && shapes.mode == Mode::infer) {
    const NodeId other = added_to(step.output, step.node, spec[reader]);
    if (other != step.output && accept(reader, {.add = true})) {
      step.sources.push_back(other);
      reader = only_reader(spec, reader);
    }
  }
  const bool add = step.epilogue.add;
  if (reader != 0 && !std::holds_alternative<ReLU>(spec[step.node].layer) &&
      std::holds_alternative<ReLU>(spec[reader].layer))
    if (accept(reader, {.add = add, .relu = true})) reader = only_reader(spec, reader);
  if (reader == 0) return;
  const auto* pool = std::get_if<MaxPool>(&spec[reader].layer);
  if (pool != nullptr && pool->kernel == 2 && pool->stride == 2)
    accept(reader, {.add = add, .relu = step.epilogue.relu, .max_pool = true});
}

/// Which rows of its input every thread reads for its share of the rows of the output, where that is worth while: not
/// where shares would be few rows of very different number.
template <class T>
void cut_into_rows(Step<T>& step, const Spec& spec, const KernelShapes& shapes) {
  const int height = shapes.output.height(), parts = shapes.threads;
  if (step.kernel.rows_read == nullptr || shapes.mode == Mode::train || shapes.batch > 1 || parts == 1 ||
      step.epilogue.max_pool || height < 4 * parts)
    return;
  for (int part = 0; part < parts; ++part) {
    const RowRange own = rows_of_part(height, part, parts);
    const auto read = step.kernel.rows_read(spec[step.node].layer, step.kernel.kernel, shapes, own);
    if (!read) return;
    step.rows_read.push_back(*read);
    step.reads_own_rows = (part == 0 || step.reads_own_rows) && *read == own;
  }
}

/// Batch norms whose output or gradient has no place in memory, because the convolution behind or before makes it when
/// it reads it.
template <class T>
void defer_norms(std::vector<Step<T>>& steps, const Spec& spec) {
  for (std::size_t n = 0; n < steps.size(); ++n) {
    Step<T>& norm = steps[n];
    if (norm.kernel.norm_factors == nullptr || norm.epilogue.max_pool) continue;
    for (std::size_t s = 0; s < steps.size(); ++s) {
      Step<T>& other = steps[s];
      if (other.kernel.makes_norm && other.node == only_reader(spec, norm.output)) {
        other.norm_before = n;
        norm.output_deferred = true;
        norm.gradient_sums = other.kernel.input_blocks;
      }
      if (other.kernel.makes_norm_gradient && other.output == norm.sources[0] && other.output == other.node &&
          only_reader(spec, other.output) == norm.node) {
        other.norm_behind = n;
        norm.gradient_deferred = true;
        norm.moments = other.kernel.output_blocks;
      }
    }
  }
}

/// Finds inputs of convolutions that need not be kept until their backward pass, because batch norms and residual sums
/// give them again for next to nothing: from the norms' inputs, which the norms keep, or from a value that is kept for
/// somebody else.
template <class T>
class InputsMadeAgain {
 public:
  InputsMadeAgain(std::vector<Step<T>>& steps, const Spec& spec)
      : steps_(steps), spec_(spec), terms_(static_cast<std::size_t>(spec.size() + 1)) {}

  void find() {
    for (std::size_t s = 0; s < steps_.size(); ++s) {
      const NodeId value = steps_[s].output;
      Terms terms = terms_of(s);
      if (value == spec_.last() || terms.empty() || terms.size() > kMostTerms || !readers_can_make(value)) continue;
      for (Step<T>& reader : steps_)
        if (reader.sources[0] == value && reads_in_backward(reader)) reader.made_of = terms;
      terms_[static_cast<std::size_t>(value)] = std::move(terms);
    }
  }

 private:
  using Terms = std::vector<typename Step<T>::Term>;
  // Each is read from memory in place of the one value. A longer chain of sums keeps every such link of it.
  static constexpr std::size_t kMostTerms = 5;

  /// The sum that the output of a step is, as far as it may be made again; otherwise none.
  Terms terms_of(std::size_t s) const {
    const Step<T>& step = steps_[s];
    if (step.kernel.norm_factors != nullptr)
      return step.output_deferred || step.epilogue.max_pool ? Terms() : Terms{{step.sources[0], s}};
    if (!std::holds_alternative<Add>(spec_[step.node].layer) || step.output != step.node || step.sources.size() != 2)
      return {};
    // Added up one after the other in the same order as here, so one side is a single term, and it comes last.
    Terms sum = terms_for(step.sources[0]), last = terms_for(step.sources[1]);
    if (sum.empty() || last.empty()) return {};
    if (last.size() > 1 || (last[0].norm != kNone && sum[0].norm == kNone)) std::swap(sum, last);
    if (last.size() > 1 || sum[0].norm == kNone) return {};
    sum.push_back(last[0]);
    return sum;
  }
  Terms terms_for(NodeId value) const {
    const Terms& made = terms_[static_cast<std::size_t>(value)];
    if (!made.empty()) return made;
    for (const Step<T>& reader : steps_)
      if (reads(reader, value) && reads_in_backward(reader)) return {{value, kNone}};
    return {};
  }

  bool readers_can_make(NodeId value) const {
    for (const Step<T>& reader : steps_)
      if (reads(reader, value) && reads_in_backward(reader) && !reader.kernel.makes_norm) return false;
    return true;
  }
  static bool reads(const Step<T>& reader, NodeId value) {
    return std::find(reader.sources.begin(), reader.sources.end(), value) != reader.sources.end();
  }
  bool reads_in_backward(const Step<T>& reader) const {
    return reader.output != reader.node || traits_of(spec_[reader.node].layer).backward_reads_input;
  }

  static constexpr std::size_t kNone = Step<T>::kNone;
  std::vector<Step<T>>& steps_;
  const Spec& spec_;
  std::vector<Terms> terms_;  // by NodeId; empty: the value is kept as long as anybody wants it
};

/// What the layer multiplies: the last layer's sums are the network's answer, and cheap.
Precision precision_for(const Spec& spec, NodeId id, const SessionOptions& options) {
  return options.precision == Precision::int8 && spec.is_output(id) ? Precision::fp32 : options.precision;
}

/// Throws ArgumentError for a layer that needs the range of its input and has none.
Range range_of(const Node& node, const SessionOptions& options) {
  for (const LayerRange& r : options.ranges)
    if (r.layer == node.name.view()) return r.range;
  if (traits_of(node.layer).quantisable)
    throw ArgumentError({node.name.str(), "int8 needs the range of the layer's input",
                         "ranges measured on some pictures", options.ranges.empty() ? "none" : "ranges of other layers",
                         "train the model anew, or give SessionOptions::ranges what measure_ranges() returns"});
  return {};
}

}  // namespace

template <class T>
std::vector<Step<T>> make_steps(const BasicNetwork<T>& network, const SessionOptions& options) {
  const Spec& spec = network.spec();
  std::vector<Step<T>> steps;
  std::vector<bool> done(static_cast<std::size_t>(spec.size() + 1), false);
  for (NodeId id = 1; id <= spec.size(); ++id) {
    if (done[static_cast<std::size_t>(id)]) continue;
    const InputShapes inputs(spec[id], network.shapes());
    const Precision precision = precision_for(spec, id, options);
    KernelShapes shapes{inputs, network.shapes()[id], options.batch, options.mode, options.threads, precision, {}};
    Step<T> step;
    if (precision == Precision::int8) step.range = range_of(spec[id], options);
    step.node = step.output = id;
    step.sources.assign(spec[id].input_ids().begin(), spec[id].input_ids().end());
    step.kernel = std::visit(
        [&](const auto& layer) { return bind<std::decay_t<decltype(layer)>, T>(layer, shapes, options.kernels); },
        spec[id].layer);
    fuse(step, spec, shapes);
    shapes.epilogue = step.epilogue;
    if (step.kernel.saved != nullptr)
      step.kernel.saved_bytes = step.kernel.saved(spec[id].layer, step.kernel.kernel, shapes);
    cut_into_rows(step, spec, shapes);
    for (NodeId covered = step.node; covered != step.output; covered = only_reader(spec, covered))
      done[static_cast<std::size_t>(only_reader(spec, covered))] = true;
    steps.push_back(std::move(step));
  }
  if (options.mode == Mode::train) {
    defer_norms(steps, spec);
    InputsMadeAgain<T>(steps, spec).find();
  }
  return steps;
}

template <class T>
void pass_bytes(std::vector<Step<T>>& steps, const Shapes& shapes) {
  for (Step<T>& step : steps) {
    // Whole words: a pixel that many threads copy or multiply begins with one.
    if (!step.kernel.writes_bytes || &step == &steps.back() || shapes[step.output].channels() % 4 != 0) continue;
    std::vector<Step<T>*> readers;
    bool all = true;
    for (Step<T>& other : steps)
      for (std::size_t i = 0; i < other.sources.size(); ++i) {
        if (other.sources[i] != step.output) continue;
        readers.push_back(&other);
        all = all && i == 0 && other.kernel.reads_bytes && byte_scale(other.range) == byte_scale(readers[0]->range);
      }
    if (!all) continue;
    for (Step<T>* reader : readers) step.output_bytes = reader->input_bytes = byte_scale(reader->range);
  }
}

}  // namespace lineament
