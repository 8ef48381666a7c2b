// The Landmarker does what its parts do by hand: crop, network, points; and it takes any picture, box and model.
#include "lineament/landmarker/landmarker.hpp"

#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "catch.hpp"
#include "lineament/faces/json.hpp"
#include "lineament/faces/pts.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/file.hpp"
#include "lineament/model/model.hpp"
#include "lineament/nn/session.hpp"
#include "support/folder.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

constexpr int kSize = 32;

/// A network whose points are a face's, moved a little by what is in the picture. Not trained: any weights will do.
Model face_model() {
  Spec net;
  net << Conv2d{.channels = 4, .stride = 2} << BatchNorm{} << ReLU{} << Flatten{} << Dense{.features = kValues};
  Model model{
      .network = Network(net, Shape{kSize, kSize, 3}, 3), .preprocessing = {.size = kSize}, .trained_on = "nothing"};
  const DrawnFace face = draw_face(1, 1, {.size = 64});
  std::vector<float> values(kValues);
  points_to_values(face.points, crop_to_image(bounding_box(face.points), model.preprocessing), kSize, values);
  model.network.set_output_bias(values);
  return model;
}

/// A network that gives `values` whatever it sees.
Model constant_model(const std::vector<float>& values) {
  Model model = face_model();
  for (float& w : model.network.values(model.network.param("dense_1.weight"))) w = 0;
  model.network.set_output_bias(values);
  return model;
}

FaceLandmarks by_hand(const Model& model, const Image& photo, const Box& box) {
  FaceLandmarks face;
  face.crop_to_image = crop_to_image(box, model.preprocessing);
  InferenceSession session(model.network);
  crop(photo, face.crop_to_image, kSize, session.input());
  const auto values = session.forward();
  face.values.assign(values.begin(), values.end());
  face.points = values_to_points(values, face.crop_to_image, kSize);
  face.crop_points = values_to_crop_points(values, kSize);
  return face;
}

std::array<float, 6> numbers(const Affine& m) {
  return {m.a, m.b, m.c, m.d, m.e, m.f};
}

void check_same(const FaceLandmarks& got, const FaceLandmarks& wanted) {
  CHECK(got.values == wanted.values);
  CHECK(got.points == wanted.points);
  CHECK(got.crop_points == wanted.crop_points);
  CHECK(numbers(got.crop_to_image) == numbers(wanted.crop_to_image));
}

const Image& photo() {
  static const Image image = draw_face(2, 7, {.size = 160}).image;
  return image;
}
constexpr Box kBox{30, 40, 90, 80};

}  // namespace

TEST_CASE("predict is crop, network and points") {
  const Model model = face_model();
  Landmarker landmarker(face_model(), {.passes = 1});
  const FaceLandmarks face = landmarker.predict(photo(), kBox);
  check_same(face, by_hand(model, photo(), kBox));
  // The square around the box, with a margin of 0.15 on each side, is 117 pixels for 32: by hand.
  CHECK(face.crop_to_image.a == Approx(117.0 / 32));
  CHECK(face.crop_to_image.c == Approx(75 - 117.0 / 2 + 117.0 / 64));
  CHECK(face.crop_to_image.f == Approx(80 - 117.0 / 2 + 117.0 / 64));
  for (std::size_t i = 0; i < kPoints; ++i) {
    CHECK(face.points[i].x == Approx(75 - 117.0 / 2 + 117 * static_cast<double>(face.values[2 * i])).margin(1e-3));
    CHECK(face.crop_points[i].y == Approx(32 * static_cast<double>(face.values[2 * i + 1]) - 0.5).margin(1e-4));
  }
  CHECK_FALSE(landmarker.predict(photo(), {35, 40, 90, 80}).values == face.values);  // it looks at the picture
}

