// Views of every pixel format against a reading by hand, one byte at a time.
#include "lineament/image/view.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "bytes.hpp"
#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/image/resize.hpp"
#include "lineament/image/warp.hpp"
#include "views.hpp"

using namespace lineament;
using namespace lineament::test;

namespace {

const Affine kMaps[] = {
    {},                                // where it is
    {0.7f, 0, 3.2f, 0, 0.6f, -2},      // larger, beyond the edge
    {2.3f, 0, 1.1f, 0, 2.9f, 0.4f},    // smaller
    {-1.2f, 0, 30, 0, -1.7f, 40},      // mirrored both ways
    {5.5f, 0, 0, 0, 4.5f, 0},          // halved
    {1.4f, 0.6f, -3, -0.6f, 1.4f, 9},  // turned
    {4, 2.5f, -9, -2.5f, 4, 20},       // turned and halved
    {9, 0, 2, 0, 10, 3},               // halved thrice
};

void check_warps(const ImageView& view, const Image& same) {
  for (const Affine& map : kMaps) {
    std::vector<float> a(13 * 11 * 3), b(a.size());
    warp(view, map, 13, 11, a);
    warp(same, map, 13, 11, b);
    REQUIRE(a == b);
    REQUIRE(largest_difference(warp(view, map, 13, 11), warp(same, map, 13, 11)) == 0);
  }
}

void check_same(const ImageView& view, const Image& same) {
  const Image image = to_image(view);
  REQUIRE(image.width() == same.width());
  REQUIRE(image.height() == same.height());
  REQUIRE(largest_difference(image, same) == 0);
  check_warps(view, same);
  REQUIRE(largest_difference(resize(view, 7, 5), resize(same, 7, 5)) == 0);
  REQUIRE(largest_difference(resize(view, view.width, view.height), same) == 0);
}

/// The exact colour of BT.601 and BT.709, from their definition: luma is kr R + kg G + kb B, and chroma the scaled
/// differences of B and R from it.
std::array<double, 3> exact_color(int luma, int u, int v, YuvColors colors) {
  const bool is_601 = colors == YuvColors::bt601 || colors == YuvColors::bt601_full;
  const bool full = colors == YuvColors::bt601_full || colors == YuvColors::bt709_full;
  const double kr = is_601 ? 0.299 : 0.2126, kb = is_601 ? 0.114 : 0.0722, kg = 1 - kr - kb;
  const double y = full ? luma / 255.0 : (luma - 16) / 219.0;
  const double blue_difference = (u - 128) / (full ? 255.0 : 224.0),
               red_difference = (v - 128) / (full ? 255.0 : 224.0);
  const double r = y + 2 * (1 - kr) * red_difference, b = y + 2 * (1 - kb) * blue_difference;
  const double g = (y - kr * r - kb * b) / kg;
  return {std::clamp(255 * r, 0.0, 255.0), std::clamp(255 * g, 0.0, 255.0), std::clamp(255 * b, 0.0, 255.0)};
}

double error_of(Color got, int luma, int u, int v, YuvColors colors) {
  const auto wanted = exact_color(luma, u, v, colors);
  return std::max({std::abs(got.r - wanted[0]), std::abs(got.g - wanted[1]), std::abs(got.b - wanted[2])});
}

/// The error that is promised: half for rounding, the rest for 16-bit arithmetic.
constexpr double kYuvError = 0.6;

}  // namespace

TEST_CASE("packed formats give the picture's own bits: padded, upside down, of any size") {
  for (const auto& [w, h] : {std::pair{1, 1}, {2, 1}, {3, 2}, {1, 9}, {7, 5}, {16, 3}, {17, 33}, {64, 40}, {101, 77}})
    for (const PixelFormat format :
         {PixelFormat::rgb, PixelFormat::bgr, PixelFormat::rgba, PixelFormat::bgra, PixelFormat::grey})
      for (const int padding : {0, 1, 13})
        for (const bool upside_down : {false, true}) {
          INFO(w << " x " << h << ", format " << static_cast<int>(format) << ", padding " << padding);
          const Image image = format == PixelFormat::grey ? grey_noise(w, h, 3) : noise(w, h, 3);
          const PackedBytes bytes(image, format, padding, upside_down);
          check_same(bytes.view(), image);
        }
}

