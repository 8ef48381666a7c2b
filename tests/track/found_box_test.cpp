// Models whose boxes are not those of the detector, in photos and in films.
#include <algorithm>
#include <span>
#include <vector>

#include "catch.hpp"
#include "lineament/detector/face_finder.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/landmarker/landmarker.hpp"
#include "lineament/model/model.hpp"
#include "lineament/track/tracker.hpp"

using namespace lineament;

namespace {

/// Points at the corners of the box that it is given, whatever is there.
Model corners_of_the_box() {
  Model model;
  model.preprocessing.size = 32;
  model.network = Network::zeros(Spec() << GlobalAvgPool{} << Dense{.features = kValues}, Shape{32, 32, 3});
  const float half = 0.5f / (1 + 2 * model.preprocessing.margin);  // of the box, in crops
  const std::span<float> bias = model.network.values(model.network.param("dense_1.bias"));
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = 0.5f + (i / 2 % 2 == 0 ? half : -half);
  return model;
}

}  // namespace

TEST_CASE("found faces are looked at where the model's boxes lie in them, in photos and in films") {
  const Image photo = draw_face(3, 1, {.size = 160}).image;
  const std::vector<FoundFace> found = FaceFinder(LandmarkerOptions().finder).find(photo);
  REQUIRE(found.size() == 1);
  const float side = std::max(found[0].box.width, found[0].box.height);
  for (const float share : {1.0f, 0.5f}) {
    INFO(share);
    Model model = corners_of_the_box();
    if (share < 1) model.found_box = BoxFactors{0, 0, share, share};
    Landmarker landmarker(model, {.passes = 1});
    const std::vector<FaceLandmarks> faces = landmarker.predict(photo);
    REQUIRE(faces.size() == 1);
    CHECK(bounding_box(faces[0].points).width == Approx(share * side).epsilon(0.01));
    CHECK(faces[0].box == found[0].box);
    Tracker tracker(Landmarker(model, {.passes = 1}), FaceFinder(LandmarkerOptions().finder));
    const std::vector<TrackedFace>& tracked = tracker.next(photo, 0);
    REQUIRE(tracked.size() == 1);
    CHECK(tracked[0].box.width == Approx(share * side).epsilon(0.01));
  }
}
