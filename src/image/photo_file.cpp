// Recognising an image by its bytes, and the order of checks before and after it is decoded.
#include "lineament/image/photo_file.hpp"

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <string>
#include <utility>

#include "image/formats.hpp"
#include "image/jpeg_pixels.hpp"
#include "image/stb.hpp"
#include "lineament/error.hpp"

namespace lineament {
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

/// From pixels of the image to those of the photo. The stored pictures begin at one corner; where turning puts that to
/// the right or the bottom, the last pixel of the reduced one, which may reach beyond the photo, comes first.
Affine map_to_photo(const PhotoSize& photo, int reduced, int stored_width, int stored_height) {
  if (reduced == 1) return {};
  const bool on_side = photo.orientation >= 5;
  const auto scale = static_cast<float>(reduced), first = 0.5f * (scale - 1);  // outer edges of the first pixels meet
  const Affine whole =
      upright_map(photo.orientation, on_side ? photo.height : photo.width, on_side ? photo.width : photo.height);
  const Affine turned = upright_map(photo.orientation, stored_width, stored_height);
  return whole * Affine{scale, 0, first, 0, scale, first} * turned.inverse();
}

}  // namespace

int reduction_for(float pixels) {
  for (const int reduce : {8, 4, 2})
    if (pixels >= static_cast<float>(2 * reduce)) return reduce;
  return 1;
}

PhotoFile::Format PhotoFile::recognise(Bytes bytes, std::string_view name, const DecodeLimits& limits) {
  const Source s{bytes, name, limits};
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

PhotoFile::PhotoFile(Bytes bytes, std::string_view name, const DecodeLimits& limits)
    : bytes_(bytes), name_(name), limits_(limits), format_(recognise(bytes, name, limits)) {
  const Source source{bytes, name, limits};
  const auto header = format_ == Format::kJpeg  ? detail::scan_jpeg(source)
                      : format_ == Format::kPng ? detail::scan_png(source)
                      : format_ == Format::kBmp ? detail::scan_bmp(source)
                                                : detail::scan_pnm(source);
  size_ = {static_cast<int>(header.width), static_cast<int>(header.height), header.orientation};
  if (header.orientation >= 5) std::swap(size_.width, size_.height);
  components_ = header.components;
}

ReducedPhoto PhotoFile::decode(int reduce) const {
  if (reduce != 1 && reduce != 2 && reduce != 4 && reduce != 8)
    throw ArgumentError(
        {std::string(name_), "a photo cannot be reduced so", "1, 2, 4 or 8", std::to_string(reduce), ""});
  const Source source{bytes_, name_, limits_};
  if (format_ == Format::kPnm) return {detail::decode_pnm(source)};
  detail::Header header{static_cast<std::uint64_t>(size_.width), static_cast<std::uint64_t>(size_.height),
                        size_.orientation, components_};
  if (size_.orientation >= 5) std::swap(header.width, header.height);
  // Most of what a sound file can need: 16-bit RGBA doubled once while unpacking, and 4 MB for JPEGs of few, long rows.
  const std::size_t largest_block = header.width * header.height * 20 + bytes_.size() * 2 + (1u << 23);
  const int channels = format_ == Format::kPng ? 4 : 3;  // The fourth byte of a BMP's pixel is seldom meant as alpha.
  const auto picture = format_ == Format::kJpeg ? detail::decode_jpeg(bytes_, header, largest_block, reduce)
                                                : detail::stb_decode(bytes_, channels, largest_block);
  const auto r = static_cast<std::uint64_t>(picture.reduced);
  const bool as_announced = static_cast<std::uint64_t>(picture.width) == (header.width + r - 1) / r &&
                            static_cast<std::uint64_t>(picture.height) == (header.height + r - 1) / r;
  if (!picture.pixels || !as_announced) {
    const char* const names[] = {"JPEG", "PNG", "BMP"};
    source.reject_damaged(names[static_cast<int>(format_)], "its picture data cannot be decoded");
  }
  return {upright(picture, channels, header.orientation), picture.reduced,
          map_to_photo(size_, picture.reduced, picture.width, picture.height)};
}

}  // namespace lineament
