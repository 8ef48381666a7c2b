// Where people who annotate photos put a point, seen from the feature it names. Measured, not chosen: networks trained
// on faces drawn with the points on the features themselves were run on the training faces of 300-W; of each
// point, the median over those faces of the annotated place less the found one, in the face's own frame, says how far
// the two are apart, and how that grows as the nose turns says how deep in the head the place is. What `compact` still
// erred by after it was added, twice (docs/decisions/020). Only these means are here: no photo, and nothing of a single
// face. Left and right are averaged. A shift of all points to the right by 1 % of the eyes' distance is left out:
// nothing in the drawing or in the files explains it, and mirrored faces would contradict it.
#pragma once
#include <algorithm>
#include <array>

#include "vec.hpp"

namespace lineament::synthetic {

/// Head frame, cm: `in` towards the middle of the face, `up` towards the crown.
struct Habit {
  float in = 0, up = 0;
};

/// Brows, outer to inner: annotators follow the upper edge of the hair and what is left of it at the temple.
constexpr std::array<Habit, 5> kBrowHabit{
    {{-0.07f, 0.1f}, {0.04f, 0.31f}, {0.2f, 0.24f}, {0.29f, 0.12f}, {0.28f, 0.08f}}};
/// Eyes: the corners, and of the lids' points the outer and the inner one.
constexpr Habit kOuterEyeHabit{0.03f, -0.02f}, kInnerEyeHabit{-0.07f, 0.01f};
constexpr std::array<Habit, 2> kUpperLidHabit{{{-0.02f, -0.06f}, {-0.05f, 0}}};
constexpr std::array<Habit, 2> kLowerLidHabit{{{-0.02f, 0.04f}, {-0.05f, 0.03f}}};
/// Bridge, top to tip.
constexpr std::array<Habit, 4> kBridgeHabit{{{0, -0.08f}, {0, -0.15f}, {0, -0.21f}, {0, -0.18f}}};
/// Nostrils, wing to middle: at the foot of the nose, not on the openings.
constexpr std::array<Habit, 3> kNostrilHabit{{{0.34f, -0.41f}, {0.19f, -0.32f}, {0, -0.325f}}};
/// Lips, corner to middle.
constexpr std::array<Habit, 4> kUpperLipHabit{{{0.095f, -0.09f}, {0.055f, -0.03f}, {0.06f, 0}, {0, -0.05f}}};
constexpr std::array<Habit, 3> kLowerLipHabit{{{0.1f, -0.2f}, {0.07f, -0.21f}, {0, -0.18f}}};
constexpr Habit kInnerCornerHabit{0.13f, -0.11f};
constexpr std::array<Habit, 2> kInnerUpperHabit{{{0.06f, -0.04f}, {0, -0.07f}}};
constexpr std::array<Habit, 2> kInnerLowerHabit{{{0.04f, -0.04f}, {0, -0.045f}}};

/// How far before the drawn surface each point lies, cm: by so much more it moves when the head turns.
// clang-format off
constexpr std::array<float, 68> kForward{
    0, 0.06f, 0.2f, 0.25f, 0.27f, 0.32f, 0.36f, 0.48f, 0.46f,                // jaw
    0.48f, 0.36f, 0.32f, 0.27f, 0.25f, 0.2f, 0.06f, 0,
    -0.18f, -0.13f, -0.19f, -0.23f, 0.09f,                                   // brows
    0.09f, -0.23f, -0.19f, -0.13f, -0.18f,
    0.02f, 0.22f, 0.19f, 0.15f, 0.35f, 0.36f, 0.55f, 0.36f, 0.35f,           // nose
    -0.15f, -0.19f, -0.16f, 0.02f, -0.04f, -0.18f,                           // eyes
    0.02f, -0.16f, -0.19f, -0.15f, -0.18f, -0.04f,
    -0.16f, 0.17f, 0.26f, 0.2f, 0.26f, 0.17f, -0.16f,                        // lips, their outer line
    0.2f, 0.37f, 0.4f, 0.37f, 0.2f,
    -0.36f, -0.14f, -0.22f, -0.14f, -0.36f, -0.22f, -0.32f, -0.22f};         // their inner line
// clang-format on
/// Points of the jaw's far side lie on the outline, and move across by a part of that, less from the chin (8) on.
constexpr float forward_on_outline(int point) {
  return std::max(0.3f, 1 - 0.25f * static_cast<float>(point < 8 ? 8 - point : point - 8));
}

/// Level of the jaw's first and last point, cm, and by how much the two part when the head turns: the far one goes
/// down to where the outline of the cheek begins, the near one up along the ear.
constexpr float kJawEar = 0.22f, kJawEarFar = 0.9f, kJawEarNear = 0.1f;
/// By how much both go down when the face does, cm.
constexpr float kJawEarDown = 0.5f;
/// The jaw's points along the line that is seen in the picture, ear to chin. Nearly even whatever the head's turn:
/// annotators space what they see, not what the head has.
constexpr std::array<float, 9> kJawPlace{0, 0.127f, 0.253f, 0.378f, 0.503f, 0.629f, 0.756f, 0.882f, 1};
/// How far inside the outline they are, cm, from ear (0) to chin (1): a chin's edge is round, its shadow soft.
constexpr float jaw_inside(float part) {
  return 0.13f * ramp(0.25f, 0.6f, part) + 0.11f * ramp(0.85f, 1, part);
}

}  // namespace lineament::synthetic
