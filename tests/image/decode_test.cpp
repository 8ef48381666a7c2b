// Decoding: each format, each kind of sample, EXIF's eight orientations, and everything that must be rejected.
#include <cstdlib>

#include "bytes.hpp"
#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/image/file.hpp"

using namespace lineament;
using namespace lineament::test;
using Catch::Matchers::Contains;

namespace {

const Image kPicture = gradient(40, 24);

/// The message, or "" if the bytes decode.
std::string message(const Bytes& bytes, const DecodeLimits& limits = {}) {
  try {
    decode_image(bytes, "face.jpg", limits);
  } catch (const FormatError& error) {
    return error.what();
  }
  return "";
}

Bytes cut(const Bytes& bytes, std::size_t count) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace

TEST_CASE("lossless formats come back as they were") {
  const Image odd = noise(7, 5, 1);  // BMP pads the rows of 21 bytes.
  for (const Bytes& bytes : {encode_png(odd), bmp_file(odd), ppm_file(odd)}) {
    const Image back = decode_image(bytes, "x");
    REQUIRE(back.width() == 7);
    REQUIRE(back.height() == 5);
    CHECK(largest_difference(back, odd) == 0);
  }
}

TEST_CASE("a JPEG comes back close to what it was, closer at higher quality") {
  const Image back = decode_image(encode_jpeg(kPicture), "x");
  REQUIRE(back.width() == 40);
  REQUIRE(back.height() == 24);
  CHECK(largest_difference(back, kPicture) < 24);
  const Image fine = noise(32, 32, 2);
  CHECK(largest_difference(decode_image(encode_jpeg(fine, 100), "x"), fine) <
        largest_difference(decode_image(encode_jpeg(fine, 30), "x"), fine));
  CHECK(encode_jpeg(fine, 30).size() < encode_jpeg(fine, 100).size());
}

TEST_CASE("every kind of PNG sample becomes 8-bit RGB") {
  SECTION("grey") {
    CHECK(decode_image(png_file(2, 1, 8, 0, {0, 10, 200}), "x").at(1, 0) == Color{200, 200, 200});
  }
  SECTION("1-bit grey") {
    const Image image = decode_image(png_file(2, 1, 1, 0, {0, 0b01000000}), "x");
    CHECK(image.at(0, 0) == Color{0, 0, 0});
    CHECK(image.at(1, 0) == Color{255, 255, 255});
  }
  SECTION("grey with alpha is laid over white: 100 at 51/255 is 0.2 * 100 + 0.8 * 255 = 224") {
    CHECK(decode_image(png_file(1, 1, 8, 4, {0, 100, 51}), "x").at(0, 0) == Color{224, 224, 224});
  }
  SECTION("RGBA, opaque and fully transparent") {
    const Image image = decode_image(png_file(2, 1, 8, 6, {0, 1, 2, 3, 255, 1, 2, 3, 0}), "x");
    CHECK(image.at(0, 0) == Color{1, 2, 3});
    CHECK(image.at(1, 0) == Color{255, 255, 255});
  }
  SECTION("16-bit RGB and 16-bit grey") {
    CHECK(decode_image(png_file(1, 1, 16, 2, {0, 10, 99, 20, 99, 30, 99}), "x").at(0, 0) == Color{10, 20, 30});
    CHECK(decode_image(png_file(1, 1, 16, 0, {0, 77, 1}), "x").at(0, 0) == Color{77, 77, 77});
  }
  SECTION("palette") {
    const Bytes palette = png_chunk("PLTE", {9, 8, 7, 60, 50, 40});
    CHECK(decode_image(png_file(2, 1, 8, 3, {0, 1, 0}, palette), "x").at(0, 0) == Color{60, 50, 40});
  }
}

TEST_CASE("PNM in grey, in 16 bits and with a largest value of its own") {
  CHECK(decode_image(to_bytes("P5 2 1 255 \x0A\xFF"), "x").at(1, 0) == Color{255, 255, 255});
  CHECK(decode_image(to_bytes("P5\n2 1 # two\n100\n\x32\x64"), "x").at(0, 0) == Color{128, 128, 128});
  const Bytes wide = join({to_bytes("P6 1 1 65535\n"), {0x80, 0x80, 0xFF, 0xFF, 0, 0}});
  CHECK(decode_image(wide, "x").at(0, 0) == Color{128, 255, 0});
}

TEST_CASE("all eight EXIF orientations in both byte orders") {
  // Corners of the stored picture, in sRGB as JPEG keeps them well: A B above C D.
  Image stored(32, 16);
  const Color a{250, 10, 10}, b{10, 250, 10}, c{10, 10, 250}, d{240, 240, 240};
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 32; ++x) stored.set(x, y, y < 8 ? (x < 16 ? a : b) : (x < 16 ? c : d));
  // What stands at the top left, top right, bottom left, bottom right when the picture is upright.
  const std::vector<std::vector<Color>> upright = {{a, b, c, d}, {b, a, d, c}, {d, c, b, a}, {c, d, a, b},
                                                   {a, c, b, d}, {c, a, d, b}, {d, b, c, a}, {b, d, a, c}};
  const Bytes jpeg = encode_jpeg(stored, 95);
  for (int orientation = 1; orientation <= 8; ++orientation)
    for (const bool little_endian : {false, true}) {
      INFO("orientation " << orientation << (little_endian ? " II" : " MM"));
      const Image image = decode_image(with_exif(jpeg, exif_block(orientation, little_endian)), "x");
      REQUIRE(image.width() == (orientation >= 5 ? 16 : 32));
      REQUIRE(image.height() == (orientation >= 5 ? 32 : 16));
      const int right = image.width() - 3, bottom = image.height() - 3;
      const Color seen[] = {image.at(2, 2), image.at(right, 2), image.at(2, bottom), image.at(right, bottom)};
      for (std::size_t i = 0; i < 4; ++i) {
        const Color want = upright[static_cast<std::size_t>(orientation - 1)][i];
        CHECK(std::abs(seen[i].r - want.r) < 20);
        CHECK(std::abs(seen[i].g - want.g) < 20);
        CHECK(std::abs(seen[i].b - want.b) < 20);
      }
    }
}

