// Crops without a face: what they show, and that a network learns from them.
#include "lineament/landmarker/negatives.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "catch.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/threads.hpp"
#include "lineament/train/fit.hpp"
#include "lineament/zoo/networks.hpp"

using namespace lineament;

namespace {

StoreOptions small_crops() {
  StoreOptions options;
  options.preprocessing.size = 32;
  options.threads = 1;
  return options;
}

struct Made {
  std::vector<float> pixels, values, weights;
};
Made make(const SampleSource& source, std::size_t index, std::uint64_t stream = 0) {
  Made made{std::vector<float>(source.pixels_per_sample()), std::vector<float>(source.values_per_sample(), 7),
            std::vector<float>(source.values_per_sample(), 7)};
  source.prepare(index, Random(1, stream, index), true, {made.pixels, made.values, made.weights});
  return made;
}

}  // namespace

TEST_CASE("their points are all unknown, and the same seed gives the same bits") {
  const Negatives one = Negatives::draw(3, 12, small_crops(), {.size = 64}),
                  again = Negatives::draw(3, 12, small_crops(), {.size = 64});
  REQUIRE(one.size() == 12);
  CHECK(one.weighted());
  for (std::size_t i = 0; i < one.size(); ++i) {
    const Made a = make(one, i), b = make(again, i);
    CHECK(a.pixels == b.pixels);
    CHECK(std::all_of(a.weights.begin(), a.weights.end(), [](float w) { return w == 0; }));
    CHECK(std::all_of(a.values.begin(), a.values.end(), [](float v) { return std::isfinite(v); }));
    CHECK(std::all_of(a.pixels.begin(), a.pixels.end(), [](float v) { return v >= 0 && v <= 1; }));
    CHECK_FALSE(make(one, i, 1).pixels == a.pixels);  // cut anew each time
  }
  CHECK_FALSE(make(Negatives::draw(4, 12, small_crops(), {.size = 64}), 0).pixels == make(one, 0).pixels);
  CHECK_THROWS_AS(Negatives::draw(1, 4, small_crops(), {.size = 4}), ArgumentError);
}

TEST_CASE("however many there are, a picture is drawn when it is asked for, once") {
  const Negatives many = Negatives::draw(3, 50000, small_crops()), few = Negatives::draw(3, 8, small_crops());
  CHECK(many.kept_bytes() == 0);  // all of them would take minutes, and more memory than there is
  CHECK(make(many, 5).pixels == make(few, 5).pixels);
  const std::size_t of_one = many.kept_bytes();
  CHECK(of_one == few.kept_bytes());
  make(many, 5, 1);
  CHECK(many.kept_bytes() == of_one);
}

TEST_CASE("threads that ask for the same pictures at once get those that one gets") {
  const Negatives alone = Negatives::draw(3, 12, small_crops(), {.size = 64}),
                  shared = Negatives::draw(3, 12, small_crops(), {.size = 64});
  std::vector<Made> made(48);
  Threads(4).run(48, [&](int task, int) {
    made[static_cast<std::size_t>(task)] = make(shared, static_cast<std::size_t>(task % 12));
  });
  for (std::size_t i = 0; i < made.size(); ++i) CHECK(made[i].pixels == make(alone, i % 12).pixels);
  CHECK(shared.kept_bytes() == alone.kept_bytes());
}

TEST_CASE("they are cut from photos, too") {
  auto photos = std::make_shared<std::vector<Image>>();
  photos->emplace_back(90, 60);
  const Negatives cut = Negatives::cut(photos, small_crops(), 7);
  REQUIRE(cut.size() == 7);
  std::vector<float> a(cut.pixels_per_sample()), b(a), values(kValues), weights(kValues);
  cut.prepare(2, Random(0), false, {a, values, weights});
  cut.prepare(2, Random(9), false, {b, values, weights});
  CHECK(a == b);  // measured at the same place every time
  CHECK(make(cut, 6).weights == std::vector<float>(kValues, 0.0f));
  CHECK_THROWS_AS(Negatives::cut(nullptr, small_crops(), 1), ArgumentError);
  CHECK_THROWS_AS(Negatives::cut(std::make_shared<std::vector<Image>>(), small_crops(), 1), ArgumentError);
}

TEST_CASE("a network learns to tell them from faces") {
  const StoreOptions store = small_crops();
  const FaceStore faces = FaceStore::draw(1, 96, store, {.size = 64}),
                  other = FaceStore::draw(2, 40, store, {.size = 64});
  const Negatives negatives = Negatives::draw(1, 96, store, {.size = 64}),
                  others = Negatives::draw(2, 40, store, {.size = 64});
  Spec net;
  NodeId x = net.add(ReLU{}, net.add(BatchNorm{}, net.add(Conv2d{.channels = 8, .stride = 2}, Spec::kInput)));
  x = net.add(ReLU{}, net.add(BatchNorm{}, net.add(Conv2d{.channels = 16, .stride = 2}, x)));
  const NodeId flat = net.add(Flatten{}, x);
  net.mark_output(net.add(Dense{.features = kValues}, flat, "points"));
  net.mark_output(net.add(Dense{.features = 1}, flat, "face"));
  Network network(net, Shape{32, 32, 3}, 1);
  FitOptions options;
  options.epochs = 15;
  options.batch_size = 16;
  options.schedule.rate = 3e-3f;
  options.joint_loss = joint_face_loss("wing", network, {.face = 1});
  options.mixes = {{&negatives, 0.5, 1, 1}};
  options.threads = 1;
  fit(network, faces, nullptr, options);

  InferenceSession session(network);
  const auto right = [&](const SampleSource& source, bool face) {
    int count = 0;
    for (std::size_t i = 0; i < source.size(); ++i) {
      const Made made = make(source, i);
      std::copy(made.pixels.begin(), made.pixels.end(), session.input().begin());
      session.forward();
      count += (session.output(1)[0] > 0) == face;
    }
    return count;
  };
  CHECK(right(other, true) >= 32);
  CHECK(right(others, false) >= 32);
}
