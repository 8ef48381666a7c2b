// Photos behind drawn faces: how they are read, and that the face, its points and its bits are the same as ever.
#include <algorithm>
#include <fstream>
#include <thread>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/image/file.hpp"
#include "support/folder.hpp"

using namespace lineament;

namespace {

constexpr Color kGreen{20, 230, 40};

bool greenish(Color c) {
  return c.g > 100 && c.g > 2 * c.r && c.g > 2 * c.b;
}
DrawOptions small(Backgrounds backgrounds) {
  DrawOptions o;
  o.size = 64;
  o.backgrounds = std::move(backgrounds);
  return o;
}
Backgrounds green() {
  return std::make_shared<std::vector<Image>>(1, Image(40, 30, kGreen));
}
bool same_pixels(const Image& a, const Image& b) {
  return std::equal(a.pixels().begin(), a.pixels().end(), b.pixels().begin(), b.pixels().end());
}

}  // namespace

TEST_CASE("three of four faces stand before a photo, and their points do not move") {
  const DrawOptions plain = small({}), photos = small(green());
  constexpr int kFaces = 80;
  int before_photo = 0;
  for (std::uint64_t i = 0; i < kFaces; ++i) {
    const DrawnFace with = draw_face(4, i, photos), without = draw_face(4, i, plain);
    before_photo += greenish(with.image.at(1, 1)) || greenish(with.image.at(62, 1));
    CHECK(with.points == without.points);
    Point middle;
    for (const Point& p : with.points) middle = middle + p * (1.0f / kPoints);
    const auto at = [&](const Image& image) {
      return image.at(static_cast<int>(middle.x + 0.5f), static_cast<int>(middle.y + 0.5f));
    };
    CHECK(at(with.image) == at(without.image));
  }
  CHECK(before_photo > 0.55 * kFaces);
  CHECK(before_photo < 0.9 * kFaces);
}

TEST_CASE("the same photos give the same bits on any thread") {
  auto photos = std::make_shared<std::vector<Image>>();
  for (std::uint64_t i = 0; i < 3; ++i) photos->push_back(draw_face(9, i, small({})).image);
  const DrawOptions options = small(photos);
  std::vector<Image> once(12), again(12);
  for (std::size_t i = 0; i < once.size(); ++i) once[i] = draw_face(2, i, options).image;
  const auto draw_from = [&](std::size_t first) {
    for (std::size_t i = first; i < again.size(); i += 2) again[i] = draw_face(2, i, options).image;
  };
  std::thread even([&] { draw_from(0); });
  draw_from(1);
  even.join();
  for (std::size_t i = 0; i < once.size(); ++i) CHECK(same_pixels(once[i], again[i]));
}

TEST_CASE("a folder of photos is read in the order of names, shrunk, without what is no photo") {
  const testing::Folder folder("backgrounds");
  write_png(folder.path / "b.png", Image(600, 900, kGreen));
  write_png(folder.path / "a.png", Image(50, 40, {1, 2, 3}));
  std::ofstream(folder.path / "broken.jpg") << "no picture";
  const Backgrounds photos = read_backgrounds(folder.path);
  REQUIRE(photos->size() == 2);
  CHECK((*photos)[0].width() == 50);
  CHECK((*photos)[0].at(5, 5) == Color{1, 2, 3});
  CHECK((*photos)[1].width() == 288);
  CHECK((*photos)[1].height() == 432);
  CHECK((*photos)[1].at(100, 100) == kGreen);
}

TEST_CASE("a folder without photos is an error that names it") {
  const testing::Folder folder("no_backgrounds");
  CHECK_THROWS_AS(read_backgrounds(folder.path), FileError);
  CHECK_THROWS_WITH(read_backgrounds(folder.path), Catch::Contains("no_backgrounds"));
  CHECK_THROWS_AS(read_backgrounds(folder.path / "missing"), FileError);
}
