// A photo's file decoded at a part of its size: how large, and where its pixels lie in the whole photo. By stb nothing
// is reduced, and everything holds all the same.
#include "lineament/image/photo_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "bytes.hpp"
#include "catch.hpp"
#include "image/jpeg_pixels.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/photo.hpp"
#include "lineament/faces/synthetic.hpp"

using namespace lineament;
using namespace lineament::test;
using Catch::Matchers::Contains;

namespace {

bool built_with_turbo() {
  const Image small = gradient(16, 16);
  return detail::decode_jpeg_by_turbo(encode_jpeg(small), {16, 16}).pixels != nullptr;
}

Bytes stored_as(const Image& stored, int orientation) {
  return with_exif(encode_jpeg(stored, 98), exif_block(orientation, true));
}

/// Linear between the centres of pixels.
double value_at(const Image& image, Point p, int channel) {
  const int x = std::clamp(static_cast<int>(std::floor(p.x)), 0, image.width() - 2),
            y = std::clamp(static_cast<int>(std::floor(p.y)), 0, image.height() - 2);
  const double u = static_cast<double>(p.x) - x, v = static_cast<double>(p.y) - y;
  const auto at = [&](int dx, int dy) { return static_cast<double>(image.row(y + dy)[3 * (x + dx) + channel]); };
  return (1 - v) * ((1 - u) * at(0, 0) + u * at(1, 0)) + v * ((1 - u) * at(0, 1) + u * at(1, 1));
}

/// The mean difference, with its sign, of a reduced picture from the whole one in the same places, away from the edges.
double shift_in_value(const ReducedPhoto& reduced, const Image& whole, int channel) {
  double sum = 0;
  int count = 0;
  for (int y = 1; y + 1 < reduced.image.height(); ++y)
    for (int x = 1; x + 1 < reduced.image.width(); ++x, ++count)
      sum += reduced.image.row(y)[3 * x + channel] -
             value_at(whole, reduced.to_photo({static_cast<float>(x), static_cast<float>(y)}), channel);
  return sum / count;
}

std::string message(const Bytes& bytes, int reduce, const DecodeLimits& limits = {}) {
  try {
    PhotoFile(bytes, "face.jpg", limits).decode(reduce);
  } catch (const FormatError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a reduced photo has the sides rounded up, whatever its size and orientation") {
  struct Size {
    int width, height;
  };
  for (const Size stored : {Size{1, 1}, {2, 1}, {7, 5}, {8, 1}, {17, 33}, {33, 17}, {64, 40}})
    for (int orientation = 1; orientation <= 8; ++orientation)
      for (const int reduce : {1, 2, 4, 8}) {
        INFO(stored.width << " x " << stored.height << ", orientation " << orientation << ", 1/" << reduce);
        const Bytes bytes = stored_as(noise(stored.width, stored.height, 5), orientation);
        const PhotoFile file(bytes, "a.jpg");
        const bool on_side = orientation >= 5;
        const int width = on_side ? stored.height : stored.width, height = on_side ? stored.width : stored.height;
        CHECK(file.size().width == width);
        CHECK(file.size().height == height);
        CHECK(file.size().orientation == orientation);

        const ReducedPhoto photo = file.decode(reduce);
        const int done = photo.reduced;
        CHECK(done == (built_with_turbo() && std::max(width, height) >= 8 ? reduce : 1));
        CHECK(photo.image.width() == (width + done - 1) / done);
        CHECK(photo.image.height() == (height + done - 1) / done);
        CHECK(photo.to_photo.a == static_cast<float>(done));
        CHECK(photo.to_photo.e == static_cast<float>(done));
        CHECK(photo.to_photo.b == 0);
        CHECK(photo.to_photo.d == 0);
        // The image covers the photo, and by less than a pixel more.
        const auto right = static_cast<float>(photo.image.width()), bottom = static_cast<float>(photo.image.height());
        const Box covered = moved({-0.5f, -0.5f, right, bottom}, photo.to_photo);
        const auto covers = [&](float from, float length, int side) {
          const float before = -0.5f - from, after = from + length - (static_cast<float>(side) - 0.5f);
          return std::min(before, after) == 0 && std::max(before, after) < static_cast<float>(done);
        };
        CHECK(covers(covered.x, covered.width, width));
        CHECK(covers(covered.y, covered.height, height));
      }
}

TEST_CASE("a pixel of a reduced photo shows what lies there in the whole one") {
  // Values rise by more than 1 a pixel: half a pixel of the reduced picture off, and they differ by 1.5 or more.
  const Image stored = gradient(171, 149);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Bytes bytes = stored_as(stored, orientation);
    const PhotoFile file(bytes, "a.jpg");
    const Image whole = decode_image(bytes, "a.jpg");
    CHECK(largest_difference(file.decode().image, whole) == 0);
    for (const int reduce : {2, 4, 8}) {
      const ReducedPhoto photo = file.decode(reduce);
      for (int channel = 0; channel < 2; ++channel) {  // red rises with x, green with y, turned with the photo
        INFO("orientation " << orientation << ", 1/" << reduce << ", channel " << channel);
        CHECK(std::abs(shift_in_value(photo, whole, channel)) < 0.4);
        ReducedPhoto off = photo;
        off.to_photo = off.to_photo * Affine::translation(0.5f, 0.5f);
        if (photo.reduced > 1) CHECK(std::abs(shift_in_value(off, whole, channel)) > 0.6);
      }
    }
  }
}

TEST_CASE("a reduced photo looks the same to a perceptual hash") {
  for (std::uint64_t i = 0; i < 4; ++i) {
    const Bytes bytes = encode_jpeg(draw_face(11, i, {.size = 400}).image);
    const PhotoFile file(bytes, "a.jpg");
    const PerceptualHash whole = perceptual_hash(file.decode().image);
    for (const int reduce : {2, 4, 8}) CHECK(hamming_distance(perceptual_hash(file.decode(reduce).image), whole) <= 4);
  }
}

TEST_CASE("a photo is reduced so far that two pixels are left for each that is wanted") {
  CHECK(reduction_for(0.3f) == 1);
  CHECK(reduction_for(3.99f) == 1);
  CHECK(reduction_for(4) == 2);
  CHECK(reduction_for(7.99f) == 2);
  CHECK(reduction_for(8) == 4);
  CHECK(reduction_for(15.99f) == 4);
  CHECK(reduction_for(16) == 8);
  CHECK(reduction_for(1e30f) == 8);
  CHECK(reduction_for(std::nanf("")) == 1);
}

TEST_CASE("formats that cannot be reduced come whole") {
  const Image odd = noise(19, 11, 1);
  for (const Bytes& bytes : {encode_png(odd), bmp_file(odd), ppm_file(odd)}) {
    const PhotoFile file(bytes, "a");
    CHECK(file.size().width == 19);
    CHECK(file.size().height == 11);
    const ReducedPhoto photo = file.decode(4);
    CHECK(photo.reduced == 1);
    CHECK(photo.to_photo(Point{3, 4}) == Point{3, 4});
    CHECK(largest_difference(photo.image, odd) == 0);
  }
}

TEST_CASE("what is refused at full size is refused at every other") {
  const Bytes jpeg = encode_jpeg(draw_face(3, 1, {.size = 96}).image, 80);
  for (const int reduce : {2, 4, 8}) {
    CHECK(message(jpeg, reduce).empty());
    // The limit is on the photo's own pixels.
    CHECK_THAT(message(jpeg, reduce, {.pixels = 96 * 96 - 1}), Contains("too large"));
    for (std::size_t size = 0; size < jpeg.size(); size += 7) {
      const Bytes cut(jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK(message(cut, reduce) == message(cut, 1));
      CHECK(!message(cut, reduce).empty());
    }
    for (std::size_t at = 2; at < jpeg.size(); at += 3) {
      Bytes damaged = jpeg;
      damaged[at] ^= 0x55;
      CHECK(message(damaged, reduce) == message(damaged, 1));
    }
  }
  const PhotoFile file(jpeg, "a.jpg");
  for (const int reduce : {-1, 0, 3, 16}) CHECK_THROWS_AS(file.decode(reduce), ArgumentError);
}
