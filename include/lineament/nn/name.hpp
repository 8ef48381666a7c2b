// A short text by value, usable in constant expressions.
#pragma once
#include <string>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/nn/small_list.hpp"

namespace LINEAMENT_API lineament {

/// The name of a layer: any text. One of more than 31 characters lies on the heap, which a constexpr variable cannot.
class Name {
 public:
  constexpr Name() = default;
  constexpr Name(std::string_view text) : text_(std::span<const char>(text.data(), text.size())) {}
  constexpr Name(const char* text) : Name(std::string_view(text)) {}
  constexpr std::string_view view() const { return {text_.begin(), text_.size()}; }
  constexpr bool empty() const { return text_.empty(); }
  std::string str() const { return std::string(view()); }
  friend constexpr bool operator==(const Name& a, const Name& b) { return a.text_ == b.text_; }

 private:
  SmallList<char, 31> text_;
};

/// "conv2d_3".
constexpr Name numbered(std::string_view text, int number, std::string_view between = "_") {
  SmallList<char, 47> result(std::span<const char>(text.data(), text.size()));
  for (const char c : between) result.push(c);
  int place = 1;
  while (number / place >= 10) place *= 10;
  for (; place > 0; place /= 10) result.push(static_cast<char>('0' + number / place % 10));
  return std::string_view(result.begin(), result.size());
}

}  // namespace lineament
