// Faces drawn when they are asked for: those that are drawn ahead, to the bit, and no more memory than allowed.
#include "lineament/landmarker/drawn_faces.hpp"

#include "lineament/landmarker/face_store.hpp"
#include "lineament/train/fit.hpp"
#include "shards_support.hpp"

using namespace lineament;
using namespace lineament::testing;

TEST_CASE("faces drawn on demand are those of a store, whatever is kept of them") {
  StoreOptions options;
  options.preprocessing.size = 48;
  const FaceStore store = FaceStore::draw(5, 6, options);
  for (const std::size_t memory : {std::size_t{0}, std::size_t{30000}, std::size_t{1} << 30}) {
    DrawnFaces faces(5, 6, options, {}, memory);
    REQUIRE(faces.size() == 6);
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t i = 0; i < 6; ++i) {
        CHECK(prepared(faces, i) == prepared(store, i));
        CHECK(faces.name(i) == store.name(i));
        CHECK(faces.side(i) == store.side(i));
      }
    CHECK(faces.cached_bytes() <= memory);
    CHECK((faces.cached_bytes() > store.bytes()) == (memory > store.bytes() + 20000));
  }
}

TEST_CASE("sources of faces say whether they are at hand, and what tells their samples apart") {
  const Folder folder("sources");
  const std::vector<Face> photos = photos_in(folder, 3);
  pack_faces(folder / "shards", photos, small_pack());
  const FaceStore store = FaceStore::load(photos), drawn = FaceStore::draw(5, 3);
  const DrawnFaces on_demand(5, 3);
  const FaceShards shards = FaceShards::open(folder / "shards");
  const auto identity = [](const FaceSamples& faces, std::size_t i) {
    std::vector<std::uint8_t> bytes;
    faces.identify(i, bytes);
    return bytes;
  };
  const auto at_hand = [](const FaceSamples& faces) { return faces.at_hand(); };
  CHECK(at_hand(store));
  CHECK(at_hand(drawn));
  CHECK_FALSE(at_hand(on_demand));
  CHECK_FALSE(at_hand(shards));
  CHECK(identity(store, 0).size() == sizeof(std::uint64_t) + 68 * sizeof(Point));
  CHECK(identity(store, 0) != identity(store, 1));
  CHECK(identity(shards, 0).size() == sizeof(std::uint64_t));
  CHECK(identity(shards, 0) != identity(shards, 1));
  CHECK(identity(drawn, 0).empty());
  CHECK(identity(on_demand, 0).empty());
  std::vector<Face> moved = photos;  // the same photo with another point
  moved[0].points[8].x += 1;
  CHECK(identity(FaceStore::load(moved), 0) != identity(store, 0));
}

TEST_CASE("the truth of a drawn face takes no picture, and is the same to the bit") {
  for (const BoxSource box : {BoxSource::points, BoxSource::whole_image}) {
    StoreOptions options;
    options.preprocessing.size = 48;
    options.box = box;
    const FaceStore store = FaceStore::draw(7, 20, options);
    const DrawnFaces faces(7, 20, options);
    std::vector<float> values(136), wanted(136);
    for (std::size_t i = 0; i < 20; ++i) {
      faces.prepare_truth(i, {{}, values, {}});
      store.prepare_truth(i, {{}, wanted, {}});
      CHECK(values == wanted);
      CHECK(values == prepared(faces, i, false).values);
      CHECK(drawn_points(7, i) == draw_face(7, i).points);
    }
    CHECK(mean_values(faces) == mean_values(store));
  }
}

TEST_CASE("a billion drawn faces are there at once") {
  const DrawnFaces faces(1, 1000000000);
  CHECK(faces.size() == 1000000000);
  CHECK_FALSE(prepared(faces, 999999999).pixels.empty());
}

TEST_CASE("what drawn faces do not have is refused before any is drawn") {
  StoreOptions options;
  options.box = BoxSource::file;
  CHECK_THROWS_AS(DrawnFaces(1, 4, options), ArgumentError);
  DrawOptions drawing;
  drawing.size = 1;
  CHECK_THROWS_AS(DrawnFaces(1, 4, {}, drawing), ArgumentError);
}
