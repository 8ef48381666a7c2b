// Where people who annotate photos put a point, seen from the feature it names. Measured, not chosen: networks trained
// on faces drawn with the points on the features themselves were run on the shared training faces of 300-W; of each
// point, the median over those faces of the annotated place less the found one, in the face's own frame, says how far
// the two are apart. Only these means are here: no photo, and nothing of a single face. Left and right are averaged. A
// shift of all points to the right by 1 % of the eyes' distance is left out: nothing in the drawing or in the files
// explains it, and mirrored faces would contradict it.
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
    {{-0.08f, 0.42f}, {0.02f, 0.52f}, {0.15f, 0.27f}, {0.19f, 0.16f}, {0.17f, 0.19f}}};
/// Eyes: outer and inner corner; the lids' points, outer to inner. Up alone: the edge that is seen, not the lid's.
constexpr float kOuterCornerHabit = 0.1f, kInnerEyeHabit = 0.12f;
constexpr std::array<float, 2> kUpperLidHabit{0.03f, 0.11f}, kLowerLidHabit{0.14f, 0.15f};
/// Bridge, top to tip.
constexpr std::array<Habit, 4> kBridgeHabit{{{0, 0}, {0, -0.09f}, {0, -0.18f}, {0, -0.29f}}};
/// Nostrils, wing to middle: at the foot of the nose, not on the openings.
constexpr std::array<Habit, 3> kNostrilHabit{{{0.33f, -0.31f}, {0.17f, -0.23f}, {0, -0.22f}}};
/// Lips, corner to middle.
constexpr std::array<Habit, 4> kUpperLipHabit{{{0.12f, 0.01f}, {0.12f, 0.03f}, {0.06f, 0}, {0, -0.09f}}};
constexpr std::array<Habit, 3> kLowerLipHabit{{{0.14f, -0.13f}, {0.07f, -0.13f}, {0, -0.07f}}};
constexpr Habit kInnerCornerHabit{0.17f, -0.04f};
constexpr std::array<Habit, 2> kInnerUpperHabit{{{0.06f, -0.13f}, {0, -0.16f}}};
constexpr std::array<Habit, 2> kInnerLowerHabit{{{0.02f, -0.02f}, {0, -0.03f}}};

/// Level of the jaw's first and last point, cm, and by how much the two part when the head turns: the far one goes
/// down to where the outline of the cheek begins, the near one up along the ear.
constexpr float kJawEar = 0.55f, kJawEarFar = 1.3f, kJawEarNear = 0.5f;
/// The jaw's points along the line that is seen in the picture, ear to chin. Nearly even whatever the head's turn:
/// annotators space what they see, not what the head has.
constexpr std::array<float, 9> kJawPlace{0, 0.118f, 0.238f, 0.361f, 0.488f, 0.617f, 0.748f, 0.879f, 1};
/// How far inside the outline they are, cm, from ear (0) to chin (1): a chin's edge is round, its shadow soft.
constexpr float jaw_inside(float part) {
  return 0.26f * ramp(0.25f, 0.55f, part) + 0.16f * ramp(0.7f, 1, part);
}

}  // namespace lineament::synthetic
