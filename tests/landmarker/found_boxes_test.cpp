// Models of other schemes, on faces that the detector finds: their boxes are not those of the 68 points.
#include "lineament/landmarker/found_boxes.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/file.hpp"
#include "lineament/image/file.hpp"
#include "lineament/landmarker/landmarker.hpp"
#include "lineament/model/model.hpp"
#include "support/folder.hpp"

using namespace lineament;
using lineament::testing::Folder;

namespace {

/// Eyes and the corners of the mouth: from the 68 points, whose box is twice as large.
const std::vector<std::size_t> kInner{36, 39, 42, 45, 48, 54};

Scheme inner_scheme() {
  Scheme s;
  s.name = "inner";
  s.points = static_cast<int>(kInner.size());
  s.mirror = {3, 2, 1, 0, 5, 4};
  s.eye_corners = {0, 3};
  s.eyes = {{{0, 1}, {2, 3}}};
  return s;
}

struct Photos {
  Folder folder{"found_boxes"};
  std::vector<Face> all, inner;

  explicit Photos(int count) {
    for (int i = 0; i < count; ++i) {
      const DrawnFace drawn = draw_face(7, static_cast<std::uint64_t>(i), {.size = 160});
      Face face{.image = folder / ("face_" + std::to_string(i) + ".png"), .points = drawn.points};
      write_png(face.image, drawn.image);
      all.push_back(face);
      face.points.clear();
      for (const std::size_t k : kInner) face.points.push_back(drawn.points[k]);
      inner.push_back(std::move(face));
    }
  }
};

/// How far the boxes' centres are apart, and how much their widths differ, in the true one's width.
float off(const Box& box, const Box& truth) {
  return std::max(distance(box.center(), truth.center()), std::abs(box.width - truth.width)) / truth.width;
}

}  // namespace

TEST_CASE("boxes of another scheme's points are learnt from what the detector finds") {
  const Photos photos(24);
  StoreOptions store;
  store.scheme = inner_scheme();
  const auto factors = fit_found_box(photos.inner, store);
  REQUIRE(factors);
  CHECK(factors->width < 0.75f);
  FaceFinder finder;
  std::vector<float> mapped, found;
  for (const Face& face : photos.inner) {
    const std::vector<FoundFace> faces = finder.find(read_image(face.image));
    if (faces.size() != 1) continue;
    const Box truth = bounding_box(face.points);
    mapped.push_back(off(box_from(*factors, faces[0].box), truth));
    found.push_back(off(faces[0].box, truth));
  }
  REQUIRE(mapped.size() > 12);
  const auto middle = [](std::vector<float>& v) {
    std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
    return v[v.size() / 2];
  };
  CHECK(middle(mapped) < 0.2f);
  CHECK(middle(found) > 0.5f);

  const auto same = fit_found_box(photos.all, {});
  REQUIRE(same);
  CHECK(same->width == Approx(1).margin(0.12));
  CHECK(same->height == Approx(1).margin(0.12));
}

TEST_CASE("of too few faces, and of photos that cannot be read, nothing is learnt") {
  const Photos photos(6);
  CHECK_FALSE(fit_found_box(photos.all, {}));
  CHECK_FALSE(fit_found_box({}, {}));
  std::vector<Face> nowhere(20, {.image = "nowhere.png", .points = photos.all[0].points});
  CHECK_FALSE(fit_found_box(nowhere, {}));
}

TEST_CASE("a model keeps where its boxes lie, and a landmarker looks there") {
  const Folder folder("found_box_model");
  Model model;
  model.scheme = inner_scheme();
  model.preprocessing.size = 32;
  model.network = Network(Spec() << GlobalAvgPool{} << Dense{.features = model.scheme.values()}, Shape{32, 32, 3}, 1);
  model.found_box = BoxFactors{0.1f, -0.2f, 0.5f, 0.4f};
  save_model(folder / "m.safetensors", model);
  const Model back = load_model(folder / "m.safetensors");
  CHECK(back.found_box == model.found_box);
  const Landmarker landmarker(back);
  CHECK(landmarker.box_of_found({0, 0, 100, 100}) == box_from(*model.found_box, {0, 0, 100, 100}));
  CHECK(Landmarker().box_of_found({1, 2, 3, 4}) == Box{1, 2, 3, 4});

  model.found_box->width = 0;
  CHECK_THROWS_AS(save_model(folder / "m.safetensors", model), ArgumentError);
  CHECK(load_model(folder / "m.safetensors").found_box == back.found_box);
}
