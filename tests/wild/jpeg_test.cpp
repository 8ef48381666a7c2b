// Reported: "A photo from a printer's archive came out green." A CMYK JPEG that no Adobe program wrote says nothing of
// what its four channels mean.
#include "lineament/image/file.hpp"
#include "wild/support.hpp"

namespace {

using namespace test;

/// A JPEG header of `components` channels, with Adobe's marker or without, and no picture data worth the name.
std::vector<std::uint8_t> jpeg_of(int components, bool adobe) {
  std::string s("\xFF\xD8", 2);
  if (adobe)
    s += std::string(
        "\xFF\xEE\0\x0E"
        "Adobe\0\x64\0\0\0\0\0",
        16);
  s += std::string("\xFF\xC0", 2) + std::string(1, '\0') + static_cast<char>(8 + 3 * components) +
       std::string("\x08\0\x08\0\x08", 5) + static_cast<char>(components);
  for (int i = 0; i < components; ++i) s += std::string(1, static_cast<char>(i + 1)) + "\x11" + std::string(1, '\0');
  s += std::string("\xFF\xDA", 2) + std::string(1, '\0') + static_cast<char>(6 + 2 * components) +
       static_cast<char>(components);
  for (int i = 0; i < components; ++i) s += std::string(1, static_cast<char>(i + 1)) + std::string(1, '\0');
  s += std::string("\0\x3F\0", 3) + "\x11\x22" + std::string("\xFF\xD9", 2);
  return {s.begin(), s.end()};
}

}  // namespace

TEST_CASE("a CMYK JPEG without Adobe's marker is refused with a line that says so") {
  const auto refused = [](int components, bool adobe) -> std::string {
    try {
      decode_image(jpeg_of(components, adobe), "a.jpg");
      return "";
    } catch (const FormatError& error) {
      return error.what();
    }
  };
  CHECK(contains(refused(4, false), "CMYK JPEG without Adobe's marker"));
  CHECK(contains(refused(4, false), "convert it to RGB"));
  CHECK_FALSE(contains(refused(4, true), "CMYK"));  // its made-up data are what is wrong with these
  CHECK_FALSE(contains(refused(3, false), "CMYK"));
}

TEST_CASE("a PNG out of an iPhone app is named for what it is") {
  std::vector<std::uint8_t> png = encode_png(Image(4, 4));
  const std::string chunk(
      "\0\0\0\x04"
      "CgBI\x50\0\x20\x02\x2B\xD5\xB3\x7F",
      16);
  png.insert(png.begin() + 8, chunk.begin(), chunk.end());
  CHECK(contains(message<FormatError>([&] { decode_image(png, "a.png"); }), "CgBI"));
}

TEST_CASE("an image with a negative side is an error of the library's own") {
  CHECK_THROWS_AS(Image(-1, 10), ArgumentError);
  CHECK_THROWS_AS(Image(10, -1), ArgumentError);
  CHECK(Image(0, 10).empty());
}
