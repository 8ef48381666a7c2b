// Pictures and file bytes for the image tests.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "lineament/image/image.hpp"
#include "lineament/random.hpp"

namespace lineament::test {

using Bytes = std::vector<std::uint8_t>;

inline Bytes to_bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

inline Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

inline Bytes big32(std::uint32_t v) {
  return {static_cast<std::uint8_t>(v >> 24), static_cast<std::uint8_t>(v >> 16), static_cast<std::uint8_t>(v >> 8),
          static_cast<std::uint8_t>(v)};
}

inline Bytes little(std::uint32_t v, int count) {
  Bytes bytes;
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
  return bytes;
}

/// Smooth in x and y with a different course in each channel, so that a wrong turn or a swapped channel shows.
inline Image gradient(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      image.set(x, y,
                {static_cast<std::uint8_t>(255 * x / width), static_cast<std::uint8_t>(255 * y / height),
                 static_cast<std::uint8_t>(255 * (x + y) / (width + height))});
  return image;
}

inline Image noise(int width, int height, std::uint64_t seed) {
  Image image(width, height);
  Random random(seed);
  for (std::uint8_t& value : image.pixels()) value = static_cast<std::uint8_t>(random.below(256));
  return image;
}

/// The largest difference of two pixels' channels.
inline int largest_difference(const Image& a, const Image& b) {
  int most = 0;
  for (std::size_t i = 0; i < a.pixels().size(); ++i) {
    const int d = a.pixels()[i] - b.pixels()[i];
    most = d > most ? d : -d > most ? -d : most;
  }
  return most;
}

/// A chunk of a PNG file: length, type, data, checksum.
inline Bytes png_chunk(std::string_view type, const Bytes& data) {
  const Bytes body = join({to_bytes(type), data});
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const std::uint8_t b : body) {
    crc ^= b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) ? 0xEDB88320u ^ (crc >> 1) : crc >> 1;
  }
  return join({big32(static_cast<std::uint32_t>(data.size())), body, big32(~crc)});
}

/// A PNG file whose rows (each begun by its filter byte) are stored without compression.
inline Bytes png_file(std::uint32_t width, std::uint32_t height, int depth, int color, const Bytes& rows,
                      const Bytes& extra_chunks = {}) {
  std::uint32_t a = 1, b = 0;  // Adler-32
  for (const std::uint8_t v : rows) {
    a = (a + v) % 65521;
    b = (b + a) % 65521;
  }
  const auto size = static_cast<std::uint32_t>(rows.size());
  const Bytes zlib = join({{0x78, 0x01, 0x01}, little(size, 2), little(~size & 0xFFFFu, 2), rows, big32(b << 16 | a)});
  const Bytes header = join(
      {big32(width), big32(height), {static_cast<std::uint8_t>(depth), static_cast<std::uint8_t>(color), 0, 0, 0}});
  return join({to_bytes("\x89PNG\r\n\x1A\n"), png_chunk("IHDR", header), extra_chunks, png_chunk("IDAT", zlib),
               png_chunk("IEND", {})});
}

/// A 24-bit BMP file.
inline Bytes bmp_file(const Image& image) {
  const auto w = static_cast<std::uint32_t>(image.width()), h = static_cast<std::uint32_t>(image.height());
  const std::uint32_t row = (w * 3 + 3) / 4 * 4;
  Bytes bytes = join({to_bytes("BM"), little(54 + row * h, 4), little(0, 4), little(54, 4), little(40, 4), little(w, 4),
                      little(h, 4), little(1, 2), little(24, 2), little(0, 4), little(row * h, 4), Bytes(16, 0)});
  for (int y = image.height() - 1; y >= 0; --y) {
    for (int x = 0; x < image.width(); ++x) {
      const Color c = image.at(x, y);
      bytes.insert(bytes.end(), {c.b, c.g, c.r});
    }
    bytes.insert(bytes.end(), row - w * 3, 0);
  }
  return bytes;
}

inline Bytes ppm_file(const Image& image) {
  Bytes bytes = to_bytes("P6\n# made by a test\n" + std::to_string(image.width()) + " " +
                         std::to_string(image.height()) + "\n255\n");
  bytes.insert(bytes.end(), image.pixels().begin(), image.pixels().end());
  return bytes;
}

/// An EXIF block with the orientation as its second entry.
inline Bytes exif_block(int orientation, bool little_endian) {
  const auto number = [&](std::uint32_t v, int count) {
    Bytes bytes = little(v, count);
    return little_endian ? bytes : Bytes(bytes.rbegin(), bytes.rend());
  };
  return join({to_bytes(little_endian ? "II" : "MM"),
               number(42, 2),
               number(8, 4),
               number(2, 2),
               number(0x0100, 2),
               number(4, 2),
               number(1, 4),
               number(640, 4),
               number(0x0112, 2),
               number(3, 2),
               number(1, 4),
               number(static_cast<std::uint32_t>(orientation), 2),
               {0, 0},
               number(0, 4)});
}

/// `jpeg` with a segment put in after its start marker.
inline Bytes with_segment(const Bytes& jpeg, int marker, const Bytes& content) {
  const auto length = static_cast<std::uint32_t>(content.size() + 2);
  const Bytes head = {0xFF, static_cast<std::uint8_t>(marker), static_cast<std::uint8_t>(length >> 8),
                      static_cast<std::uint8_t>(length)};
  return join({Bytes(jpeg.begin(), jpeg.begin() + 2), head, content, Bytes(jpeg.begin() + 2, jpeg.end())});
}

inline Bytes with_exif(const Bytes& jpeg, const Bytes& exif) {
  return with_segment(jpeg, 0xE1, join({{'E', 'x', 'i', 'f', 0, 0}, exif}));
}

}  // namespace lineament::test