TEST_CASE("orientation in a PNG, and EXIF that is broken or says nothing") {
  const Bytes turned = png_file(2, 1, 8, 0, {0, 10, 200}, png_chunk("eXIf", exif_block(6, true)));
  CHECK(decode_image(turned, "x").height() == 2);

  const Bytes jpeg = encode_jpeg(kPicture);
  for (const int value : {0, 9, 65535})
    CHECK(decode_image(with_exif(jpeg, exif_block(value, true)), "x").width() == 40);
  const Bytes exif = exif_block(6, false);
  for (std::size_t n = 0; n < 34; ++n)  // The value ends at byte 32 of 38.
    CHECK(decode_image(with_exif(jpeg, cut(exif, n)), "x").width() == 40);
  Bytes far = exif;
  far[4] = 0xFF;  // The directory would begin 4 GB further on.
  CHECK(decode_image(with_exif(jpeg, far), "x").width() == 40);
}

TEST_CASE("the end of a JPEG is its own end marker, not a thumbnail's, and what follows it is ignored") {
  const Bytes jpeg = encode_jpeg(kPicture);
  const Bytes thumbnail = with_exif(jpeg, join({exif_block(1, true), encode_jpeg(gradient(8, 8))}));
  CHECK(message(thumbnail).empty());
  CHECK_THAT(message(cut(thumbnail, thumbnail.size() - 2)), Contains("cut short"));
  CHECK_THAT(message(cut(thumbnail, thumbnail.size() - 1)), Contains("cut short"));
  CHECK(message(join({jpeg, Bytes(1000, 0)})).empty());
  CHECK(message(join({jpeg, jpeg})).empty());
}

TEST_CASE("every file cut anywhere is rejected") {
  const Image small = noise(9, 6, 3);
  for (const Bytes& bytes : {encode_jpeg(small), encode_png(small), bmp_file(small), ppm_file(small)})
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      const std::string text = message(cut(bytes, n));
      if (text.empty()) FAIL("accepted after " << n << " of " << bytes.size() << " bytes");
      if (text.find('\n') != std::string::npos) FAIL("more than one line: " << text);
    }
}

