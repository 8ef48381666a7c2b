// Which products run on AMX: see amx-inl.hpp.
#pragma once
#include "kernels/common/isa.hpp"
#include "lineament/isa.hpp"

namespace lineament {

/// Rows of a register, and the most words in one of them.
inline constexpr int kAmxRows = 16, kAmxWords = 16;

/// How many of `length` words are multiplied at a time: equal parts, since a register has one shape.
inline int amx_words(int length) {
  int words = kAmxWords;
  while (length % words != 0) --words;
  return words;
}

/// Whether products of words in rows of `length` run on AMX. A register takes as long for one word as for sixteen.
inline bool runs_on_amx(int length) {
  constexpr int kLeast = 4;
  return has_amx() && amx_words(length) >= kLeast;
}

inline constexpr const char* kUnevenForAmx = "a window's row has no equal parts of 4 to 16 words for AMX";

/// Why products of bfloat16 in rows of `length` words are no faster than those of floats; nullptr: they are.
inline const char* slow_in_bf16(int length) {
  if (!has_bf16_products()) return "no products of bfloat16 here that are faster than those of floats";
  return !has_amx() || runs_on_amx(length) ? nullptr : kUnevenForAmx;
}

}  // namespace lineament