TEST_CASE("a model that says how sure it is gives each point a spread in pixels of the photo") {
  Spec net;
  const NodeId flat = net.add(Flatten{}, net.add(Conv2d{.channels = 4, .stride = 4}, Spec::kInput));
  const NodeId points = net.add(Dense{.features = kValues}, flat, "points"),
               spread = net.add(Dense{.features = kPoints, .starts_at_zero = true}, flat, "spread");
  net.mark_output(points);
  net.mark_output(spread);
  Model model = face_model();
  const std::vector<float> mean(model.network.values(model.network.param("dense_1.bias")).begin(),
                                model.network.values(model.network.param("dense_1.bias")).end());
  model.network = Network(net, Shape{kSize, kSize, 3}, 1);
  model.network.set_output_bias(mean);
  std::vector<float> s(kPoints, 0.0f);
  s[3] = std::log(2.0f);
  model.network.set_output_bias(s, 1);
  for (const int passes : {1, 2}) {
    const FaceLandmarks face = Landmarker(model, {.passes = passes}).predict(photo(), kBox);
    REQUIRE(face.spread.size() == kPoints);
    const float corners = inter_ocular(face.points);  // in pixels of the photo
    CHECK(face.spread[0] == Approx(0.08f * corners));
    CHECK(face.spread[3] == Approx(0.16f * corners));
  }
  CHECK(Landmarker(face_model()).predict(photo(), kBox).spread.empty());

  // A mirrored face's points and spread, turned back, are averaged.
  Landmarker both(model, {.passes = 1, .mirror = true});
  const FaceLandmarks face = both.predict(photo(), kBox);
  CHECK(face.spread[3] == Approx(0.08f * std::sqrt(2.0f) * inter_ocular(face.points)));
  CHECK(face.spread[13] == Approx(face.spread[3]));
}

TEST_CASE("a model that knows faces gives each box a score; others do not") {
  Spec net;
  const NodeId flat = net.add(Flatten{}, net.add(Conv2d{.channels = 4, .stride = 4}, Spec::kInput));
  net.mark_output(net.add(Dense{.features = kValues}, flat, "points"));
  net.mark_output(net.add(Dense{.features = 1, .starts_at_zero = true}, flat, "face"));
  Model model = face_model();
  model.network = Network(net, Shape{kSize, kSize, 3}, 1);
  model.network.set_output_bias(std::vector<float>{std::log(3.0f)}, 1);
  Landmarker landmarker(model, {.batch = 2});
  const std::vector<Box> boxes{kBox, kBox, kBox};
  for (const FaceLandmarks& face : landmarker.predict(photo(), boxes)) CHECK(face.score.value() == Approx(0.75f));
  CHECK_FALSE(Landmarker(face_model()).predict(photo(), kBox).score);
}

TEST_CASE("with mirror, a mirrored photo has the mirrored shape, and each the mean x of its plain crop") {
  const auto mean_x = [](const FaceLandmarks& face) {
    float sum = 0;
    for (std::size_t i = 0; i < kPoints; ++i) sum += face.values[2 * i];
    return sum / kPoints;
  };
  Image turned(photo().width(), photo().height());
  for (int y = 0; y < photo().height(); ++y)
    for (int x = 0; x < photo().width(); ++x) turned.set(photo().width() - 1 - x, y, photo().at(x, y));
  const Box box{kBox.x, kBox.y, kBox.width, kBox.height};
  const Box other{static_cast<float>(photo().width()) - 1 - box.x - box.width, box.y, box.width, box.height};
  for (const int batch : {1, 3}) {
    Landmarker landmarker(face_model(), {.passes = 1, .batch = batch, .mirror = true}),
        plain(face_model(), {.passes = 1});
    const std::vector<Box> boxes(2, box), others(2, other);
    const FaceLandmarks a = landmarker.predict(photo(), boxes)[1], b = landmarker.predict(turned, others)[1];
    double far = 0;
    const FaceLandmarks c = plain.predict(photo(), box), d = plain.predict(turned, other);
    CHECK(mean_x(a) == Approx(mean_x(c)).margin(1e-5));
    CHECK(mean_x(b) == Approx(mean_x(d)).margin(1e-5));
    for (std::size_t i = 0; i < kPoints; ++i) {
      const auto m = static_cast<std::size_t>(ibug_68().mirror[i]);
      CHECK(a.values[2 * i] - mean_x(a) == Approx(mean_x(b) - b.values[2 * m]).margin(2e-3));
      CHECK(a.values[2 * i + 1] == Approx(b.values[2 * m + 1]).margin(2e-3));
      far = std::max(far, std::abs(static_cast<double>(c.values[2 * i] - (1 - d.values[2 * m]))));
    }
    CHECK(far > 5e-3);  // what is not so without it
  }
}

