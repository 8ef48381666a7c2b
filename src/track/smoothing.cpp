#include "lineament/track/smoothing.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "lineament/error.hpp"

namespace lineament {
namespace {

void require_length(const char* what, std::size_t length, std::size_t points) {
  if (length != points)
    throw ArgumentError({what, "not as many as points", std::to_string(points), std::to_string(length), ""});
}

void check(const SmoothingOptions& o) {
  const auto require = [](const char* name, double value, bool zero_too) {
    if (std::isfinite(value) && (value > 0 || (zero_too && value == 0))) return;
    throw ArgumentError({"SmoothingOptions::" + std::string(name), "out of range",
                         zero_too ? "0 or more" : "a number above 0", std::to_string(value), ""});
  };
  require("rest_cutoff", static_cast<double>(o.rest_cutoff), false);
  require("speed_gain", static_cast<double>(o.speed_gain), true);
  require("speed_cutoff", static_cast<double>(o.speed_cutoff), false);
  require("own_rest_cutoff", static_cast<double>(o.own_rest_cutoff), false);
  require("own_speed_gain", static_cast<double>(o.own_speed_gain), true);
  require("own_speed_cutoff", static_cast<double>(o.own_speed_cutoff), false);
  require("own_share", static_cast<double>(o.own_share), true);
  require("longest_gap", o.longest_gap, false);
}

bool all_finite(std::span<const Point> points) {
  return std::all_of(points.begin(), points.end(), [](Point p) { return std::isfinite(p.x) && std::isfinite(p.y); });
}

/// The square of each, and one over it, are numbers, too.
bool all_bounded(std::span<const float> spread) {
  constexpr float kMost = 1e18f;
  return std::all_of(spread.begin(), spread.end(), [](float s) { return std::abs(s) < kMost; });
}

/// Seconds. Time stamps may be as near as double can tell: speeds stay numbers.
constexpr float kShortest = 1e-5f;

/// The share of a change that a low-pass of first order lets through in `passed` seconds.
float share_through(float cutoff, float passed) {
  return 1 / (1 + 1 / (2 * std::numbers::pi_v<float> * cutoff * passed));
}

float square_of(float v) {
  return v * v;
}
float squared_length(Point p) {
  return p.x * p.x + p.y * p.y;
}

/// Mean squared distance of the points from their middle.
float squared_size(std::span<const Point> points) {
  const float n = static_cast<float>(points.size());
  Point middle;
  for (const Point& p : points) middle = middle + p * (1 / n);
  float sum = 0;
  for (const Point& p : points) sum += squared_length(p - middle);
  return sum / n;
}

/// Where the shift, turn and change of size that best bring `from` to `to` bring the points of `from`: least squares
/// with weights, which sum to 1.
void move_together(std::span<const Point> from, std::span<const Point> to, std::span<const float> weight,
                   std::span<Point> moved) {
  Point a, b;
  for (std::size_t i = 0; i < from.size(); ++i) {
    a = a + from[i] * weight[i];
    b = b + to[i] * weight[i];
  }
  float size = 0, along = 0, across = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const Point p = from[i] - a, q = to[i] - b;
    size += weight[i] * squared_length(p);
    along += weight[i] * (p.x * q.x + p.y * q.y);
    across += weight[i] * (p.x * q.y - p.y * q.x);
  }
  const float c = size > 0 ? along / size : 1, s = size > 0 ? across / size : 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const Point p = from[i] - a;
    moved[i] = Point{c * p.x - s * p.y, s * p.x + c * p.y} + b;
  }
}

}  // namespace

FaceSmoother::FaceSmoother(const SmoothingOptions& options) : options_(options) {
  check(options);
}

void FaceSmoother::restart() {
  started_ = false;
  last_.reset();
}

void FaceSmoother::start(std::span<const Point> found) {
  before_.assign(found.begin(), found.end());
  steady_.assign(found.begin(), found.end());
  speed_.assign(found.size(), {});
  own_speed_.assign(found.size(), {});
  moved_.resize(found.size());
  weight_.resize(found.size());
  started_ = true;
}

void FaceSmoother::next(std::span<const Point> found, std::span<const float> spread, double seconds,
                        std::span<Point> steady) {
  require_length("steady", steady.size(), found.size());
  if (!spread.empty()) require_length("spread", spread.size(), found.size());
  if (!std::isfinite(seconds) || (last_ && !(seconds > *last_)))
    throw ArgumentError({"seconds", "time does not go on", last_ ? "more than " + std::to_string(*last_) : "a number",
                         std::to_string(seconds), "call restart() for another film"});
  const double passed = last_ ? seconds - *last_ : 0;
  last_ = seconds;
  const float size = all_finite(found) && all_bounded(spread) ? squared_size(found) : 0;
  const bool usable = size > 0 && std::isfinite(size);  // anything else would stay in the speeds for good
  if (!usable) {
    started_ = false;
  } else if (!started_ || found.size() != before_.size() || passed > options_.longest_gap) {
    start(found);
  } else {
    step(found, spread, std::max(kShortest, static_cast<float>(passed)));
    std::copy(found.begin(), found.end(), before_.begin());
    std::copy(steady_.begin(), steady_.end(), steady.begin());
    return;
  }
  if (steady.data() != found.data()) std::copy(found.begin(), found.end(), steady.begin());
}

void FaceSmoother::step(std::span<const Point> found, std::span<const float> spread, float passed) {
  const std::size_t count = found.size();
  // Sure points say more about the face's movement.
  float sum = 0, mean = 0;
  constexpr float kSome = 1e-6f;
  for (std::size_t i = 0; i < count; ++i) {
    const float s = spread.empty() ? 1 : std::max(spread[i], kSome);
    mean += s / static_cast<float>(count);
    weight_[i] = 1 / (s * s);
    sum += weight_[i];
  }
  for (float& w : weight_) w /= sum;

  move_together(before_, found, weight_, moved_);
  const float unit = 1 / (std::sqrt(squared_size(found)) * passed);
  const float through = share_through(options_.speed_cutoff, passed);
  const float own_through = share_through(options_.own_speed_cutoff, passed);
  float squared_speed = 0;
  for (std::size_t i = 0; i < count; ++i) {
    speed_[i] = speed_[i] + ((moved_[i] - before_[i]) * unit - speed_[i]) * through;
    own_speed_[i] = own_speed_[i] + ((found[i] - moved_[i]) * unit - own_speed_[i]) * own_through;
    squared_speed += squared_length(speed_[i]) / static_cast<float>(count);
  }

  constexpr float kMost = 1e6f;  // a jump of any size is none to hold back, and no infinity
  const float rise = options_.speed_gain * std::min(squared_speed, kMost);
  const float common = share_through(options_.rest_cutoff + rise, passed);
  move_together(steady_, found, weight_, moved_);
  for (std::size_t i = 0; i < count; ++i) {
    const float sure = spread.empty() ? 1 : std::clamp(mean / std::max(spread[i], kSome), 0.25f, 4.0f);
    const float own_cutoff = options_.own_rest_cutoff * sure + options_.own_share * rise +
                             options_.own_speed_gain * square_of(sure) * std::min(squared_length(own_speed_[i]), kMost);
    steady_[i] =
        steady_[i] + (moved_[i] - steady_[i]) * common + (found[i] - moved_[i]) * share_through(own_cutoff, passed);
  }
}

}  // namespace lineament
