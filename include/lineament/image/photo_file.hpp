// A photo's file before its pixels are decoded: how large it is, and decoding it no larger than it is wanted. A crop of
// 128 pixels does not need the 12 million of a camera: libjpeg-turbo decodes them at a half, a quarter or an eighth of
// the photo's sides for less time and memory.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/image/file.hpp"
#include "lineament/image/geometry.hpp"
#include "lineament/image/image.hpp"

namespace LINEAMENT_API lineament {

/// Of an upright photo, pixels; `orientation` is EXIF's, 1 to 8: how it is stored.
struct PhotoSize {
  int width = 0, height = 0;
  int orientation = 1;
};

/// How far a photo may be reduced where `pixels` of its pixels, across, become one: the largest of 1, 2, 4 and 8 that
/// leaves 2 of them. Why 2: the mean over at least 2 x 2 pixels is then what decides how sharp the result is, and not
/// the decoder's own way of reducing; the reduced photo holds twice the detail that the result can show.
int reduction_for(float pixels);

/// A photo, perhaps smaller than it is stored. Its image is upright.
struct ReducedPhoto {
  Image image;
  int reduced = 1;    ///< 1, 2, 4 or 8: each pixel stands for so many of the photo, across and down
  Affine to_photo{};  ///< from pixels of `image` to pixels of the photo, centres at integers in both
};

/// An image file that has passed every check there is without decoding it.
class PhotoFile {
 public:
  /// Throws as decode_image, but for damage that only decoding shows. `bytes` and `name` must outlive this object.
  PhotoFile(std::span<const std::uint8_t> bytes, std::string_view name, const DecodeLimits& limits = {});

  const PhotoSize& size() const noexcept { return size_; }

  /// decode_image, with sides of 1 / `reduce` (rounded up) where that saves work: for JPEG, built with libjpeg-turbo
  /// (LINEAMENT_JPEG=turbo). Elsewhere, and for pictures below 8 pixels, at full size. Throws ArgumentError unless
  /// `reduce` is 1, 2, 4 or 8, and FormatError as decode_image. Safe to call from several threads.
  ReducedPhoto decode(int reduce = 1) const;

 private:
  enum class Format { kJpeg, kPng, kBmp, kPnm };
  static Format recognise(std::span<const std::uint8_t> bytes, std::string_view name, const DecodeLimits& limits);

  std::span<const std::uint8_t> bytes_;
  std::string_view name_;
  DecodeLimits limits_;
  Format format_;
  PhotoSize size_;
  int components_ = 3;
};

}  // namespace lineament