TEST_CASE("the crop of whole_image_face is the whole picture") {
  Landmarker landmarker(face_model(), {.passes = 1});
  const Image wide(64, 48, {90, 120, 60});
  const FaceLandmarks face = landmarker.predict(wide, landmarker.whole_image_face(wide));
  const Affine map = face.crop_to_image;
  CHECK(map.a == Approx(2));
  CHECK(map.c == Approx(0.5).margin(1e-4));       // 64 pixels, from -0.5 on
  CHECK(map.f == Approx(-8 + 0.5).margin(1e-4));  // 8 rows beyond the picture above and below
  const auto& prep = face_model().preprocessing;
  const Box box = face_box(BoxSource::whole_image, {}, {}, 64, 48, prep);
  check_same(face, landmarker.predict(wide, box));
  CHECK(face.box == box);
  CHECK_FALSE(face.detection);
}

TEST_CASE("what one call does otherwise is as if the Landmarker were made so, and is forgotten") {
  Landmarker usual(face_model()), once(face_model(), {.passes = 1}), mirrored(face_model(), {.mirror = true});
  const FaceLandmarks wanted = usual.predict(photo(), kBox);
  check_same(usual.predict(photo(), kBox, {.passes = 1}), once.predict(photo(), kBox));
  check_same(usual.predict(photo(), kBox, {.mirror = true}), mirrored.predict(photo(), kBox));
  check_same(mirrored.predict(photo(), kBox, {.mirror = false}), wanted);
  check_same(usual.predict(photo(), kBox, {.threads = 2}), wanted);
  check_same(usual.predict(photo(), kBox), wanted);
  CHECK_FALSE(once.predict(photo(), kBox).points == wanted.points);
  CHECK_THROWS_WITH(usual.predict(photo(), kBox, {.passes = 0}), "passes: out of range (wanted 1 to 10, got 0)");
  CHECK_THROWS_AS(usual.predict(photo(), kBox, {.threads = -1}), ArgumentError);
}

TEST_CASE("each further pass crops to the points of the one before") {
  Landmarker once(face_model(), {.passes = 1}), twice(face_model(), {.passes = 2}), thrice(face_model(), {.passes = 3});
  const FaceLandmarks first = once.predict(photo(), kBox);
  const FaceLandmarks second = once.predict(photo(), bounding_box(first.points));
  check_same(twice.predict(photo(), kBox), second);
  check_same(thrice.predict(photo(), kBox), once.predict(photo(), bounding_box(second.points)));
  CHECK_FALSE(second.points == first.points);
  Landmarker usual(face_model());
  check_same(usual.predict(photo(), kBox), second);
}

TEST_CASE("points that are no face are not cropped to") {
  std::vector<float> values(kValues, 0.5f);  // a heap
  const auto one_pass = [&] {
    Landmarker once(constant_model(values), {.passes = 1}), thrice(constant_model(values), {.passes = 3});
    const FaceLandmarks face = thrice.predict(photo(), kBox);
    const Landmarks wanted = once.predict(photo(), kBox).points;
    CHECK(std::memcmp(face.points.data(), wanted.data(), sizeof wanted) ==
          0);  // bytes: beyond float's range they are NaN
  };
  one_pass();
  for (std::size_t i = 0; i < kPoints; ++i) values[2 * i] = static_cast<float>(i) / kPoints;  // a line
  one_pass();
  for (std::size_t i = 0; i < kValues; ++i) values[i] = 1e4f + static_cast<float>(i) / kValues;  // somewhere else
  one_pass();
  for (const float far : {1e3f, 1e20f, 3e38f}) {
    for (std::size_t i = 0; i < kValues; ++i) values[i] = i % 3 == 0 ? -far : far;
    one_pass();
  }
}

