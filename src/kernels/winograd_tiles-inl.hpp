// Tiles of pictures, found and transformed: what the forward pass and both gradients have in common. Compiled once for
// each instruction set.
#if defined(LINEAMENT_WINOGRAD_TILES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_WINOGRAD_TILES_INL
#undef LINEAMENT_WINOGRAD_TILES_INL
#else
#define LINEAMENT_WINOGRAD_TILES_INL
#endif

#include "kernels/rows-inl.hpp"
#include "kernels/tile-inl.hpp"
#include "kernels/winograd-inl.hpp"
#include "kernels/winograd_plan.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// Columns of the weights that lie together: what one register tile reads.
inline HWY_ATTR int PanelWidth() {
  return 2 * static_cast<int>(hn::Lanes(Floats()));
}

/// Pictures that tiles are cut from.
struct Pictures {
  ConvGradient values;  ///< what they hold; a gradient whose rows are made when they are read, or just dy
  int height, width, channels;
  int offset_y, offset_x;  ///< of a tile's pixels from where it lies: padding
};

/// Pointers to the kSide x kSide pixels of tiles; to zeros for those outside.
template <int kSide>
class PixelPointers {
 public:
  const float* at[kSide * kSide];

  PixelPointers(const Pictures& pictures, const float* zeros, float* room)
      : pictures_(pictures), zeros_(zeros), room_(room) {}

  HWY_ATTR void aim(const Tile4& tile) {
    const Pictures& p = pictures_;
    const int y = tile.y - p.offset_y, x = tile.x - p.offset_x;
    if (tile.image != image_ || y != y_) find_rows(tile.image, y);
    const float** to = at;
    for (int r = 0; r < kSide; ++r)
      for (int c = 0; c < kSide; ++c, ++to) {
        const bool inside = rows_[r] != nullptr && x + c >= 0 && x + c < p.width;
        *to = inside ? rows_[r] + static_cast<std::ptrdiff_t>(x + c) * p.channels : zeros_;
      }
  }

 private:
  HWY_ATTR void find_rows(int image, int y) {
    const Pictures& p = pictures_;
    image_ = image;
    y_ = y;
    for (int r = 0; r < kSide; ++r) {
      const bool inside = y + r >= 0 && y + r < p.height;
      rows_[r] = inside ? GradientRow(p.values, image, y + r, p.height, p.width, p.channels,
                                      room_ + static_cast<std::ptrdiff_t>(r) * p.width * p.channels)
                        : nullptr;
    }
  }

  const Pictures& pictures_;
  const float* zeros_;
  float* room_;
  int image_ = -1, y_ = 0;
  const float* rows_[kSide];
};

/// Transforms tiles first … first + count - 1 of pictures into 36 matrices {tile, channel}: B^T x B from 6x6 pixels of
/// the input, A dy A^T from 4x4 of the output's gradient. `sums`, if not nullptr, receives the sum of all pixels.
template <class Transform>
HWY_ATTR void TransformTiles(const WinogradPlan& p, const Pictures& pictures, int first, int count, const float* zeros,
                             float* room, float* to, std::size_t stride, float* sums = nullptr) {
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  constexpr int kSide = Transform::kIn;
  PixelPointers<kSide> pixels(pictures, zeros, room);
  for (int i = 0; i < count; ++i) {
    pixels.aim(tile_at(p, first + i));
    for (int c = 0; c < pictures.channels; c += lanes) {
      Vector in[kSide * kSide], out[kProducts];
#pragma GCC unroll 36
      for (int k = 0; k < kSide * kSide; ++k) in[k] = hn::LoadU(d, pixels.at[k] + c);
      if (sums != nullptr) {
        Vector sum = hn::LoadU(d, sums + c);
#pragma GCC unroll 36
        for (int k = 0; k < kSide * kSide; ++k) sum = hn::Add(sum, in[k]);
        hn::StoreU(sum, d, sums + c);
      }
      Sandwich<Transform>(in, out);
      float* place = to + static_cast<std::ptrdiff_t>(i) * pictures.channels + c;
#pragma GCC unroll 36
      for (int k = 0; k < kProducts; ++k) hn::StoreU(out[k], d, place + static_cast<std::size_t>(k) * stride);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#endif
