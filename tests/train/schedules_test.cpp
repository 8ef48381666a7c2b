// Learning rates worked by hand.
#include "lineament/train/schedules.hpp"

#include "catch.hpp"

using namespace lineament;

namespace {

using Kind = Schedule::Kind;

double rate(const Schedule& schedule, double epoch, double epochs) {
  return static_cast<double>(learning_rate(schedule, epoch, epochs));
}

}  // namespace

TEST_CASE("a constant rate stays, after a warm-up in a line") {
  Schedule schedule{.kind = Kind::constant, .rate = 0.8f};
  CHECK(rate(schedule, 0, 10) == Approx(0.8));
  CHECK(rate(schedule, 9.99, 10) == Approx(0.8));
  schedule.warmup = 2;
  schedule.warmup_from = 0.25f;
  CHECK(rate(schedule, 0, 10) == Approx(0.2));
  CHECK(rate(schedule, 0.5, 10) == Approx(0.35));
  CHECK(rate(schedule, 1, 10) == Approx(0.5));
  CHECK(rate(schedule, 2, 10) == Approx(0.8));
}

TEST_CASE("steps fall after every so many epochs") {
  Schedule schedule{.kind = Kind::step, .rate = 1, .every = 3, .factor = 0.5f};
  CHECK(rate(schedule, 2.999, 10) == Approx(1));
  CHECK(rate(schedule, 3, 10) == Approx(0.5));
  CHECK(rate(schedule, 5.9, 10) == Approx(0.5));
  CHECK(rate(schedule, 6, 10) == Approx(0.25));
  CHECK(rate(schedule, 9.5, 10) == Approx(0.125));
  // Beyond the end nothing falls any more.
  CHECK(rate(schedule, 100, 10) == Approx(0.125));
  // In a warm-up that reaches over a step, both apply: half the way from 0.1 to 1, times 0.5 at epoch 4 of 8.
  schedule.warmup = 8;
  CHECK(rate(schedule, 4, 10) == Approx(0.55 * 0.5));
}

TEST_CASE("the cosine runs from the end of the warm-up to the end of the run") {
  Schedule schedule{.kind = Kind::cosine, .rate = 1, .last = 0.2f};
  CHECK(rate(schedule, 0, 8) == Approx(1));
  CHECK(rate(schedule, 2, 8) == Approx(0.2 + 0.8 * 0.5 * (1 + std::sqrt(0.5))));
  CHECK(rate(schedule, 4, 8) == Approx(0.6));
  CHECK(rate(schedule, 8, 8) == Approx(0.2));
  CHECK(rate(schedule, 12, 8) == Approx(0.2));
  schedule.warmup = 2;
  CHECK(rate(schedule, 1, 10) == Approx(0.55));
  CHECK(rate(schedule, 2, 10) == Approx(1));
  CHECK(rate(schedule, 6, 10) == Approx(0.6));
  CHECK(rate(schedule, 10, 10) == Approx(0.2));
  // No room for the cosine: up in a line, then the last rate.
  schedule.warmup = 10;
  CHECK(rate(schedule, 5, 10) == Approx(0.55));
  CHECK(rate(schedule, 10, 10) == Approx(0.2));
}

TEST_CASE("schedules go by name, and what is out of range is refused") {
  for (const std::string_view kind : kScheduleNames) CHECK(name(schedule_by_name(kind)) == kind);
  CHECK_THROWS_WITH(schedule_by_name("linear"),
                    "schedule: there is no learning rate schedule of this name (wanted constant, step or cosine, got "
                    "'linear')");
  CHECK_THROWS_AS(learning_rate({}, -1, 10), ArgumentError);
  CHECK_THROWS_AS(learning_rate({}, 0, 0), ArgumentError);
  CHECK_THROWS_AS(learning_rate({.warmup = -1}, 0, 1), ArgumentError);
  CHECK_THROWS_AS(learning_rate({.kind = Kind::step, .every = 0}, 0, 1), ArgumentError);
}
