// draw_face: a person from the seed, its solid parts to pixels, pixels to colours.
#include <bit>
#include <string>
#include <utility>

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

/// Linear light to 8-bit sRGB-like values, with exposure and contrast.
class Film {
 public:
  explicit Film(const Look& look) : exposure_(look.exposure), saturation_(look.saturation) {
    for (int i = 0; i < kSteps; ++i) {
      const float light = std::bit_cast<float>((kFirst + static_cast<std::uint32_t>(i)) << kShift);
      const float soft =
          light < 0.8f ? light : 0.8f + 0.35f * std::tanh((light - 0.8f) / 0.35f);  // highlights roll off
      const float plain = std::pow(soft, 1 / 2.2f), value = mix(plain, ramp(0, 1, plain), look.contrast);
      table_[i] = static_cast<std::uint8_t>(255 * clamp01(value) + 0.5f);
    }
  }
  Color operator()(Vec3 light) const {
    const float grey = 0.3f * light.x + 0.6f * light.y + 0.1f * light.z;
    const Vec3 c = mix({grey, grey, grey}, light, saturation_);
    return {value(c.x), value(c.y), value(c.z)};
  }

 private:
  // Indexed by the upper bits of the float, 128 steps for each doubling from 2^-10 to 4: even steps to the eye, no
  // root.
  static constexpr int kShift = 16, kSteps = 12 * 128;
  static constexpr std::uint32_t kFirst = (127 - 10) << 7;

  std::uint8_t value(float light) const {
    const float exposed = std::max(light * exposure_, 0.0009765625f);
    return table_[std::min(std::bit_cast<std::uint32_t>(exposed) >> kShift, kFirst + kSteps - 1) - kFirst];
  }
  float exposure_, saturation_;
  std::array<std::uint8_t, kSteps> table_;
};

}  // namespace
}  // namespace synthetic

DrawnFace draw_face(std::uint64_t seed, std::uint64_t index, const DrawOptions& options) {
  using namespace synthetic;
  check(options);
  const Person person = draw_person(seed, index, options);
  const Head head(person.identity, person.expression);
  const Camera camera = aim(head, person.pose, options.size);
  DrawnFace out{Image(options.size, options.size), place_points(head, camera)};

  Raster raster(options.size, camera);
  draw_solids(raster, head, camera, person);

  const std::span<Vec3> color = raster.colors();
  Random background = stream(seed, index, 5), front = stream(seed, index, 6), wisps = stream(seed, index, 8);
  Random choice = stream(seed, index, 7);
  if (options.backgrounds && !options.backgrounds->empty() && choice.chance(kPhotoChance)) {
    const auto count = static_cast<std::uint32_t>(options.backgrounds->size());
    draw_photo(color, raster, (*options.backgrounds)[choice.below(count)], person.look.exposure, choice);
  } else {
    draw_background(color, raster, background);
  }
  const Vec3 half = normalized(person.look.key_direction + Vec3{0, 0, 1});
  const Scene scene{&head, &person.look, half, 1 / camera.scale()};
  for (int y = 0; y < options.size; ++y) {
    for (int x = 0; x < options.size; ++x) {
      if (raster.material(x, y) == Material::none) continue;
      color[static_cast<std::size_t>(y * options.size + x)] = shade(scene, raster.at(x, y));
    }
  }
  soften_edges(raster);
  if (person.look.wisps > 0) draw_wisps(color, head, camera, person.look, wisps);
  draw_occluders(color, options.size, person, out.points, front);
  const Film film(person.look);
  std::uint8_t* to = out.image.pixels().data();
  for (const Vec3& c : color) {
    const Color seen = film(c);
    *to++ = seen.r;
    *to++ = seen.g;
    *to++ = seen.b;
  }
  return out;
}

}  // namespace lineament
