// Numbers and words of the command line: read as a whole and within their range, with a message that says what was
// wanted.
#pragma once
#include <charconv>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/console.hpp"
#include "platform/platform.hpp"

namespace lineament::cli {

/// Returns what is wrong, or nothing.
using Check = std::function<std::string(const std::string&)>;

/// Whether `given` is a number as a whole.
template <typename Number>
bool read_number(const std::string& given, Number& value) {
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
  return error == std::errc() && end == given.data() + given.size();
}
/// std::from_chars is not to be had for floating point everywhere.
inline bool read_number(const std::string& given, double& value) {
  if (given.empty() || given.front() == '+' || given.find_first_not_of("0123456789.eE+-") != std::string::npos)
    return false;
  const char* end = nullptr;
  value = platform::parse_double(given.c_str(), end);
  return end == given.c_str() + given.size();
}

template <typename Number>
std::string out_of_range(const std::string& given, Number low, Number high, const std::string& wanted) {
  Number value{};
  const bool good = read_number(given, value) && value >= low && value <= high;
  return good ? "" : "wanted " + wanted + ", got '" + given + "'";
}

inline Check whole(std::int64_t low, std::int64_t high) {
  return [=](const std::string& given) {
    return out_of_range(
        given, low, high,
        text("a whole number from %lld to %lld", static_cast<long long>(low), static_cast<long long>(high)));
  };
}

inline Check at_least(std::int64_t low) {
  return [=](const std::string& given) {
    return out_of_range<std::int64_t>(given, low, 1 << 30,
                                      text("a whole number, %lld or more", static_cast<long long>(low)));
  };
}

inline Check any_seed() {
  return [](const std::string& given) {
    return out_of_range<std::uint64_t>(given, 0, UINT64_MAX, "a whole number from 0 to 18446744073709551615");
  };
}

inline Check number(double low, double high) {
  return [=](const std::string& given) {
    return out_of_range(given, low, high, text("a number from %.9g to %.9g", low, high));
  };
}

/// "512M" as bytes: K, M and G are 2^10, 2^20 and 2^30. Nothing for what is no such size.
inline std::optional<std::uint64_t> byte_count(std::string given) {
  constexpr std::string_view kUnits = "KMGkmg";
  int shift = 0;
  if (const auto unit = given.empty() ? kUnits.npos : kUnits.find(given.back()); unit != kUnits.npos) {
    shift = 10 * (1 + static_cast<int>(unit % 3));
    given.pop_back();
  }
  std::uint64_t number = 0;
  if (!read_number(given, number) || number > (UINT64_MAX >> shift)) return std::nullopt;
  return number << shift;
}

/// A size in bytes; `low` and `high` as they are written.
inline Check bytes_between(const std::string& low, const std::string& high) {
  return [=](const std::string& given) {
    const auto size = byte_count(given);
    const bool good = size && *size >= *byte_count(low) && *size <= *byte_count(high);
    return good ? "" : "wanted a size from " + low + " to " + high + ", got '" + given + "'";
  };
}

/// One of a few words.
inline Check one_of(std::vector<std::string> words) {
  return [words = std::move(words)](const std::string& given) {
    std::string list;
    for (const std::string& word : words) {
      if (word == given) return std::string();
      list += (list.empty() ? "" : ",") + word;
    }
    return given + " not in {" + list + "}";
  };
}

}  // namespace lineament::cli
