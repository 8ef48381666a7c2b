// Numbers on the command lines of the examples.
#pragma once
#include <charconv>
#include <optional>
#include <stdexcept>
#include <string_view>

/// The number, 1 or more, that the whole word is: "32x", "-5" and "99999999999" are none.
inline std::optional<int> whole_number(std::string_view word) {
  int value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || value < 1) return std::nullopt;
  return value;
}

/// Argument `i`, or `otherwise` where there are fewer. Throws std::invalid_argument for a word that is no number.
inline int number(int argc, char** argv, int i, int otherwise) {
  if (i >= argc) return otherwise;
  if (const std::optional<int> value = whole_number(argv[i])) return *value;
  throw std::invalid_argument(argv[i]);
}
