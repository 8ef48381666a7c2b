// How batch norms cut a batch into blocks, a task each.
#pragma once
#include <algorithm>

#include "kernels/common/budgets.hpp"
#include "kernels/kernel.hpp"

namespace lineament {

/// Windows side by side: a window is a pixel, or the 2x2 pixels that a max-pool takes together. A block is a run of
/// pixels, whatever the image's rank, or one row of pools: its sums are kept in float, those of all blocks added up in
/// double, in order.
struct Blocks {
  std::size_t images, height, width, channels;
  bool pool;

  Blocks(const OpProblem& p, bool with_pool)
      : images(static_cast<std::size_t>(p.batch)),
        height(with_pool ? static_cast<std::size_t>(p.output.height()) : 1),
        width(with_pool ? static_cast<std::size_t>(p.output.width())
                        : p.output.size() / static_cast<std::size_t>(p.output.channels())),
        channels(static_cast<std::size_t>(p.output.channels())),
        pool(with_pool) {}

  std::size_t pixels() const { return images * height * width; }
  int count() const {
    return static_cast<int>(pool ? images * height / 2 : (pixels() + kNormPixels - 1) / kNormPixels);
  }
  std::size_t windows(int block) const {
    return pool ? width / 2 : std::min(kNormPixels, pixels() - static_cast<std::size_t>(block) * kNormPixels);
  }
  /// Where window i of a block lies, in the input and in the output.
  std::size_t input_at(int block, std::size_t i) const {
    return static_cast<std::size_t>(block) * (pool ? 2 * width : kNormPixels) * channels + i * step();
  }
  std::size_t output_at(int block, std::size_t i) const {
    return (static_cast<std::size_t>(block) * (pool ? width / 2 : kNormPixels) + i) * channels;
  }
  /// From one window to the next, and to the value i of a window.
  std::size_t step() const { return (pool ? 2 : 1) * channels; }
  std::size_t value(int i) const {
    return (static_cast<std::size_t>(i % 2) + static_cast<std::size_t>(i / 2) * width) * channels;
  }
};

}  // namespace lineament
