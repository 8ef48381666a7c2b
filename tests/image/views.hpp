// Bytes of pictures in every pixel format, put together one by one, and what lies at a pixel of them.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "bytes.hpp"
#include "lineament/image/image.hpp"
#include "lineament/image/view.hpp"

namespace lineament::test {

inline Image grey_noise(int width, int height, std::uint64_t seed) {
  Image image = noise(width, height, seed);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const std::uint8_t v = image.at(x, y).g;
      image.set(x, y, {v, v, v});
    }
  return image;
}

/// The bytes of one pixel.
inline Bytes packed_pixel(Color c, PixelFormat format) {
  switch (format) {
    case PixelFormat::rgb:
      return {c.r, c.g, c.b};
    case PixelFormat::bgr:
      return {c.b, c.g, c.r};
    case PixelFormat::rgba:
      return {c.r, c.g, c.b, static_cast<std::uint8_t>(c.r ^ c.g ^ 90)};
    case PixelFormat::bgra:
      return {c.b, c.g, c.r, static_cast<std::uint8_t>(c.r ^ c.g ^ 90)};
    default:
      return {c.g};
  }
}

/// A picture in a packed format, `padding` bytes of rubbish behind each row but the last in memory.
class PackedBytes {
 public:
  PackedBytes(const Image& image, PixelFormat format, int padding, bool upside_down)
      : width_(image.width()), height_(image.height()), format_(format), upside_down_(upside_down) {
    for (int i = 0; i < height_; ++i) {
      const int y = upside_down ? height_ - 1 - i : i;
      for (int x = 0; x < width_; ++x) {
        const Bytes pixel = packed_pixel(image.at(x, y), format);
        bytes_.insert(bytes_.end(), pixel.begin(), pixel.end());
      }
      row_ = row_ == 0 ? bytes_.size() : row_;
      if (i + 1 < height_) bytes_.insert(bytes_.end(), static_cast<std::size_t>(padding), 0x5A);
    }
    stride_ = static_cast<std::ptrdiff_t>(row_) + padding;
    padded_ = padding > 0;
    bytes_.shrink_to_fit();  // so that a sanitizer sees a byte too many
  }

  ImageView view() const {
    const std::uint8_t* const first = bytes_.data();
    if (upside_down_)
      return {.data = first + (height_ - 1) * stride_,
              .width = width_,
              .height = height_,
              .stride = -stride_,
              .format = format_};
    return {.data = first, .width = width_, .height = height_, .stride = padded_ ? stride_ : 0, .format = format_};
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  int width_, height_;
  PixelFormat format_;
  bool upside_down_, padded_ = false;
  std::size_t row_ = 0;
  std::ptrdiff_t stride_ = 0;
  Bytes bytes_;
};

/// Noise as nv12, nv21 or i420. The planes lie one behind the other as the rule says, or apart with strides of their
/// own.
class YuvBytes {
 public:
  YuvBytes(int width, int height, PixelFormat format, int padding, bool apart)
      : width_(width), height_(height), format_(format), padded_(padding > 0), apart_(apart) {
    const int columns = (width + 1) / 2, rows = (height + 1) / 2;
    stride_ = width + padding;
    const int half = (stride_ + 1) / 2;
    if (format != PixelFormat::i420)
      chroma_stride_ = apart ? 2 * columns + 3 : 2 * half;
    else
      chroma_stride_ = apart ? columns + 5 : half;
    luma_ = random_bytes(stride_ * height, 1);
    u_ = random_bytes(chroma_stride_ * rows, 2);
    v_ = random_bytes(format == PixelFormat::i420 ? chroma_stride_ * rows : 0, 3);
    all_ = join({luma_, u_, v_});
    all_.shrink_to_fit();
  }

  ImageView view() const {
    ImageView view{.data = apart_ ? luma_.data() : all_.data(), .width = width_, .height = height_, .format = format_};
    if (padded_) view.stride = stride_;
    if (!apart_) return view;
    view.chroma = u_.data();
    view.chroma_stride = chroma_stride_;
    if (format_ == PixelFormat::i420) view.chroma_v = v_.data();
    return view;
  }

  /// Of planes that are not apart.
  const Bytes& bytes() const { return all_; }

  /// Luma, u and v of a pixel.
  std::array<int, 3> at(int x, int y) const {
    const auto byte = [](const Bytes& plane, int i) { return static_cast<int>(plane[static_cast<std::size_t>(i)]); };
    const int luma = byte(luma_, y * stride_ + x), row = y / 2 * chroma_stride_;
    if (format_ == PixelFormat::i420) return {luma, byte(u_, row + x / 2), byte(v_, row + x / 2)};
    const int first = byte(u_, row + x / 2 * 2), second = byte(u_, row + x / 2 * 2 + 1);
    if (format_ == PixelFormat::nv21) return {luma, second, first};
    return {luma, first, second};
  }

 private:
  static Bytes random_bytes(int count, std::uint64_t seed) {
    Bytes bytes(static_cast<std::size_t>(count));
    Random random(seed);
    for (std::uint8_t& v : bytes) v = static_cast<std::uint8_t>(random.below(256));
    return bytes;
  }

  int width_, height_;
  PixelFormat format_;
  bool padded_, apart_;
  int stride_ = 0, chroma_stride_ = 0;
  Bytes luma_, u_, v_, all_;
};

}  // namespace lineament::test
