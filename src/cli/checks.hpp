// Numbers of the command line: read as a whole and within their range, with a message that says what was wanted.
#pragma once
#include <charconv>
#include <cstdint>
#include <functional>
#include <string>

#include "cli/console.hpp"

namespace lineament::cli {

/// Returns what is wrong, or nothing.
using Check = std::function<std::string(const std::string&)>;

template <typename Number>
std::string out_of_range(const std::string& given, Number low, Number high, const std::string& wanted) {
  Number value{};
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
  // Written so that NaN is wrong, too.
  const bool good = error == std::errc() && end == given.data() + given.size() && value >= low && value <= high;
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
    return out_of_range(given, low, high, text("a number from %g to %g", low, high));
  };
}

}  // namespace lineament::cli
