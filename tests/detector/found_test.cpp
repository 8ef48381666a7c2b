// Overlaps, doubles, and how well faces are found: by hand.
#include "catch.hpp"
#include "lineament/detector/found_measures.hpp"

using namespace lineament;

namespace {

FoundFace found(float x, float score) {
  return {{x, 0, 10, 10}, score};
}
TrueFace truth(float x, bool counts = true) {
  return {{x, 0, 10, 10}, {}, counts};
}

}  // namespace

TEST_CASE("overlap is the shared part of what two boxes cover") {
  CHECK(overlap({0, 0, 10, 10}, {0, 0, 10, 10}) == Approx(1));
  CHECK(overlap({0, 0, 10, 10}, {5, 0, 10, 10}) == Approx(1.0 / 3));
  CHECK(overlap({0, 0, 10, 10}, {0, 5, 5, 5}) == Approx(0.25));
  CHECK(overlap({0, 0, 10, 10}, {10, 0, 10, 10}) == 0);
  CHECK(overlap({0, 0, 0, 0}, {0, 0, 10, 10}) == 0);
}

TEST_CASE("of faces that overlap the most probable stays, and the order is by score") {
  const auto kept = without_doubles({found(0, 0.6f), found(1, 0.9f), found(40, 0.7f), found(6, 0.5f)}, 0.4f);
  REQUIRE(kept.size() == 3);
  CHECK(kept[0].box.x == 1);
  CHECK(kept[1].box.x == 40);
  CHECK(kept[2].box.x == 6);  // a third is shared
  CHECK(without_doubles({}).empty());
}

TEST_CASE("of very many faces the most probable are looked at") {
  std::vector<FoundFace> faces;
  for (std::size_t i = 0; i < kMostFaces + 500; ++i)
    faces.push_back(found(static_cast<float>(20 * i), static_cast<float>(i) / 65536));
  const auto kept = without_doubles(faces, 0.4f);
  REQUIRE(kept.size() == kMostFaces);
  CHECK(kept.front().score == faces.back().score);
  CHECK(kept.back().score == faces[500].score);
}

TEST_CASE("recall, false boxes and average precision, by hand") {
  // Scores from the top: right, wrong, right, a second one on a face that is taken: wrong; one on a face that does not
  // count. One face is never found.
  const std::vector<SearchedPicture> pictures{
      {{found(0, 0.9f), found(1, 0.6f), found(50, 0.8f)}, {truth(0)}},
      {{found(0, 0.7f), found(80, 0.75f)}, {truth(0), truth(30), truth(80, false)}},
      {{}, {}}};
  const FoundMeasures measures(pictures);
  CHECK(measures.faces() == 3);
  CHECK(measures.curve().size() == 5);
  CHECK(measures.at_score(0.5f).right == 2);
  CHECK(measures.at_score(0.5f).wrong == 2);
  CHECK(measures.at_score(0.95f).right == 0);
  CHECK(measures.recall(measures.at_wrong(0)) == Approx(1.0 / 3));
  CHECK(measures.recall(measures.at_wrong(1)) == Approx(2.0 / 3));
  CHECK(measures.at_wrong(1).score == 0.7f);
  CHECK(measures.average_precision() == Approx(1.0 / 3 * 1 + 1.0 / 3 * 2 / 3));
  CHECK(FoundMeasures({}).average_precision() == 0);
}
