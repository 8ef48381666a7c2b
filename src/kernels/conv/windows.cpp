// Convolutions with rectangular or dilated windows: some pixels at a time, their windows are copied out as rows of a
// matrix product, forward and for both gradients. See tile-inl.hpp for the inner loop.
#include "kernels/common/budgets.hpp"
#include "kernels/common/memory.hpp"
#include "kernels/common/parts.hpp"
#include "kernels/conv/kernels.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/windows.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/panels-inl.hpp"
#include "kernels/common/sums-inl.hpp"

#ifndef LINEAMENT_WINDOWS_PLAN
#define LINEAMENT_WINDOWS_PLAN
namespace lineament {
namespace {

struct WindowsPlan {
  ConvGeometry g;
  ConvWindow window;
  int in_c, out_c;          ///< of a group
  int size;                 ///< values of a window, of one group
  int pixels, run;          ///< of an image; of those, as many as are taken at a time
  std::size_t weights;      ///< of all groups
  int parts;                ///< of the batch, whose gradients with respect to weights are summed up apart
  std::size_t part_size;    ///< floats of such sums, and those with respect to the bias
  std::size_t thread_size;  ///< floats of a run's windows

  explicit WindowsPlan(const ConvProblem& p)
      : g(p.g),
        window(p.window),
        in_c(g.in_c / g.groups),
        out_c(g.out_c / g.groups),
        size(g.kernel * window.width * in_c),
        pixels(g.out_h * g.out_w),
        run(std::clamp(kWindowsRun / 4 / size / 12 * 12, 12, std::max(pixels, 12))),
        weights(static_cast<std::size_t>(size) * static_cast<std::size_t>(g.out_c)),
        part_size(whole_lines(weights + static_cast<std::size_t>(g.out_c))),
        thread_size(whole_lines(static_cast<std::size_t>(run) * static_cast<std::size_t>(size))) {
    parts = parts_of_images(g.batch, part_size);
  }
  int runs() const { return (pixels + run - 1) / run; }
  int count(int first) const { return std::min(run, pixels - first); }
  const float* input(const float* x, int image, int group) const {
    return x + std::ptrdiff_t{image} * g.in_h * g.in_w * g.in_c + group * in_c;
  }
  // Backward's scratch, in floats: the transposed weights, the parts' sums, each thread's windows.
  std::size_t sums_at() const { return whole_lines(weights); }
  std::size_t threads_at() const { return sums_at() + static_cast<std::size_t>(parts) * part_size; }
};

/// Calls f(where the tap's channels lie from the image's first value on, or -1 outside) for each tap of each window of
/// `count` pixels, in order.
template <class F>
void each_tap(const WindowsPlan& p, int first, int count, F&& f) {
  const ConvGeometry& g = p.g;
  for (int pixel = first; pixel < first + count; ++pixel) {
    const int top = pixel / g.out_w * g.stride - g.pad_top, left = pixel % g.out_w * g.stride - g.pad_left;
    for (int y = top, ky = 0; ky < g.kernel; ++ky, y += p.window.dilation)
      for (int x = left, kx = 0; kx < p.window.width; ++kx, x += p.window.dilation) {
        const bool inside = y >= 0 && y < g.in_h && x >= 0 && x < g.in_w;
        f(inside ? (std::ptrdiff_t{y} * g.in_w + x) * g.in_c : std::ptrdiff_t{-1});
      }
  }
}

void copy_windows(const WindowsPlan& p, const float* x, int first, int count, float* to) {
  each_tap(p, first, count, [&](std::ptrdiff_t at) {
    if (at < 0)
      std::fill_n(to, p.in_c, 0.0f);
    else
      std::copy_n(x + at, p.in_c, to);
    to += p.in_c;
  });
}

}  // namespace
}  // namespace lineament
#endif

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

HWY_ATTR void PackGroups(const WindowsPlan& p, const float* w, float* panels) {
  for (int group = 0; group < p.g.groups; ++group)
    PackPanels({w + group * p.out_c, p.size, p.out_c, p.g.out_c, 1}, panels + std::ptrdiff_t{group} * p.size * p.out_c);
}

HWY_ATTR void WindowsForward(const WindowsPlan& p, const ConvForward& f) {
  f.threads->run(p.g.batch * p.runs(), [&](int task, int thread) HWY_ATTR {
    const int image = task / p.runs(), first = task % p.runs() * p.run, count = p.count(first);
    float* windows = as<float>(f.scratch) + static_cast<std::size_t>(thread) * p.thread_size;
    const std::ptrdiff_t at = (std::ptrdiff_t{image} * p.pixels + first) * p.g.out_c;
    for (int group = 0; group < p.g.groups; ++group) {
      const int column = group * p.out_c;
      copy_windows(p, p.input(f.x, image, group), first, count, windows);
      MultiplyPanels({.a = {windows, p.size},
                      .b = {as<float>(f.packed) + std::ptrdiff_t{p.size} * column},
                      .length = p.size,
                      .c = {f.y + at + column, p.g.out_c},
                      .bias = f.bias == nullptr ? nullptr : f.bias + column,
                      .residual = f.epilogue.add == nullptr ? nullptr : f.epilogue.add + at + column,
                      .relu = f.epilogue.relu},
                     count, p.out_c, {0, PanelCount(p.out_c)});
    }
  });
}

