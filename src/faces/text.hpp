// What the annotation readers share: numbers and words in text, and messages about them.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "lineament/error.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/scheme.hpp"

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

/// A photo's width or height, written as a whole number, also as "570.0"; 0 if it is none.
int side(std::string_view s);

/// Throws FormatError if brackets are nested deeper than any file of faces has them: functions that call themselves
/// once for each level would run out of stack.
void require_shallow_json(std::string_view json, const std::string& name);
/// Throws the FormatError of a text that is no JSON from byte `byte` on.
[[noreturn]] void fail_json(std::string_view json, std::size_t byte, const std::string& name,
                            const std::string& wanted);

/// How to go on when a face does not have its points.
std::string fix_points(const Scheme& scheme);

/// `s` without a byte order mark, in UTF-8: UTF-16 with a byte order mark is converted. Throws FormatError, naming the
/// encoding, where it is damaged, or looks like UTF-16 or UTF-32 without a mark.
std::string as_utf8(std::string s, const std::string& where);
bool is_utf8(std::string_view s);

/// UTF-8 of characters below 256 as Latin-1; nothing for others.
std::optional<std::string> as_latin1(std::string_view utf8);

/// Sets Face::image, photo and listed for a photo that a list in `folder` names.
void set_image(Face& face, std::string_view file, const std::filesystem::path& folder);

/// Whether a name is of a drive of another machine: C:/photos/a.jpg.
bool has_drive(std::string_view file);

/// The path as this machine writes it: a list made on Windows has backslashes and drive letters. Throws FormatError for
/// a name that no file can have: what comes after a zero byte would be lost.
std::filesystem::path list_path(std::string_view file, const std::filesystem::path& folder);

/// The error's message without the name of the file in front of it.
Rejected rejected(const Error& error, const std::string& file);

/// What a writer does with a point that is not known (kUnknownPoint).
enum class Unknown { accept, refuse };

/// Throws ArgumentError if a coordinate (or the box) is not finite; `what` names the writer.
void require_finite(const Face& face, const char* what, Unknown unknown = Unknown::accept);

}  // namespace lineament::text
