// The face store over drawn faces.
#include "catch.hpp"
#include "lineament/landmarker/face_store.hpp"

using namespace lineament;

TEST_CASE("drawn faces are those of the seed") {
  const FaceStore store = FaceStore::draw(5, 4);
  const FaceStore later = FaceStore::draw(5, 2, {}, {}, 2);
  REQUIRE(store.size() == 4);
  CHECK(store.rejected().empty());
  CHECK(store.name(3) == "drawn 3");
  CHECK(later.name(1) == "drawn 3");
  CHECK(later.points(1) == store.points(3));
  CHECK_FALSE(store.points(0) == store.points(1));
  StoreOptions options;
  options.box = BoxSource::file;
  CHECK_THROWS_AS(FaceStore::draw(5, 4, options), ArgumentError);
}
