// draw_face and its kind: a person from the seed, its solid parts to pixels, pixels to colours.
#include <string>
#include <utility>

#include "chances.hpp"
#include "film.hpp"
#include "lineament/error.hpp"
#include "mesh.hpp"
#include "photo_background.hpp"
#include "shade.hpp"
#include "sitting.hpp"

namespace lineament {
namespace synthetic {
namespace {

void check_range(const char* name, float value, float low, float high) {
  require_range(("DrawOptions::" + std::string(name)).c_str(), value, low, high);
}

void check(const DrawOptions& o) {
  check_range("size", static_cast<float>(o.size), 32, 2048);
  check_range("smallest_face", o.smallest_face, 0.1f, 1);
  check_range("largest_face", o.largest_face, o.smallest_face, 1);
  check_range("max_yaw", o.max_yaw, 0, 75);
  check_range("max_pitch", o.max_pitch, 0, 40);
  check_range("max_roll", o.max_roll, 0, 180);
  check_range("shift", o.shift, 0, 1);
  check_range("expression", o.expression, 0, 1);
  check_range("variety", o.variety, 0, 1);
  check_range("accessories", o.accessories, 0, 10);
  check_range("masks", o.masks, 0, 1);
}

void draw_solids(Raster& raster, const Head& head, const Camera& camera, const Person& person) {
  const Look& look = person.look;
  raster.draw(head_grid(head, camera, look), Material::skin);
  if (look.ears && look.headwear != Headwear::scarf) {
    for (const int side : {-1, 1}) raster.draw(ear_grid(head, camera, side), Material::ear, true);
  }
  raster.draw(body_grid(head, camera, person.pose, look), Material::body);
  if (look.style != HairStyle::bald && look.headwear != Headwear::scarf) {
    raster.draw(hair_grid(head, camera, look), Material::hair, true, hair_cover(look));
  }
  if (look.headwear != Headwear::none) {
    raster.draw(hat_grid(head, camera, look), Material::hat, look.headwear == Headwear::scarf, hat_cover(look));
  }
  if (look.headwear == Headwear::cap) raster.draw(brim_grid(head, camera, look), Material::hat, true);
  if (look.mask.kind != MaskKind::none) draw_mask(raster, head, camera, look);
  if (look.glasses > 0) draw_glasses(raster, head, camera, look);
}

/// A photo, or a drawn background, where no solid is.
void draw_behind(std::span<Vec3> color, const Raster& raster, const Person& person, std::uint64_t seed,
                 std::uint64_t index, const Backgrounds& photos) {
  Random background = stream(seed, index, 5), choice = stream(seed, index, 7);
  if (photos && !photos->empty() && choice.chance(kChances.photo)) {
    const auto count = static_cast<std::uint32_t>(photos->size());
    draw_photo(color, raster, (*photos)[choice.below(count)], person.look.exposure, choice);
  } else {
    draw_background(color, raster, background);
  }
}

void shade_solids(std::span<Vec3> color, const Raster& raster, const Head& head, const Person& person,
                  const Camera& camera) {
  const Vec3 half = normalized(person.look.key_direction + Vec3{0, 0, 1});
  const Scene scene{&head, &person.look, half, 1 / camera.scale()};
  const int side = raster.size();
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      if (raster.material(x, y) == Material::none) continue;
      color[static_cast<std::size_t>(y * side + x)] = shade(scene, raster.at(x, y));
    }
  }
}

/// Softens the steps where one thing ends in front of another, as a lens does.
void soften_edges(Raster& raster) {
  const int size = raster.size();
  const std::span<Vec3> color = raster.colors();
  std::vector<std::pair<int, Vec3>> soft;  // set aside, so that each reads its neighbours as they were
  for (int y = 1; y + 1 < size; ++y) {
    for (int x = 1; x + 1 < size; ++x) {
      const float z = raster.z(x, y);
      const auto other = [&](int nx, int ny) {
        return std::abs(raster.z(nx, ny) - z) > 2.5f || raster.material(nx, ny) != raster.material(x, y);
      };
      if (!other(x - 1, y) && !other(x + 1, y) && !other(x, y - 1) && !other(x, y + 1)) continue;
      Vec3 sum;
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
          const float w = static_cast<float>((2 - dx * dx) * (2 - dy * dy)) / 16;
          sum = sum + color[static_cast<std::size_t>((y + dy) * size + x + dx)] * w;
        }
      }
      soft.emplace_back(y * size + x, sum);
    }
  }
  for (const auto& [i, c] : soft) color[static_cast<std::size_t>(i)] = c;
}

/// A person before the camera, and the picture to paint. Not copied: the raster keeps the camera's address.
struct Sitting {
  Sitting(std::uint64_t seed, std::uint64_t index, const DrawOptions& options)
      : person(draw_person(seed, index, options)),
        head(person.identity, person.expression),
        camera(aim(head, person.pose, drawn_side(options.size))),
        points(place_points(head, camera)),
        raster(drawn_side(options.size), camera) {}
  Sitting(const Person& p, const Head& h, const Camera& c, int size)
      : person(p), head(h), camera(c), points(place_points(head, camera)), raster(drawn_side(size), camera) {}
  Sitting(const Sitting&) = delete;
  Sitting& operator=(const Sitting&) = delete;

