// The average head whose pose head_pose.hpp finds: its points in three dimensions, in the frame of the drawn heads.
// Made of 4,000 drawn faces that are turned by less than 25 degrees: each point is where it best fits all its places in
// their pictures. On brows, nose and eyes that is the average neutral head's surface to within some millimetres; of
// the jaw, whose points lie on the visible outline, it is the place that does least wrong. The mouth is left out: with
// its points, by how far they stray, yaw and pitch came out a tenth worse, and a crooked smile turned the head.
// tests/faces/mean_head_test.cpp makes the table, and holds it to the drawn heads.
#pragma once
#include <array>

namespace lineament {

struct MeanHeadPoint {
  float x = 0, y = 0, z = 0;  ///< cm: to the picture's right, up, towards the camera; x and y are 0 between the eyes
  /// How far it strays between people and expressions, in the picture: standard deviation of one coordinate, cm.
  float stray = 0;
};

/// The points from 0 on: jaw, brows, nose and eyes.
inline constexpr int kMeanHeadPoints = 48;
inline constexpr std::array<MeanHeadPoint, kMeanHeadPoints> kMeanHead{{
    {-7.54f, 0.12f, 2.50f, 0.27f},  {-7.35f, -1.83f, 2.63f, 0.26f},  {-7.07f, -3.74f, 2.84f, 0.32f},
    {-6.63f, -5.59f, 3.26f, 0.43f}, {-5.78f, -7.27f, 4.08f, 0.47f},  {-4.60f, -8.69f, 5.16f, 0.52f},
    {-3.20f, -9.85f, 6.45f, 0.62f}, {-1.64f, -10.75f, 7.53f, 0.67f}, {0.00f, -11.14f, 8.13f, 0.71f},
    {1.64f, -10.75f, 7.53f, 0.67f}, {3.20f, -9.85f, 6.45f, 0.62f},   {4.60f, -8.69f, 5.16f, 0.52f},
    {5.78f, -7.27f, 4.08f, 0.47f},  {6.63f, -5.59f, 3.26f, 0.43f},   {7.07f, -3.74f, 2.84f, 0.32f},
    {7.35f, -1.83f, 2.63f, 0.26f},  {7.54f, 0.12f, 2.50f, 0.27f},    {-5.90f, 1.19f, 7.11f, 0.38f},
    {-4.94f, 1.98f, 7.95f, 0.30f},  {-3.59f, 2.30f, 8.64f, 0.30f},   {-2.26f, 2.12f, 9.26f, 0.32f},
    {-1.03f, 1.57f, 9.45f, 0.38f},  {1.03f, 1.57f, 9.45f, 0.38f},    {2.26f, 2.12f, 9.26f, 0.32f},
    {3.59f, 2.30f, 8.64f, 0.30f},   {4.94f, 1.98f, 7.95f, 0.30f},    {5.90f, 1.19f, 7.11f, 0.38f},
    {0.00f, 0.25f, 9.72f, 0.03f},   {0.00f, -0.98f, 10.06f, 0.09f},  {0.00f, -2.20f, 10.62f, 0.18f},
    {0.00f, -3.38f, 11.26f, 0.27f}, {-1.35f, -4.20f, 9.71f, 0.30f},  {-0.67f, -4.36f, 9.95f, 0.27f},
    {0.00f, -4.59f, 9.82f, 0.26f},  {0.67f, -4.36f, 9.95f, 0.27f},   {1.35f, -4.20f, 9.71f, 0.30f},
    {-4.38f, 0.11f, 7.70f, 0.12f},  {-3.57f, 0.50f, 8.10f, 0.22f},   {-2.63f, 0.43f, 8.12f, 0.21f},
    {-1.85f, -0.10f, 7.86f, 0.12f}, {-2.69f, -0.30f, 8.02f, 0.11f},  {-3.60f, -0.28f, 8.10f, 0.11f},
    {1.85f, -0.10f, 7.86f, 0.12f},  {2.63f, 0.43f, 8.12f, 0.21f},    {3.57f, 0.50f, 8.10f, 0.22f},
    {4.38f, 0.11f, 7.70f, 0.12f},   {3.60f, -0.28f, 8.10f, 0.11f},   {2.69f, -0.30f, 8.02f, 0.11f},
}};

}  // namespace lineament