TEST_CASE("an image is a view of itself") {
  const Image image = noise(9, 4, 1);
  const ImageView view = image;
  CHECK(view.data == image.pixels().data());
  CHECK(view.width == 9);
  CHECK(view.height == 4);
  check_same(view, image);
}

TEST_CASE("luma and chroma become the colours of their standard") {
  // Every luma with chroma of every sixth value and both ends, in the middle of a row and in its last pixels.
  for (const YuvColors colors : {YuvColors::bt601, YuvColors::bt601_full, YuvColors::bt709, YuvColors::bt709_full}) {
    double worst = 0;
    Bytes bytes(3 * 256);
    for (int i = 0; i < 256; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(i);
    for (int u = 0; u <= 255; u = u == 252 ? 255 : u + 6)
      for (int v = 0; v <= 255; v = v == 252 ? 255 : v + 6) {
        for (std::size_t i = 256; i < bytes.size(); i += 2) {
          bytes[i] = static_cast<std::uint8_t>(u);
          bytes[i + 1] = static_cast<std::uint8_t>(v);
        }
        const ImageView view{
            .data = bytes.data(), .width = 256, .height = 1, .format = PixelFormat::nv12, .colors = colors};
        const Image image = to_image(view);
        for (int x = 0; x < 256; ++x) worst = std::max(worst, error_of(image.at(x, 0), x, u, v, colors));
      }
    INFO("colours " << static_cast<int>(colors));
    CHECK(worst < kYuvError);
  }
  // Colours that test pictures have: white, black, and BT.601's red.
  const auto of_pixel = [](std::uint8_t luma, std::uint8_t u, std::uint8_t v) {
    const std::uint8_t bytes[] = {luma, u, v};
    return to_image({.data = bytes, .width = 1, .height = 1, .format = PixelFormat::i420}).at(0, 0);
  };
  CHECK(of_pixel(235, 128, 128) == Color{255, 255, 255});
  CHECK(of_pixel(16, 128, 128) == Color{0, 0, 0});
  CHECK(of_pixel(81, 90, 240) == Color{254, 0, 0});
  CHECK(of_pixel(0, 128, 128) == Color{0, 0, 0});
  CHECK(of_pixel(255, 128, 128) == Color{255, 255, 255});
}

TEST_CASE("planes of luma and chroma are found by the rule, each chroma for its 2 x 2 pixels") {
  for (const auto& [w, h] : {std::pair{1, 1}, {2, 2}, {3, 1}, {1, 4}, {5, 7}, {16, 2}, {33, 18}, {47, 31}, {64, 48}})
    for (const PixelFormat format : {PixelFormat::nv12, PixelFormat::nv21, PixelFormat::i420})
      for (const int padding : {0, 1, 6})
        for (const bool apart : {false, true}) {
          INFO(w << " x " << h << ", format " << static_cast<int>(format) << ", padding " << padding << ", " << apart);
          const YuvBytes bytes(w, h, format, padding, apart);
          const ImageView view = bytes.view();
          const Image image = to_image(view);
          for (int y = 0; y < h; ++y)
            for (int x = 0; x < w; ++x) {
              const auto [luma, u, v] = bytes.at(x, y);
              REQUIRE(error_of(image.at(x, y), luma, u, v, YuvColors::bt601) < kYuvError);
            }
          check_same(view, image);
        }
}

TEST_CASE("planes of u and v may come in the other order") {
  YuvBytes bytes(10, 6, PixelFormat::i420, 0, true);
  ImageView view = bytes.view();
  std::swap(view.chroma, view.chroma_v);
  const Image image = to_image(view);
  const auto [luma, u, v] = bytes.at(9, 5);
  CHECK(error_of(image.at(9, 5), luma, v, u, YuvColors::bt601) < kYuvError);
}

TEST_CASE("what cannot be a picture is refused with what is wrong") {
  const Bytes bytes(4096);
  const auto message = [](const ImageView& view) -> std::string {
    try {
      check(view);
    } catch (const ArgumentError& e) {
      CHECK_THROWS_AS(to_image(view), ArgumentError);
      CHECK_THROWS_AS(warp(view, {}, 2, 2), ArgumentError);
      CHECK_THROWS_AS(resize(view, 2, 2), ArgumentError);
      return e.what();
    }
    return "accepted";
  };
  ImageView view{.data = bytes.data(), .width = 10, .height = 8};
  CHECK(message(view) == "accepted");
  const auto with = [&](auto change) {
    ImageView changed = view;
    change(changed);
    return message(changed);
  };
  CHECK(with([](ImageView& v) { v.data = nullptr; }) == "picture: it has no data (got a null pointer)");
  const std::string no_pixels = "picture: it has no pixels (wanted a width and height above 0, got ";
  CHECK(with([](ImageView& v) { v.width = 0; }) == no_pixels + "0 x 8)");
  CHECK(with([](ImageView& v) { v.height = -3; }) == no_pixels + "10 x -3)");
  CHECK(message(Image()) == no_pixels + "0 x 0)");
  CHECK(with([](ImageView& v) { v.height = (1 << 24) + 1; }) ==
        "picture: it is too large (wanted sides of at most 16777216, got 10 x 16777217)");
  CHECK(with([](ImageView& v) { v.width = v.height = 1 << 24; }) ==
        "picture: it is too large (wanted at most 17179869184 pixels, got 16777216 x 16777216)");
  const std::string short_row = "picture: its stride is less than a row (wanted at least ",
                    fix = "; 0 stands for rows that follow each other";
  CHECK(with([](ImageView& v) { v.stride = 29; }) == short_row + "30 bytes, got 29 bytes)" + fix);
  CHECK(with([](ImageView& v) { v.stride = -29; }) == short_row + "30 bytes, got -29 bytes)" + fix);
  CHECK(with([](ImageView& v) { v.stride = -30; }) == "accepted");
  CHECK(with([](ImageView& v) {
          v.stride = 39;
          v.format = PixelFormat::bgra;
        }) == short_row + "40 bytes, got 39 bytes)" + fix);
  CHECK(with([](ImageView& v) { v.stride = std::numeric_limits<std::ptrdiff_t>::min(); }) ==
        "picture: its stride is too large (wanted at most 274877906944 bytes, got -9223372036854775808 bytes)");
  CHECK(with([](ImageView& v) { v.format = static_cast<PixelFormat>(8); }) ==
        "picture: there is no such pixel format (wanted one of PixelFormat, got 8)");
  CHECK(with([](ImageView& v) { v.colors = static_cast<YuvColors>(4); }) ==
        "picture: there are no such colours (wanted one of YuvColors, got 4)");

  view.format = PixelFormat::i420;
  CHECK(with([](ImageView& v) { v.stride = -10; }) ==
        "picture: its stride is negative (wanted at least 10 bytes, got -10 bytes); only packed formats may have the "
        "bottom row first");
  CHECK(with([](ImageView& v) { v.chroma_stride = 4; }) ==
        "picture: its stride of chroma is less than a row (wanted at least 5 bytes, got 4 bytes)" + fix);
  CHECK(with([&](ImageView& v) { v.chroma_v = bytes.data(); }) ==
        "picture: it has a plane of v but none of u (wanted both or none)");
  view.format = PixelFormat::nv12;
  view.width = 9;
  CHECK(with([](ImageView& v) { v.chroma_stride = 9; }) ==
        "picture: its stride of chroma is less than a row (wanted at least 10 bytes, got 9 bytes)" + fix);
  CHECK(with([](ImageView& v) { v.chroma_stride = 10; }) == "accepted");
}
