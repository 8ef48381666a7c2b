// Landmarks drawn into a picture, for people to look at.
#pragma once
#include <span>

#include "lineament/faces/scheme.hpp"
#include "lineament/image/image.hpp"

namespace LINEAMENT_API lineament {

struct OverlayStyle {
  Color points{255, 176, 0};  ///< amber and blue: told apart by every eye, and on skin of any tone
  Color lines{255, 255, 255};
  float radius = 0;  ///< of a point, pixels; 0: by the size of the face
  bool draw_lines = true;
};
inline constexpr Color kTruthColor{60, 160, 255};

/// Discs, lightly, that say how far each point is expected to be off; to be drawn before the points. `spread`: radii in
/// pixels, as many as points. Throws ArgumentError for another number.
void draw_spread(Image& image, const Landmarks& points, std::span<const float> spread, const OverlayStyle& style = {});

/// A bar above the face, full for a score of 1: how sure the model is that there is one. Red below 0.5, where points
/// mean nothing. Nothing is drawn where no point is known or the score is no number.
void draw_score(Image& image, const Landmarks& points, float score, const OverlayStyle& style = {});

/// The scheme's lines (jaw, brows, nose, eyes and lips of ibug-68) and the points on them. Points outside the picture
/// and points that are not known are skipped. Throws ArgumentError for another number of points than the scheme's.
void draw_landmarks(Image& image, const Landmarks& points, const OverlayStyle& style = {},
                    const Scheme& scheme = ibug_68());

}  // namespace lineament
