// The iBUG 68-point scheme.
#include <numeric>

#include "lineament/faces/scheme.hpp"

namespace lineament {
namespace {

/// first … last, both included; with `closed` first again.
std::vector<int> range(int first, int last, bool closed = false) {
  std::vector<int> list(static_cast<std::size_t>(last - first + 1));
  std::iota(list.begin(), list.end(), first);
  if (closed) list.push_back(first);
  return list;
}

/// Of drawn faces, aligned by similarity, in units of the inter-ocular distance (tests/faces/plausible_test.cpp
/// compares it with those drawn today). No photo has a part in it.
const Landmarks kMeanShape{
    {-0.816f, -0.425f}, {-0.800f, -0.216f}, {-0.775f, -0.009f}, {-0.733f, 0.197f},  {-0.656f, 0.394f},
    {-0.537f, 0.572f},  {-0.388f, 0.725f},  {-0.208f, 0.844f},  {0.000f, 0.896f},   {0.210f, 0.844f},
    {0.391f, 0.725f},   {0.541f, 0.571f},   {0.660f, 0.392f},   {0.737f, 0.195f},   {0.779f, -0.010f},
    {0.805f, -0.217f},  {0.820f, -0.426f},  {-0.665f, -0.580f}, {-0.566f, -0.651f}, {-0.431f, -0.697f},
    {-0.282f, -0.687f}, {-0.136f, -0.623f}, {0.133f, -0.623f},  {0.279f, -0.686f},  {0.428f, -0.696f},
    {0.565f, -0.651f},  {0.666f, -0.580f},  {-0.002f, -0.461f}, {-0.001f, -0.315f}, {-0.001f, -0.168f},
    {-0.001f, -0.019f}, {-0.168f, 0.071f},  {-0.087f, 0.100f},  {-0.001f, 0.121f},  {0.085f, 0.100f},
    {0.166f, 0.071f},   {-0.500f, -0.436f}, {-0.414f, -0.485f}, {-0.303f, -0.484f}, {-0.210f, -0.415f},
    {-0.308f, -0.389f}, {-0.418f, -0.396f}, {0.208f, -0.415f},  {0.300f, -0.484f},  {0.412f, -0.485f},
    {0.500f, -0.436f},  {0.416f, -0.396f},  {0.307f, -0.389f},  {-0.315f, 0.328f},  {-0.200f, 0.285f},
    {-0.084f, 0.258f},  {-0.000f, 0.272f},  {0.083f, 0.258f},   {0.201f, 0.285f},   {0.317f, 0.328f},
    {0.206f, 0.431f},   {0.089f, 0.478f},   {-0.000f, 0.492f},  {-0.089f, 0.478f},  {-0.206f, 0.431f},
    {-0.272f, 0.332f},  {-0.084f, 0.327f},  {-0.000f, 0.331f},  {0.083f, 0.327f},   {0.273f, 0.331f},
    {0.083f, 0.384f},   {-0.000f, 0.391f},  {-0.083f, 0.384f},
};

Scheme make() {
  Scheme s;
  s.name = "ibug-68";
  s.points = kPoints;
  s.mirror = {16, 15, 14, 13, 12, 11, 10, 9,  8,  7,  6,  5,  4,  3,  2,  1,  0,                // jaw
              26, 25, 24, 23, 22, 21, 20, 19, 18, 17,                                           // brows
              27, 28, 29, 30, 35, 34, 33, 32, 31,                                               // nose
              45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,                                   // eyes
              54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65};  // mouth
  s.eye_corners = {36, 45};
  s.eyes = {range(36, 41), range(42, 47)};
  s.regions = {{"jaw", range(0, 16)},   {"left brow", range(17, 21)}, {"right brow", range(22, 26)},
               {"nose", range(27, 35)}, {"left eye", range(36, 41)},  {"right eye", range(42, 47)},
               {"mouth", range(48, 67)}};
  s.lines = {range(0, 16),        range(17, 21),       range(22, 26),       range(27, 30),      range(31, 35),
             range(36, 41, true), range(42, 47, true), range(48, 59, true), range(60, 67, true)};
  s.mean_shape = kMeanShape;
  return s;
}

}  // namespace

const Scheme& ibug_68() {
  static const Scheme scheme = make();
  return scheme;
}

}  // namespace lineament
