#include "kernels/conv/conv.hpp"

#include <algorithm>

#include "kernels/common/memory.hpp"

namespace lineament {
namespace {

/// nullptr: the kernel reads only what it packed, or there is none.
const float* param(std::span<const std::span<const float>> params, std::size_t i) {
  return params.size() > i ? params[i].data() : nullptr;
}

/// The winners of a fused max-pool: one byte each.
std::size_t winners_size(const OpProblem& p) {
  if (p.mode != Mode::train || !p.epilogue.max_pool) return 0;
  const auto windows = static_cast<std::size_t>(p.output.height() / 2) * static_cast<std::size_t>(p.output.width() / 2);
  return windows * static_cast<std::size_t>(p.output.channels()) * static_cast<std::size_t>(p.batch);
}

template <class P>
void move(P& pointer, std::ptrdiff_t values) {
  if (pointer != nullptr) pointer += values;
}

/// Some rows of the output become a convolution of their own.
void take_rows(ConvGeometry& g, RowRange rows, ConvForward& f) {
  if (rows.end == 0) return;
  const bool pointwise = is_pointwise(g);
  g.out_h = rows.end - rows.begin;
  if (pointwise) {
    g.in_h = g.out_h;
    const std::ptrdiff_t values = std::ptrdiff_t{rows.begin} * g.in_w * g.in_c;
    move(f.x, values);
    move(f.x_bytes.data, values);
  } else {
    g.pad_top -= rows.begin * g.stride;  // negative: the window of the first row begins further down
  }
  const std::ptrdiff_t values = std::ptrdiff_t{rows.begin} * g.out_w * g.out_c;
  move(f.y, values);
  move(f.y_bytes.data, values);
  move(f.epilogue.add, values);
}

}  // namespace

ConvProblem conv_problem(const OpProblem& p) {
  ConvProblem c{.g = {},
                .mode = p.mode,
                .threads = p.threads,
                .precision = p.precision,
                .range = p.range,
                .epilogue = p.epilogue};
  if (const auto* conv = std::get_if<Conv2d>(&p.layer)) {
    c.window = {conv->is_plain(), conv->window_width(), conv->dilation};
    c.g = conv->geometry(p.inputs[0], p.batch);
  } else {
    c.g = {p.batch, 1, 1, p.inputs[0][0], 1, 1, p.output[0], 1, 1, 0, 0, 1};
  }
  return c;
}

RowRange conv_input_rows(const ConvGeometry& g, RowRange out) {
  return {std::max(0, out.begin * g.stride - g.pad_top),
          std::min(g.in_h, (out.end - 1) * g.stride - g.pad_top + g.kernel)};
}

bool is_pointwise(const ConvGeometry& g) {
  return g.kernel == 1 && g.stride == 1 && g.groups == 1 && g.pad_top == 0 && g.pad_left == 0 && g.in_h == g.out_h &&
         g.in_w == g.out_w;
}

bool sees_all(const ConvGeometry& g) {
  return g.groups == 1 && g.kernel == g.in_h && g.kernel == g.in_w && g.out_h == 1 && g.out_w == 1 && g.pad_top == 0 &&
         g.pad_left == 0;
}

void ConvKernel::pack_weights(const ConvProblem&, const float*, const float*, std::span<std::byte>, Threads&) const {}
void ConvKernel::gradients(const ConvProblem&, const ConvBackward&) const {
  throw ArgumentError({std::string(name()), "the kernel is for inference alone", "another kernel in training", "", ""});
}

const char* ConvKernel::refuses(const OpProblem& p) const {
  const ConvProblem c = conv_problem(p);
  return c.window.plain || any_window() ? unfit(c) : "only square, undilated windows";
}
bool ConvKernel::fuses(const OpProblem& p, const Epilogue& e) const {
  return (!e.hard_swish || (p.mode == Mode::infer && abilities(p).hard_swish)) && takes(conv_problem(p), e);
}
Needs ConvKernel::needs(const OpProblem& p) const {
  Needs needs = memory(conv_problem(p));
  needs.saved = winners_size(p);
  return needs;
}
std::optional<RowRange> ConvKernel::rows_read(const OpProblem& p, RowRange rows) const {
  return input_rows(conv_problem(p), rows);
}
NormBlocks ConvKernel::norm_blocks(const OpProblem& p, Side side) const {
  return blocks(conv_problem(p), side);
}

void ConvKernel::pack(const OpProblem& p, std::span<const std::span<const float>> params, std::span<std::byte> to,
                      Threads& threads) const {
  pack_weights(conv_problem(p), params[0].data(), param(params, 1), to, threads);
}

void ConvKernel::forward(const OpProblem& problem, const KernelForward<float>& f) const {
  ConvProblem p = conv_problem(problem);
  const bool winners = p.training() && p.epilogue.max_pool;
  ConvForward c{.x = f.input().data,
                .x_bytes = f.input_bytes,
                .norm = f.norm,
                .w = param(f.params, 0),
                .packed = f.packed,
                .bias = param(f.params, 1),
                .epilogue = {.add = p.epilogue.add ? f.inputs.back().data : nullptr,
                             .relu = p.epilogue.relu,
                             .max_pool = p.epilogue.max_pool,
                             .hard_swish = p.epilogue.hard_swish,
                             .winners = winners ? as<std::uint8_t>(f.saved) : nullptr},
                .y = f.output.data,
                .y_bytes = f.output_bytes,
                .moments = f.moments,
                .scratch = f.scratch,
                .threads = f.threads};
  take_rows(p.g, f.rows, c);
  run(p, c);
}

void ConvKernel::backward(const OpProblem& problem, const KernelBackward<float>& b) const {
  const ConvProblem p = conv_problem(problem);
  const Epilogue& e = p.epilogue;
  gradients(p, {.x = b.input().data,
                .norm = b.norm,
                .added = b.added,
                .gate = b.gate,
                .w = b.params[0].data(),
                .dy = {.dy = b.output_gradient.data,
                       .output = (e.relu && !e.max_pool) || b.output_norm ? b.output.data : nullptr,
                       .winners = e.max_pool ? as<std::uint8_t>(b.saved) : nullptr,
                       .norm = b.output_norm},
                .dx = b.input_gradient().data,
                .sums = b.sums,
                .dw = b.param_gradients[0].data(),
                .dbias = b.param_gradients.size() > 1 ? b.param_gradients[1].data() : nullptr,
                .overwrite = b.overwrite,
                .scratch = b.scratch,
                .threads = b.threads});
}

}  // namespace lineament
