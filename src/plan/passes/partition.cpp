// Passes: how threads share the work. A region is a run of ops that every thread goes through alone: for one image
// after the other, or for some rows of one image. Its values then stay in that core's caches, and threads need not
// wait for each other after every op, which takes as long as a small layer's products.
#include <algorithm>

#include "plan/passes/passes.hpp"

namespace lineament {
namespace {

/// Images of fewer pixels do not keep a kernel busy; below that, and for dense layers, whose weights are the larger
/// part of what they read, all images go through an op together.
constexpr int kImagePixels = 144;

int pixels(const Shape& shape) {
  return shape.height() * shape.width();
}

bool suits_one_image(const Spec& spec, const Shapes& shapes, NodeId id) {
  if (is_input(spec[id].layer)) return true;
  const Traits traits = traits_of(spec[id].layer);
  // What has weights to read is judged by what it outputs, the rest, which may be fused into it, by what it reads.
  return traits.per_image && pixels(traits.light ? shapes[spec[id].input_ids()[0]] : shapes[id]) >= kImagePixels;
}

/// A value other than that of `cut` is read after it.
bool reads_past(const Spec& spec, NodeId cut) {
  for (NodeId id = cut + 1; id <= spec.size(); ++id)
    for (const NodeId input : spec[id].input_ids())
      if (input < cut && !(input > 0 && is_input(spec[input].layer))) return true;
  return false;
}

/// Whether everybody who touches the value is in the region.
bool lies_inside(const Plan& plan, ValueId id, const OpRegion& region) {
  if (std::find(plan.inputs.begin(), plan.inputs.end(), id) != plan.inputs.end() || plan.is_output(id)) return false;
  for (std::size_t s = 0; s < plan.ops.size(); ++s) {
    const Op& op = plan.ops[s];
    const bool touches = op.output == id || std::find(op.inputs.begin(), op.inputs.end(), id) != op.inputs.end();
    if (touches && (s < region.begin || s >= region.end)) return false;
  }
  return true;
}

}  // namespace

void partition_images(Plan& plan) {
  if (plan.options.batch == 1) return;
  NodeId cut = 0;
  while (cut < plan.spec->size() && suits_one_image(*plan.spec, *plan.shapes, cut + 1)) ++cut;
  while (cut > 0 && reads_past(*plan.spec, cut)) --cut;
  const auto ops = std::count_if(plan.ops.begin(), plan.ops.end(), [&](const Op& op) { return op.node <= cut; });
  if (ops == 0) return;
  const OpRegion alone{OpRegion::Kind::by_image, 0, static_cast<std::size_t>(ops)};
  plan.regions = {alone};
  if (alone.end < plan.ops.size()) plan.regions.push_back({OpRegion::Kind::together, alone.end, plan.ops.size()});
  for (std::size_t s = 0; s < alone.end; ++s) plan.ops[s].problem.batch = plan.ops[s].problem.threads = 1;
  for (NodeId id = 1; id <= cut; ++id)
    if (lies_inside(plan, id, alone)) {
      plan.value(id).batch = 1;
      plan.value(id).per_thread = true;
    }
}

namespace {

/// Which rows of its input every thread reads for its share of the rows of the output, where that is worth while: not
/// where shares would be few rows of very different number.
void cut_into_rows(const Plan& plan, Op& op) {
  const int height = op.problem.output.height(), parts = plan.options.threads;
  if (op.problem.epilogue.max_pool || height < 4 * parts) return;
  for (int part = 0; part < parts; ++part) {
    const RowRange own = rows_of_part(height, part, parts);
    const auto read = op.kernel->rows_read(op.problem, own);
    if (!read) {
      op.rows_read.clear();
      return;
    }
    op.rows_read.push_back(*read);
    op.reads_own_rows = (part == 0 || op.reads_own_rows) && *read == own;
  }
}

}  // namespace

void partition_rows(Plan& plan) {
  if (plan.options.batch > 1 || plan.options.threads == 1) return;
  for (Op& op : plan.ops) cut_into_rows(plan, op);
  // Values that only such ops touch are written by every thread into a copy of its own.
  for (const Op& op : plan.ops) plan.value(op.output).per_thread = !op.rows_read.empty() && !plan.is_output(op.output);
  for (const Op& op : plan.ops)
    for (const ValueId input : op.inputs)
      if (op.rows_read.empty()) plan.value(input).per_thread = false;

  plan.regions.clear();
  for (std::size_t begin = 0, end; begin < plan.ops.size(); begin = end) {
    const bool rows = !plan.ops[begin].rows_read.empty();
    const auto goes_on = [&](std::size_t s) {
      const Op& op = plan.ops[s];
      return rows ? op.reads_own_rows && op.inputs[0] == plan.ops[s - 1].output : op.rows_read.empty();
    };
    for (end = begin + 1; end < plan.ops.size() && goes_on(end);) ++end;
    plan.regions.push_back({rows ? OpRegion::Kind::by_rows : OpRegion::Kind::together, begin, end});
  }
}

}  // namespace lineament
