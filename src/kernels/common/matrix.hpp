// A matrix where it lies, and how weights of short products do.
#pragma once
#include <cstddef>

namespace lineament {

/// Element (r, c) is at[r * row + c * column]: transposed if the steps are exchanged.
struct Matrix {
  const float* at = nullptr;
  int rows = 0, columns = 0;
  std::ptrdiff_t row = 0, column = 1;
};

/// Columns that weights of short products (int8, bfloat16) lie together in, whatever the instruction set.
inline constexpr int kColumns = 16;

}  // namespace lineament
