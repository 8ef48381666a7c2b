#include "cli/html.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "cli/json_text.hpp"

namespace lineament::cli {

std::string escape_html(std::string_view text) {
  const std::string in = utf8(text);
  std::string out;
  out.reserve(in.size());
  for (const char c : in) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? out += "\uFFFD" : out += c;
    }
  }
  return out;
}

std::string fixed(double value, int decimals) {
  if (!std::isfinite(value)) return "–";
  if (std::abs(value) >= 1e6) return number(value, std::chars_format::scientific, 2);
  return number(value, std::chars_format::fixed, decimals);
}

std::string number(double value, std::chars_format format, int precision) {
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, format, precision).ptr;
  return {text.data(), end};
}

std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += k <= count ? kDigits[group >> (18 - 6 * k) & 63u] : '=';
  }
  return out;
}

std::string figure(const std::string& heading, const std::string& explanation, const std::string& svg) {
  return "<figure class='panel'><figcaption><b>" + heading + "</b><br><span>" + explanation + "</span></figcaption>" +
         svg + "</figure>\n";
}

}  // namespace lineament::cli
