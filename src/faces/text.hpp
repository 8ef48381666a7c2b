// What the annotation readers share: numbers and words in text, and messages about them.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "lineament/error.hpp"
#include "lineament/faces/face.hpp"

namespace lineament::text {

/// Larger files are no annotation of one face; refusing them keeps a mistaken path from filling the memory.
inline constexpr std::size_t kLargestFaceFile = 1 << 20;

std::string_view trim(std::string_view s);
bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string lower(std::string_view s);

/// The whole of `s` as a number, whatever the locale; a leading + is accepted; NaN and infinity too.
std::optional<double> number(std::string_view s);
/// The whole of `s` as a decimal number without sign.
std::optional<int> index(std::string_view s);
/// Finite, and small enough to be a float.
bool is_coordinate(double value);
/// The shortest text that gives back the same float.
std::string shortest(float value);

/// `s` between quotes, cut to a length that fits a message, without control characters.
std::string in_quotes(std::string_view s);

/// `s` as a coordinate. Throws FormatError at `where` ("a.pts:7") if it is a word, NaN, infinite or too large.
double coordinate(std::string_view s, const std::string& where);

/// How to go on when a face does not have its 68 points.
inline constexpr const char* kFixPoints = "annotate all 68 points of the iBUG scheme or leave the face out";

/// The error's message without the name of the file in front of it.
Rejected rejected(const Error& error, const std::string& file);

/// Throws ArgumentError if a coordinate (or the box) is not finite; `what` names the writer.
void require_finite(const Face& face, const char* what);

}  // namespace lineament::text
