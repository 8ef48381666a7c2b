// Image files to Image and back. The format is known by the file's bytes, never by its name: many a .jpg is a PNG.
// Decoding and encoding are stb_image's and stb_image_write's; what they let pass (cut files, huge sizes) is checked
// here.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "lineament/image/geometry.hpp"
#include "lineament/image/image.hpp"

namespace LINEAMENT_API lineament {

/// Checked against the header, before any memory is set aside for the pixels.
struct DecodeLimits {
  std::uint64_t pixels = 100'000'000;  ///< width * height: 10,000 x 10,000, 300 MB as an Image
};

/// Decodes a JPEG, PNG, BMP or PNM (binary PGM, PPM) file to 8-bit RGB, upright: the EXIF orientation of a JPEG (and of
/// a PNG's eXIf chunk) is applied. Grey becomes r = g = b; 16-bit samples are reduced to 8 bits; a transparent pixel of
/// a PNG is laid over white. `name` stands in messages only. Bytes after the end of the picture are accepted. Throws
/// FormatError when the bytes are no such image, are cut short (if only by the end marker), or are damaged, and when
/// the picture has more pixels than `limits` allow. Safe to call from several threads.
Image decode_image(std::span<const std::uint8_t> bytes, std::string_view name, const DecodeLimits& limits = {});

/// An image, and how it was stored: `orientation` is EXIF's, 1 to 8, which has been applied to the image.
struct Photo {
  Image image;
  int orientation = 1;
};
Photo decode_photo(std::span<const std::uint8_t> bytes, std::string_view name, const DecodeLimits& limits = {});

/// The map from pixels of a photo as it is stored, `width` x `height`, to pixels of the upright one.
Affine upright_map(int orientation, int width, int height);

/// decode_image of the bytes of a file. Throws FileError if it cannot be read, FormatError as decode_image.
Image read_image(const std::filesystem::path& path, const DecodeLimits& limits = {});

/// Throws ArgumentError if the image is empty.
std::vector<std::uint8_t> encode_png(const Image& image);
/// `quality` from 1 to 100; above 90 colour is kept at full resolution. Throws ArgumentError if it is out of range, the
/// image is empty, or a side is longer than JPEG's 65,535.
std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality = 90);

/// Replace the file in one step (see write_file). Throw FileError if it cannot be written, ArgumentError as above.
void write_png(const std::filesystem::path& path, const Image& image);
void write_jpeg(const std::filesystem::path& path, const Image& image, int quality = 90);

}  // namespace lineament
