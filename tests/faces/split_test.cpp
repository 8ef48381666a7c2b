// Photo ids and the split by photo, as properties.
#include "lineament/faces/split.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/random.hpp"

using namespace lineament;

namespace {

std::vector<Face> faces_of(const std::vector<std::string>& images) {
  std::vector<Face> faces;
  for (const std::string& image : images) faces.push_back({image, {}, std::nullopt, photo_id(image)});
  return faces;
}

/// `photos` photos with one to `most` faces each, in an order of their own.
std::vector<Face> random_faces(int photos, std::uint32_t most, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::string> images;
  for (int p = 0; p < photos; ++p)
    for (std::uint32_t f = 0, n = 1 + random.below(most); f < n; ++f)
      images.push_back("afw/" + std::to_string(1000 + p) + "_" + std::to_string(f + 1) + ".jpg");
  std::vector<Face> faces = faces_of(images);
  shuffle(faces, random);
  return faces;
}

std::set<std::string> photos_of(const std::vector<Face>& faces, const std::vector<std::size_t>& indices) {
  std::set<std::string> photos;
  for (const std::size_t i : indices) photos.insert(faces[i].photo);
  return photos;
}

}  // namespace

TEST_CASE("the photo a file shows") {
  CHECK(photo_id("helen/trainset/2908549_1.jpg") == "helen/trainset/2908549");
  CHECK(photo_id("helen/trainset/2908549_2.jpg") == photo_id("helen/trainset/2908549_1.jpg"));
  CHECK(photo_id("afw/18489332_11.jpg") == "afw/18489332");
  CHECK(photo_id("lfpw/trainset/image_0001.png") == "lfpw/trainset/image_0001");
  CHECK(photo_id("lfpw/trainset/image_0001.png") != photo_id("lfpw/testset/image_0001.png"));
  CHECK(photo_id("ibug/image_003_1.jpg") == "ibug/image_003");
  CHECK(photo_id("ibug/image_100_01.jpg") == "ibug/image_100");
  CHECK(photo_id("300W/01_Indoor/indoor_001.png") == "300W/01_Indoor/indoor_001");
  CHECK(photo_id("helen/trainset/2908549_1_mirror.jpg") == "helen/trainset/2908549");
  CHECK(photo_id("lfpw/trainset/image_0001_mirror.jpg") == "lfpw/trainset/image_0001");
  CHECK(photo_id("face_7.jpg") == "face_7");
  CHECK(photo_id("./a/../b/12_3.jpg") == "b/12");
  CHECK(photo_id("1.2_3.jpg") == "1.2");
  CHECK(photo_id("_1.jpg") == "_1");
  CHECK(photo_id("_mirror.jpg") == "_mirror");
}

TEST_CASE("a split has each face once, no photo on both sides, and nearly the wanted number held out") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::uint32_t most = 1 + static_cast<std::uint32_t>(seed % 6);
    const auto faces = random_faces(2 + static_cast<int>(seed * 7), most, seed);
    const double fraction = 0.05 + 0.01 * static_cast<double>(seed);
    const Split split = split_by_photo(faces, fraction, seed);
    CAPTURE(seed, faces.size(), split.held_out.size());

    std::vector<std::size_t> all = split.train;
    all.insert(all.end(), split.held_out.begin(), split.held_out.end());
    std::sort(all.begin(), all.end());
    REQUIRE(all.size() == faces.size());
    for (std::size_t i = 0; i < all.size(); ++i) REQUIRE(all[i] == i);
    CHECK(std::is_sorted(split.train.begin(), split.train.end()));
    CHECK(std::is_sorted(split.held_out.begin(), split.held_out.end()));

    const auto held = photos_of(faces, split.held_out);
    for (const std::string& photo : photos_of(faces, split.train)) REQUIRE(!held.count(photo));
    CHECK(!split.train.empty());
    CHECK(!split.held_out.empty());
    // Half a photo off at most, but for the whole photo that each side is owed.
    const double wanted = fraction * static_cast<double>(faces.size());
    const double slack = held.size() == 1 || photos_of(faces, split.train).size() == 1 ? most : most / 2.0;
    CHECK(std::abs(static_cast<double>(split.held_out.size()) - wanted) <= slack + 1e-9);
  }
}

TEST_CASE("a split does not depend on the order of the faces, but on the seed") {
  auto faces = random_faces(200, 4, 1);
  const auto held = photos_of(faces, split_by_photo(faces, 0.1, 5).held_out);
  for (std::uint64_t round = 0; round < 10; ++round) {
    shuffle(faces, Random(round, 99));
    CHECK(photos_of(faces, split_by_photo(faces, 0.1, 5).held_out) == held);
  }
  CHECK(photos_of(faces, split_by_photo(faces, 0.1, 6).held_out) != held);
  // A larger fraction holds out the same photos and more.
  const auto more = photos_of(faces, split_by_photo(faces, 0.3, 5).held_out);
  CHECK(std::includes(more.begin(), more.end(), held.begin(), held.end()));
}

TEST_CASE("every photo is held out about as often as every other") {
  const auto faces = random_faces(50, 1, 3);
  std::vector<int> times(faces.size());
  for (std::uint64_t seed = 0; seed < 1000; ++seed)
    for (const std::size_t i : split_by_photo(faces, 0.2, seed).held_out) ++times[i];
  // Binomial(1000, 0.2): mean 200, deviation 12.6; 5 deviations.
  CHECK(*std::min_element(times.begin(), times.end()) > 137);
  CHECK(*std::max_element(times.begin(), times.end()) < 263);
}

TEST_CASE("the edges of a split") {
  const auto faces = faces_of({"a1_1.jpg", "a1_2.jpg", "b.jpg"});
  CHECK(split_by_photo(faces, 0, 1).held_out.empty());
  CHECK(split_by_photo({}, 0.5, 1).train.empty());
  CHECK(split_by_photo(faces_of({"a1_1.jpg", "a1_2.jpg"}), 0.5, 1).held_out.empty());  // one photo: train on it
  CHECK(!split_by_photo(faces, 0.99, 1).train.empty());
  for (const double bad : {-0.1, 1.0, 2.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(split_by_photo(faces, bad, 1), ArgumentError);
}
