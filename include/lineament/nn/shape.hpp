// The shape of one sample (no batch): {features}, {height, width, channels}, or a weight's up to four sizes.
#pragma once
#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>

#include "lineament/api.hpp"
#include "lineament/error.hpp"

namespace LINEAMENT_API lineament {

class Shape {
 public:
  static constexpr int kMaxRank = 4;

  constexpr Shape() = default;
  /// Throws SpecError for more than kMaxRank sizes.
  constexpr Shape(std::initializer_list<int> sizes) : Shape(std::span(sizes.begin(), sizes.size())) {}
  explicit constexpr Shape(std::span<const int> sizes) {
    if (sizes.size() > kMaxRank) too_long(sizes.size());
    for (int size : sizes) sizes_[static_cast<std::size_t>(rank_++)] = size;
  }

  constexpr int rank() const { return rank_; }
  constexpr int operator[](int i) const { return sizes_[static_cast<std::size_t>(i)]; }
  /// Number of elements; 1 for rank 0.
  constexpr std::size_t size() const {
    std::size_t n = 1;
    for (int i = 0; i < rank_; ++i) n *= static_cast<std::size_t>((*this)[i]);
    return n;
  }
  friend constexpr bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (int i = 0; i < a.rank_; ++i)
      if (a[i] != b[i]) return false;
    return true;
  }

  /// An image-like sample is {height, width, channels}; a vector {n} is seen as {1, 1, n}.
  constexpr int height() const { return rank_ == 3 ? sizes_[0] : 1; }
  constexpr int width() const { return rank_ == 3 ? sizes_[1] : 1; }
  constexpr int channels() const { return (*this)[rank_ > 0 ? rank_ - 1 : 0]; }

 private:
  /// Not constexpr: in a constant expression it is the error.
  [[noreturn]] static void too_long(std::size_t rank) {
    throw SpecError({"", "a shape has too many sizes", "at most 4", std::to_string(rank), ""});
  }

  std::array<int, kMaxRank> sizes_{};
  int rank_ = 0;
};

/// "128x128x3"; "scalar" for rank 0.
inline std::string to_string(const Shape& shape) {
  if (shape.rank() == 0) return "scalar";
  std::string s = std::to_string(shape[0]);
  for (int i = 1; i < shape.rank(); ++i) s += "x" + std::to_string(shape[i]);
  return s;
}

}  // namespace lineament
