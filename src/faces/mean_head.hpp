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
    {-7.53f, 0.15f, 2.71f, 0.26f},  {-7.33f, -1.81f, 2.86f, 0.27f},  {-7.04f, -3.74f, 3.16f, 0.33f},
    {-6.59f, -5.61f, 3.60f, 0.45f}, {-5.78f, -7.32f, 4.41f, 0.48f},  {-4.64f, -8.79f, 5.51f, 0.53f},
    {-3.24f, -9.96f, 6.81f, 0.62f}, {-1.66f, -10.86f, 7.96f, 0.67f}, {0.00f, -11.14f, 8.52f, 0.71f},
    {1.66f, -10.86f, 7.96f, 0.67f}, {3.24f, -9.96f, 6.81f, 0.62f},   {4.64f, -8.79f, 5.51f, 0.53f},
    {5.78f, -7.32f, 4.41f, 0.48f},  {6.59f, -5.61f, 3.60f, 0.45f},   {7.04f, -3.74f, 3.16f, 0.33f},
    {7.33f, -1.81f, 2.86f, 0.27f},  {7.53f, 0.15f, 2.71f, 0.26f},    {-5.94f, 1.18f, 6.90f, 0.38f},
    {-4.93f, 1.98f, 7.85f, 0.30f},  {-3.59f, 2.29f, 8.48f, 0.30f},   {-2.26f, 2.09f, 9.08f, 0.32f},
    {-1.07f, 1.53f, 9.51f, 0.38f},  {1.07f, 1.53f, 9.51f, 0.38f},    {2.26f, 2.09f, 9.08f, 0.32f},
    {3.59f, 2.29f, 8.48f, 0.30f},   {4.93f, 1.98f, 7.85f, 0.30f},    {5.94f, 1.18f, 6.90f, 0.38f},
    {0.00f, 0.17f, 9.75f, 0.03f},   {0.00f, -1.05f, 10.26f, 0.09f},  {0.00f, -2.25f, 10.80f, 0.18f},
    {0.00f, -3.36f, 11.39f, 0.27f}, {-1.30f, -4.20f, 10.02f, 0.30f}, {-0.65f, -4.38f, 10.22f, 0.27f},
    {0.00f, -4.61f, 10.28f, 0.26f}, {0.65f, -4.38f, 10.22f, 0.27f},  {1.30f, -4.20f, 10.02f, 0.30f},
    {-4.36f, 0.09f, 7.59f, 0.12f},  {-3.59f, 0.45f, 7.93f, 0.21f},   {-2.68f, 0.43f, 8.00f, 0.21f},
    {-1.92f, -0.09f, 7.86f, 0.12f}, {-2.74f, -0.27f, 8.01f, 0.11f},  {-3.63f, -0.24f, 7.94f, 0.11f},
    {1.92f, -0.09f, 7.86f, 0.12f},  {2.68f, 0.43f, 8.00f, 0.21f},    {3.59f, 0.45f, 7.93f, 0.21f},
    {4.36f, 0.09f, 7.59f, 0.12f},   {3.63f, -0.24f, 7.94f, 0.11f},   {2.74f, -0.27f, 8.01f, 0.11f},
}};

}  // namespace lineament
