// How 1x1 convolutions cut pixels into tasks and runs.
#pragma once
#include <algorithm>

#include "kernels/common/budgets.hpp"
#include "kernels/common/memory.hpp"
#include "kernels/common/parts.hpp"
#include "kernels/conv/conv.hpp"

namespace lineament {

inline std::size_t pixels_of(const ConvGeometry& g) {
  return static_cast<std::size_t>(g.batch) * static_cast<std::size_t>(g.out_h) * static_cast<std::size_t>(g.out_w);
}

/// About as many pixels a task as keep input and output in the second-level cache, and as many tasks for every thread.
struct PixelTasks {
  std::size_t pixels, task;
  std::size_t run;  ///< taken at a time: kPixelRun, or the whole task

  PixelTasks(const ConvGeometry& g, bool in_runs, int threads) : pixels(pixels_of(g)) {
    const auto channels = static_cast<std::size_t>(g.in_c + g.out_c), team = static_cast<std::size_t>(threads);
    // Half a run is four register tiles of 12 rows. With more than eight runs the columns' weights, read once for all
    // of them, no longer count.
    const std::size_t most =
        std::clamp<std::size_t>(static_cast<std::size_t>(pointwise_run()) / sizeof(float) / channels, kPixelRun / 2,
                                8 * kPixelRun) *
        team;
    const std::size_t tasks = std::max<std::size_t>((pixels + most / 2) / most, 1) * team;
    const std::size_t step = in_runs ? kPixelRun : 4;
    task = ((pixels + tasks - 1) / tasks + step - 1) / step * step;
    run = in_runs ? kPixelRun : task;
  }
  int count() const { return static_cast<int>((pixels + task - 1) / task); }
};

/// Floats of `in` x `out` weights as words of two numbers in bfloat16: whole groups of 16 columns and before them, one
/// a column, the 1 that products are scaled by and the bias.
inline std::size_t word_panels_size(int in, int out) {
  return whole_lines(static_cast<std::size_t>(out)) * (2 + static_cast<std::size_t>(in) / 2);
}

/// Bytes of scratch that training needs: see PointwiseGradients.
inline std::size_t pointwise_scratch(const ConvProblem& p, std::size_t flipped_size) {
  if (!p.training()) return 0;
  const auto parts = static_cast<std::size_t>(PartsOfPixels(pixels_of(p.g), kPixelRun).count);
  return float_bytes(flipped_size + parts * (weights_size(p.g) + static_cast<std::size_t>(p.g.out_c)) +
                     static_cast<std::size_t>(p.threads) * kPixelRun *
                         static_cast<std::size_t>(2 * (p.g.in_c + p.g.out_c)));
}

}  // namespace lineament
