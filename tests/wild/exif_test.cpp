// Reported: "My photos are from a phone. imglab shows them unturned, and I set the points there; in training they were
// beside the face."
#include "image/bytes.hpp"
#include "lineament/faces/validate.hpp"
#include "wild/support.hpp"

namespace {

using namespace test;

/// A JPEG with an EXIF orientation.
void write_turned(const fs::path& path, const Image& stored, int orientation) {
  const std::vector<std::uint8_t> jpeg = encode_jpeg(stored, 95);
  std::string exif("Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 24);
  exif += static_cast<char>(orientation);
  exif += std::string(7, '\0');
  std::string file("\xFF\xD8\xFF\xE1", 4);
  file += static_cast<char>((exif.size() + 2) >> 8);
  file += static_cast<char>((exif.size() + 2) & 255);
  file += exif + std::string(jpeg.begin() + 2, jpeg.end());
  write_file(path, std::string_view(file));
}

/// The upright photo, 96 x 80, as a camera stores it that is held so.
Image stored_as(const Image& upright, int orientation) {
  const bool on_side = orientation >= 5;
  const int w = on_side ? upright.height() : upright.width(), h = on_side ? upright.width() : upright.height();
  const Affine map = upright_map(orientation, w, h);
  Image stored(w, h);
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x) {
      const Point p = map({static_cast<float>(x), static_cast<float>(y)});
      stored.set(x, y, upright.at(static_cast<int>(p.x), static_cast<int>(p.y)));
    }
  return stored;
}

}  // namespace

TEST_CASE("points of a photo as it is stored are mapped where the list gives its size, and told where it does not") {
  const DrawnFace drawn = draw_face(5, 1, {.size = 96, .max_roll = 5});
  Image upright(96, 80);
  for (int y = 0; y < 80; ++y)
    for (int x = 0; x < 96; ++x) upright.set(x, y, drawn.image.at(x, y + 8));
  Landmarks points = drawn.points;
  for (Point& p : points) p.y -= 8;
  for (int orientation = 1; orientation <= 8; ++orientation) {
    INFO("orientation " << orientation);
    const TempFolder folder;
    const Image stored = stored_as(upright, orientation);
    write_turned(folder / "a.jpg", stored, orientation);
    const Image back = read_image(folder / "a.jpg");
    REQUIRE(back.width() == 96);
    REQUIRE(std::abs(back.at(48, 40).r - upright.at(48, 40).r) < 25);
    const Affine to_stored = upright_map(orientation, stored.width(), stored.height()).inverse();
    Landmarks on_stored = points;
    for (Point& p : on_stored) p = to_stored(p);
    const Photo photo = decode_photo(read_file(folder / "a.jpg"), "a.jpg");

    Face face{.image = folder / "a.jpg", .points = points};
    CHECK(fit_to_photo(face, photo).value_or("") == "");
    if (orientation >= 5) {  // told by all points where an eye corner is not known
      Face blind{.image = folder / "a.jpg", .points = on_stored};
      blind.points[36] = kUnknownPoint;
      CHECK(contains(fit_to_photo(blind, photo).value_or(""), "the photo is to be turned"));
      blind.points = points;
      blind.points[36] = kUnknownPoint;
      CHECK(fit_to_photo(blind, photo).value_or("") == "");
    }
    face.points = on_stored;
    face.width = stored.width(), face.height = stored.height();
    if (orientation >= 5) {  // with another size than the upright photo
      CHECK(fit_to_photo(face, photo).value_or("") == "");
      for (std::size_t i = 0; i < kPoints; ++i) CHECK(distance(face.points[i], points[i]) < 1e-3f);
    }
    // A program that gives the stored size and shows the photo upright: the face is in place as it is.
    face = {.image = folder / "a.jpg", .points = points};
    face.width = stored.width(), face.height = stored.height();
    CHECK(fit_to_photo(face, photo).value_or("") == "");
    CHECK(face.points == points);
    // Without a size, faces on their side or upside down give it away; mirrored ones are out of order.
    face = {.image = folder / "a.jpg", .points = on_stored};
    const std::string problem = fit_to_photo(face, photo).value_or("");
    if (orientation == 3 || orientation == 6 || orientation == 8) {
      CHECK(contains(problem, "its EXIF orientation is " + std::to_string(orientation)));
      CHECK(contains(problem, "exiftool"));
    }
    folder.write("l.xml", imglab_of({{"a.jpg", on_stored}}, " width='" + std::to_string(stored.width()) + "' height='" +
                                                                std::to_string(stored.height()) + "'"));
    if (orientation >= 5 && orientation % 2 == 0) CHECK(validate(folder / "l.xml").faces == 1);
  }
}

TEST_CASE("points set on a copy of another size are refused") {
  Face face{.image = "a.jpg", .points = sample_points()};
  face.width = 50, face.height = 50;
  CHECK(contains(fit_to_photo(face, {Image(100, 100)}).value_or(""),
                 "the points were set on a photo of 50x50, and this one has 100x100"));
}

TEST_CASE("a second Exif segment does not undo the first one's orientation") {
  const TempFolder folder;
  write_turned(folder / "a.jpg", Image(40, 20, {9, 9, 9}), 6);
  std::vector<std::uint8_t> bytes = read_file(folder / "a.jpg");
  write_turned(folder / "b.jpg", Image(40, 20), 1);
  const std::vector<std::uint8_t> second = read_file(folder / "b.jpg");
  const std::size_t length = 2 + 256u * second[4] + second[5];
  const auto end_of_first = bytes.begin() + 2 + static_cast<std::ptrdiff_t>(length);
  bytes.insert(end_of_first, second.begin() + 2, second.begin() + 2 + static_cast<std::ptrdiff_t>(length));
  CHECK(decode_photo(bytes, "a.jpg").orientation == 6);
  CHECK(decode_image(bytes, "a.jpg").width() == 20);
}
