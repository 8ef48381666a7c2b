// How Winograd convolutions are cut into tiles and tasks: by sizes, and for what does not change sums by threads.
#pragma once
#include <algorithm>
#include <cstddef>

#include "kernels/gradient_parts.hpp"
#include "kernels/winograd.hpp"

namespace lineament {

constexpr int kProducts = 36;

/// A task is `tiles` tiles in a row, counted through all pictures, whose transforms stay in the second-level cache, and
/// a group of output channels: several where there are too few tiles to give every thread enough of them.
struct WinogradPlan {
  ConvGeometry g;
  int tiles_x, tiles_y, total, tiles;
  int channels;                    ///< of a group
  std::size_t x_stride, y_stride;  ///< floats from one of the 36 matrices to the next: not a multiple of 4 KB, which
                                   ///< the first-level cache would keep in one and the same place
  std::size_t x_size() const { return kProducts * x_stride; }
  std::size_t y_size() const { return kProducts * y_stride; }
  std::size_t room = 0;                                                ///< floats that a gradient needs besides
  std::size_t own_size() const { return x_size() + y_size() + room; }  ///< scratch of a thread
  int tasks() const { return (total + tiles - 1) / tiles; }
  int channel_groups() const { return (g.out_c + channels - 1) / channels; }
};

/// As many tasks for each of `shares`, threads or parts of the batch.
inline WinogradPlan plan_tiles(const ConvGeometry& g, int budget_bytes, int shares) {
  WinogradPlan p{};
  p.g = g;
  p.tiles_x = (g.out_w + 3) / 4;
  p.tiles_y = (g.out_h + 3) / 4;
  p.total = g.batch * p.tiles_x * p.tiles_y;
  const int most = std::clamp(budget_bytes / (kProducts * 4 * (g.in_c + g.out_c)) / 12 * 12, 12, 96);
  const int rounds = (p.total + most * shares - 1) / (most * shares);
  p.tiles = std::min(most, (p.total + rounds * shares - 1) / (rounds * shares));
  p.channels = g.out_c;
  // Every task reads all the weights of its channels: for a few tiles that takes longer than the products.
  constexpr int kEnoughTiles = 12, kChannels = 32;
  if (p.tiles < kEnoughTiles && g.out_c >= shares * kChannels) {
    p.tiles = std::min(p.total, most);
    p.channels = (g.out_c / kChannels + shares - 1) / shares * kChannels;
  }
  p.x_stride = static_cast<std::size_t>(p.tiles) * static_cast<std::size_t>(g.in_c) + 16;
  p.y_stride = static_cast<std::size_t>(p.tiles) * static_cast<std::size_t>(g.out_c) + 16;
  return p;
}

inline WinogradPlan plan_forward(const ConvGeometry& g, int threads) {
  return plan_tiles(g, 768 * 1024, threads);
}

/// Both gradients, in parts of the batch.
struct GradientPlan {
  WinogradPlan tiles;
  int parts;
  std::size_t part_size;  ///< floats: 36 matrices and the bias's sums

  int first_tile(int part) const { return part * tiles.g.batch / parts * tiles.tiles_x * tiles.tiles_y; }
};

inline GradientPlan plan_gradient(const ConvGeometry& g) {
  GradientPlan plan{};
  plan.part_size = winograd_weights_size(g) + static_cast<std::size_t>(g.out_c);
  plan.parts = gradient_parts(g.batch, plan.part_size);
  plan.tiles = plan_tiles(g, 1200 * 1024, plan.parts);
  // A thread's own: the rows that a gradient makes for one row of tiles, and a pixel outside of the picture.
  plan.tiles.room = std::size_t{4} * static_cast<std::size_t>(g.out_w) * static_cast<std::size_t>(g.out_c) +
                    static_cast<std::size_t>(g.in_c);
  return plan;
}

/// Floats of scratch that winograd_backward needs.
std::size_t winograd_gradient_scratch(const ConvGeometry&, int threads);

/// Where a tile lies.
struct Tile4 {
  int image, y, x;  ///< of its first output pixel
};
inline Tile4 tile_at(const WinogradPlan& p, int index) {
  const int a_picture = p.tiles_x * p.tiles_y;
  return {index / a_picture, index % a_picture / p.tiles_x * 4, index % p.tiles_x * 4};
}

}  // namespace lineament
