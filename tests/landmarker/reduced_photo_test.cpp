// Photos far larger than a crop are decoded at a part of their size where libjpeg-turbo does it: points, boxes and kept
// faces are those of the whole photo.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <vector>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/metrics.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/file.hpp"
#include "lineament/image/draw.hpp"
#include "lineament/image/photo_file.hpp"
#include "lineament/image/resize.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "lineament/landmarker/landmarker.hpp"
#include "support/folder.hpp"

using namespace lineament;

namespace {

constexpr std::uint64_t kSeed = 0x7000'0000'0000'0003;

/// A drawn face of about `face` pixels in a photo of odd sides, and its points there.
struct BigPhoto {
  BigPhoto(std::uint64_t number, int face, int width, int height) {
    const int side = std::min(2 * face, 2048);
    const float share = static_cast<float>(face) / static_cast<float>(side);
    const DrawnFace drawn = draw_face(
        kSeed, number, {.size = side, .smallest_face = share, .largest_face = share, .max_yaw = 40, .accessories = 0});
    const int left = (width - side) / 2 + 13, top = (height - side) / 3 + 5;
    image = Image(width, height, {120, 130, 140});
    paste(image, drawn.image, left, top);
    points = drawn.points;
    for (Point& p : points) p = p + Point{static_cast<float>(left), static_cast<float>(top)};
    bytes = encode_jpeg(image, 90);
    image = decode_image(bytes, "a.jpg");  // as it is read when nothing is reduced
  }

  Image image;
  Landmarks points;
  std::vector<std::uint8_t> bytes;
};

bool can_reduce() {
  const std::vector<std::uint8_t> bytes = encode_jpeg(Image(32, 32));
  return PhotoFile(bytes, "a.jpg").decode(2).reduced == 2;
}

/// Mean distance of points, % of the distance of the eye corners.
double apart(const Landmarks& a, const Landmarks& b) {
  return nme(a, b);
}

}  // namespace

TEST_CASE("points in a reduced photo are those of the whole one") {
  Landmarker landmarker;
  double whole_error = 0, reduced_error = 0;
  for (std::uint64_t i = 0; i < 4; ++i) {
    const BigPhoto big(i, 900, 2003, 2101);
    const PhotoFile file(big.bytes, "a.jpg");
    const Box box = bounding_box(big.points);
    const FaceLandmarks whole = landmarker.predict(big.image, box);
    const FaceLandmarks reduced = landmarker.predict(file, std::span(&box, 1)).at(0);
    INFO("photo " << i << ": " << apart(reduced.points, whole.points) << " %");
    CHECK(apart(reduced.points, whole.points) < 0.15);
    CHECK((apart(reduced.points, whole.points) > 0) == can_reduce());  // something was reduced
    CHECK(reduced.box == box);
    REQUIRE(reduced.spread.size() == whole.spread.size());
    CHECK(reduced.spread[30] == Approx(whole.spread[30]).epsilon(0.05));
    for (const Point corner : {Point{0, 0}, Point{127, 127}})
      CHECK(distance(reduced.crop_to_image(corner), whole.crop_to_image(corner)) < 2);
    CHECK(distance(reduced.points[8], reduced.crop_to_image(reduced.crop_points[8])) < 0.1f);
    whole_error += nme(whole.points, big.points);
    reduced_error += nme(reduced.points, big.points);
  }
  INFO("NME " << whole_error / 4 << " % whole, " << reduced_error / 4 << " % reduced");
  CHECK(std::abs(reduced_error - whole_error) / 4 < 0.05);
}

TEST_CASE("faces found in a reduced photo are those of the whole one, whether large or small") {
  Landmarker landmarker;
  for (const int face : {120, 240, 900}) {  // 120, 240: the finder takes a reduced photo, the crops the whole one
    const BigPhoto big(7, face, 3001, 2203);
    const PhotoFile file(big.bytes, "a.jpg");
    const std::vector<FaceLandmarks> whole = landmarker.predict(big.image), found = landmarker.predict(file);
    INFO("face of " << face << " pixels");
    REQUIRE(whole.size() == 1);
    REQUIRE(found.size() == 1);
    INFO(apart(found[0].points, whole[0].points) << " %");
    CHECK(overlap(found[0].box, whole[0].box) > 0.95f);
    CHECK(*found[0].detection == Approx(*whole[0].detection).margin(0.02));
    CHECK(*found[0].score == Approx(*whole[0].score).margin(0.02));
    CHECK(apart(found[0].points, whole[0].points) < 0.3);  // boxes that differ a little add to it
  }
}