TEST_CASE("bad files give one clear line") {
  CHECK(message({}) ==
        "face.jpg: is empty (wanted a JPEG, PNG, BMP or binary PNM image, got 0 bytes); copy or download it "
        "again");
  CHECK(message(to_bytes("Dear Sir, here is the photo.")) ==
        "face.jpg: is not an image that can be read (wanted a JPEG, PNG, BMP or binary PNM, got text); convert it to "
        "JPEG "
        "or PNG, or leave it out");
  CHECK_THAT(message(to_bytes("GIF89a......")), Contains("got a GIF"));
  CHECK_THAT(message(to_bytes("<!DOCTYPE html>")), Contains("HTML"));
  CHECK_THAT(message(to_bytes("\x89PNG\n\x1A\n...")), Contains("signature"));

  const Bytes jpeg = encode_jpeg(kPicture);
  const Bytes header_only = {0xFF, 0xD8, 0xFF, 0xE0};
  CHECK_THAT(message(header_only), Contains("face.jpg: is a JPEG that has been cut short"));
  CHECK_THAT(message({0xFF, 0xD8, 0xFF, 0xD9}), Contains("before any picture data"));

  // A signature and an IHDR chunk of 100,000 x 100,000 pixels, and nothing else.
  const Bytes huge =
      join({to_bytes("\x89PNG\r\n\x1A\n"), png_chunk("IHDR", join({big32(100000), big32(100000), {8, 2, 0, 0, 0}}))});
  CHECK(message(huge) ==
        "face.jpg: is too large (wanted at most 100000000 pixels, got 100000 x 100000 pixels); make it "
        "smaller, or raise the limit if the file is sound (DecodeLimits; --max-pixels)");
}

TEST_CASE("the limit counts pixels and holds for every format") {
  const Image image = noise(10, 10, 4);
  for (const Bytes& bytes : {encode_jpeg(image), encode_png(image), bmp_file(image), ppm_file(image)}) {
    CHECK(message(bytes, {100}).empty());
    CHECK_THAT(message(bytes, {99}), Contains("too large"));
  }
  CHECK_THAT(message(to_bytes("P6 4294967295 4294967295 255 ")), Contains("too large"));
  CHECK_THAT(message(to_bytes("P6 99999999999999999999 1 255 ")), Contains("damaged"));
  CHECK_THAT(message(to_bytes("P6 0 1 255 ")), Contains("no pixels"));
}

TEST_CASE("damage that would still decode is found") {
  Bytes png = encode_png(kPicture);
  png[png.size() - 30] ^= 1;  // Inside the picture data.
  CHECK_THAT(message(png), Contains("checksum"));
  // 16 lengths of 255 codes each: stb_image 2.27 would write them all into 257 places.
  const Bytes codes = join({{0x00}, Bytes(16, 255), Bytes(16 * 255, 1)});
  CHECK_THAT(message(with_segment(encode_jpeg(kPicture), 0xC4, codes)), Contains("Huffman"));
}

TEST_CASE("a small PNG cannot unpack without end") {
  // A grey PNG of one row whose data are a zero and then `matches` repetitions of 258 zeros, 13 bits each (RFC
  // 1951, 3.2.6).
  const auto packed = [](std::uint32_t width, int matches) {
    Bytes data = {0x78, 0x01};
    std::uint32_t bits = 0, count = 0;
    const auto put = [&](std::string_view code) {
      for (const char bit : code) {
        bits |= static_cast<std::uint32_t>(bit - '0') << count;
        if (++count < 8) continue;
        data.push_back(static_cast<std::uint8_t>(bits));
        bits = count = 0;
      }
    };
    put("110");                                              // Last block, fixed codes.
    put("00110000");                                         // The value 0.
    for (int i = 0; i < matches; ++i) put("1100010100000");  // Length 258, distance 1.
    put("0000000");                                          // End of the block.
    put("0000000");                                          // Fills the last byte.
    return join({to_bytes("\x89PNG\r\n\x1A\n"), png_chunk("IHDR", join({big32(width), big32(1), {8, 0, 0, 0, 0}})),
                 png_chunk("IDAT", join({data, Bytes(8, 0)})), png_chunk("IEND", {})});
  };
  CHECK(message(packed(258, 1)).empty());
  CHECK(message(packed(258, 1000)).empty());  // 258 kB of harmless surplus.
  const Bytes bomb = packed(258, 400'000);    // 650 kB that unpack to 103 MB.
  CHECK(bomb.size() < 700'000);
  CHECK_THAT(message(bomb), Contains("cannot be decoded"));
}
