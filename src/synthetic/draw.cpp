// draw_face: a person from the seed, its solid parts to pixels, pixels to colours.
#include <string>
#include <utility>

#include "chances.hpp"
#include "film.hpp"
#include "lineament/error.hpp"
#include "mesh.hpp"
#include "photo_background.hpp"
#include "shade.hpp"

namespace lineament {
namespace synthetic {
namespace {

void check_range(const char* name, float value, float low, float high) {
  if (value >= low && value <= high) return;
  throw ArgumentError({"DrawOptions::" + std::string(name),
                       "out of range",
                       std::to_string(low) + " to " + std::to_string(high),
                       std::to_string(value),
                       {}});
}

void check(const DrawOptions& o) {
  check_range("size", static_cast<float>(o.size), 32, 2048);
  check_range("smallest_face", o.smallest_face, 0.1f, 1);
  check_range("largest_face", o.largest_face, o.smallest_face, 1);
  check_range("max_yaw", o.max_yaw, 0, 75);
  check_range("max_pitch", o.max_pitch, 0, 40);
  check_range("max_roll", o.max_roll, 0, 180);
  check_range("expression", o.expression, 0, 1);
  check_range("variety", o.variety, 0, 1);
  check_range("accessories", o.accessories, 0, 10);
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

}  // namespace
}  // namespace synthetic

DrawnFace draw_face(std::uint64_t seed, std::uint64_t index, const DrawOptions& options) {
  using namespace synthetic;
  check(options);
  const Person person = draw_person(seed, index, options);
  const Head head(person.identity, person.expression);
  const int side = drawn_side(options.size);
  const Camera camera = aim(head, person.pose, side);
  const Landmarks points = place_points(head, camera);

  Raster raster(side, camera);
  draw_solids(raster, head, camera, person);

  const std::span<Vec3> color = raster.colors();
  Random front = stream(seed, index, 6), wisps = stream(seed, index, 8);
  draw_behind(color, raster, person, seed, index, options.backgrounds);
  shade_solids(color, raster, head, person, camera);
  soften_edges(raster);
  if (person.look.beard_length > 0) draw_beard(color, camera, person.look, points, wisps);
  if (person.look.wisps > 0) draw_wisps(color, head, camera, person.look, wisps);
  draw_occluders(color, side, person, points, front);
  DrawnFace out{develop(color, options.size, person.look), points};
  const float shrink = static_cast<float>(options.size) / static_cast<float>(side);
  for (Point& p : out.points) p = (p + Point{0.5f, 0.5f}) * shrink - Point{0.5f, 0.5f};
  return out;
}

Image draw_scene(std::uint64_t seed, std::uint64_t index, const DrawOptions& options) {
  using namespace synthetic;
  check(options);
  Person person = draw_person(seed, index, options);  // for the light, the camera and the clothes
  const Head head(person.identity, person.expression);
  const int side = drawn_side(options.size);
  const Camera camera = aim(head, person.pose, side);
  Random what = stream(seed, index, 9), front = stream(seed, index, 6);

  Raster raster(side, camera);
  if (what.chance(0.4f)) raster.draw(body_grid(head, camera, person.pose, person.look), Material::body);
  const std::span<Vec3> color = raster.colors();
  draw_behind(color, raster, person, seed, index, options.backgrounds);
  shade_solids(color, raster, head, person, camera);
  soften_edges(raster);
  if (options.accessories > 0) person.look.occluders = static_cast<int>(what.below(4));
  draw_occluders(color, side, person, place_points(head, camera), front);
  return develop(color, options.size, person.look);
}

}  // namespace lineament
