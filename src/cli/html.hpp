// Text, numbers and bytes as they stand in an HTML page.
#pragma once
#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lineament::cli {

/// `text` as HTML text or attribute value: & < > " ' are escaped, control characters and what is no
/// UTF-8 replaced.
std::string escape_html(std::string_view text);

/// `value` with that many decimals (scientific from a million on), in any locale; an en dash if it is NaN or infinite.
std::string fixed(double value, int decimals);

/// `value` as std::to_chars writes it: the same in any locale. `precision` at most 20; std::chars_format::fixed is for
/// values below a million.
std::string number(double value, std::chars_format format, int precision);

/// RFC 4648, with padding: for data URIs.
std::string base64(std::span<const std::uint8_t> bytes);

/// A panel of a page: heading, explanation, drawing.
std::string figure(const std::string& heading, const std::string& explanation, const std::string& svg);

}  // namespace lineament::cli
