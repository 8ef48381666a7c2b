// How Winograd convolutions are cut into tiles and tasks: by sizes, and for what does not change sums by threads.
#pragma once
#include <algorithm>

#include "kernels/common/budgets.hpp"
#include "kernels/common/memory.hpp"
#include "kernels/common/parts.hpp"
#include "kernels/conv/conv.hpp"

namespace lineament {

constexpr int kProducts = 36;

/// Why a convolution is none for Winograd's algorithm; nullptr if it is one.
inline const char* winograd_unfit(const ConvGeometry& g) {
  if (g.kernel != 3 || g.stride != 1) return "needs 3x3, stride 1";
  if (g.groups != 1) return "groups";
  if (g.in_c % 16 != 0 || g.out_c % 16 != 0) return "needs channels in and out in multiples of 16";
  const auto fits = [](int pad) { return pad >= 0 && pad <= 2; };
  return fits(g.pad_top) && fits(g.pad_left) ? nullptr : "needs padding of 0 to 2";
}

/// A task is `tiles` tiles in a row, counted through all images, whose transforms stay in the second-level cache, and a
/// group of output channels: several where there are too few tiles to give every thread enough of them.
struct WinogradPlan {
  ConvGeometry g;
  int tiles_x, tiles_y, total, tiles;
  int channels;                    ///< of a group
  std::size_t x_stride, y_stride;  ///< floats from one of the 36 matrices to the next: not a multiple of 4 KB, which
                                   ///< the first-level cache would keep in one and the same place
  std::size_t x_size() const { return kProducts * x_stride; }
  std::size_t y_size() const { return kProducts * y_stride; }
  std::size_t work = 0;                                                   ///< floats needed besides
  std::size_t thread_size() const { return x_size() + y_size() + work; }  ///< scratch of a thread
  void take(int count) {
    tiles = count;
    x_stride = static_cast<std::size_t>(tiles) * static_cast<std::size_t>(g.in_c) + 16;
    y_stride = static_cast<std::size_t>(tiles) * static_cast<std::size_t>(g.out_c) + 16;
  }
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
  // Whole register tiles of 12 rows (AVX-512's). With more than eight of them, reading the weights no longer counts:
  // found on a Zen 5, as the budgets.
  const int most = std::clamp(budget_bytes / (kProducts * 4 * (g.in_c + g.out_c)) / 12 * 12, 12, 96);
  const int rounds = (p.total + most * shares - 1) / (most * shares);
  p.tiles = std::min(most, (p.total + rounds * shares - 1) / (rounds * shares));
  p.channels = g.out_c;
  if (p.tiles < kEnoughTiles && g.out_c >= shares * kTileChannels) {
    p.tiles = std::min(p.total, most);
    p.channels = (g.out_c / kTileChannels + shares - 1) / shares * kTileChannels;
  }
  p.take(p.tiles);
  return p;
}

/// Tiles in a row of an image up to which a batch norm's sums are taken while the cache has the output: a task is then
/// whole rows of tiles. Those of wider images would leave the second-level cache.
inline constexpr int kMomentTiles = 64;
inline bool takes_moments(const ConvGeometry& g) {
  return g.out_w <= 4 * kMomentTiles;
}

/// Floats of the rows that a row of tiles reads, where they are normalised first.
inline std::size_t normalised_rows(const ConvGeometry& g) {
  return std::size_t{6} * static_cast<std::size_t>(g.in_w) * static_cast<std::size_t>(g.in_c);
}

/// In training tasks are whole rows of tiles.
inline WinogradPlan plan_winograd(const ConvGeometry& g, int threads, bool training) {
  WinogradPlan p = plan_tiles(g, winograd_tiles(), threads);
  if (!training) return p;
  if (takes_moments(g)) p.take(std::max(1, p.tiles / p.tiles_x) * p.tiles_x);
  p.work = normalised_rows(g);
  return p;
}

inline std::size_t winograd_weights(const ConvGeometry& g) {
  return static_cast<std::size_t>(kProducts * g.in_c) * static_cast<std::size_t>(g.out_c);
}

/// Both gradients, in parts of the batch.
struct WinogradGradientPlan {
  WinogradPlan tiles;
  int parts;
  std::size_t part_size;  ///< floats: 36 matrices and the bias's sums

  /// Floats of the rows of the gradient that a row of tiles reads.
  std::size_t gradient_rows() const {
    return std::size_t{4} * static_cast<std::size_t>(tiles.g.out_w) * static_cast<std::size_t>(tiles.g.out_c);
  }
  int first_tile(int part) const { return part * tiles.g.batch / parts * tiles.tiles_x * tiles.tiles_y; }

  // Scratch, in floats: zeros, the transformed weights, the parts' sums (in whose place the weights with their channels
  // exchanged lie before), and what each thread has.
  std::size_t weights_at() const { return static_cast<std::size_t>(std::max(tiles.g.in_c, tiles.g.out_c)); }
  std::size_t sums_at() const { return weights_at() + winograd_weights(tiles.g); }
  std::size_t threads_at() const { return sums_at() + static_cast<std::size_t>(parts) * part_size; }
  std::size_t size(int threads) const { return threads_at() + static_cast<std::size_t>(threads) * tiles.thread_size(); }
};

inline WinogradGradientPlan plan_winograd_gradient(const ConvGeometry& g) {
  WinogradGradientPlan plan{};
  plan.part_size = winograd_weights(g) + static_cast<std::size_t>(g.out_c);
  plan.parts = parts_of_images(g.batch, plan.part_size);
  plan.tiles = plan_tiles(g, kWinogradGradientTiles, plan.parts);
  // The rows that are made for one row of tiles, of the gradient and of the input, and a pixel outside of the image.
  plan.tiles.work = plan.gradient_rows() + normalised_rows(g) + static_cast<std::size_t>(g.in_c);
  return plan;
}

/// Where a tile lies.
struct Tile4 {
  int image, y, x;  ///< of its first output pixel
};
inline Tile4 tile_at(const WinogradPlan& p, int index) {
  const int an_image = p.tiles_x * p.tiles_y;
  return {index / an_image, index % an_image / p.tiles_x * 4, index % p.tiles_x * 4};
}

}  // namespace lineament
