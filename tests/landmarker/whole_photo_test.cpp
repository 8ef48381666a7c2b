// A photo without any box: the faces are found, and their points.
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "lineament/detector/scenes.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/metrics.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/image/draw.hpp"
#include "lineament/landmarker/landmarker.hpp"
#include "lineament/model/default_models.hpp"
#include "lineament/model/model.hpp"
#include "lineament/nn/tuning.hpp"

using namespace lineament;

namespace {

constexpr std::uint64_t kSeed = 0x7000'0000'0000'0011;  // no training draws these

/// Pictures of several people whose faces are large enough to be sure of.
const DrawnScenes& scenes() {
  static const DrawnScenes drawn = DrawnScenes::draw(
      kSeed, 24, nullptr, {.size = 320, .most_faces = 4, .smallest = 48, .max_roll = 15, .without = 0});
  return drawn;
}

bool finds(const std::vector<FaceLandmarks>& faces, const Box& box) {
  return std::any_of(faces.begin(), faces.end(),
                     [&](const FaceLandmarks& f) { return overlap(bounding_box(f.points), box) > 0.5f; });
}

}  // namespace

TEST_CASE("every face of a picture of several people gets its points, and nothing else does") {
  Landmarker landmarker;
  std::size_t asked = 0, found = 0, wrong = 0;
  for (std::uint64_t i = 0; i < 24; ++i) {
    const Scene scene = scenes().compose(Random(kSeed, i));
    const std::vector<FaceLandmarks> faces = landmarker.predict(scene.image);
    for (const SceneFace& face : scene.faces) {
      if (face.visible < 0.8f) continue;
      ++asked;
      found += finds(faces, face.box);
    }
    for (const FaceLandmarks& face : faces) {
      CHECK(face.score.value() >= 0.5f);
      const Box place = bounding_box(face.points);
      wrong += std::none_of(scene.faces.begin(), scene.faces.end(),
                            [&](const SceneFace& f) { return overlap(f.box, place) > 0.4f; });
    }
    for (std::size_t k = 1; k < faces.size(); ++k) CHECK(*faces[k].detection <= *faces[k - 1].detection);
  }
  REQUIRE(asked > 30);
  CHECK(100 * found >= 93 * asked);
  CHECK(wrong <= 2);
}

TEST_CASE("the box that was found leads to the points that the true box leads to") {
  Landmarker landmarker;
  double found = 0, given = 0;
  constexpr std::uint64_t kFaces = 30;
  for (std::uint64_t i = 0; i < kFaces; ++i) {
    const DrawnFace drawn = draw_face(kSeed, i, {.size = 256, .max_yaw = 30, .max_roll = 15, .accessories = 0});
    const std::vector<FaceLandmarks> faces = landmarker.predict(drawn.image);
    REQUIRE(faces.size() == 1);
    CHECK(overlap(faces[0].box, bounding_box(drawn.points)) > 0.5f);
    found += nme(faces[0].points, drawn.points);
    given += nme(landmarker.predict(drawn.image, bounding_box(drawn.points)).points, drawn.points);
  }
  CHECK(found / kFaces < given / kFaces + 0.2);
}

TEST_CASE("a picture without a face has none, and an empty one is an error") {
  Landmarker landmarker;
  CHECK(landmarker.predict(Image(200, 150, {128, 128, 128})).empty());
  CHECK(landmarker.predict(Image(1, 1)).empty());
  CHECK(landmarker.predict(Image(3000, 2)).empty());
  CHECK_THROWS_AS(landmarker.predict(Image()), ArgumentError);
  std::size_t faces = 0;
  for (std::uint64_t i = 0; i < 20; ++i) faces += landmarker.predict(draw_scene(kSeed, i, {.size = 256})).size();
  CHECK(faces <= 1);
}

