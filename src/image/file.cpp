// What is refused of files that scanners look at, whole images of files and files of images.
#include "lineament/image/file.hpp"

#include "image/formats.hpp"
#include "image/stb.hpp"
#include "lineament/file.hpp"
#include "lineament/image/photo_file.hpp"

namespace lineament {
namespace detail {

void Source::reject(std::string what, std::string wanted, std::string got, std::string fix) const {
  throw FormatError({std::string(name), std::move(what), std::move(wanted), std::move(got), std::move(fix)});
}

void Source::reject_cut(const char* format, const char* wanted) const {
  reject(std::string("is a ") + format + " that has been cut short", wanted,
         "the end of the file after " + std::to_string(bytes.size()) + " bytes", "copy or download it again");
}

void Source::reject_damaged(const char* format, std::string what) const {
  reject(std::string("is a damaged ") + format + ": " + what, {}, {}, "copy or download it again");
}

void Source::check_size(std::uint64_t width, std::uint64_t height) const {
  const std::string size = std::to_string(width) + " x " + std::to_string(height) + " pixels";
  if (width == 0 || height == 0) reject("has no pixels", "", size, "copy or download it again");
  constexpr std::uint64_t kSide = 1u << 24;  // stb_image's own limit for a side.
  if (width > kSide || height > kSide || width * height > limits.pixels)
    reject("is too large", "at most " + std::to_string(limits.pixels) + " pixels", size,
           "make it smaller, or raise the limit if the file is sound (DecodeLimits; --max-pixels)");
}

}  // namespace detail

namespace {

void check_encodable(const Image& image, std::uint64_t longest_side) {
  const auto w = static_cast<std::uint64_t>(image.width()), h = static_cast<std::uint64_t>(image.height());
  if (image.empty()) throw ArgumentError({"", "an empty image cannot be written as a file", "", "", ""});
  constexpr std::uint64_t kBytes = 1u << 30;  // stb counts in int.
  if (w > longest_side || h > longest_side || (w * 3 + 1) * h > kBytes)
    throw ArgumentError({"", "the image is too large to be written as a file", "",
                         std::to_string(w) + " x " + std::to_string(h) + " pixels", "make it smaller"});
}

}  // namespace

Photo decode_photo(std::span<const std::uint8_t> bytes, std::string_view name, const DecodeLimits& limits) {
  const PhotoFile file(bytes, name, limits);
  return {file.decode().image, file.size().orientation};
}

Image decode_image(std::span<const std::uint8_t> bytes, std::string_view name, const DecodeLimits& limits) {
  return decode_photo(bytes, name, limits).image;
}

Affine upright_map(int orientation, int width, int height) {
  const auto right = static_cast<float>(width - 1), bottom = static_cast<float>(height - 1);
  switch (orientation) {
    case 2:
      return {-1, 0, right, 0, 1, 0};
    case 3:
      return {-1, 0, right, 0, -1, bottom};
    case 4:
      return {1, 0, 0, 0, -1, bottom};
    case 5:
      return {0, 1, 0, 1, 0, 0};
    case 6:
      return {0, -1, bottom, 1, 0, 0};
    case 7:
      return {0, -1, bottom, -1, 0, right};
    case 8:
      return {0, 1, 0, -1, 0, right};
    default:
      return {};
  }
}

Image read_image(const std::filesystem::path& path, const DecodeLimits& limits) {
  return decode_image(read_file(path), path.string(), limits);
}

std::vector<std::uint8_t> encode_png(const Image& image) {
  check_encodable(image, 1u << 24);
  return detail::stb_encode_png(image.pixels().data(), image.width(), image.height());
}

std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality) {
  if (quality < 1 || quality > 100)
    throw ArgumentError({"", "the JPEG quality is out of range", "1 to 100", std::to_string(quality), ""});
  check_encodable(image, 65535);
  return detail::stb_encode_jpeg(image.pixels().data(), image.width(), image.height(), quality);
}

void write_png(const std::filesystem::path& path, const Image& image) {
  write_file(path, encode_png(image));
}

void write_jpeg(const std::filesystem::path& path, const Image& image, int quality) {
  write_file(path, encode_jpeg(image, quality));
}

}  // namespace lineament
