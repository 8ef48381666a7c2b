// How Winograd convolutions are cut into tiles and tasks: by sizes, and for what does not change sums by threads.
#pragma once
#include <algorithm>
#include <cstddef>

#include "lineament/kernels/winograd.hpp"

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
  std::size_t room = 0;  ///< floats of the rows that a gradient makes for one row of tiles
  std::size_t own_size() const { return x_size() + y_size() + room; }  ///< scratch of a thread
  int tasks() const { return (total + tiles - 1) / tiles; }
  int channel_groups() const { return (g.out_c + channels - 1) / channels; }
};

inline WinogradPlan plan_tiles(const ConvGeometry& g, int budget_bytes, int threads) {
  WinogradPlan p{};
  p.g = g;
  p.tiles_x = (g.out_w + 3) / 4;
  p.tiles_y = (g.out_h + 3) / 4;
  p.total = g.batch * p.tiles_x * p.tiles_y;
  const int most = std::clamp(budget_bytes / (kProducts * 4 * (g.in_c + g.out_c)) / 12 * 12, 12, 96);
  const int rounds = (p.total + most * threads - 1) / (most * threads);  // as many tasks for every thread
  p.tiles = std::min(most, (p.total + rounds * threads - 1) / (rounds * threads));
  p.channels = g.out_c;
  // Every task reads all the weights of its channels: for a few tiles that takes longer than the products.
  constexpr int kEnoughTiles = 12, kChannels = 32;
  if (p.tiles < kEnoughTiles && g.out_c >= threads * kChannels) {
    p.tiles = std::min(p.total, most);
    p.channels = (g.out_c / kChannels + threads - 1) / threads * kChannels;
  }
  p.x_stride = static_cast<std::size_t>(p.tiles) * static_cast<std::size_t>(g.in_c) + 16;
  p.y_stride = static_cast<std::size_t>(p.tiles) * static_cast<std::size_t>(g.out_c) + 16;
  return p;
}

inline WinogradPlan plan_forward(const ConvGeometry& g, int threads) {
  return plan_tiles(g, 768 * 1024, threads);
}

/// Six rows of the output's gradient.
inline std::size_t gradient_room(const ConvGeometry& g) {
  return std::size_t{6} * static_cast<std::size_t>(g.out_w) * static_cast<std::size_t>(g.out_c);
}

/// The convolution that takes dy to dx.
inline WinogradPlan plan_data_gradient(const ConvGeometry& g, int threads) {
  ConvGeometry t = g;
  std::swap(t.in_h, t.out_h);
  std::swap(t.in_w, t.out_w);
  std::swap(t.in_c, t.out_c);
  t.pad_top = 2 - g.pad_top;
  t.pad_left = 2 - g.pad_left;
  WinogradPlan p = plan_forward(t, threads);
  p.room = gradient_room(g);
  return p;
}

/// Weight gradients are summed up in parts of the batch; how many, depends on sizes alone. A part is a run of tasks.
struct GradientPlan {
  WinogradPlan tiles;
  int parts;
  std::size_t part_size;  ///< floats: 36 matrices and the bias's sums
};

inline GradientPlan plan_weight_gradient(const ConvGeometry& g) {
  WinogradPlan p = plan_tiles(g, 400 * 1024, 1);
  p.room = gradient_room(g);
  const std::size_t size = winograd_weights_size(g) + static_cast<std::size_t>(g.out_c);
  constexpr std::size_t kMost = std::size_t{4} << 20;  // floats
  return {p, std::min(p.tasks(), static_cast<int>(std::clamp<std::size_t>(kMost / size, 2, 8))), size};
}

inline std::size_t plain_weights_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(9 * g.in_c) * static_cast<std::size_t>(g.out_c);
}

/// Where a tile lies.
struct Tile4 {
  int image, y, x;  ///< of its first output pixel
};
inline Tile4 tile_at(const WinogradPlan& p, int index) {
  const int a_picture = p.tiles_x * p.tiles_y;
  return {index / a_picture, index % a_picture / p.tiles_x * 4, index % p.tiles_x * 4};
}

}  // namespace lineament