TEST_CASE("who asks for smaller faces, surer ones or other threads gets them") {
  const Scene scene = scenes().compose(Random(kSeed, 3));
  Landmarker usual, sure({.min_score = 1}), large({.finder = {.smallest = 319}});
  const std::vector<FaceLandmarks> faces = usual.predict(scene.image);
  REQUIRE_FALSE(faces.empty());
  CHECK(sure.predict(scene.image).size() < faces.size());
  for (const FaceLandmarks& face : large.predict(scene.image)) CHECK(std::max(face.box.width, face.box.height) > 100);
  const std::vector<FaceLandmarks> again = usual.predict(scene.image, {.threads = 2});
  REQUIRE(again.size() == faces.size());
  for (std::size_t i = 0; i < faces.size(); ++i) CHECK(again[i].points == faces[i].points);
}

TEST_CASE("pictures of any shape, and frames where they lie, are looked at") {
  Landmarker landmarker;
  for (const auto& [w, h] : {std::pair{1, 1}, {1, 700}, {8000, 6}, {6, 8000}, {33, 31}, {2600, 1900}})
    CHECK(landmarker.predict(Image(w, h, {60, 70, 80})).empty());
  // A frame with rows that are padded: what lies in the padding is not looked at.
  const Image face = draw_face(kSeed, 2, {.size = 200, .max_yaw = 10}).image;
  const std::vector<FaceLandmarks> wanted = landmarker.predict(face);
  REQUIRE(wanted.size() == 1);
  constexpr std::ptrdiff_t kStride = 4 * 200 + 52;
  std::vector<std::uint8_t> frame(kStride * 200, 255);
  for (int y = 0; y < 200; ++y)
    for (int x = 0; x < 200; ++x) {
      const Color c = face.at(x, y);
      std::uint8_t* to = frame.data() + y * kStride + 4 * x;
      to[0] = c.b, to[1] = c.g, to[2] = c.r;
    }
  const ImageView view{
      .data = frame.data(), .width = 200, .height = 200, .stride = kStride, .format = PixelFormat::bgra};
  const std::vector<FaceLandmarks> got = landmarker.predict(view);
  REQUIRE(got.size() == 1);
  CHECK(got[0].points == wanted[0].points);
  CHECK(landmarker.predict(view, wanted[0].box).points == wanted[0].points);
  ImageView bad = view;
  bad.stride = 100;
  CHECK_THROWS_AS(landmarker.predict(bad), ArgumentError);
  bad = view;
  bad.data = nullptr;
  CHECK_THROWS_AS(landmarker.predict(bad), ArgumentError);
}

TEST_CASE("two hundred faces in a picture are found") {
  constexpr int kSide = 64, kColumns = 20, kRows = 10;
  Image crowd(kColumns * kSide, kRows * kSide);
  for (int i = 0; i < kColumns * kRows; ++i)
    paste(crowd,
          draw_face(kSeed, static_cast<std::uint64_t>(i % 23), {.size = kSide, .max_yaw = 20, .accessories = 0}).image,
          i % kColumns * kSide, i / kColumns * kSide);
  Landmarker landmarker;
  const std::vector<FaceLandmarks> faces = landmarker.predict(crowd);
  CHECK(faces.size() >= 180);
  CHECK(faces.size() <= 205);
}

TEST_CASE("faces at the photo's edge, whose points may lie beyond it, are no error") {
  Landmarker landmarker({.finder = {.score = 0.05f}, .min_score = 0});
  const Image face = draw_face(kSeed, 4, {.size = 160, .max_yaw = 10}).image;
  for (const int off : {20, 50, 70, 90, 110}) {
    Image cut(160 - off, 160);
    paste(cut, face, -off, 0);
    for (const FaceLandmarks& f : landmarker.predict(cut)) CHECK(f.points.size() == kPoints);
    Image low(160, 160 - off);
    paste(low, face, 0, -off);
    for (const FaceLandmarks& f : landmarker.predict(low)) CHECK(f.points.size() == kPoints);
  }
}