TEST_CASE("any box is cropped or refused") {
  Landmarker landmarker(face_model());
  for (const Box& box :
       {Box{0, 0, 0, 10}, Box{0, 0, 10, 0}, Box{0, 0, -5, 10}, Box{0, 0, NAN, 10}, Box{NAN, 0, 5, 5},
        Box{0, 0, INFINITY, INFINITY}, Box{0, 0, 3e38f, 3e38f}, Box{-1e12f, -1e12f, 2e12f, 2e12f},
        Box{1e30f, 0, 10, 10}, Box{-500, -500, 90, 80}, Box{-89, -79, 90, 80}, Box{-1e5f, -1e5f, 2e5f, 2e5f}})
    CHECK_THROWS_AS(landmarker.predict(photo(), box), ArgumentError);
  CHECK_THROWS_WITH(landmarker.predict(photo(), {1, 2, 0, 10}),
                    Catch::Contains("face box") && Catch::Contains("has no area"));
  CHECK_THROWS_WITH(landmarker.predict(Image(), kBox), "photo: it is empty (wanted an image with pixels, got none)");
  CHECK_THROWS_AS(landmarker.predict(Image()), ArgumentError);
  for (const Box& box : {Box{-40, -35, 90, 80}, Box{0, 0, 1e-3f, 1e-3f}, Box{-100, -100, 360, 360}})
    for (const float v : landmarker.predict(photo(), box).values) REQUIRE(std::isfinite(v));
  for (const auto& [w, h] : {std::pair{1, 1}, {1, 300}, {2000, 1}}) {
    const Image thin(w, h, {9, 9, 9});
    for (const float v : landmarker.predict(thin, landmarker.whole_image_face(thin)).values) REQUIRE(std::isfinite(v));
    CHECK_NOTHROW(landmarker.predict(thin));
  }
}

TEST_CASE("models and options that do not fit are refused") {
  Model model = face_model();
  model.preprocessing.size = 40;
  CHECK_THROWS_AS(Landmarker(model), ModelError);
  CHECK_THROWS_WITH(Landmarker(model), Catch::Contains("wanted 40x40x3 in and 136 out, got 32x32x3 in and 136 out"));
  model.preprocessing.size = kSize;
  model.network = Network(Spec() << Flatten{} << Dense{.features = 10}, Shape{kSize, kSize, 3});
  CHECK_THROWS_AS(Landmarker(model), ModelError);
  Spec two;
  const NodeId more = two.add_input(Shape{kValues}, "more");
  const NodeId points = two.add(Dense{.features = kValues}, two.add(Flatten{}, Spec::kInput));
  two.add(Add{}, {points, more});
  model.network = Network(two, Shape{kSize, kSize, 3});
  CHECK_THROWS_WITH(Landmarker(model), Catch::Contains("one input, a picture, got 2 inputs"));
  CHECK_THROWS_AS(Landmarker(face_model(), {.passes = 0}), ArgumentError);
  CHECK_THROWS_AS(Landmarker(face_model(), {.passes = 11}), ArgumentError);
  CHECK_THROWS_AS(Landmarker(face_model(), {.min_score = 1.5f}), ArgumentError);
  CHECK_THROWS_AS(Landmarker("no such.safetensors"), FileError);
}

TEST_CASE("from a file, moved, with the reference kernels, on several threads: the same points") {
  const Folder folder("landmarker");
  save_model(folder / "m.safetensors", face_model());
  Landmarker given(face_model());
  const FaceLandmarks wanted = given.predict(photo(), kBox);
  Landmarker loaded(folder / "m.safetensors");
  check_same(loaded.predict(photo(), kBox), wanted);
  Landmarker moved(std::move(given));
  given = std::move(loaded);
  check_same(moved.predict(photo(), kBox), wanted);
  check_same(given.predict(photo(), kBox), wanted);
  Landmarker threads(face_model(), {.threads = 3});
  check_same(threads.predict(photo(), kBox), wanted);
}