TEST_CASE("the smallest face of a finder is in pixels of the whole photo") {
  const BigPhoto big(2, 300, 2003, 1601);
  const PhotoFile file(big.bytes, "a.jpg");
  for (const float smallest : {0.0f, 90.0f, 200.0f}) {
    FaceFinder finder({.smallest = smallest});
    const int reduce = finder.reduction(2003, 1601);
    CHECK(reduce == (smallest == 200 ? 4 : smallest == 90 ? 2 : 1));
    const auto whole = finder.find(big.image), found = finder.find(file.decode(reduce));
    REQUIRE(whole.size() == 1);
    REQUIRE(found.size() == 1);
    CHECK(overlap(found[0].box, whole[0].box) > 0.95f);
    for (std::size_t eye = 0; eye < 2; ++eye) CHECK(distance(found[0].eyes[eye], whole[0].eyes[eye]) < 5);
  }
}

TEST_CASE("a box far larger than the face does not make the second pass blurred") {
  Landmarker landmarker({.passes = 3});
  const BigPhoto big(5, 260, 1501, 1207);
  const PhotoFile file(big.bytes, "a.jpg");
  const Box face = bounding_box(big.points), loose = square_box(face, 0.6f);
  const FaceLandmarks whole = landmarker.predict(big.image, loose);
  const FaceLandmarks reduced = landmarker.predict(file, std::span(&loose, 1)).at(0);
  CHECK(apart(reduced.points, whole.points) < 0.15);
}

TEST_CASE("a file and an image are refused with the same words") {
  const BigPhoto big(1, 300, 803, 701);
  const PhotoFile file(big.bytes, "a.jpg");
  Landmarker landmarker;
  const auto message = [](const auto& work) -> std::string {
    try {
      work();
    } catch (const ArgumentError& e) {
      return e.what();
    }
    return "";
  };
  for (const Box& box : {Box{900, 10, 50, 50}, Box{1, 1, 0, 5}, Box{700, 600, 900, 900}}) {
    const std::string of_image = message([&] { landmarker.predict(big.image, box); });
    CHECK(!of_image.empty());
    CHECK(message([&] { landmarker.predict(file, std::span(&box, 1)); }) == of_image);
  }
  CHECK(landmarker.predict(file, std::span<const Box>()).empty());
  CHECK(landmarker.whole_image_face(file) == landmarker.whole_image_face(big.image));
}

TEST_CASE("what a store keeps of a large photo is the same face") {
  const testing::Folder folder("reduced_photo");
  std::vector<Face> jpegs, pngs;
  for (std::uint64_t i = 0; i < 2; ++i) {
    const BigPhoto big(20 + i, 1000, 2101, 2003);
    const std::string name = std::to_string(i);
    write_file(folder.path / (name + ".jpg"), big.bytes);
    write_png(folder.path / (name + ".png"), big.image);  // never reduced
    jpegs.push_back({.image = folder.path / (name + ".jpg"), .points = big.points});
    pngs.push_back({.image = folder.path / (name + ".png"), .points = big.points});
  }
  for (const BoxSource box : {BoxSource::points, BoxSource::whole_image}) {
    const FaceStore reduced = FaceStore::load(jpegs, {.box = box}), whole = FaceStore::load(pngs, {.box = box});
    REQUIRE(reduced.size() == 2);
    REQUIRE(whole.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(reduced.points(i) == whole.points(i));
      CHECK(reduced.box(i) == whole.box(i));
      CHECK(reduced.side(i) == whole.side(i));
      CHECK(hamming_distance(reduced.print(i).look, whole.print(i).look) <= 3);
      const Image &a = reduced.image(i), &b = whole.image(i);
      REQUIRE(a.width() == b.width());
      REQUIRE(a.height() == b.height());
      double sum = 0;
      for (std::size_t k = 0; k < a.pixels().size(); ++k) sum += std::abs(a.pixels()[k] - b.pixels()[k]);
      const double mean = sum / static_cast<double>(a.pixels().size());
      INFO("mean difference " << mean);
      CHECK(mean < 1);
      CHECK((mean > 0) == can_reduce());
    }
  }
}
