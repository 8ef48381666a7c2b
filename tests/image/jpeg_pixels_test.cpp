// Two decoders of JPEG give one picture within rounding, and refuse the same files. Built without libjpeg-turbo there
// is only one, and what is held here is that it is asked.
#include "image/jpeg_pixels.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/image/file.hpp"

using namespace lineament;

namespace {

constexpr std::size_t kBlock = 1 << 26;

detail::Header header_of(const Image& image) {
  return {static_cast<std::uint64_t>(image.width()), static_cast<std::uint64_t>(image.height())};
}

}  // namespace

TEST_CASE("the decoder built in gives stb's pixels within rounding") {
  for (const int size : {40, 97, 192})
    for (const int quality : {30, 75, 95}) {
      const Image drawn = draw_face(3, static_cast<std::uint64_t>(quality), {.size = size}).image;
      const std::vector<std::uint8_t> bytes = encode_jpeg(drawn, quality);
      const detail::Decoded ours = detail::decode_jpeg(bytes, header_of(drawn), kBlock),
                            stbs = detail::stb_decode(bytes, 3, kBlock);
      REQUIRE(ours.pixels != nullptr);
      REQUIRE(stbs.pixels != nullptr);
      CHECK(ours.width == size);
      double sum = 0;
      int most = 0;
      const int count = size * size * 3;
      for (int i = 0; i < count; ++i) {
        const int difference =
            std::abs(ours.pixels[static_cast<std::size_t>(i)] - stbs.pixels[static_cast<std::size_t>(i)]);
        sum += difference;
        most = std::max(most, difference);
      }
      INFO("size " << size << ", quality " << quality << ", most " << most);
      CHECK(sum / count < 0.6);
      CHECK(most <= 12);  // chroma is enlarged in two ways
    }
}

TEST_CASE("what the one decoder complains about, the other has the last word on") {
  const Image drawn = draw_face(3, 1, {.size = 96}).image;
  std::vector<std::uint8_t> bytes = encode_jpeg(drawn, 80);
  for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 40; ++i) bytes[i] = 0x55;  // damage within the scan
  const detail::Decoded ours = detail::decode_jpeg(bytes, header_of(drawn), kBlock),
                        stbs = detail::stb_decode(bytes, 3, kBlock);
  CHECK((ours.pixels == nullptr) == (stbs.pixels == nullptr));
  if (const detail::Decoded turbo = detail::decode_jpeg_by_turbo(bytes, header_of(drawn));
      turbo.pixels == nullptr && stbs.pixels)
    CHECK(std::equal(ours.pixels.get(), ours.pixels.get() + 96 * 96 * 3, stbs.pixels.get()));
  CHECK(detail::decode_jpeg_by_turbo(bytes, {96, 96, 1, 4}).pixels == nullptr);  // CMYK is stb's
}
