// Recognising an image by its bytes, and the order of checks before and after it is decoded.
#include "lineament/image/file.hpp"

#include <algorithm>
#include <cstring>
#include <initializer_list>

#include "image/formats.hpp"
#include "image/jpeg_pixels.hpp"
#include "image/stb.hpp"
#include "lineament/file.hpp"

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

using detail::Bytes;
using detail::Source;

bool starts_with(Bytes bytes, std::string_view magic, std::size_t at = 0) {
  return bytes.size() >= at + magic.size() && std::memcmp(bytes.data() + at, magic.data(), magic.size()) == 0;
}

/// What a file that cannot be decoded seems to be, for the message.
std::string guess_content(Bytes bytes) {
  if (starts_with(bytes, "GIF8")) return "a GIF";
  if (starts_with(bytes, "RIFF") && starts_with(bytes, "WEBP", 8)) return "a WebP";
  if (starts_with(bytes, std::string_view("II*\0", 4)) || starts_with(bytes, std::string_view("MM\0*", 4)))
    return "a TIFF";
  if (starts_with(bytes, "ftyp", 4)) return "a HEIC, AVIF or video file";
  if (starts_with(bytes, "%PDF")) return "a PDF";
  if (starts_with(bytes, "PK\3\4")) return "a ZIP archive";
  const Bytes head = bytes.first(std::min<std::size_t>(bytes.size(), 64));
  const bool text = std::all_of(head.begin(), head.end(), [](int c) { return c >= 32 || (c >= '\t' && c <= '\r'); });
  if (text) return starts_with(bytes, "<") ? "HTML or XML text" : "text";
  return "something else";
}

enum class Format { kJpeg, kPng, kBmp, kPnm };

Format recognise(const Source& s) {
  using namespace std::string_view_literals;
  if (s.bytes.empty())
    s.reject("is empty", "a JPEG, PNG, BMP or binary PNM image", "0 bytes", "copy or download it again");
  if (starts_with(s.bytes, "\xFF\xD8"sv)) return Format::kJpeg;
  if (starts_with(s.bytes, "\x89PNG\r\n\x1A\n"sv)) return Format::kPng;
  if (starts_with(s.bytes, "BM"sv) && s.has(0, 18))
    for (const std::uint32_t header_size : {12u, 40u, 56u, 108u, 124u})
      if (s.little32(14) == header_size) return Format::kBmp;
  if ((starts_with(s.bytes, "P5"sv) || starts_with(s.bytes, "P6"sv)) && s.has(0, 3) &&
      (s.bytes[2] == ' ' || s.bytes[2] == '#' || (s.bytes[2] >= '\t' && s.bytes[2] <= '\r')))
    return Format::kPnm;
  if (starts_with(s.bytes, "\x89PNG"sv))
    s.reject_damaged("PNG", "its signature is wrong, as after a transfer in text mode");
  s.reject("is not an image that can be read", "a JPEG, PNG, BMP or binary PNM", guess_content(s.bytes),
           "convert it to JPEG or PNG, or leave it out");
}

std::uint8_t over_white(int value, int alpha) {
  return static_cast<std::uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

/// Copies stb's pixels to an Image, turned and mirrored as EXIF's `orientation` says. (x, y) of the result comes from
/// the source pixel `origin + x * right + y * down`.
Image upright(const detail::Decoded& picture, int channels, int orientation) {
  const std::ptrdiff_t w = picture.width, h = picture.height;
  const std::ptrdiff_t left = 0, last_x = w - 1, top = 0, last_y = (h - 1) * w;
  std::ptrdiff_t origin = 0, right = 1, down = w;
  switch (orientation) {
    case 2:
      origin = last_x + top, right = -1, down = w;
      break;
    case 3:
      origin = last_x + last_y, right = -1, down = -w;
      break;
    case 4:
      origin = left + last_y, right = 1, down = -w;
      break;
    case 5:
      origin = left + top, right = w, down = 1;
      break;
    case 6:
      origin = left + last_y, right = -w, down = 1;
      break;
    case 7:
      origin = last_x + last_y, right = -w, down = -1;
      break;
    case 8:
      origin = last_x + top, right = w, down = -1;
      break;
    default:
      break;
  }
  Image image = orientation >= 5 ? Image(picture.height, picture.width) : Image(picture.width, picture.height);
  for (int y = 0; y < image.height(); ++y) {
    std::uint8_t* out = image.row(y);
    const std::uint8_t* in = picture.pixels.get() + (origin + y * down) * channels;
    for (int x = 0; x < image.width(); ++x, out += 3) {
      const std::uint8_t* p = in + x * right * channels;
      for (int c = 0; c < 3; ++c) out[c] = channels == 4 && p[3] != 255 ? over_white(p[c], p[3]) : p[c];
    }
  }
  return image;
}

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
  const Source source{bytes, name, limits};
  const Format format = recognise(source);
  if (format == Format::kPnm) return {detail::decode_pnm(source)};
  const auto header = format == Format::kJpeg  ? detail::scan_jpeg(source)
                      : format == Format::kPng ? detail::scan_png(source)
                                               : detail::scan_bmp(source);
  // Most of what a sound file can need: 16-bit RGBA doubled once while unpacking, and 4 MB for JPEGs of few, long rows.
  const std::size_t largest_block = header.width * header.height * 20 + bytes.size() * 2 + (1u << 23);
  const int channels = format == Format::kPng ? 4 : 3;  // The fourth byte of a BMP's pixel is seldom meant as alpha.
  const auto picture = format == Format::kJpeg ? detail::decode_jpeg(bytes, header, largest_block)
                                               : detail::stb_decode(bytes, channels, largest_block);
  const bool as_announced = static_cast<std::uint64_t>(picture.width) == header.width &&
                            static_cast<std::uint64_t>(picture.height) == header.height;
  if (!picture.pixels || !as_announced) {
    const char* const names[] = {"JPEG", "PNG", "BMP"};
    source.reject_damaged(names[static_cast<int>(format)], "its picture data cannot be decoded");
  }
  return {upright(picture, channels, header.orientation), header.orientation};
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
