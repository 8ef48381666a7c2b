// Tracker: drawn people before a camera, with a detector that knows where they are.
#include "lineament/track/tracker.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/drawn_film.hpp"
#include "lineament/faces/metrics.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/image/draw.hpp"
#include "lineament/image/resize.hpp"
#include "lineament/model/model.hpp"
#include "lineament/nn/layers.hpp"
#include "lineament/random.hpp"

using namespace lineament;

namespace {

constexpr int kSide = 144;

/// A frame with people side by side, or one above the other.
struct Stage {
  Image image;
  std::vector<Landmarks> truth;
};
Landmarks shifted(Landmarks points, float x, float y = 0) {
  for (Point& p : points) p = p + Point{x, y};
  return points;
}
DrawnFilmFrame person(std::uint64_t seed, int frame, float motion = 1) {
  FilmOptions options;
  options.size = kSide;
  options.motion = motion;
  return draw_film_frame(seed, static_cast<std::uint64_t>(frame), options);
}
Stage stage(const std::vector<std::uint64_t>& seeds, int frame, float motion = 1) {
  Stage s{Image(kSide * std::max(1, static_cast<int>(seeds.size())), kSide, {90, 90, 90}), {}};
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    const DrawnFilmFrame drawn = person(seeds[i], frame, motion);
    const int x = kSide * static_cast<int>(i);
    paste(s.image, drawn.image, x, 0);
    s.truth.push_back(shifted(drawn.points, static_cast<float>(x)));
  }
  return s;
}

/// Says what it is told, and counts how often it is asked.
struct Detector {
  std::vector<FoundFace> faces;
  int looks = 0;

  Tracker::Finder finder() {
    return [this](const ImageView&) {
      ++looks;
      return faces;
    };
  }
  /// Not quite where the points are, as detectors are.
  void knows(const std::vector<Landmarks>& truth) {
    faces.clear();
    for (const Landmarks& points : truth) {
      Box b = bounding_box(points);
      b.x += 0.06f * b.width;
      b.width *= 0.9f;
      b.height *= 1.05f;
      faces.push_back({b, 0.9f - 0.01f * static_cast<float>(faces.size())});
    }
  }
};

/// Points in the same places of each crop, and no score: a face stays where it is, or goes to the right by `drift` of
/// its crop in each frame.
Model always_the_same(float drift = 0) {
  Spec net;
  net.add(Dense{.features = kValues}, net.add(GlobalAvgPool{}, Spec::kInput));
  Model model;
  model.preprocessing.size = 32;
  model.network = Network::zeros(net, Shape{32, 32, 3});
  const float inner = 1 / (1 + 2 * model.preprocessing.margin);  // the box's share of the crop
  for (const ParamInfo& p : model.network.params()) {
    const std::span<float> values = model.network.values(p);
    if (!p.name.ends_with("bias")) continue;
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = 0.5f + (i % 2 == 0 ? drift : 0) +
                  inner * (static_cast<float>(i * 37 % values.size()) / static_cast<float>(values.size() - 1) - 0.5f);
  }
  return model;
}

double error_of(const TrackedFace& face, const Landmarks& truth) {
  return nme(face.face.points, truth, Normalisation::inter_ocular);
}
std::vector<std::uint64_t> ids(const std::vector<TrackedFace>& faces) {
  std::vector<std::uint64_t> list;
  for (const TrackedFace& face : faces) list.push_back(face.id);
  return list;
}
using Ids = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("a face is followed through rest, talk and fast moves by its points alone") {
  Detector detector;
  Tracker tracker(Landmarker(), detector.finder(), {.find_every = 1e6});
  for (int i = 0; i < 150; ++i) {
    const Stage s = stage({3}, i);
    detector.knows(s.truth);
    const std::vector<TrackedFace>& faces = tracker.next(s.image, i / 25.0);
    REQUIRE(faces.size() == 1);
    CHECK(faces[0].id == 1);
    CHECK(faces[0].since == 0);
    CHECK(error_of(faces[0], s.truth[0]) < 5);
    CHECK(faces[0].box == bounding_box(faces[0].face.points));
    CHECK(faces[0].face.score.value() > 0.5f);
  }
  CHECK(detector.looks == 1);
}

