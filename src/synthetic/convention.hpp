// Where people who annotate photos put a point, seen from the feature it names. Measured, not chosen: networks trained
// on faces drawn with the points on the features themselves were run on the shared training faces of 300-W; of each
// point, the median over those faces of the annotated place less the found one, in the face's own frame, says how far
// the two are apart. What `compact` still erred by after it was added (docs/decisions/020). Only these means are here:
// no photo, and nothing of a single face. Left and right are averaged. A shift of all points to the right by 1 % of the
// eyes' distance is left out: nothing in the drawing or in the files explains it, and mirrored faces would contradict
// it.
#pragma once
#include <array>

#include "vec.hpp"

namespace lineament::synthetic {

/// Head frame, cm: `in` towards the middle of the face, `up` towards the crown.
struct Habit {
  float in = 0, up = 0;
};

/// Brows, outer to inner: annotators follow the upper edge of the hair and what is left of it at the temple.
constexpr std::array<Habit, 5> kBrowHabit{
    {{-0.04f, 0.12f}, {0.02f, 0.32f}, {0.2f, 0.26f}, {0.29f, 0.16f}, {0.32f, 0.12f}}};
/// Bridge, top to tip.
constexpr std::array<Habit, 4> kBridgeHabit{{{0, 0}, {0, -0.09f}, {0, -0.16f}, {0, -0.2f}}};
/// Nostrils, wing to middle: at the foot of the nose, not on the openings.
constexpr std::array<Habit, 3> kNostrilHabit{{{0.3f, -0.40f}, {0.17f, -0.29f}, {0, -0.30f}}};
/// Lips, corner to middle.
constexpr std::array<Habit, 4> kUpperLipHabit{{{0.12f, -0.07f}, {0.12f, -0.03f}, {0.06f, 0}, {0, -0.04f}}};
constexpr std::array<Habit, 3> kLowerLipHabit{{{0.14f, -0.20f}, {0.07f, -0.20f}, {0, -0.16f}}};
constexpr Habit kInnerCornerHabit{0.12f, -0.08f};
constexpr std::array<Habit, 2> kInnerUpperHabit{{{0.06f, -0.05f}, {0, -0.08f}}};
constexpr std::array<Habit, 2> kInnerLowerHabit{{{0.02f, -0.02f}, {0, -0.03f}}};

/// Level of the jaw's first and last point, cm, and by how much the two part when the head turns: the far one goes
/// down to where the outline of the cheek begins, the near one up along the ear.
constexpr float kJawEar = 0.18f, kJawEarFar = 1.3f, kJawEarNear = 0.5f;
/// The jaw's points along the line that is seen in the picture, ear to chin. Nearly even whatever the head's turn:
/// annotators space what they see, not what the head has.
constexpr std::array<float, 9> kJawPlace{0, 0.127f, 0.253f, 0.378f, 0.503f, 0.629f, 0.756f, 0.882f, 1};
/// How far inside the outline they are, cm, from ear (0) to chin (1): a chin's edge is round, its shadow soft.
constexpr float jaw_inside(float part) {
  return 0.28f * ramp(0.25f, 0.6f, part);
}

}  // namespace lineament::synthetic
