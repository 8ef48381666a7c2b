// DrawnScenes: the drawing of people and backgrounds, and pictures composed of them.
#include "lineament/detector/scenes.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <string>
#include <utility>

#include "lineament/error.hpp"
#include "lineament/faces/augment_pixels.hpp"
#include "lineament/image/warp.hpp"
#include "lineament/threads.hpp"
#include "placing.hpp"

namespace lineament {
namespace {

constexpr int kDrawn = 288;                    ///< side of what is drawn, pixels
constexpr std::uint64_t kBehind = 1ull << 32;  ///< first number of a drawn background: people are before it
constexpr std::size_t kMostPeople = 1'000'000;

void check_range(const char* name, float value, float low, float high) {
  if (value >= low && value <= high) return;
  throw ArgumentError({"SceneOptions::" + std::string(name),
                       "out of range",
                       std::to_string(low) + " to " + std::to_string(high),
                       std::to_string(value),
                       {}});
}

void check(const SceneOptions& o) {
  check_range("size", static_cast<float>(o.size), 64, 2048);
  check_range("most_faces", static_cast<float>(o.most_faces), 1, 100);
  check_range("smallest", o.smallest, 4, static_cast<float>(o.size));
  check_range("max_roll", o.max_roll, 0, 180);
  check_range("without", o.without, 0, 1);
  check_range("masks", o.masks, 0, 1);
  check_range("hard", o.hard, 0, 1);
}

DrawnCutout draw_one(std::uint64_t seed, std::uint64_t index, float masks) {
  DrawOptions o;
  o.masks = masks;
  o.size = kDrawn;
  o.smallest_face = 0.36f, o.largest_face = 0.42f;  // hair and shoulders find room
  o.max_yaw = 75;
  o.max_roll = 20;
  o.shift = 0;
  return detector::made_ready(draw_cutout(seed, index, o));
}

Image draw_behind(std::uint64_t seed, std::uint64_t index) {
  DrawOptions o;
  o.size = kDrawn;
  if (index % 2 == 0) o.accessories = 0;  // half have hands and things, which are no faces
  return draw_scene(seed, kBehind + index, o);
}

/// Part of a background that a square picture shows: where its first pixel is, and from one pixel to the next.
struct View {
  float left, top, step;
};

/// Any part at any scale.
View any_view(const Image& from, int size, Random& random) {
  const float shorter = static_cast<float>(std::min(from.width(), from.height()));
  const float step = shorter * random.uniform(0.35f, 1) / static_cast<float>(size);
  const float span = step * static_cast<float>(size - 1);
  const auto start = [&](int length) {
    return random.uniform() * std::max(0.0f, static_cast<float>(length - 1) - span);
  };
  const float left = start(from.width());
  return {left, start(from.height()), step};
}

/// One that has `box` anywhere in it, as large as faces are there and the background allows.
View view_around(const Box& box, const Image& from, int size, float smallest, Random& random) {
  const float pixels = static_cast<float>(size), side = std::max(box.width, box.height);
  const float shown = smallest * std::pow(std::max(0.6f * pixels / smallest, 1.0f), random.uniform());
  const float shorter = static_cast<float>(std::min(from.width(), from.height()));
  const float step = std::clamp(side / shown, 0.1f * shorter / pixels, (shorter - 1) / pixels);
  const float span = step * (pixels - 1);
  const auto start = [&](float begin, float length, int all) {
    const float last = std::max(0.0f, static_cast<float>(all - 1) - span);
    const float at = random.uniform(std::min(begin, begin + length - span), std::max(begin, begin + length - span));
    return std::clamp(at, 0.0f, last);
  };
  const float left = start(box.x, box.width, from.width());
  return {left, start(box.y, box.height, from.height()), step};
}

/// A view, mirrored or not, sharp or out of focus.
void fill(std::span<float> pixels, int size, const Image& from, const View& view, Random& random) {
  const float step = view.step, span = step * static_cast<float>(size - 1);
  const bool mirrored = random.chance(0.5f);
  const Affine map{mirrored ? -step : step, 0, mirrored ? view.left + span : view.left, 0, step, view.top};
  const int coarse = random.chance(0.3f) ? 2 + static_cast<int>(random.below(5)) : 1;
  if (coarse == 1) return warp(from, map, size, size, pixels);
  // Out of focus: seen at a coarser scale.
  const float k = static_cast<float>(coarse), middle = 0.5f * (k - 1);
  const int small = (size + coarse - 1) / coarse;
  const Image seen = warp(from, map * Affine{k, 0, middle, 0, k, middle}, small, small);
  warp(seen, {1 / k, 0, -middle / k, 0, 1 / k, -middle / k}, size, size, pixels);
}

/// Share of the box that shows whom it belongs to, or what no one hides.
float visible_share(const Box& box, std::uint8_t number, const detector::Canvas& canvas) {
  const auto first = [](float v) { return static_cast<int>(std::ceil(v)); };
  int all = 0, seen = 0;
  for (int y = first(box.y); y < first(box.y + box.height); ++y) {
    for (int x = first(box.x); x < first(box.x + box.width); ++x) {
      ++all;
      if (x < 0 || y < 0 || x >= canvas.size || y >= canvas.size) continue;
      seen += canvas.person[static_cast<std::size_t>(y * canvas.size + x)] <= number;
    }
  }
  return all > 0 ? static_cast<float>(seen) / static_cast<float>(all) : 0;
}

/// What the camera does to all of it alike.
AugmentOptions camera_of(int size) {
  AugmentOptions o;
  o.patches = 0;
  o.brightness = 0.08f;
  o.blur_radius = 1.2f / static_cast<float>(size);  // why pixels: the smallest faces stay faces
  return o;
}

}  // namespace

DrawnScenes DrawnScenes::draw(std::uint64_t seed, std::size_t people, const Backgrounds& backgrounds,
                              const SceneOptions& options, int threads, const Progress& progress) {
  check(options);
  if (people < 1 || people > kMostPeople)
    throw ArgumentError({"drawn scenes", "the number of people is out of range", "1 to " + std::to_string(kMostPeople),
                         std::to_string(people), ""});
  DrawnScenes made;
  made.options_ = options;
  made.photos_ = backgrounds;
  made.people_.resize(people);
  made.far_.resize(people);
  made.drawn_.resize(std::clamp<std::size_t>(people / 8, 8, 256));
  const std::size_t total = people + made.drawn_.size();
  std::mutex mutex;
  std::size_t done = 0;
  Threads(threads).run(static_cast<int>(total), [&](int task, int) {
    const auto i = static_cast<std::size_t>(task);
    if (i < people) {
      made.people_[i] = draw_one(seed, i, options.masks);
      made.far_[i] = detector::seen_from_afar(made.people_[i]);
    } else {
      made.drawn_[i - people] = draw_behind(seed, i - people);
    }
    const std::lock_guard lock(mutex);
    ++done;
    if (progress) progress(done, total);
  });
  return made;
}

const Image& DrawnScenes::background(std::size_t number) const {
  const std::size_t photos = photos_ ? photos_->size() : 0;
  return number < photos ? (*photos_)[number] : drawn_[number - photos];
}

void DrawnScenes::fill_background(std::span<float> pixels, Random& random) const {
  const auto any_of = [&](std::size_t count) { return random.below(static_cast<std::uint32_t>(count)); };
  if (!hard_.empty() && random.chance(options_.hard)) {
    const Place& place = hard_[any_of(hard_.size())];
    const Image& from = background(place.background);
    return fill(pixels, options_.size, from, view_around(place.box, from, options_.size, options_.smallest, random),
                random);
  }
  const bool photo = photos_ && !photos_->empty() && random.chance(0.75f);
  const std::vector<Image>& behind = photo ? *photos_ : drawn_;
  const Image& from = behind[any_of(behind.size())];
  fill(pixels, options_.size, from, any_view(from, options_.size, random), random);
}

Scene DrawnScenes::compose(Random random) const {
  const auto area = static_cast<std::size_t>(options_.size) * static_cast<std::size_t>(options_.size);
  std::vector<float> pixels(area * 3);
  std::vector<std::uint8_t> person(area);
  const detector::Canvas canvas{options_.size, pixels, person};

  fill_background(pixels, random);
  const std::uint32_t stream = random.bits(), seed = random.bits();
  Random camera(seed, stream);  // the same, whoever stands there

  Scene scene{Image(options_.size, options_.size), {}};
  if (!random.chance(options_.without)) {
    const std::vector<detector::Standing> standing = detector::place_people(people_, options_, random);
    std::uint8_t number = 0;
    for (const detector::Standing& s : standing)
      detector::paste({&people_[s.who], &far_[s.who]}, s.place, ++number, canvas);
    number = 0;
    for (const detector::Standing& s : standing) {
      scene.faces.push_back(s.face);
      scene.faces.back().visible = visible_share(s.face.box, ++number, canvas);
    }
  }
  augment_pixels(pixels, options_.size, camera_of(options_.size), camera);
  std::uint8_t* to = scene.image.pixels().data();
  for (const float v : pixels) *to++ = static_cast<std::uint8_t>(255 * v + 0.5f);
  return scene;
}

std::size_t DrawnScenes::bytes() const {
  std::size_t sum = 0;
  for (const auto* cutouts : {&people_, &far_})
    for (const DrawnCutout& p : *cutouts) sum += p.image.pixels().size() + p.cover.size();
  for (const Image& image : drawn_) sum += image.pixels().size();
  return sum;
}

}  // namespace lineament