TEST_CASE("a Landmarker a thread gives what one gives") {
  std::vector<Image> photos;
  for (std::uint64_t i = 0; i < 6; ++i) photos.push_back(draw_face(4, i, {.size = 96}).image);
  Landmarker one(face_model());
  std::vector<Landmarks> wanted;
  const auto points = [](Landmarker& landmarker, const Image& image) {
    return landmarker.predict(image, landmarker.whole_image_face(image)).points;
  };
  for (const Image& image : photos) wanted.push_back(points(one, image));
  std::array<std::vector<Landmarks>, 3> got;
  std::vector<std::thread> threads;
  for (auto& list : got)
    threads.emplace_back([&] {
      Landmarker own(face_model());
      for (const Image& image : photos) list.push_back(points(own, image));
    });
  for (std::thread& thread : threads) thread.join();
  for (const auto& list : got) CHECK(list == wanted);
}

TEST_CASE("the faces of many boxes are those of one after the other") {
  std::vector<Box> boxes;
  for (int i = 0; i < 21; ++i)
    boxes.push_back({10.0f + static_cast<float>(i), 20, 90, 60.0f + 2 * static_cast<float>(i)});
  Landmarker landmarker(face_model());
  for (const std::size_t count : {0u, 1u, 2u, 4u, 8u, 9u, 21u}) {
    const auto faces = landmarker.predict(photo(), std::span(boxes).first(count));
    REQUIRE(faces.size() == count);
    for (std::size_t i = 0; i < count; ++i) {
      const FaceLandmarks wanted = landmarker.predict(photo(), boxes[i]);
      for (std::size_t p = 0; p < kPoints; ++p) CHECK(distance(faces[i].points[p], wanted.points[p]) < 1e-2f);
    }
  }
  boxes[3].width = 0;
  CHECK_THROWS_AS(landmarker.predict(photo(), boxes), ArgumentError);
}

TEST_CASE("Landmarkers of one model, in fp32 and int8, on threads of their own") {
  auto model = std::make_shared<Model>(face_model());
  const FaceLandmarks face = Landmarker(model).predict(photo(), kBox);
  std::vector<float> pixels(static_cast<std::size_t>(kSize * kSize * 3));
  crop(photo(), face.crop_to_image, kSize, pixels);
  model->ranges = measure_ranges(model->network, pixels);
  const std::shared_ptr<const Model> shared = model;
  const FaceLandmarks wanted = Landmarker(shared).predict(photo(), kBox);
  const FaceLandmarks lower = Landmarker(shared, {.precision = Precision::int8}).predict(photo(), kBox);
  std::vector<std::thread> threads;
  std::array<bool, 8> same{};
  for (std::size_t t = 0; t < same.size(); ++t)
    threads.emplace_back([&, t] {
      Landmarker own(shared, {.precision = t % 2 == 0 ? Precision::fp32 : Precision::int8});
      same[t] = own.predict(photo(), kBox).points == (t % 2 == 0 ? wanted : lower).points;
    });
  for (std::thread& thread : threads) thread.join();
  for (const bool s : same) CHECK(s);
  // One that owns its model lets go of it in int8.
  Landmarker own(*model, {.precision = Precision::int8});
  check_same(own.predict(photo(), kBox), lower);
  CHECK_THROWS_AS(Landmarker(std::shared_ptr<const Model>()), ArgumentError);
}

TEST_CASE("results as .pts and JSON come back as they were") {
  const Folder folder("landmarker");
  Landmarker landmarker(face_model());
  const FaceLandmarks face = landmarker.predict(photo(), kBox);
  write_pts(folder / "a.pts", face.points);
  CHECK(read_pts(folder / "a.pts") == face.points);
  const std::vector<Face> faces{{"a.png", face.points, kBox, ""}};
  write_json(folder / "a.json", faces);
  const auto json = nlohmann::json::parse(read_text(folder / "a.json"));
  for (std::size_t i = 0; i < kPoints; ++i) {
    CHECK(json.at("faces").at(0).at("points").at(i).at(0).get<float>() == face.points[i].x);
    CHECK(json.at("faces").at(0).at("points").at(i).at(1).get<float>() == face.points[i].y);
  }
  CHECK(json.at("faces").at(0).at("box") == nlohmann::json({30, 40, 90, 80}));
}