TEST_CASE("faces are found by the detector that is given, and what cannot find any is refused at once") {
  const auto own = shared_default_model(kDefaultDetector);
  const Image photo = scenes().compose(Random(kSeed, 0)).image;
  Landmarker usual, given({.detector = own});
  const std::vector<FaceLandmarks> wanted = usual.predict(photo), got = given.predict(photo);
  REQUIRE(!wanted.empty());
  REQUIRE(got.size() == wanted.size());
  CHECK(got[0].points == wanted[0].points);
  // One that has learnt nothing is unsure of everything.
  auto blank = std::make_shared<Model>(*own);
  for (float& weight : blank->network.weights()) weight = 0;
  Landmarker blind({.finder = {.score = 0.6f}, .detector = blank});
  CHECK(blind.predict(photo).empty());

  CHECK_THROWS_AS(Landmarker({.detector = shared_default_model("tiny")}), ModelError);
  CHECK_THROWS_AS(Landmarker({.finder = {.score = 2}}), ArgumentError);
  CHECK_THROWS_AS(Landmarker({.finder = {.smallest = -1}}), ArgumentError);
}

TEST_CASE("a landmarker runs the kernels that its tuning names") {
  const Image photo = draw_face(kSeed, 3, {.size = 160}).image;
  const Box box{40, 40, 90, 90};
  const Model model = load_default_model("tiny");
  auto slow = std::make_shared<Tuning>(Tuning{.machine = tuning_machine()});
  for (const TunedOp& op : tune(model.network, {}, {.seconds = 0.1}).ops)
    slow->kernels[op.op] = op.candidates[1].kernel;
  REQUIRE(!slow->kernels.empty());
  const FaceLandmarks usual = Landmarker(model).predict(photo, box),
                      tuned = Landmarker(model, {.tuning = slow}).predict(photo, box);
  CHECK(usual.values != tuned.values);  // others add in another order
  for (std::size_t k = 0; k < kPoints; ++k) CHECK(distance(usual.points[k], tuned.points[k]) < 0.05f);
}

TEST_CASE("faces are found with the kernels that the landmarker's tuning names for the size of the picture") {
  const std::shared_ptr<const Model> detector = shared_default_model(kDefaultDetector);
  auto slow = std::make_shared<Tuning>(Tuning{.machine = tuning_machine()});
  for (const TunedOp& op : tune(detector->network, {}, {.seconds = 0.1}).ops)
    for (const TunedOp::Candidate& c : op.candidates)
      if (!c.same_bits) slow->kernels[op.op] = c.kernel;
  REQUIRE(!slow->kernels.empty());
  const auto box = [&](int size, const std::shared_ptr<const Tuning>& tuning) {
    const Image photo = draw_face(kSeed, 3, {.size = size}).image;
    const std::vector<FaceLandmarks> faces = Landmarker({.tuning = tuning}).predict(photo);
    REQUIRE(faces.size() == 1);
    return std::array{faces[0].box.x, faces[0].box.y, faces[0].box.width, faces[0].box.height};
  };
  const int own = detector->network.input_shape().width();
  const auto usual = box(own, nullptr), tuned = box(own, slow);
  CHECK(tuned != usual);
  for (std::size_t i = 0; i < usual.size(); ++i) CHECK(tuned[i] == Approx(usual[i]).margin(0.01));
  CHECK(box(own - 32, slow) == box(own - 32, nullptr));
}

TEST_CASE("any number of boxes gives what each gives by itself, in every precision") {
  const Image photo = draw_face(kSeed, 2, {.size = 160}).image;
  std::vector<Box> boxes;
  for (int i = 0; i < 21; ++i) boxes.push_back({30.0f + static_cast<float>(i), 40, 90, 90});
  for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::int8}) {
    // In int8 a Landmarker that is given the model itself lets go of the weights: all batches must find theirs packed.
    Landmarker landmarker(load_default_model("tiny"), {.passes = 1, .precision = precision});
    std::vector<Landmarks> wanted;
    for (const Box& box : boxes) wanted.push_back(landmarker.predict(photo, box).points);
    for (std::size_t count = 1; count <= boxes.size(); ++count) {
      const std::vector<FaceLandmarks> faces = landmarker.predict(photo, std::span(boxes).first(count));
      REQUIRE(faces.size() == count);
      for (std::size_t i = 0; i < count; ++i)
        for (std::size_t k = 0; k < kPoints; ++k) CHECK(distance(faces[i].points[k], wanted[i][k]) < 0.6f);
    }
  }
}
