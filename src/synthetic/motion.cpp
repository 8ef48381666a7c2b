#include "motion.hpp"

#include <numbers>

namespace lineament::synthetic {
namespace {

// Seconds of a cycle: rest, then talk, then moves.
constexpr double kCycle = 6, kTalk = 2, kMoves = 4;
constexpr int kMovesInCycle = 3;  // and one to the next cycle's pose
constexpr double kMove = 0.4, kHold = 0.1;

struct Key {
  float yaw = 0, pitch = 0, roll = 0, shift_x = 0, shift_y = 0, closer = 0;
};
Key mix(const Key& a, const Key& b, float t) {
  const auto m = [t](float from, float to) { return synthetic::mix(from, to, t); };
  return {m(a.yaw, b.yaw),         m(a.pitch, b.pitch),     m(a.roll, b.roll),
          m(a.shift_x, b.shift_x), m(a.shift_y, b.shift_y), m(a.closer, b.closer)};
}

/// Pose number `number`, four a cycle; the first of each is where the head rests.
Key key_of_film(std::uint64_t seed, std::uint64_t number, float room) {
  Random random = stream(seed, number, 20);
  const float reach = number % (kMovesInCycle + 1) == 0 ? 0.5f : 1.0f;
  const auto side = [&](float limit) { return reach * limit * random.uniform(-1, 1); };
  return {side(0.6f), side(0.25f), side(0.25f), side(room), side(0.7f * room), side(0.12f)};
}

/// From 0 to 1 with the least jerk, as arms and heads move: Flash and Hogan, J. Neuroscience 5(7), 1985.
float least_jerk(double t) {
  const double c = std::clamp(t, 0.0, 1.0);
  return static_cast<float>(c * c * c * (10 - 15 * c + 6 * c * c));
}
/// Its speed, 1 at the middle.
float least_jerk_speed(double t) {
  const double c = std::clamp(t, 0.0, 1.0);
  return static_cast<float>(16 * c * c * (1 - c) * (1 - c));
}
float wave(double hertz, double seconds, float phase) {
  const double turns = hertz * seconds;
  return static_cast<float>(std::sin(2 * std::numbers::pi * (turns - std::floor(turns)) + double(phase)));
}

/// How far the lids are closed: a blink in each three seconds, down in 80 ms and up in 140.
float lids_of_film(std::uint64_t seed, double seconds) {
  constexpr double kSlot = 3, kDown = 0.08, kShut = 0.04, kUp = 0.14;
  const double slot = std::floor(seconds / kSlot);
  Random random = stream(seed, static_cast<std::uint64_t>(slot), 21);
  const double t = seconds - kSlot * slot - static_cast<double>(random.uniform(0, 2.7f));
  return t < kDown + kShut ? least_jerk(t / kDown) : 1 - least_jerk((t - kDown - kShut) / kUp);
}

/// Seconds a cycle after whose begin move number `i` starts.
constexpr double start_of_move(int i) {
  return kMoves + i * (kMove + kHold);
}

}  // namespace

Moment moment_of_film(std::uint64_t seed, double seconds, float motion, float room) {
  const double cycle = std::floor(seconds / kCycle), t = seconds - kCycle * cycle;
  const auto first = static_cast<std::uint64_t>(cycle) * (kMovesInCycle + 1);
  Key at = key_of_film(seed, first, room);
  Moment m;
  for (int i = 0; i <= kMovesInCycle && t > start_of_move(i); ++i) {
    const double done = (t - start_of_move(i)) / kMove;
    at = mix(at, key_of_film(seed, first + static_cast<std::uint64_t>(i) + 1, room), least_jerk(done));
    m.activity = std::max(m.activity, least_jerk_speed(done));
  }
  Random random = stream(seed, 0, 22);
  const auto phase = [&] { return 6.2831853f * random.uniform(); };
  const float talk = least_jerk((t - kTalk) / 0.3) * (1 - least_jerk((t - kMoves + 0.3) / 0.3));
  // A resting head's sway goes on in all that it does.
  const float yaw = 0.005f * wave(0.23, seconds, phase()) + 0.10f * talk * wave(0.7, seconds, phase());
  const float pitch = 0.004f * wave(0.31, seconds, phase()) + 0.07f * talk * wave(1.1, seconds, phase());
  const float roll = 0.003f * wave(0.17, seconds, phase()) + 0.04f * talk * wave(0.53, seconds, phase());
  const float x = 0.001f * wave(0.27, seconds, phase()), y = 0.001f * wave(0.21, seconds, phase());
  // Syllables: two rates that beat, from 0 to 1.
  const float open = 0.5f + 0.3f * wave(3.1, seconds, phase()) + 0.2f * wave(4.7, seconds, phase());
  const float lids = lids_of_film(seed, seconds);
  m.activity = std::max({m.activity, talk, lids}) * (motion > 0 ? 1.0f : 0.0f);
  m.yaw = motion * (at.yaw + yaw);
  m.pitch = motion * (at.pitch + pitch);
  m.roll = motion * (at.roll + roll);
  m.shift_x = std::min(motion, 1.0f) * (at.shift_x + x);
  m.shift_y = std::min(motion, 1.0f) * (at.shift_y + y);
  m.closer = motion * at.closer;
  m.lids = std::min(motion, 1.0f) * lids;
  m.mouth = motion * talk * open;
  m.brows = motion * talk * 0.3f * wave(0.9, seconds, phase());
  return m;
}

}  // namespace lineament::synthetic
