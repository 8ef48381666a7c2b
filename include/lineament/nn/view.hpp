// A batch of samples in memory that belongs to somebody else.
#pragma once
#include <cstddef>
#include <span>

#include "lineament/api.hpp"
#include "lineament/nn/shape.hpp"

namespace LINEAMENT_API lineament {

/// `batch` samples of one shape, one after the other, pixels with their channels side by side (NHWC). Does not own.
template <class T>
struct View {
  T* data = nullptr;
  int batch = 0;
  Shape shape;

  std::size_t size() const { return static_cast<std::size_t>(batch) * shape.size(); }
  std::span<T> flat() const { return {data, size()}; }
};

}  // namespace lineament
