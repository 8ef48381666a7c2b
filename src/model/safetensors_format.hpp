// The words and numbers of the safetensors format that reading and writing share.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lineament::safetensors {

inline constexpr std::size_t kMaxHeader = 100'000'000;  ///< the format's own limit
inline constexpr std::string_view kMetadata = "__metadata__";
/// What our files start with. Two keys, so that one damaged byte cannot hide both the checksum and that there must be
/// one.
inline constexpr std::string_view kReserved = "lineament.file.";
inline constexpr std::string_view kChecksumKey = "lineament.file.checksum";
inline constexpr std::string_view kFormatKey = "lineament.file.format";
inline constexpr std::string_view kFormatVersion = "1";
inline constexpr std::string_view kChecksumPrefix = R"({"__metadata__":{"lineament.file.checksum":")";
inline constexpr std::size_t kChecksumDigits = 16;

struct Type {
  std::string_view name;
  std::size_t bytes;
};
inline constexpr std::array<Type, 15> kTypes{{{"F32", 4},
                                              {"F64", 8},
                                              {"F16", 2},
                                              {"BF16", 2},
                                              {"I64", 8},
                                              {"I32", 4},
                                              {"I16", 2},
                                              {"I8", 1},
                                              {"U64", 8},
                                              {"U32", 4},
                                              {"U16", 2},
                                              {"U8", 1},
                                              {"BOOL", 1},
                                              {"F8_E4M3", 1},
                                              {"F8_E5M2", 1}}};

inline std::optional<std::size_t> bytes_of(std::string_view type) {
  for (const Type& known : kTypes) {
    if (known.name == type) return known.bytes;
  }
  return {};
}

inline std::string known_types() {
  std::string s;
  for (const Type& known : kTypes) s.append(s.empty() ? "" : ", ").append(known.name);
  return s;
}

/// Number of values; nothing when it does not fit or a size is below 0.
inline std::optional<std::size_t> product(std::span<const std::int64_t> shape) {
  std::size_t n = 1;
  for (const std::int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(n, static_cast<std::size_t>(size), &n)) return {};
  }
  return n;
}

/// "[3,3,16]", as in JSON.
inline std::string to_string(std::span<const std::int64_t> shape) {
  std::string s = "[";
  for (const std::int64_t size : shape) {
    if (s.size() > 1) s += ',';
    s += std::to_string(size);
  }
  return s += ']';
}

/// A text from a file for use in a message: one line, not too long.
inline std::string quoted(std::string_view text) {
  constexpr std::size_t limit = 60;
  std::string s(1, '\'');
  s.append(text.substr(0, limit)).append(text.size() > limit ? "…'" : "'");
  for (char& c : s) {
    if (static_cast<unsigned char>(c) < 0x20) c = '?';
  }
  return s;
}

inline std::string hexadecimal(std::uint64_t value) {
  std::string s(kChecksumDigits, '0');
  for (std::size_t i = 0; i < kChecksumDigits; ++i)
    s[kChecksumDigits - 1 - i] = "0123456789abcdef"[value >> (4 * i) & 15];
  return s;
}

}  // namespace lineament::safetensors
