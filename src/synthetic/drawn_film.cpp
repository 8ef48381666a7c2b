#include "lineament/faces/drawn_film.hpp"

#include "film.hpp"
#include "motion.hpp"
#include "sitting.hpp"

namespace lineament {
namespace synthetic {
namespace {

void check(const FilmOptions& o) {
  require_range("FilmOptions::size", static_cast<float>(o.size), 32, 2048);
  require_range("FilmOptions::fps", static_cast<float>(o.fps), 1, 1000);
  require_range("FilmOptions::face", o.face, 0.1f, 0.8f);
  require_range("FilmOptions::noise", o.noise, 0, 60);
  require_range("FilmOptions::motion", o.motion, 0, 2);
  require_range("FilmOptions::variety", o.variety, 0, 1);
  require_range("FilmOptions::accessories", o.accessories, 0, 10);
}

Person person_of_film(std::uint64_t seed, const FilmOptions& o) {
  Person person = draw_person(seed, 0, {.variety = o.variety, .accessories = o.accessories});
  Expression& e = person.expression;
  for (int k = 0; k < 2; ++k) {  // at rest: no shout, wink or stare
    e.eye_open[k] = std::clamp(e.eye_open[k], 0.8f, 1.1f);
    e.smile[k] = std::min(e.smile[k], 0.6f);
  }
  e.jaw = std::min(e.jaw, 0.2f);
  e.part = std::min(e.part, 0.3f);
  e.pucker = std::min(e.pucker, 0.3f);
  person.pose = {.distance = person.pose.distance, .face = o.face};
  person.look.occluders = 0;  // they are placed by the points: they would move with the face
  return person;
}

void act(Person& person, const Moment& m) {
  Expression& e = person.expression;
  for (int k = 0; k < 2; ++k) {
    e.eye_open[k] *= 1 - m.lids;
    e.brow_raise[k] += m.brows;
  }
  e.jaw += 1.1f * m.mouth;
  e.part += 0.25f * m.mouth;
  person.pose.yaw = std::clamp(m.yaw, -1.0f, 1.0f);
  person.pose.pitch = std::clamp(m.pitch, -0.5f, 0.5f);
  person.pose.roll = m.roll;
}

/// Adds a sum of four even numbers to each value: nearly normal, and the same bits on every machine.
void add_camera_noise(Image& image, float deviation, Random random) {
  constexpr int kMean = 510;         // of four bytes' sum
  constexpr float kSpread = 147.8f;  // its deviation
  const int factor = static_cast<int>(65536 * deviation / kSpread + 0.5f);
  if (factor == 0) return;
  for (std::uint8_t& value : image.pixels()) {
    const std::uint32_t b = random.bits();
    const int sum = static_cast<int>((b & 255) + (b >> 8 & 255) + (b >> 16 & 255) + (b >> 24));
    // An offset before the shift: division of a negative number would round towards 0.
    const int noise = (((sum - kMean) * factor + 32768 + (1 << 26)) >> 16) - (1 << 10);
    value = static_cast<std::uint8_t>(std::clamp(static_cast<int>(value) + noise, 0, 255));
  }
}

}  // namespace
}  // namespace synthetic

DrawnFilmFrame draw_film_frame(std::uint64_t seed, std::uint64_t frame, const FilmOptions& options) {
  using namespace synthetic;
  check(options);
  Person person = person_of_film(seed, options);
  const int side = drawn_side(options.size);
  Camera camera = aim(Head(person.identity, person.expression), person.pose, side);  // which stays where it is
  const float room = std::max(0.0f, 0.5f * (1 - options.face) - 0.12f);
  const Moment now = moment_of_film(seed, static_cast<double>(frame) / options.fps, options.motion, room);
  act(person, now);
  camera.turn = rotation(person.pose.yaw, person.pose.pitch, person.pose.roll);
  camera.distance *= 1 - std::clamp(now.closer, -0.3f, 0.3f);
  camera.center_x += now.shift_x * static_cast<float>(side);
  camera.center_y += now.shift_y * static_cast<float>(side);
  const Head head(person.identity, person.expression);
  DrawnFace drawn = draw_sitting(person, head, camera, options.size, seed, 0, options.backgrounds);
  add_camera_noise(drawn.image, options.noise, stream(seed, frame, 23));
  return {std::move(drawn.image), std::move(drawn.points), now.activity};
}

}  // namespace lineament
