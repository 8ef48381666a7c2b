// Numbers in annotation files: exact, whole, and the same in every locale.
#include "faces/text.hpp"

#include <clocale>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lineament/error.hpp"

using lineament::text::as_utf8;
using lineament::text::number;

TEST_CASE("text: a number is the nearest double") {
  CHECK(number("0.1") == 0.1);
  CHECK(number("-12.") == -12.0);
  CHECK(number("+.5") == 0.5);
  CHECK(number("1e3") == 1000.0);
  CHECK(number("9007199254740993") == 9007199254740992.0);              // a tie goes to the even one
  CHECK(number("2.2250738585072011e-308") == 2.2250738585072011e-308);  // where many a parser was wrong or hung
  CHECK(number("1e999") == std::numeric_limits<double>::infinity());
  CHECK(number("-inf") == -std::numeric_limits<double>::infinity());
  CHECK(std::isnan(number("NaN").value()));
}

TEST_CASE("text: what is not a number as a whole is none") {
  using namespace std::string_view_literals;
  for (const auto word : {""sv, "+"sv, "-"sv, "."sv, "word"sv, "1,5"sv, "1 2"sv, " 1"sv, "1 "sv, "+-1"sv, "--1"sv,
                          "- 1"sv, "0x10"sv, "1e"sv, "1.5.2"sv, "1\0"sv, "\t1"sv, "+ 1"sv}) {
    CAPTURE(word);
    CHECK(!number(word));
  }
}

TEST_CASE("text: the locale changes nothing") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "C"})  // with a decimal comma, if installed
    if (std::setlocale(LC_ALL, name) != nullptr) break;
  CHECK(number("1.5") == 1.5);
  CHECK(!number("1,5"));
  CHECK(lineament::text::shortest(0.1f) == "0.1");
  std::setlocale(LC_ALL, before.c_str());
}

namespace {

/// With a byte order mark.
std::string utf16(const std::vector<char16_t>& units, bool little) {
  std::string bytes;
  const auto put = [&](char16_t unit) {
    const char upper = static_cast<char>(unit >> 8), lower = static_cast<char>(unit & 0xFF);
    bytes += little ? lower : upper;
    bytes += little ? upper : lower;
  };
  put(0xFEFF);
  for (const char16_t unit : units) put(unit);
  return bytes;
}

}  // namespace

TEST_CASE("text: UTF-16 becomes UTF-8, and a half of a pair without its other half is damage") {
  for (const bool little : {true, false}) {
    CAPTURE(little);
    CHECK(as_utf8(utf16({u'a', 0xE4, 0x20AC, 0xD83D, 0xDE00, 0xDBFF, 0xDFFF}, little), "a.csv") ==
          "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF");
    const std::vector<std::vector<char16_t>> damaged{{u'a', 0xD83D, u'b', u'c'},
                                                     {0xD83D, 0xD83D, 0xDE00},
                                                     {0xD83D, 0xE000},
                                                     {u'a', 0xD83D},
                                                     {0xDE00, u'a'},
                                                     {0xDE00, 0xD83D},
                                                     {u'a', 0}};
    for (const std::vector<char16_t>& units : damaged) {
      CAPTURE(static_cast<int>(units.front()), static_cast<int>(units.back()));
      CHECK_THROWS_WITH(as_utf8(utf16(units, little), "a.csv"), Catch::StartsWith("a.csv: the text is damaged UTF-16"));
    }
  }
}
