// Where people who annotate photos put a point, seen from the feature it names. Measured, not chosen: networks trained
// on faces drawn with the points on the features themselves were run on the shared training faces of 300-W; of each
// point, the median over those faces of the annotated place less the found one, in the face's own frame, says how far
// the two are apart. Only these means are here: no photo, and nothing of a single face. Left and right are averaged. A
// shift of all points to the right by 1 % of the eyes' distance is left out: nothing in the drawing or in the files
// explains it, and mirrored faces would contradict it.
#pragma once
#include <array>

namespace lineament::synthetic {

/// Head frame, cm: `in` towards the middle of the face, `up` towards the crown.
struct Habit {
  float in = 0, up = 0;
};

/// Brows, outer to inner: annotators follow the upper edge of the hair and what is left of it at the temple.
constexpr std::array<Habit, 5> kBrowHabit{
    {{-0.04f, 0.34f}, {0.05f, 0.45f}, {0.15f, 0.27f}, {0.19f, 0.16f}, {0.17f, 0.19f}}};
/// Bridge, top to tip.
constexpr std::array<Habit, 4> kBridgeHabit{{{0, 0}, {0, -0.09f}, {0, -0.15f}, {0, -0.22f}}};
/// Nostrils, wing to middle: at the foot of the nose, not on the openings.
constexpr std::array<Habit, 3> kNostrilHabit{{{0.25f, -0.34f}, {0.17f, -0.30f}, {0, -0.32f}}};
/// Lips, corner to middle.
constexpr std::array<Habit, 4> kUpperLipHabit{{{0.12f, -0.12f}, {0.12f, -0.09f}, {0.06f, -0.05f}, {0, -0.12f}}};
constexpr std::array<Habit, 3> kLowerLipHabit{{{0.14f, -0.22f}, {0.07f, -0.20f}, {0, -0.15f}}};
constexpr Habit kInnerCornerHabit{0.14f, -0.12f};
constexpr std::array<Habit, 2> kInnerUpperHabit{{{0.06f, -0.13f}, {0, -0.16f}}};
constexpr std::array<Habit, 2> kInnerLowerHabit{{{0.02f, -0.02f}, {0, -0.03f}}};

/// The jaw, ear to chin: how far along the outline, seen from its eighths, and how far inside it, cm. A chin's edge is
/// round and its shadow soft: what is marked lies inside.
struct JawHabit {
  float along = 0, inside = 0;
};
constexpr std::array<JawHabit, 9> kJawHabit{{{-0.23f, 0},
                                             {-0.09f, 0},
                                             {0.02f, 0},
                                             {0.09f, 0},
                                             {0.08f, 0},
                                             {0.02f, 0.07f},
                                             {0.05f, 0.18f},
                                             {0.05f, 0.16f},
                                             {0, 0.28f}}};

}  // namespace lineament::synthetic