/// Adds the gradients of some pixels' windows to that of the image they were copied from.
HWY_ATTR void AddWindows(const WindowsPlan& p, const float* windows, int first, int count, float* dx) {
  each_tap(p, first, count, [&](std::ptrdiff_t at) HWY_ATTR {
    if (at >= 0)
      EachVectorOf(static_cast<std::size_t>(p.in_c), [&](std::size_t c, std::size_t lanes) HWY_ATTR {
        Write(hn::Add(Read(dx + at + c, lanes), Read(windows + c, lanes)), dx + at + c, lanes);
      });
    windows += p.in_c;
  });
}

/// Both gradients of some pixels of one group: with respect to the weights into `sums`, to the input into `dx`.
HWY_ATTR void GradientRun(const WindowsPlan& p, const ConvBackward& b, int image, int first, int group,
                          const float* transposed, float* sums, float* windows) {
  const int count = p.count(first), column = group * p.out_c;
  const float* dy = b.dy.dy + (std::ptrdiff_t{image} * p.pixels + first) * p.g.out_c + column;
  copy_windows(p, p.input(b.x, image, group), first, count, windows);
  Multiply(
      {.a = {windows, 1, p.size}, .b = {dy, p.g.out_c}, .length = count, .c = {sums + column, p.g.out_c}, .add = true},
      p.size, p.out_c);
  if (b.dx == nullptr) return;
  Multiply({.a = {dy, p.g.out_c},
            .b = {transposed + std::ptrdiff_t{column} * p.size, p.size},
            .length = p.out_c,
            .c = {windows, p.size}},
           count, p.size);
  AddWindows(p, windows, first, count, b.dx + (p.input(b.x, image, group) - b.x));
}

HWY_ATTR void WindowsGradients(const WindowsPlan& p, const ConvBackward& b) {
  const ConvGeometry& g = p.g;
  float *transposed = as<float>(b.scratch), *all_sums = transposed + p.sums_at();
  if (b.dx != nullptr)
    b.threads->run(g.out_c, [&](int out, int) {
      for (int i = 0; i < p.size; ++i)
        transposed[std::ptrdiff_t{out} * p.size + i] = b.w[std::ptrdiff_t{i} * g.out_c + out];
    });
  b.threads->run(p.parts, [&](int part, int thread) HWY_ATTR {
    float* sums = all_sums + static_cast<std::size_t>(part) * p.part_size;
    float* windows = transposed + p.threads_at() + static_cast<std::size_t>(thread) * p.thread_size;
    std::fill_n(sums, p.part_size, 0.0f);
    const int begin = part * g.batch / p.parts, end = (part + 1) * g.batch / p.parts;
    const std::ptrdiff_t in_size = std::ptrdiff_t{g.in_h} * g.in_w * g.in_c;
    if (b.dx != nullptr) std::fill(b.dx + begin * in_size, b.dx + end * in_size, 0.0f);
    for (int image = begin; image < end; ++image) {
      AddPixels(b.dy.dy + std::ptrdiff_t{image} * p.pixels * g.out_c, static_cast<std::size_t>(p.pixels),
                static_cast<std::size_t>(g.out_c), sums + p.weights);
      for (int first = 0; first < p.pixels; first += p.run)
        for (int group = 0; group < g.groups; ++group)
          GradientRun(p, b, image, first, group, transposed, sums, windows);
    }
  });
  AddParts(all_sums, p.parts, p.part_size, p.weights, b.dw, *b.threads);
  if (b.dbias != nullptr)
    AddParts(all_sums + p.weights, p.parts, p.part_size, static_cast<std::size_t>(g.out_c), b.dbias, *b.threads);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(PackGroups);
HWY_EXPORT(WindowsForward);
HWY_EXPORT(WindowsGradients);

const char* Windows::unfit(const ConvProblem& p) const {
  return p.window.plain ? "for rectangular and dilated windows" : nullptr;
}

Needs Windows::memory(const ConvProblem& p) const {
  const WindowsPlan plan(p);
  const std::size_t windows = static_cast<std::size_t>(p.threads) * plan.thread_size;
  return {.packed = float_bytes(plan.weights),
          .scratch = float_bytes(windows + (p.training() ? plan.threads_at() : 0))};
}

void Windows::pack_weights(const ConvProblem& p, const float* w, const float*, std::span<std::byte> to,
                           Threads&) const {
  HWY_DYNAMIC_DISPATCH(PackGroups)(WindowsPlan(p), w, as<float>(to));
}

void Windows::run(const ConvProblem& p, const ConvForward& f) const {
  HWY_DYNAMIC_DISPATCH(WindowsForward)(WindowsPlan(p), f);
}

void Windows::gradients(const ConvProblem& p, const ConvBackward& b) const {
  HWY_DYNAMIC_DISPATCH(WindowsGradients)(WindowsPlan(p), b);
}

}  // namespace lineament
#endif
