// The face store: what is kept is the same face, bad files are left out with a reason, threads change nothing.
#include "lineament/landmarker/face_store.hpp"

#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <numeric>
#include <vector>

#include "catch.hpp"
#include "lineament/file.hpp"

using namespace lineament;

namespace {

/// A folder of its own, gone at the end.
struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("lineament_store_" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

/// A smooth picture, so that resampling it twice or once is nearly the same.
Image waves(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const float u = static_cast<float>(x) / static_cast<float>(width),
                  v = static_cast<float>(y) / static_cast<float>(height);
      const auto wave = [](float t) { return static_cast<std::uint8_t>(127.5f + 120 * std::sin(t)); };
      image.set(x, y, {wave(9 * u + 2 * v), wave(7 * v), wave(5 * u - 6 * v)});
    }
  }
  return image;
}

/// Points on an ellipse with the given bounding box.
Landmarks oval(const Box& box) {
  Landmarks p(kPoints);
  for (std::size_t i = 0; i < kPoints; ++i) {
    const float t = 6.2831853f * static_cast<float>(i) / kPoints;
    p[i] = {box.center().x + box.width / 2 * std::cos(t), box.center().y + box.height / 2 * std::sin(t)};
  }
  return p;
}

Face face_in(const std::filesystem::path& file, const Box& box) {
  Face face;
  face.image = file;
  face.points = oval(box);
  return face;
}

}  // namespace

TEST_CASE("what is kept of a photo gives the photo's own crop") {
  const Folder folder;
  const auto file = folder.path / "a.png";
  const Image photo = waves(1200, 1000);
  write_png(file, photo);
  const Box small{300, 250, 90, 100}, large{400, 300, 400, 420};
  const std::vector<Face> faces{face_in(file, small), face_in(file, large)};
  const FaceStore store = FaceStore::load(faces);
  REQUIRE(store.size() == 2);
  CHECK(store.rejected().empty());
  CHECK(store.name(0) == file.string());
  CHECK(store.pixels_per_sample() == 128 * 128 * 3);

  // Crop side 100 * 1.3, region 1.6 times that. The small face is kept pixel by pixel, the large one shrunk to 1.25 *
  // 128.
  CHECK(store.image(0).width() == Approx(208).margin(2));
  CHECK(store.box(0).width == Approx(90).margin(0.2));
  CHECK(store.image(1).height() == Approx(256).margin(2));
  CHECK(store.box(1).height == Approx(1.25 * 128 / 1.3).margin(0.2));
  CHECK(store.bytes() < 2 * 260 * 260 * 3);
  const Point corner = store.points(0)[0] - faces[0].points[0];
  CHECK(corner.x == std::round(corner.x));
  CHECK(photo.at(400, 300) == store.image(0).at(400 + static_cast<int>(corner.x), 300 + static_cast<int>(corner.y)));

  for (std::size_t i = 0; i < 2; ++i) {
    std::vector<float> pixels(128 * 128 * 3), values(kValues), expected_pixels = pixels, expected_values = values;
    store.prepare(i, Random(1), false, {pixels, values, {}});
    prepare_sample(photo, faces[i].points, i == 0 ? bounding_box(faces[0].points) : bounding_box(faces[1].points), {},
                   augment_level("none"), Random(1), {expected_pixels, expected_values});
    for (std::size_t k = 0; k < kValues; ++k) REQUIRE(values[k] == Approx(expected_values[k]).margin(2e-5));
    double difference = 0;
    for (std::size_t k = 0; k < pixels.size(); ++k)
      difference = std::max(difference, 1.0 * std::abs(pixels[k] - expected_pixels[k]));
    CHECK(difference < 2.0 / 255);
  }
}

TEST_CASE("bad files are left out with a reason, the others keep their order") {
  const Folder folder;
  write_png(folder.path / "good.png", waves(300, 200));
  write_file(folder.path / "text.jpg", std::string_view("no picture"));
  const Box box{100, 50, 80, 90};
  std::vector<Face> faces{
      face_in(folder.path / "text.jpg", box),    face_in(folder.path / "good.png", box),
      face_in(folder.path / "missing.png", box), face_in(folder.path / "good.png", {5, 5, 60, 60}),
      face_in(folder.path / "good.png", box),    face_in(folder.path / "good.png", {1000, 900, 80, 90})};
  faces[4].points[9].x = std::numeric_limits<float>::infinity();
  StoreOptions options;
  std::vector<std::size_t> told;
  options.progress = [&](std::size_t done, std::size_t total) {
    CHECK(total == 6);
    told.push_back(done);
  };
  const FaceStore store = FaceStore::load(faces, options);
  CHECK(told == std::vector<std::size_t>{1, 2, 3, 4, 5, 6});
  REQUIRE(store.size() == 2);
  CHECK(store.points(1)[0].x < store.points(0)[0].x);
  REQUIRE(store.rejected().size() == 4);
  CHECK(store.rejected()[0].file == (folder.path / "text.jpg").string());
  CHECK(store.rejected()[1].file == (folder.path / "missing.png").string());
  for (const Rejected& r : store.rejected()) {
    CHECK_FALSE(r.reason.empty());
    CHECK(r.reason.find(folder.path.string()) == std::string::npos);  // The file is not named twice.
  }
  options.progress = {};
  options.box = BoxSource::file;
  CHECK(FaceStore::load(faces, options).size() == 0);
  faces[1].box = box;
  CHECK(FaceStore::load(faces, options).size() == 1);
}

TEST_CASE("threads change nothing, and the caller can stop the loading") {
  const Folder folder;
  std::vector<Face> faces;
  for (int i = 0; i < 12; ++i) {
    const auto file = folder.path / (std::to_string(i) + ".png");
    write_png(file, waves(200 + 10 * i, 180));
    faces.push_back(face_in(file, {60, 50, 70, 80}));
  }
  StoreOptions options;
  options.threads = 1;
  const FaceStore one = FaceStore::load(faces, options);
  options.threads = 4;
  const FaceStore four = FaceStore::load(faces, options);
  REQUIRE(one.size() == 12);
  REQUIRE(four.size() == 12);
  for (std::size_t i = 0; i < 12; ++i) {
    CHECK(one.points(i) == four.points(i));
    CHECK(one.box(i) == four.box(i));
    CHECK(std::equal(one.image(i).pixels().begin(), one.image(i).pixels().end(), four.image(i).pixels().begin()));
  }
  options.progress = [](std::size_t done, std::size_t) {
    if (done == 3) throw std::runtime_error("enough");
  };
  CHECK_THROWS_WITH(FaceStore::load(faces, options), "enough");
  options.progress = {};
  options.region = 0.5f;
  CHECK_THROWS_AS(FaceStore::load(faces, options), ArgumentError);
}

TEST_CASE("real photos: all are used and fit in memory") {
  const char* root = std::getenv("LINEAMENT_300W");
  if (root == nullptr) {
    WARN("LINEAMENT_300W is not set: skipped");
    return;
  }
  const Dataset data = read_dataset(root);
  const FaceStore store = FaceStore::load(data.faces);
  CHECK(store.rejected().empty());
  CHECK(store.size() == data.faces.size());
  CHECK(static_cast<double>(store.bytes()) / static_cast<double>(store.size()) < 200e3);  // 3,000 faces: 600 MB.
}
