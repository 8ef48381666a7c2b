// Numbers, words and messages for the annotation readers; nothing here looks at the locale.
#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "platform/platform.hpp"
#include "scan.hpp"

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

std::string fix_points(const Scheme& scheme) {
  return "annotate all " + std::to_string(scheme.points) + " points of the scheme " + scheme.name +
         ", or leave the face out" +
         (scheme.name == ibug_68().name ? "; other points than these need a scheme of their own (docs/data.md)" : "");
}

int side(std::string_view s) {
  constexpr double kLargest = 1e6;
  const double value = number(trim(s)).value_or(0);
  return value >= 1 && value <= kLargest && value == std::floor(value) ? static_cast<int>(value) : 0;
}

bool is_utf8(std::string_view s) {
  for (std::size_t i = 0; i < s.size();) {
    const auto c = static_cast<unsigned char>(s[i]);
    const std::size_t more = c < 0x80                ? 0
                             : c >= 0xC2 && c < 0xE0 ? 1
                             : (c & 0xF0) == 0xE0    ? 2
                             : c >= 0xF0 && c < 0xF5 ? 3
                                                     : 4;
    if (more == 4 || s.size() - i <= more) return false;
    for (std::size_t k = 1; k <= more; ++k)
      if ((static_cast<unsigned char>(s[i + k]) & 0xC0) != 0x80) return false;
    i += more + 1;
  }
  return true;
}

std::string as_utf8(std::string s, const std::string& where) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  if (s.starts_with("\xEF\xBB\xBF")) return s.substr(3);
  const bool little = s.starts_with("\xFF\xFE"), big = s.starts_with("\xFE\xFF");
  if (little && s.size() >= 4 && at(2) == 0 && at(3) == 0)
    throw FormatError({where, "the text is in an encoding that cannot be read", "UTF-8 or UTF-16", "UTF-32",
                       "save the file as UTF-8"});
  if (!little && !big) {
    if (s.size() >= 4 && (at(0) == 0 || at(1) == 0) && s.find('\0') != std::string::npos)
      throw FormatError({where, "the text is in an encoding that cannot be read", "UTF-8", "UTF-16 or UTF-32",
                         "save the file as UTF-8"});
    return s;
  }
  constexpr int kLead[] = {0, 0xC0, 0xE0, 0xF0};  // of a character of 2, 3, 4 bytes
  std::string result;
  const auto unit = [&](std::size_t i) {
    return static_cast<char32_t>(little ? at(i) | at(i + 1) << 8 : at(i) << 8 | at(i + 1));
  };
  for (std::size_t i = 2; i + 1 < s.size(); i += 2) {
    char32_t c = unit(i);
    const auto is_second = [](char32_t half) { return half >= 0xDC00 && half < 0xE000; };
    if (c >= 0xD800 && c < 0xDC00 && i + 3 < s.size() && is_second(unit(i + 2))) {  // the first of a pair
      c = 0x10000 + ((c - 0xD800) << 10) + (unit(i + 2) - 0xDC00);
      i += 2;
    }
    if (c == 0 || (c >= 0xD800 && c < 0xE000))  // the end of a text, or half a pair
      throw FormatError({where, "the text is damaged UTF-16", "UTF-8 or UTF-16", "", "save the file as UTF-8"});
    if (c < 0x80) {
      result += static_cast<char>(c);
    } else {
      const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
      result += static_cast<char>(kLead[more] | static_cast<int>(c >> (6 * more)));
      for (int k = more - 1; k >= 0; --k) result += static_cast<char>(0x80 | (static_cast<int>(c >> (6 * k)) & 0x3F));
    }
  }
  return result;
}

std::optional<std::string> as_latin1(std::string_view utf8) {
  std::string result;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    if (c < 0x80) {
      result += utf8[i];
    } else if ((c == 0xC2 || c == 0xC3) && i + 1 < utf8.size()) {
      result += static_cast<char>((c & 3) << 6 | (static_cast<unsigned char>(utf8[++i]) & 0x3F));
    } else {
      return std::nullopt;
    }
  }
  return result;
}

