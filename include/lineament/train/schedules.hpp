// The learning rate as a pure function of progress: nothing to store, nothing to resume.
// Cosine: Loshchilov and Hutter, "SGDR", ICLR 2017. Warm-up: Goyal et al., "Accurate, large minibatch SGD", 2017.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <string>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/error.hpp"

namespace LINEAMENT_API lineament {

/// A plain value. After `warmup` epochs of a linear rise
/// - constant: rate
/// - step:     rate * factor^floor(epoch / every); epochs are counted from the start of the run, warm-up included
/// - cosine:   from rate at the end of the warm-up to last at the end of the run, along half a cosine
/// In the warm-up the rate rises in a line from warmup_from * rate to rate (times the step's factor, if one falls
/// there).
struct Schedule {
  enum class Kind { constant, step, cosine };
  Kind kind = Kind::constant;
  float rate = 1e-3f;
  double warmup = 0;         ///< epochs, may be a fraction
  float warmup_from = 0.1f;  ///< share of the rate at epoch 0; not 0, so that the first step does something
  double every = 10;         ///< step: epochs, above 0
  float factor = 0.1f;       ///< step
  float last = 0;            ///< cosine: the rate at the end
  friend bool operator==(const Schedule&, const Schedule&) = default;
};

inline constexpr std::array<std::string_view, 3> kScheduleNames{"constant", "step", "cosine"};

/// "constant", "step" or "cosine": what schedule_by_name() reads.
inline std::string_view name(const Schedule& schedule) {
  return kScheduleNames[static_cast<std::size_t>(schedule.kind)];
}

/// The schedule of that name with its default constants. Throws ArgumentError, listing the names.
inline Schedule schedule_by_name(std::string_view wanted) {
  for (std::size_t i = 0; i < kScheduleNames.size(); ++i) {
    if (kScheduleNames[i] == wanted) return Schedule{.kind = static_cast<Schedule::Kind>(i)};
  }
  throw ArgumentError({.where = "schedule",
                       .what = "there is no learning rate schedule of this name",
                       .wanted = "constant, step or cosine",
                       .got = "'" + std::string(wanted) + "'",
                       .fix = ""});
}

/// The rate at `epoch` (0 = start; 2.5 = halfway through the third) of a run of `epochs`. Beyond the end it stays at
/// its last value. Throws ArgumentError: epoch or warmup below 0, epochs or every not above 0.
inline float learning_rate(const Schedule& schedule, double epoch, double epochs) {
  if (!(epoch >= 0 && epochs > 0 && schedule.warmup >= 0 && schedule.every > 0)) {
    throw ArgumentError({.where = "schedule " + std::string(name(schedule)),
                         .what = "epochs are out of range",
                         .wanted = "epoch and warmup at least 0, epochs and every above 0",
                         .got = std::to_string(epoch) + ", " + std::to_string(schedule.warmup) + ", " +
                                std::to_string(epochs) + ", " + std::to_string(schedule.every),
                         .fix = ""});
  }
  const double rate = schedule.rate;
  const bool warming = epoch < schedule.warmup;
  const double ramp = warming ? schedule.warmup_from + (1.0 - schedule.warmup_from) * (epoch / schedule.warmup) : 1.0;
  double value = rate;
  if (schedule.kind == Schedule::Kind::step) {
    value = rate * std::pow(static_cast<double>(schedule.factor), std::floor(std::min(epoch, epochs) / schedule.every));
  } else if (schedule.kind == Schedule::Kind::cosine && !warming) {
    // A warm-up as long as the run leaves no room for the cosine: it is then at its end.
    const double room = epochs - schedule.warmup;
    const double progress = room > 0 ? std::min(1.0, (epoch - schedule.warmup) / room) : 1.0;
    value = schedule.last + (rate - schedule.last) * 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
  }
  return static_cast<float>(ramp * value);
}

}  // namespace lineament
