// Numbers, words and messages for the annotation readers; nothing here looks at the locale.
#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "platform/platform.hpp"

namespace lineament::text {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string_view trim(std::string_view s) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  const auto first = s.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return s.substr(first, s.find_last_not_of(kBlank) - first + 1);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string lower(std::string_view s) {
  std::string result(s);
  for (char& c : result) c = lower(c);
  return result;
}

std::optional<double> number(std::string_view s) {
  // Not std::from_chars, which libc++ has for whole numbers alone. strtod would also take 0x10 and blanks in front,
  // which come before the digits in ASCII, as the signs do.
  const std::string_view digits = s.starts_with('+') || s.starts_with('-') ? s.substr(1) : s;
  if (digits.empty() || digits[0] < '.' || digits.find_first_of("xX") != std::string_view::npos) return std::nullopt;
  const std::string copy(s);  // ends with a zero
  const char* end = nullptr;
  const double value = platform::parse_double(copy.c_str(), end);
  if (end != copy.c_str() + copy.size()) return std::nullopt;
  return value;
}

std::optional<int> index(std::string_view s) {
  if (s.empty() || s[0] < '0' || s[0] > '9') return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (end != s.data() + s.size() || error != std::errc{}) return std::nullopt;
  return value;
}

bool is_coordinate(double value) {
  return std::abs(value) <= std::numeric_limits<float>::max() / 2;
}

std::string shortest(float value) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, result.ptr};
}

std::string in_quotes(std::string_view s) {
  constexpr std::size_t kLongest = 32;
  std::string result = "'";
  for (const char c : s.substr(0, kLongest)) result += c >= ' ' && c <= '~' ? c : '?';
  return result + (s.size() > kLongest ? "…'" : "'");
}

double coordinate(std::string_view s, const std::string& where) {
  const std::optional<double> value = number(s);
  if (!value) throw FormatError({where, "a coordinate is not a number", "a number", in_quotes(s), "correct the line"});
  if (!is_coordinate(*value))
    throw FormatError({where, "a coordinate is not a finite number", "a position in pixels", in_quotes(s),
                       "annotate the point or leave the face out"});
  return *value;
}

Rejected rejected(const Error& error, const std::string& file) {
  std::string reason = error.what();
  if (reason.compare(0, file.size(), file) == 0) {
    reason.erase(0, file.size());
    if (reason.compare(0, 2, ": ") == 0)
      reason.erase(0, 2);
    else if (reason.compare(0, 1, ":") == 0)
      reason.replace(0, 1, "line ");
  }
  return {file, reason};
}

void require_finite(const Face& face, const char* what) {
  bool finite = true;
  for (const Point& p : face.points) finite = finite && std::isfinite(p.x) && std::isfinite(p.y);
  if (const auto& b = face.box)
    finite =
        finite && std::isfinite(b->x) && std::isfinite(b->y) && std::isfinite(b->width) && std::isfinite(b->height);
  if (!finite)
    throw ArgumentError({what, "a coordinate of " + in_quotes(face.image.string()) + " cannot be written",
                         "finite numbers", "NaN or infinity", "leave the face out"});
}

}  // namespace lineament::text