  Person person;
  Head head;
  Camera camera;
  Landmarks points;
  Raster raster;
};

/// All that comes after solids and background have their colours. Linear in these, and the same for the same numbers:
/// painted over other colours, without light, it tells how much of them is still seen.
void paint_over(Sitting& sitting, const Person& person, std::uint64_t seed, std::uint64_t index) {
  Random front = stream(seed, index, 6), wisps = stream(seed, index, 8);
  const std::span<Vec3> color = sitting.raster.colors();
  soften_edges(sitting.raster);
  if (person.look.beard_length > 0) draw_beard(color, sitting.camera, person.look, sitting.points, wisps);
  if (person.look.wisps > 0) draw_wisps(color, sitting.head, sitting.camera, person.look, wisps);
  draw_occluders(color, sitting.raster.size(), person, sitting.points, front);
}

Person unlit(Person person) {
  person.look.key_color = person.look.sky_color = person.look.ground_color = {};
  return person;
}

/// Points of the picture, from those of the larger one that is drawn.
Landmarks shrunk(Landmarks points, int size) {
  const float shrink = static_cast<float>(size) / static_cast<float>(drawn_side(size));
  for (Point& p : points) p = (p + Point{0.5f, 0.5f}) * shrink - Point{0.5f, 0.5f};
  return points;
}

DrawnFace picture_of(Sitting& sitting, int size, std::uint64_t seed, std::uint64_t index, const Backgrounds& photos) {
  const Person& person = sitting.person;
  const std::span<Vec3> color = sitting.raster.colors();
  draw_solids(sitting.raster, sitting.head, sitting.camera, person);
  draw_behind(color, sitting.raster, person, seed, index, photos);
  shade_solids(color, sitting.raster, sitting.head, person, sitting.camera);
  paint_over(sitting, person, seed, index);
  return {develop(color, size, person.look), shrunk(sitting.points, size)};
}

}  // namespace

void require_range(const char* option, float value, float low, float high) {
  if (value >= low && value <= high) return;
  throw ArgumentError(
      {option, "out of range", std::to_string(low) + " to " + std::to_string(high), std::to_string(value), ""});
}

DrawnFace draw_sitting(const Person& person, const Head& head, const Camera& camera, int size, std::uint64_t seed,
                       std::uint64_t index, const Backgrounds& backgrounds) {
  Sitting sitting(person, head, camera, size);
  return picture_of(sitting, size, seed, index, backgrounds);
}

}  // namespace synthetic

DrawnFace draw_face(std::uint64_t seed, std::uint64_t index, const DrawOptions& options) {
  using namespace synthetic;
  check(options);
  Sitting sitting(seed, index, options);
  return picture_of(sitting, options.size, seed, index, options.backgrounds);
}

Landmarks drawn_points(std::uint64_t seed, std::uint64_t index, const DrawOptions& options) {
  using namespace synthetic;
  check(options);
  const Person person = draw_person(seed, index, options);
  const Head head(person.identity, person.expression);
  return shrunk(place_points(head, aim(head, person.pose, drawn_side(options.size))), options.size);
}

DrawnCutout draw_cutout(std::uint64_t seed, std::uint64_t index, const DrawOptions& options) {
  using namespace synthetic;
  check(options);
  Sitting sitting(seed, index, options);
  const Person& person = sitting.person;
  const std::span<Vec3> color = sitting.raster.colors();  // black
  draw_solids(sitting.raster, sitting.head, sitting.camera, person);
  shade_solids(color, sitting.raster, sitting.head, person, sitting.camera);
  paint_over(sitting, person, seed, index);
  const std::vector<Vec3> before_black(color.begin(), color.end());

  // Once more, with a background of 1 behind black: what is left of it shows through.
  const int side = sitting.raster.size();
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const float through = sitting.raster.material(x, y) == Material::none ? 1.0f : 0.0f;
      color[static_cast<std::size_t>(y * side + x)] = {through, through, through};
    }
  }
  paint_over(sitting, unlit(person), seed, index);
  std::vector<float> cover = shrink(color, options.size);
  for (float& c : cover) c = 1 - clamp01(c);
  DrawnCutout out{develop(before_black, cover, options.size, person.look), {}, shrunk(sitting.points, options.size)};
  out.cover.reserve(cover.size());
  for (const float c : cover) out.cover.push_back(static_cast<std::uint8_t>(255 * c + 0.5f));
  return out;
}

Image draw_scene(std::uint64_t seed, std::uint64_t index, const DrawOptions& options) {
  using namespace synthetic;
  check(options);
  Sitting sitting(seed, index, options);  // for the light, the camera and the clothes
  Person& person = sitting.person;
  Random what = stream(seed, index, 9), front = stream(seed, index, 6);

  Raster& raster = sitting.raster;
  if (what.chance(0.4f)) raster.draw(body_grid(sitting.head, sitting.camera, person.pose, person.look), Material::body);
  const std::span<Vec3> color = raster.colors();
  draw_behind(color, raster, person, seed, index, options.backgrounds);
  shade_solids(color, raster, sitting.head, person, sitting.camera);
  soften_edges(raster);
  if (options.accessories > 0) person.look.occluders = static_cast<int>(what.below(4));
  draw_occluders(color, raster.size(), person, sitting.points, front);
  return develop(color, options.size, person.look);
}

}  // namespace lineament
