// Small vector arithmetic and shaping functions for the drawn faces.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

namespace lineament::synthetic {

struct Vec3 {
  float x = 0, y = 0, z = 0;
};
constexpr Vec3 operator+(Vec3 a, Vec3 b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}
constexpr Vec3 operator-(Vec3 a, Vec3 b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
constexpr Vec3 operator*(Vec3 a, float s) {
  return {a.x * s, a.y * s, a.z * s};
}
constexpr Vec3 operator*(Vec3 a, Vec3 b) {
  return {a.x * b.x, a.y * b.y, a.z * b.z};
}
constexpr float dot(Vec3 a, Vec3 b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
constexpr Vec3 cross(Vec3 a, Vec3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline Vec3 normalized(Vec3 a) {
  return a * (1 / std::sqrt(std::max(dot(a, a), 1e-20f)));
}
constexpr Vec3 mix(Vec3 a, Vec3 b, float t) {
  return a + (b - a) * t;
}
constexpr float mix(float a, float b, float t) {
  return a + (b - a) * t;
}

constexpr float clamp01(float t) {
  return t < 0 ? 0 : t > 1 ? 1 : t;
}
/// 0 below `low`, 1 above `high`, smooth between.
constexpr float ramp(float low, float high, float v) {
  const float t = clamp01((v - low) / (high - low));
  return t * t * (3 - 2 * t);
}
/// 1 at (0, 0), smoothly 0 from the unit circle on. Compact, unlike a Gaussian: no exp, and no reach into other
/// features.
constexpr float bump(float x, float y) {
  const float r = 1 - x * x - y * y;
  return r > 0 ? r * r : 0;
}
constexpr float bump(float x) {
  return bump(x, 0);
}
constexpr float square(float v) {
  return v * v;
}
/// Roots of v >= 0, 0 below, without std::pow, which would cost a tenth of a picture.
inline float root2(float v) {
  return v > 0 ? std::sqrt(v) : 0;
}
inline float root34(float v) {
  return v > 0 ? std::sqrt(v * std::sqrt(v)) : 0;
}  ///< v^(3/4)

/// Rotation matrix, rows.
struct Mat3 {
  Vec3 r0{1, 0, 0}, r1{0, 1, 0}, r2{0, 0, 1};
  constexpr Vec3 operator*(Vec3 v) const { return {dot(r0, v), dot(r1, v), dot(r2, v)}; }
  constexpr Vec3 transposed(Vec3 v) const { return r0 * v.x + r1 * v.y + r2 * v.z; }
};
/// Turn to the picture's right by yaw, then nod up by pitch, then tilt clockwise on screen by roll. Radians.
inline Mat3 rotation(float yaw, float pitch, float roll) {
  const float cy = std::cos(yaw), sy = std::sin(yaw), cp = std::cos(pitch), sp = std::sin(pitch);
  const float cr = std::cos(roll), sr = std::sin(roll);
  const auto turn = [&](Vec3 v) {
    const Vec3 a{cy * v.x + sy * v.z, v.y, -sy * v.x + cy * v.z};
    const Vec3 b{a.x, cp * a.y + sp * a.z, -sp * a.y + cp * a.z};
    return Vec3{cr * b.x + sr * b.y, -sr * b.x + cr * b.y, b.z};
  };
  const Vec3 x = turn({1, 0, 0}), y = turn({0, 1, 0}), z = turn({0, 0, 1});
  return {{x.x, y.x, z.x}, {x.y, y.y, z.y}, {x.z, y.z, z.z}};
}

/// floor without a library call; |v| < 2^30.
constexpr int floor_int(float v) {
  const int i = static_cast<int>(v);
  return v < static_cast<float>(i) ? i - 1 : i;
}
/// Smooth value noise, -1 … 1, one wiggle a unit. Written for speed: a picture asks for it 50,000 times.
constexpr float noise(float x, float y, std::uint32_t seed) {
  const int ix = floor_int(x), iy = floor_int(y);
  const float fx = x - static_cast<float>(ix), fy = y - static_cast<float>(iy);
  const float sx = fx * fx * (3 - 2 * fx), sy = fy * fy * (3 - 2 * fy);
  constexpr std::uint32_t kX = 0x8DA6B343u, kY = 0xD8163841u;
  const std::uint32_t left = static_cast<std::uint32_t>(ix) * kX, right = left + kX;
  const std::uint32_t top = static_cast<std::uint32_t>(iy) * kY ^ seed,
                      bottom = (static_cast<std::uint32_t>(iy) * kY + kY) ^ seed;
  // A lattice point's value: a hash as a signed number.
  const auto value = [](std::uint32_t h) {
    h = (h ^ (h >> 15)) * 0x2C1B3C6Du;
    return static_cast<float>(static_cast<std::int32_t>(h ^ (h >> 13)));
  };
  const float upper = mix(value(left ^ top), value(right ^ top), sx),
              lower = mix(value(left ^ bottom), value(right ^ bottom), sx);
  return mix(upper, lower, sy) * (1.0f / 2147483648.0f);
}

}  // namespace lineament::synthetic