TEST_CASE("the detector is asked as often as said") {
  Detector detector;
  Tracker tracker(Landmarker(), detector.finder(), {.find_every = 0.5});
  const Stage s = stage({3}, 0, 0);
  detector.knows(s.truth);
  for (int i = 0; i < 40; ++i) tracker.next(s.image, i * 0.125);
  CHECK(detector.looks == 10);  // each fourth frame
  detector.looks = 0;
  Tracker nobody(Landmarker(), detector.finder(), {.search_every = 0.25});
  const Image empty(kSide, kSide, {90, 90, 90});
  detector.faces.clear();
  for (int i = 0; i < 40; ++i) CHECK(nobody.next(empty, i * 0.125).empty());
  CHECK(detector.looks == 20);
}

TEST_CASE("several faces keep their numbers, and who comes later gets the next one") {
  Detector detector;
  Tracker tracker(Landmarker(), detector.finder(), {.find_every = 0.2});
  for (int i = 0; i < 40; ++i) {
    Stage s = stage({3, 5, 7}, i);
    if (i < 12) {  // the third is not there yet
      paste(s.image, Image(kSide, kSide, {90, 90, 90}), 2 * kSide, 0);
      s.truth.pop_back();
    }
    detector.knows(s.truth);
    const std::vector<TrackedFace>& faces = tracker.next(s.image, i / 25.0);
    if (i < 12) CHECK(ids(faces) == Ids{1, 2});
    if (i >= 17) CHECK(ids(faces) == Ids{1, 2, 3});
    for (const TrackedFace& face : faces) CHECK(error_of(face, s.truth[face.id - 1]) < 6);
  }
  CHECK(tracker.next(stage({3, 5, 7}, 40).image, 1.6).back().since > 0.4);
}

TEST_CASE("a face that is lost is gone at once, and comes back under its number only soon and in its place") {
  Detector detector;
  Tracker tracker(Landmarker(), detector.finder(), {.find_every = 1e6, .remember = 0.5});
  const Stage here = stage({3}, 0, 0);
  const Stage nobody{draw_scene(12, 5, {.size = kSide}), {}};
  double seconds = 0;
  const auto show = [&](const Stage& s, int frames) {
    detector.knows(s.truth);
    Ids last;
    for (int i = 0; i < frames; ++i) last = ids(tracker.next(s.image, seconds += 0.04));
    return last;
  };
  CHECK(show(here, 5) == Ids{1});
  detector.looks = 0;
  CHECK(show(nobody, 1).empty());
  CHECK(detector.looks == 1);  // on the loss
  CHECK(show(nobody, 4).empty());
  CHECK(detector.looks == 5);  // and while there is nobody
  CHECK(show(here, 1) == Ids{1});
  CHECK(show(nobody, 20).empty());
  CHECK(show(here, 1) == Ids{2});
  tracker.reset();
  seconds = 0;
  CHECK(show(here, 1) == Ids{3});
}

TEST_CASE("a cut to another scene ends what was followed, in the same frame") {
  Detector detector;
  Tracker tracker(Landmarker(), detector.finder(), {.find_every = 1e6});
  Stage before = stage({3, 5}, 0), after = stage({7, 9}, 0);
  paste(before.image, draw_scene(12, 5, {.size = kSide}), kSide, 0);
  before.truth.pop_back();
  paste(after.image, draw_scene(12, 7, {.size = kSide}), 0, 0);
  after.truth.erase(after.truth.begin());
  detector.knows(before.truth);
  CHECK(ids(tracker.next(before.image, 0)) == Ids{1});
  detector.knows(after.truth);
  const std::vector<TrackedFace>& faces = tracker.next(after.image, 0.04);
  REQUIRE(ids(faces) == Ids{2});
  CHECK(error_of(faces[0], after.truth[0]) < 6);
  CHECK(detector.looks == 2);
}

TEST_CASE("two that come to lie on one face are one: the older") {
  // Both go to the right by a share of their size, so that the larger one catches up.
  Detector detector;
  Tracker tracker(Landmarker(always_the_same(0.05f)), detector.finder(), {.find_every = 1e6});
  detector.faces = {{{5, 10, 40, 40}, 0.9f}, {{65, 15, 30, 30}, 0.8f}};
  const Image image(2000, 60, {90, 90, 90});
  Ids last;
  int frame = 0;
  float ahead = 0;
  for (; frame < 60 && (frame == 0 || last.size() == 2); ++frame) {
    const std::vector<TrackedFace>& faces = tracker.next(image, frame / 25.0);
    last = ids(faces);
    if (last.size() == 2) ahead = faces[1].box.center().x - faces[0].box.center().x;
  }
  CHECK(frame > 3);
  CHECK(last == Ids{1});
  CHECK(ahead < 30);  // they had come near
}