bool has_drive(std::string_view file) {
  return file.size() > 2 && file[1] == ':' && (file[2] == '/' || file[2] == '\\');
}

void require_shallow_json(std::string_view json, const std::string& name) {
  constexpr int kMost = 64;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '\\' && quoted)
      ++i;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == '[' || c == '{') && ++depth > kMost)
      throw FormatError({name, "nested too deeply", "at most " + std::to_string(kMost) + " levels", "more",
                         "check what file this is"});
    else if (!quoted && (c == ']' || c == '}'))
      --depth;
  }
}

void fail_json(std::string_view json, std::size_t byte, const std::string& name, const std::string& wanted) {
  if (trim(json).empty()) throw FormatError({name, "the file is empty", wanted, "no text", "write the file again"});
  const std::string_view before = json.substr(0, std::min(byte > 0 ? byte - 1 : 0, json.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const std::string where = name + ":" + std::to_string(line) + ", column " + std::to_string(before.size() - begin + 1);
  if (byte > json.size())
    throw FormatError({where, "the file is not JSON", wanted, "its end", "the file is cut short: copy it again"});
  // Python writes these two, which are no JSON.
  const std::string_view around = json.substr(before.size() - std::min<std::size_t>(before.size(), 8), 16);
  const bool nan = around.find("NaN") != std::string_view::npos || around.find("Infinity") != std::string_view::npos;
  throw FormatError({where, nan ? "a number is NaN or infinite" : "the file is not JSON", nan ? "a number" : wanted,
                     in_quotes(json.substr(before.size(), 16)),
                     nan ? "annotate the point, or mark it as missing" : "correct the file, or write it again"});
}

void set_image(Face& face, std::string_view file, const std::filesystem::path& folder) {
  face.image = list_path(file, folder);
  face.photo = photo_id(inside(folder, face.image));
  face.listed = file;
}

std::filesystem::path list_path(std::string_view file, const std::filesystem::path& folder) {
  if (file.find('\0') != std::string_view::npos)
    throw FormatError({"", "the photo's name has a zero byte in it", "a file name", in_quotes(file), "correct it"});
  std::error_code error;
  const std::filesystem::path as_is = (folder / std::filesystem::path(std::string(file))).lexically_normal();
  if ((file.find('\\') == std::string_view::npos && !has_drive(file)) || std::filesystem::exists(as_is, error))
    return as_is;
  std::string slashes(file);
  std::replace(slashes.begin(), slashes.end(), '\\', '/');
  const bool drive = has_drive(file);
  // C:/faces/a.jpg is nowhere on this machine; a folder of it may have been brought along beside the list.
  constexpr std::size_t kLongest = 4096;  // of a path on most systems; each part is looked for
  const bool look = drive && slashes.size() <= kLongest;
  for (std::filesystem::path rest = drive ? slashes.substr(3) : slashes; look && !rest.empty();) {
    const std::filesystem::path here = (folder / rest).lexically_normal();
    if (std::filesystem::exists(here, error)) return here;
    const std::string text = rest.generic_string();
    const auto slash = text.find('/');
    if (slash == std::string::npos) break;
    rest = text.substr(slash + 1);
  }
  return (folder / slashes).lexically_normal();
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

void require_finite(const Face& face, const char* what, Unknown unknown) {
  bool finite = true;
  for (const Point& p : face.points) {
    const bool none = unknown == Unknown::accept && std::isnan(p.x) && std::isnan(p.y);
    finite = finite && (none || (std::isfinite(p.x) && std::isfinite(p.y)));
  }
  if (const auto& b = face.box)
    finite =
        finite && std::isfinite(b->x) && std::isfinite(b->y) && std::isfinite(b->width) && std::isfinite(b->height);
  if (!finite)
    throw ArgumentError({what, "a coordinate of " + in_quotes(face.image.string()) + " cannot be written",
                         "finite numbers", "NaN or infinity", "leave the face out"});
}

}  // namespace lineament::text
