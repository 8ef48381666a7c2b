// Vectors of three, rotations, and symmetric systems of a few unknowns, in double.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>

namespace lineament {

struct Vector3 {
  double x = 0, y = 0, z = 0;

  friend constexpr Vector3 operator+(const Vector3& a, const Vector3& b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
  friend constexpr Vector3 operator-(const Vector3& a, const Vector3& b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
  friend constexpr Vector3 operator*(const Vector3& a, double s) { return {a.x * s, a.y * s, a.z * s}; }
};
constexpr double dot(const Vector3& a, const Vector3& b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
constexpr Vector3 cross(const Vector3& a, const Vector3& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline double length(const Vector3& a) {
  return std::sqrt(dot(a, a));
}

struct Rotation {
  Vector3 r0{1, 0, 0}, r1{0, 1, 0}, r2{0, 0, 1};  ///< rows

  constexpr Vector3 operator*(const Vector3& v) const { return {dot(r0, v), dot(r1, v), dot(r2, v)}; }
  constexpr Rotation operator*(const Rotation& m) const {
    const auto row = [&](const Vector3& r) { return m.r0 * r.x + m.r1 * r.y + m.r2 * r.z; };
    return {row(r0), row(r1), row(r2)};
  }
};

/// Rodrigues' formula: by the vector's length, radians, about its direction.
inline Rotation rotation_about(const Vector3& w) {
  const double angle = length(w);
  if (!(angle > 0)) return {};
  const Vector3 axis = w * (1 / angle);
  const double c = std::cos(angle), s = std::sin(angle);
  const auto turned = [&](const Vector3& v) { return v * c + cross(axis, v) * s + axis * (dot(axis, v) * (1 - c)); };
  const Vector3 x = turned({1, 0, 0}), y = turned({0, 1, 0}), z = turned({0, 0, 1});
  return {{x.x, y.x, z.x}, {x.y, y.y, z.y}, {x.z, y.z, z.z}};
}

/// The lower half of a symmetric matrix.
template <std::size_t N>
struct Symmetric {
  std::array<std::array<double, N>, N> at{};

  /// Adds weight * v v^T.
  void add(const std::array<double, N>& v, double weight) {
    for (std::size_t i = 0; i < N; ++i)
      for (std::size_t j = 0; j <= i; ++j) at[i][j] += weight * v[i] * v[j];
  }
  /// Marquardt's: each diagonal entry larger by that share of itself.
  Symmetric damped(double share) const {
    Symmetric m = *this;
    for (std::size_t i = 0; i < N; ++i) m.at[i][i] *= 1 + share;
    return m;
  }
};

/// Lower triangle of a Cholesky decomposition.
template <std::size_t N>
struct CholeskyRoot {
  std::array<std::array<double, N>, N> l{};

  /// The least that one unknown varies by when those before it are known: the square of a diagonal entry.
  double smallest_pivot() const {
    double least = l[0][0] * l[0][0];
    for (std::size_t i = 1; i < N; ++i) least = std::min(least, l[i][i] * l[i][i]);
    return least;
  }
  std::array<double, N> solve(std::array<double, N> b) const {
    for (std::size_t i = 0; i < N; ++i) {
      for (std::size_t j = 0; j < i; ++j) b[i] -= l[i][j] * b[j];
      b[i] /= l[i][i];
    }
    for (std::size_t i = N; i-- > 0;) {
      for (std::size_t j = i + 1; j < N; ++j) b[i] -= l[j][i] * b[j];
      b[i] /= l[i][i];
    }
    return b;
  }
  Vector3 solve(const Vector3& b) const requires(N == 3) {
    const std::array<double, 3> x = solve(std::array<double, 3>{b.x, b.y, b.z});
    return {x[0], x[1], x[2]};
  }
};

/// Nothing if the matrix is not positive definite.
template <std::size_t N>
std::optional<CholeskyRoot<N>> cholesky(const Symmetric<N>& m) {
  CholeskyRoot<N> root;
  for (std::size_t i = 0; i < N; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = m.at[i][j];
      for (std::size_t k = 0; k < j; ++k) sum -= root.l[i][k] * root.l[j][k];
      if (i == j) {
        if (!(sum > 0)) return std::nullopt;
        root.l[i][i] = std::sqrt(sum);
      } else {
        root.l[i][j] = sum / root.l[j][j];
      }
    }
  return root;
}

}  // namespace lineament