TEST_CASE("only so many faces are followed, the most probable ones, and none that is none") {
  Detector detector;
  const Stage s = stage({3, 5, 7}, 0);
  Tracker two(Landmarker(), detector.finder(), {.most_faces = 2});
  detector.knows(s.truth);
  detector.faces[0].score = 0.55f;
  const std::vector<TrackedFace>& faces = two.next(s.image, 0);
  REQUIRE(faces.size() == 2);
  CHECK(error_of(faces[0], s.truth[1]) < 6);
  CHECK(error_of(faces[1], s.truth[2]) < 6);

  Tracker all(Landmarker(), detector.finder());
  detector.faces.push_back({{3, 3, 30, 30}, 0.99f});  // the corner of a room
  CHECK(all.next(s.image, 0).size() == 3);
  detector.faces.push_back(detector.faces[0]);  // twice the same
  CHECK(all.next(s.image, 2).size() == 3);
}

TEST_CASE("a frame that grows takes its faces along") {
  Detector detector;
  Tracker tracker(Landmarker(), detector.finder(), {.find_every = 1e6});
  const Stage s = stage({3}, 0, 0);
  detector.knows(s.truth);
  tracker.next(s.image, 0);
  const Image large = resize(s.image, 2 * kSide, 2 * kSide);
  const std::vector<TrackedFace> faces = tracker.next(large, 0.04);
  REQUIRE(ids(faces) == Ids{1});
  Landmarks truth = s.truth[0];
  for (Point& p : truth) p = (p + Point{0.5f, 0.5f}) * 2 - Point{0.5f, 0.5f};
  CHECK(error_of(faces[0], truth) < 5);
  CHECK(detector.looks == 1);
  // Cut to another shape, it has to be looked for.
  detector.faces.clear();
  CHECK(tracker.next(Image(50, 300, {90, 90, 90}), 0.08).empty());
  CHECK(detector.looks == 2);
}

TEST_CASE("a face that leaves the picture ends without an error") {
  Detector detector;
  Tracker tracker(Landmarker(), detector.finder());
  const DrawnFilmFrame drawn = person(5, 0, 0);
  detector.knows({drawn.points});
  std::size_t last = 1;
  for (int i = 0; i < 40; ++i) {
    Image image(kSide, kSide, {90, 90, 90});
    paste(image, drawn.image, 4 * i, 0);
    last = tracker.next(image, i / 25.0).size();
    if (i < 5) CHECK(last == 1);
    if (i == 0) detector.faces.clear();
  }
  CHECK(last == 0);
}

TEST_CASE("points are steadier than the network's, and the same where smoothing is off") {
  Detector detector;
  const auto trembling = [&](bool smooth) {
    Tracker tracker(Landmarker(), detector.finder(), {.smooth = smooth});
    float sum = 0;
    Landmarks before;
    for (int i = 0; i < 30; ++i) {
      const Stage s = stage({3}, i, 0);
      detector.knows(s.truth);
      const TrackedFace face = tracker.next(s.image, i / 25.0).at(0);
      if (!smooth) CHECK(face.raw == face.face.points);
      for (std::size_t k = 0; i > 5 && k < before.size(); ++k) sum += distance(before[k], face.face.points[k]);
      before = face.face.points;
    }
    return sum;
  };
  CHECK(trembling(true) < trembling(false) / 3);
}

TEST_CASE("a face with a good score stays, whatever the detector says; without a score two looks decide") {
  Detector detector;
  const Stage s = stage({3}, 0, 0);
  detector.knows(s.truth);
  Tracker sure(Landmarker(), detector.finder(), {.find_every = 0.08});
  Tracker unsure(Landmarker(always_the_same()), detector.finder(), {.find_every = 0.08});
  CHECK(sure.next(s.image, 0).size() == 1);
  REQUIRE(unsure.next(s.image, 0).size() == 1);
  CHECK_FALSE(unsure.next(s.image, 0.01)[0].face.score);
  detector.faces.clear();
  for (int i = 1; i < 10; ++i) {
    CHECK(sure.next(s.image, i * 0.04).size() == 1);
    CHECK(unsure.next(s.image, i * 0.04).size() == (i < 4 ? 1u : 0u));  // looks at 0.08 and 0.16
  }
}

