// A face put upright, at one size, with its features in fixed places: what networks that tell who it is expect.
#pragma once
#include <array>
#include <span>

#include "lineament/api.hpp"
#include "lineament/faces/landmarks.hpp"

namespace LINEAMENT_API lineament {

/// The centres of the eyes, the nose's tip and the mouth's corners, left to right as seen in the picture: five of the
/// 68 points of ibug-68, each eye's centre being the mean of its six points. Throws ArgumentError for points of another
/// scheme, or if one of these 15 points is not known.
std::array<Point, 5> five_points(const Landmarks& points);

/// Where they are put, in pixels of a 112 x 112 crop: the places of ArcFace (Deng et al., "ArcFace: additive angular
/// margin loss for deep face recognition", CVPR 2019, and its published code), which many networks share.
inline constexpr std::array<Point, 5> kArcFacePlaces{
    {{38.2946f, 51.6963f}, {73.5318f, 51.5014f}, {56.0252f, 71.7366f}, {41.5493f, 92.3655f}, {70.7299f, 92.2041f}}};

/// The map without shear or mirroring (turn, one scale, shift) that takes the points of `from` nearest to those of
/// `to`, by the sum of squares: Umeyama, "Least-squares estimation of transformation parameters between two point
/// patterns", PAMI 1991. Throws ArgumentError unless both have the same number of points, two or more, those of `from`
/// are not all in one place, and the best map does not shrink them to one.
Affine similarity(std::span<const Point> from, std::span<const Point> to);

/// Maps pixels of a size x size crop to pixels of the photo, so that warp(photo, aligned_crop(points, 112), 112, 112)
/// is the aligned face. The five points come nearest to kArcFacePlaces, scaled to the crop. Throws ArgumentError as
/// five_points() and similarity(), and for a size of less than 8 or more than 4096 pixels.
Affine aligned_crop(const Landmarks& points, int size = 112);

}  // namespace lineament
