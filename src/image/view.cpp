// What a view must be to be read, and a copy of what it shows.
#include "lineament/image/view.hpp"

#include <string>

#include "image/pixel_rows.hpp"
#include "lineament/error.hpp"
#include "lineament/image/image.hpp"

namespace lineament {
namespace {

constexpr int kLongestSide = 1 << 24;
/// why: so that the product with a side fits.
constexpr std::ptrdiff_t kLargestStride = std::ptrdiff_t{1} << 38;

bool is_yuv(const ImageView& view) {
  return view.format == PixelFormat::nv12 || view.format == PixelFormat::nv21 || view.format == PixelFormat::i420;
}

int bytes_of_pixel(PixelFormat format) {
  switch (format) {
    case PixelFormat::rgb:
    case PixelFormat::bgr:
      return 3;
    case PixelFormat::rgba:
    case PixelFormat::bgra:
      return 4;
    case PixelFormat::grey:
    case PixelFormat::nv12:
    case PixelFormat::nv21:
    case PixelFormat::i420:
      return 1;
  }
  throw ArgumentError(
      {"picture", "there is no such pixel format", "one of PixelFormat", std::to_string(static_cast<int>(format)), ""});
}

void check_size(const ImageView& view) {
  const std::string got = std::to_string(view.width) + " x " + std::to_string(view.height);
  if (view.width <= 0 || view.height <= 0)
    throw ArgumentError({"picture", "it has no pixels", "a width and height above 0", got, ""});
  if (view.width > kLongestSide || view.height > kLongestSide)
    throw ArgumentError({"picture", "it is too large", "sides of at most " + std::to_string(kLongestSide), got, ""});
  if (static_cast<std::uint64_t>(view.width) * static_cast<std::uint64_t>(view.height) > Image::kMostPixels)
    throw ArgumentError(
        {"picture", "it is too large", "at most " + std::to_string(Image::kMostPixels) + " pixels", got, ""});
}

/// `name` is "stride" or "stride of chroma".
void check_stride(const std::string& name, std::ptrdiff_t stride, std::ptrdiff_t row, bool may_be_negative) {
  const std::string got = std::to_string(stride) + " bytes";
  if (stride < 0 && !may_be_negative)
    throw ArgumentError({"picture", "its " + name + " is negative", "at least " + std::to_string(row) + " bytes", got,
                         "only packed formats may have the bottom row first"});
  if (stride > -row && stride < row)
    throw ArgumentError({"picture", "its " + name + " is less than a row", "at least " + std::to_string(row) + " bytes",
                         got, "0 stands for rows that follow each other"});
  if (stride > kLargestStride || stride < -kLargestStride)
    throw ArgumentError(
        {"picture", "its " + name + " is too large", "at most " + std::to_string(kLargestStride) + " bytes", got, ""});
}

}  // namespace

ImageView completed(const ImageView& view) {
  check_size(view);
  if (view.data == nullptr) throw ArgumentError({"picture", "it has no data", "", "a null pointer", ""});
  if (view.colors < YuvColors::bt601 || view.colors > YuvColors::bt709_full)
    throw ArgumentError({"picture", "there are no such colours", "one of YuvColors",
                         std::to_string(static_cast<int>(view.colors)), ""});
  ImageView all = view;
  const auto row = static_cast<std::ptrdiff_t>(view.width) * bytes_of_pixel(view.format);
  if (view.stride == 0) all.stride = row;
  check_stride("stride", all.stride, row, !is_yuv(view));
  if (!is_yuv(view)) return all;

  const bool in_pairs = view.format != PixelFormat::i420;
  const std::ptrdiff_t columns = (view.width + 1) / 2, rows = (view.height + 1) / 2;
  if (view.chroma_stride == 0) all.chroma_stride = (all.stride + 1) / 2 * (in_pairs ? 2 : 1);
  check_stride("stride of chroma", all.chroma_stride, columns * (in_pairs ? 2 : 1), false);
  if (view.chroma == nullptr) {
    if (!in_pairs && view.chroma_v != nullptr)
      throw ArgumentError({"picture", "it has a plane of v but none of u", "both or none", "", ""});
    all.chroma = view.data + view.height * all.stride;
  }
  if (view.chroma_v == nullptr) all.chroma_v = all.chroma + rows * all.chroma_stride;
  return all;
}

void check(const ImageView& view) {
  completed(view);
}

Image to_image(const ImageView& view) {
  const ImageView all = completed(view);
  Image image(all.width, all.height);
  for (int y = 0; y < all.height; ++y) read_rgb(all, 0, y, all.width, image.row(y));
  return image;
}

}  // namespace lineament