TEST_CASE("a face that was lost and found again has two looks, too") {
  Detector detector;
  const Stage s = stage({3}, 0, 0);
  detector.knows(s.truth);
  Tracker tracker(Landmarker(always_the_same()), detector.finder(), {.find_every = 0.01, .search_every = 0.01});
  CHECK(tracker.next(s.image, 0.00).size() == 1);
  const std::vector<FoundFace> there = std::exchange(detector.faces, {});
  CHECK(tracker.next(s.image, 0.04).size() == 1);
  CHECK(tracker.next(s.image, 0.08).empty());
  detector.faces = there;
  CHECK(ids(tracker.next(s.image, 0.12)) == Ids{1});
  detector.faces.clear();
  CHECK(tracker.next(s.image, 0.16).size() == 1);
  CHECK(tracker.next(s.image, 0.20).empty());
}

TEST_CASE("a look that failed is due again, and a frame that was refused has not been") {
  Detector detector;
  const Stage s = stage({3}, 0, 0);
  detector.knows(s.truth);
  bool fails = true;
  const Tracker::Finder finder = [&](const ImageView& picture) {
    if (fails) throw std::runtime_error("no detector today");
    return detector.finder()(picture);
  };
  Tracker tracker(Landmarker(always_the_same()), finder, {.search_every = 5});
  CHECK_THROWS_AS(tracker.next(s.image, 0), std::runtime_error);
  fails = false;
  CHECK(tracker.next(s.image, 0.04).size() == 1);

  ImageView narrow = s.image;
  narrow.stride = 3;
  CHECK_THROWS_AS(tracker.next(narrow, 0.08), ArgumentError);
  CHECK(tracker.next(s.image, 0.08).size() == 1);
}

TEST_CASE("no detector, however odd, breaks it") {
  int looks = 0;
  Random random(3);
  Tracker tracker(Landmarker(),
                  [&](const ImageView&) {
                    ++looks;
                    std::vector<FoundFace> faces;
                    const float nan = std::numeric_limits<float>::quiet_NaN();
                    faces.push_back({{nan, 3, 20, 20}, 0.9f});
                    faces.push_back({{1e30f, 3, 20, 20}, nan});
                    faces.push_back({{0, 0, 0, 0}, 0.9f});
                    faces.push_back({{10, 10, -20, 20}, 0.9f});
                    for (int i = 0; i < 5; ++i)
                      faces.push_back({{random.uniform(-200, 200), random.uniform(-200, 200), random.uniform(1, 300),
                                        random.uniform(1, 300)},
                                       random.uniform()});
                    return faces;
                  },
                  {.find_every = 0});
  for (int i = 0; i < 20; ++i) {
    const Stage s = stage({3, 5}, i);
    CHECK(tracker.next(i % 7 == 6 ? Image(1 + i, 40) : s.image, i / 25.0).size() <= 20);
  }
  CHECK(looks == 20);
}

TEST_CASE("time that stands still, empty frames and options out of range are refused") {
  Detector detector;
  Tracker tracker(Landmarker(), detector.finder());
  const Image image(kSide, kSide, {90, 90, 90});
  tracker.next(image, 5);
  CHECK_THROWS_AS(tracker.next(image, 5), ArgumentError);
  CHECK_THROWS_AS(tracker.next(image, 4), ArgumentError);
  CHECK_THROWS_AS(tracker.next(image, std::nan("")), ArgumentError);
  CHECK_THROWS_AS(tracker.next(Image(), 6), ArgumentError);
  CHECK_NOTHROW(tracker.next(image, 6));
  tracker.reset();
  CHECK_NOTHROW(tracker.next(image, 0));
  const auto refuses = [&](auto change, const char* name) {
    TrackerOptions o;
    change(o);
    CHECK_THROWS_WITH(Tracker(Landmarker(), detector.finder(), o), Catch::Contains(name));
  };
  refuses([](TrackerOptions& o) { o.find_every = -1; }, "find_every");
  refuses([](TrackerOptions& o) { o.search_every = std::nan(""); }, "search_every");
  refuses([](TrackerOptions& o) { o.min_score = 2; }, "min_score");
  refuses([](TrackerOptions& o) { o.most_faces = 0; }, "most_faces");
  refuses([](TrackerOptions& o) { o.remember = -1; }, "remember");
  refuses([](TrackerOptions& o) { o.smoothing.rest_cutoff = -1; }, "rest_cutoff");
  CHECK_THROWS_AS(Tracker(Landmarker(), Tracker::Finder()), ArgumentError);
}
