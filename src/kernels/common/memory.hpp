// Memory that a kernel asks for and is given: bytes, and what it keeps in them.
#pragma once
#include <cstddef>
#include <span>

namespace lineament {

/// The one place where such memory gets its type.
template <class T>
T* as(std::span<std::byte> memory) {
  return reinterpret_cast<T*>(memory.data());
}
template <class T>
const T* as(std::span<const std::byte> memory) {
  return reinterpret_cast<const T*>(memory.data());
}

/// Bytes of so many floats or other 32-bit numbers.
constexpr std::size_t float_bytes(std::size_t count) {
  return count * sizeof(float);
}

/// Floats, or other 32-bit numbers, in whole cache lines.
constexpr std::size_t whole_lines(std::size_t count) {
  return (count + 15) / 16 * 16;
}

}  // namespace lineament
