// Passes: how threads share the work. A region is a run of ops that every thread goes through alone: for one image
// after the other, or for some rows of one image. Its values then stay in that core's caches, and threads need not
// wait for each other after every op, which takes as long as a small layer's products.
#include <algorithm>
#include <span>

#include "plan/passes/passes.hpp"

namespace lineament {
namespace {

/// With fewer pixels an image is too few products for each time that the weights are read. 12 x 12, between
/// the 7 x 7 and the 14 x 14 of `mobile`: what that and `deep` gained is in docs/performance-history.md. Nobody has
/// looked for the best.
constexpr int kImagePixels = 144;
/// Unless the weights are few: these stay in a core's cache from one image to the next. 64 KB, which
/// the small layers of `compact`, `tiny` and `large` do not exceed. Nobody has looked for the best: any of that order
/// will do.
constexpr std::size_t kFewWeights = 16384;

int pixels(const Shape& shape) {
  return shape.rank() == 3 ? shape.height() * shape.width() : 1;
}

std::size_t weights_of(const Op& op) {
  std::size_t weights = 0;
  for (const ParamSpec& p : params_of(op.problem.layer, op.problem.inputs)) weights += p.shape.size();
  return weights;
}

/// By number of the op: whether it may take one image at a time. What has no weights does as the op before it, since it
/// may be fused into that.
std::vector<bool> suit_one_image(const Plan& plan) {
  std::vector<bool> value_suits(plan.values.size(), true), suits;
  for (const Op& op : plan.ops) {
    const Traits traits = traits_of(op.problem.layer);
    const bool suited = traits.light ? value_suits[static_cast<std::size_t>(op.inputs[0])]
                                     : pixels(op.problem.output) >= kImagePixels || weights_of(op) <= kFewWeights;
    suits.push_back(traits.per_image && suited);
    value_suits[static_cast<std::size_t>(op.output)] = suits.back();
  }
  return suits;
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

/// Runs of ops that suit one image, if one of them has many pixels, and what is between them together.
std::vector<OpRegion> regions_by_image(const Plan& plan) {
  const std::vector<bool> suits = suit_one_image(plan);
  const auto has_pixels = [](const Op& op) { return pixels(op.problem.output) >= kImagePixels; };
  std::vector<OpRegion> regions;
  for (std::size_t begin = 0, end; begin < plan.ops.size(); begin = end) {
    for (end = begin + 1; end < plan.ops.size() && suits[end] == suits[begin];) ++end;
    const auto ops = std::span(plan.ops).subspan(begin, end - begin);
    const bool alone = suits[begin] && std::any_of(ops.begin(), ops.end(), has_pixels);
    const auto kind = alone ? OpRegion::Kind::by_image : OpRegion::Kind::together;
    if (!regions.empty() && regions.back().kind == kind)
      regions.back().end = end;
    else
      regions.push_back({kind, begin, end});
  }
  return regions;
}

}  // namespace

void partition_images(Plan& plan) {
  if (plan.options.batch == 1) return;
  plan.regions = regions_by_image(plan);
  for (const OpRegion& region : plan.regions) {
    if (region.kind != OpRegion::Kind::by_image) continue;
    for (std::size_t s = region.begin; s < region.end; ++s) {
      plan.ops[s].problem.batch = plan.ops[s].problem.threads = 1;
      Value& value = plan.value(plan.ops[s].output);
      if (!lies_inside(plan, plan.ops[s].output, region)) continue;
      value.batch = 1;
      value.per_thread = true;
    }
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
