// How Winograd convolutions are cut into tiles and tasks: by sizes, and for what does not change sums by threads.
#pragma once
#include <algorithm>

#include "kernels/common/budgets.hpp"
#include "kernels/common/memory.hpp"
#include "kernels/common/parts.hpp"
#include "kernels/conv/conv.hpp"

namespace lineament {

/// Why a convolution is none for Winograd's algorithm; nullptr if it is one.
inline const char* winograd_unfit(const ConvGeometry& g) {
  if (g.kernel != 3 || g.stride != 1) return "needs 3x3, stride 1";
  if (g.groups != 1) return "groups";
  if (g.in_c % 16 != 0 || g.out_c % 16 != 0) return "needs channels in and out in multiples of 16";
  const auto fits = [](int pad) { return pad >= 0 && pad <= 2; };
  return fits(g.pad_top) && fits(g.pad_left) ? nullptr : "needs padding of 0 to 2";
}

/// Products of each pair of channels in a tile of side x side outputs.
constexpr int products_of_tile(int side) {
  return (side + 2) * (side + 2);
}

/// Tiles of side x side outputs: how many an image takes, and the products of each pair of channels.
struct TileCount {
  int x, y, products;
  TileCount(const ConvGeometry& g, int side)
      : x((g.out_w + side - 1) / side), y((g.out_h + side - 1) / side), products(products_of_tile(side)) {}
  int in_image() const { return x * y; }
};

/// Why tiles of 6x6 outputs would take longer than those of 4x4; nullptr if they do not.
inline const char* larger_tiles_unfit(const ConvGeometry& g) {
  const TileCount six(g, 6), four(g, 4);
  if (six.in_image() * six.products >= four.in_image() * four.products) return "as many products as winograd, or more";
  const bool few = g.batch * six.in_image() < kEnoughLargeTiles;
  return few ? "fewer than 12 tiles of 6x6: reading its weights takes longer than winograd" : nullptr;
}

/// Whether at least half of the tiles' outputs lie in the image.
inline bool mostly_inside(const ConvGeometry& g, int side) {
  return 2 * g.out_h * g.out_w >= TileCount(g, side).in_image() * side * side;
}

/// A task is `tiles` tiles in a row, counted through all images, whose transforms stay in the second-level cache, and a
/// group of output channels: several where there are too few tiles to give every thread enough of them.
struct WinogradPlan {
  ConvGeometry g;
  int side;  ///< of a tile of outputs: 4 or 6
  int tiles_x, tiles_y, total, tiles;
  int channels;                    ///< of a group
  std::size_t x_stride, y_stride;  ///< floats from one of the matrices to the next: not a multiple of 4 KB, which
                                   ///< the first-level cache would keep in one and the same place
  int products() const { return products_of_tile(side); }  ///< matrices: of each pair of channels in a tile
  std::size_t x_size() const { return static_cast<std::size_t>(products()) * x_stride; }
  std::size_t y_size() const { return static_cast<std::size_t>(products()) * y_stride; }
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
inline WinogradPlan plan_tiles(const ConvGeometry& g, int side, int budget_bytes, int shares) {
  WinogradPlan p{};
  p.g = g;
  p.side = side;
  const TileCount count(g, side);
  p.tiles_x = count.x;
  p.tiles_y = count.y;
  p.total = g.batch * count.in_image();
  // Whole register tiles of 12 rows (AVX-512's). With more than eight of them, reading the weights no longer counts:
  // found on a Zen 5, as the budgets.
  const int most = std::clamp(budget_bytes / (p.products() * 4 * (g.in_c + g.out_c)) / 12 * 12, 12, 96);
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

/// Width of an output up to which a batch norm's sums are taken while the cache has it: a task is then whole rows of
/// tiles. Those of wider images would leave the second-level cache by far.
inline constexpr int kMomentWidth = 256;
inline bool takes_moments(const ConvGeometry& g) {
  return g.out_w <= kMomentWidth;
}

/// Floats of the rows that a row of tiles reads, where they are normalised first.
inline std::size_t normalised_rows(const ConvGeometry& g, int side) {
  return static_cast<std::size_t>(side + 2) * static_cast<std::size_t>(g.in_w) * static_cast<std::size_t>(g.in_c);
}

/// In training tasks are whole rows of tiles.
inline WinogradPlan plan_winograd(const ConvGeometry& g, int side, int threads, bool training) {
  WinogradPlan p = plan_tiles(g, side, winograd_tiles(), threads);
  if (!training) return p;
  if (takes_moments(g)) p.take(std::max(1, p.tiles / p.tiles_x) * p.tiles_x);
  p.work = normalised_rows(g, side);
  return p;
}

inline std::size_t winograd_weights(const ConvGeometry& g, int side) {
  return static_cast<std::size_t>(products_of_tile(side) * g.in_c) * static_cast<std::size_t>(g.out_c);
}

/// Both gradients, in parts of the batch.
struct WinogradGradientPlan {
  WinogradPlan tiles;
  int parts;
  std::size_t part_size;   ///< floats: the sums of all products, `sum_stride` apart, and the bias's
  std::size_t sum_stride;  ///< floats: a cache line more than a sum has, as x_stride

  /// Floats of the rows of the gradient that a row of tiles reads.
  std::size_t gradient_rows() const {
    return static_cast<std::size_t>(tiles.side) * static_cast<std::size_t>(tiles.g.out_w) *
           static_cast<std::size_t>(tiles.g.out_c);
  }
  int first_tile(int part) const { return part * tiles.g.batch / parts * tiles.tiles_x * tiles.tiles_y; }

  // Scratch, in floats: zeros, the transformed weights, the parts' sums (in whose place the weights with their channels
  // exchanged lie before), and what each thread has.
  std::size_t weights_at() const { return static_cast<std::size_t>(std::max(tiles.g.in_c, tiles.g.out_c)); }
  std::size_t sums_at() const { return weights_at() + winograd_weights(tiles.g, tiles.side); }
  std::size_t threads_at() const { return sums_at() + static_cast<std::size_t>(parts) * part_size; }
  std::size_t size(int threads) const { return threads_at() + static_cast<std::size_t>(threads) * tiles.thread_size(); }
};

inline std::size_t sum_stride(const ConvGeometry& g) {
  return static_cast<std::size_t>(g.in_c) * static_cast<std::size_t>(g.out_c) + 16;
}
/// Floats of the sums of a part of the batch.
inline std::size_t sums_of_part(const ConvGeometry& g, int side) {
  return static_cast<std::size_t>(products_of_tile(side)) * sum_stride(g) + static_cast<std::size_t>(g.out_c);
}

/// Where the forward pass takes tiles of 6x6 outputs the gradients do, too, unless these are few, or the sums of as
/// many parts as a batch may have too large: those of 64 products take longer to write than those of 36.
inline int gradient_side(const ConvGeometry& g, int forward_side) {
  const int parts = std::min(g.batch, kMostParts);
  const bool few = g.batch * TileCount(g, 6).in_image() < parts * kEnoughGradientTiles;
  const bool large = static_cast<std::size_t>(parts) * float_bytes(sums_of_part(g, 6)) > kPartSums;
  return few || large ? 4 : forward_side;
}

inline WinogradGradientPlan plan_winograd_gradient(const ConvGeometry& g, int forward_side) {
  const int side = gradient_side(g, forward_side);
  WinogradGradientPlan plan{};
  plan.sum_stride = sum_stride(g);
  plan.part_size = sums_of_part(g, side);
  plan.parts = parts_of_images(g.batch, plan.part_size);
  plan.tiles = plan_tiles(g, side, kWinogradGradientTiles, plan.parts);
  // The rows that are made for one row of tiles, of the gradient and of the input, and a pixel outside of the image.
  plan.tiles.work = plan.gradient_rows() + normalised_rows(g, side) + static_cast<std::size_t>(g.in_c);
  return plan;
}

/// Where a tile lies.
struct TilePlace {
  int image, y, x;  ///< of its first output pixel
};
inline TilePlace tile_at(const WinogradPlan& p, int index) {
  const int an_image = p.tiles_x * p.tiles_y;
  return {index / an_image, index % an_image / p.tiles_x * p.side, index % p.tiles_x * p.side};
}

}  // namespace lineament
