// Thousands of damaged files: a decoder may say no or give a picture, and nothing else.
#include <algorithm>

#include "bytes.hpp"
#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/image/file.hpp"

using namespace lineament;
using namespace lineament::test;

namespace {

void damage(Bytes& bytes, Random& random) {
  const std::uint32_t changes = 1 + random.below(4);
  for (std::uint32_t i = 0; i < changes && !bytes.empty(); ++i) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    // Headers are a small part of a file and decide most, so half of the changes go there.
    const std::uint32_t at = random.chance(0.5f) ? random.below(std::min(size, 700u)) : random.below(size);
    const auto place = bytes.begin() + at;
    switch (random.below(6)) {
      case 0:
        *place = static_cast<std::uint8_t>(random.below(256));
        break;
      case 1:
        *place ^= static_cast<std::uint8_t>(1u << random.below(8));
        break;
      case 2:
        *place = random.chance(0.5f) ? 0xFF : 0x00;
        break;
      case 3:
        bytes.erase(place, place + std::min(size - at, 1 + random.below(8)));
        break;
      case 4:
        bytes.insert(place, 1 + random.below(8), static_cast<std::uint8_t>(random.below(256)));
        break;
      default:
        std::copy_n(bytes.begin() + random.below(size), 1, place);
        break;
    }
  }
}

/// PNG's checksums would catch nearly every change before the decoder sees it, so they are made right again.
void mend_checksums(Bytes& png) {
  Bytes mended(png.begin(), png.begin() + std::min<std::ptrdiff_t>(8, static_cast<std::ptrdiff_t>(png.size())));
  for (std::size_t at = 8; at + 12 <= png.size();) {
    const std::size_t length = png[at] << 24 | png[at + 1] << 16 | png[at + 2] << 8 | png[at + 3];
    if (length > png.size() - at - 12) break;
    const auto begin = png.begin() + static_cast<std::ptrdiff_t>(at);
    const std::string type(begin + 4, begin + 8);
    mended = join({mended, png_chunk(type, Bytes(begin + 8, begin + 8 + static_cast<std::ptrdiff_t>(length)))});
    at += 12 + length;
  }
  png = mended;
}

}  // namespace

TEST_CASE("damaged files are rejected or decoded, never anything else") {
  const Image image = gradient(24, 17);
  Bytes bmp32 = bmp_file(image);
  bmp32[28] = 16;  // 16 bits a pixel with default masks: another branch of the decoder.
  const std::vector<Bytes> originals = {
      encode_jpeg(image, 90),
      with_exif(encode_jpeg(image, 95), exif_block(6, true)),
      encode_png(image),
      png_file(4, 2, 8, 3, {0, 0, 1, 2, 1, 0, 1, 1, 2, 0}, png_chunk("PLTE", {1, 2, 3, 4, 5, 6, 7, 8, 9})),
      bmp_file(image),
      bmp32,
      ppm_file(image)};
  const DecodeLimits limits{1'000'000};  // Keeps a grown size from making the test slow.
  int decoded = 0, rejected = 0;
  for (std::size_t kind = 0; kind < originals.size(); ++kind)
    for (std::uint64_t i = 0; i < 2000; ++i) {
      Random random(20, kind, i);
      Bytes bytes = originals[kind];
      damage(bytes, random);
      if (kind == 2 || kind == 3) mend_checksums(bytes);
      try {
        const Image result = decode_image(bytes, "damaged", limits);
        if (result.width() <= 0 || result.height() <= 0 ||
            result.pixels().size() !=
                static_cast<std::size_t>(result.width()) * static_cast<std::size_t>(result.height()) * 3)
          FAIL("no valid image: kind " << kind << ", number " << i);
        ++decoded;
      } catch (const FormatError& error) {
        if (std::string_view(error.what()).substr(0, 9) != "damaged: ")
          FAIL("message without a name: " << error.what());
        ++rejected;
      }
    }
  CHECK(decoded > 1000);
  CHECK(rejected > 1000);
}
