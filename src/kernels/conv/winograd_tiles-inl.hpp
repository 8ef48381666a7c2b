// Tiles of images, found and transformed: what the forward pass and both gradients have in common. Compiled once for
// each instruction set.
#if defined(LINEAMENT_WINOGRAD_TILES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_WINOGRAD_TILES_INL
#undef LINEAMENT_WINOGRAD_TILES_INL
#else
#define LINEAMENT_WINOGRAD_TILES_INL
#endif

#include <algorithm>
#include <span>

#include "kernels/common/rows-inl.hpp"
#include "kernels/common/tile-inl.hpp"
#include "kernels/conv/winograd_passes-inl.hpp"
#include "kernels/conv/winograd_plan.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// Columns of the weights that lie together: what one register tile reads. Not PanelWidth, so that a group of 32
/// channels is whole panels.
inline HWY_ATTR int TransformedPanel() {
  return 2 * static_cast<int>(hn::Lanes(Floats()));
}

/// Images that tiles are cut from: of the input, or of a gradient. Rows may be made when they are read.
struct TileSource {
  GradientImages images;
  int offset_y, offset_x;                ///< of a tile's pixels from where it lies: padding
  NormFactors norm = {};                 ///< of an input that is normalised when it is read
  std::span<const NormTerm> added = {};  ///< to it then
};

/// One row: where it lies, or made in `work`.
inline HWY_ATTR const float* SourceRow(const TileSource& source, int image, int row, float* work) {
  const GradientImages& images = source.images;
  const float* lies = GradientRow(images, image, row, work);
  if (!source.norm) return lies;
  const auto width = static_cast<std::size_t>(images.width), channels = static_cast<std::size_t>(images.channels);
  NormalisePixels(source.norm, lies, width, channels, work);
  const auto at = static_cast<std::size_t>(lies - images.from.dy);
  for (const NormTerm& term : source.added) AddTerm(term, at, width, channels, work);
  return work;
}

/// Pointers to the kSide x kSide pixels of tiles; to zeros for those outside.
template <int kSide>
class PixelPointers {
 public:
  const float* at[kSide * kSide];

  PixelPointers(const TileSource& source, const float* zeros, float* work)
      : source_(source), zeros_(zeros), work_(work) {}

  HWY_ATTR void aim(const TilePlace& tile) {
    const GradientImages& images = source_.images;
    const int y = tile.y - source_.offset_y, x = tile.x - source_.offset_x;
    if (tile.image != image_ || y != y_) find_rows(tile.image, y);
    const float** to = at;
    for (int r = 0; r < kSide; ++r)
      for (int c = 0; c < kSide; ++c, ++to) {
        const bool inside = rows_[r] != nullptr && x + c >= 0 && x + c < images.width;
        *to = inside ? rows_[r] + static_cast<std::ptrdiff_t>(x + c) * images.channels : zeros_;
      }
  }

 private:
  HWY_ATTR void find_rows(int image, int y) {
    const GradientImages& images = source_.images;
    const std::ptrdiff_t size = std::ptrdiff_t{images.width} * images.channels;
    const float* before[kSide];
    std::copy_n(rows_, kSide, before);
    for (int r = 0; r < kSide; ++r) {
      const int row = y + r, had = row - y_;  // windows overlap: the rows of tiles above had some of these
      const bool inside = row >= 0 && row < images.height;
      if (image == image_ && had >= 0 && had < kSide)
        rows_[r] = before[had];
      else
        rows_[r] = inside ? SourceRow(source_, image, row, work_ + (row + kSide) % kSide * size) : nullptr;
    }
    image_ = image;
    y_ = y;
  }

  const TileSource& source_;
  const float* zeros_;
  float* work_;
  int image_ = -1, y_ = 0;
  const float* rows_[kSide] = {};
};

/// Tiles first … first + count - 1, and what reading them takes.
struct TileRun {
  int first, count;
  const float* zeros;
  float* work;  ///< for rows that are made
};

/// Transforms tiles of images into matrices {tile, channel}, `stride` floats apart: B^T x B from pixels of the input,
/// A dy A^T from those of the output's gradient. `sums`, if not nullptr, receives the sum of all pixels.
template <class Transform>
HWY_ATTR void TransformTiles(const WinogradPlan& p, const TileSource& source, const TileRun& run, float* to,
                             std::size_t stride, float* sums = nullptr) {
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d)), channels = source.images.channels;
  constexpr int kSide = Transform::kIn;
  PixelPointers<kSide> pixels(source, run.zeros, run.work);
  TwoPasses<Transform> passes;
  for (int i = 0; i < run.count; ++i) {
    pixels.aim(tile_at(p, run.first + i));
    for (int c = 0; c < channels; c += lanes) {
      float* place = to + static_cast<std::ptrdiff_t>(i) * channels + c;
      passes.run([&](int r, int s) HWY_ATTR { return hn::LoadU(d, pixels.at[r * kSide + s] + c); },
                 [&](int r, int s, Vector v) HWY_ATTR {
                   hn::StoreU(v, d, place + static_cast<std::size_t>(r * Transform::kOut + s) * stride);
                 });
      if (sums == nullptr) continue;
      Vector sum = hn::LoadU(d, sums + c);
      for (const float* pixel : pixels.at) sum = hn::Add(sum, hn::LoadU(d, pixel + c));
      hn::StoreU(sum, d, sums + c);
    }
  }
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
