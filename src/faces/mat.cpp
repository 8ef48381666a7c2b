// Level-5 MAT files by "MAT-File Format" (MathWorks): a header of 128 bytes, then elements, each a type, a size and
// data. All of it comes from a file that may be damaged: every size is checked against what is there.
#include "lineament/faces/mat.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "image/stb.hpp"
#include "lineament/file.hpp"
#include "text.hpp"

namespace lineament {
namespace mat {
namespace {

using Bytes = std::span<const std::uint8_t>;

enum Type : std::uint32_t {
  kInt8 = 1,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kSingle,
  kDouble = 9,
  kInt64 = 12,
  kUint64,
  kMatrix,
  kCompressed
};

constexpr std::size_t kHeader = 128, kTag = 8, kAlign = 8;
constexpr std::uint32_t kFirstNumeric = 6, kLastNumeric = 15;  ///< double to uint64 of MATLAB's classes
constexpr std::size_t kLargestVariable = 16 << 20;             ///< unpacked: faces' variables take some 100 KB

struct Element {
  std::uint32_t type = 0;
  Bytes data;
};

/// A matrix, its numbers still as they stand in the file.
struct Matrix {
  std::string name;
  std::uint32_t kind = 0;  ///< MATLAB's class
  bool complex = false;
  std::vector<std::int64_t> dimensions;
  Bytes rest;  ///< behind the name
};

class Reader {
 public:
  Reader(Bytes file, std::string_view name) : file_(file), name_(name) {}

  Landmarks read(const Scheme& scheme) {
    header();
    constexpr std::array<std::string_view, 2> kNames{"pt3d_68", "pt2d"};  // the first of them that fits
    std::array<std::optional<Landmarks>, 2> found;
    std::string others;  // what there is instead, for a message
    for (Bytes rest = file_.subspan(kHeader); !rest.empty();) {
      Element element = next(rest);
      std::vector<std::uint8_t> unpacked;
      if (element.type == kCompressed) {
        unpacked = inflated(element.data);
        Bytes inner = unpacked;
        element = next(inner);
      }
      if (element.type != kMatrix) continue;
      const Matrix matrix = matrix_of(element.data);
      std::size_t i = 0;
      while (i < kNames.size() && matrix.name != kNames[i]) ++i;
      if (i < kNames.size() && !found[i] && fits(matrix, i == 0 ? 3 : 2, scheme))
        found[i] = points_of(matrix, i == 0 ? 3 : 2, scheme);
      else
        others += (others.empty() ? "" : ", ") + describe(matrix);
    }
    for (auto& points : found)
      if (points) return *points;
    constexpr std::size_t kShown = 200;
    if (others.size() > kShown) others = others.substr(0, kShown) + " …";
    const std::string n = std::to_string(scheme.points);
    throw FormatError({name_, "there are no landmarks of the scheme " + scheme.name,
                       "pt3d_68 (3 x " + n + ") or pt2d (2 x " + n + ")", others.empty() ? "no variable" : others,
                       "give --scheme FILE for another number of points"});
  }

 private:
  [[noreturn]] void damaged(const std::string& what, const std::string& wanted = "",
                            const std::string& got = "") const {
    throw FormatError({name_, what, wanted, got, "the file may be damaged: copy it again"});
  }

  void header() {
    const std::string_view text(reinterpret_cast<const char*>(file_.data()), std::min(file_.size(), kHeader));
    if (text.starts_with("MATLAB 7.3") || text.starts_with("\x89HDF"))
      throw FormatError({name_, "the MAT file is of version 7.3, which is HDF5", "one of level 5", "",
                         "save it in MATLAB with save -v7"});
    const std::string_view order = text.size() == kHeader ? text.substr(kHeader - 2) : "";
    if (order != "IM" && order != "MI")
      throw FormatError({name_, "the file is not a MAT file of level 5", "128 bytes that end in IM or MI",
                         text.size() < kHeader ? std::to_string(file_.size()) + " bytes" : text::in_quotes(order),
                         "save it in MATLAB with save -v7"});
    swapped_ = (order == "MI") == (std::endian::native == std::endian::little);
  }

  template <class T>
  T number(Bytes bytes) const {
    std::array<std::uint8_t, sizeof(T)> raw{};
    for (std::size_t i = 0; i < sizeof(T); ++i) raw[i] = bytes[swapped_ ? sizeof(T) - 1 - i : i];
    T value;
    std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }

  /// Takes one element, with what fills its last 8 bytes, from the front of `rest`.
  Element next(Bytes& rest) const {
    if (rest.size() < kTag) damaged("the file is cut short", "an element", std::to_string(rest.size()) + " bytes");
    const auto first = number<std::uint32_t>(rest.first(4));
    if (const std::uint32_t small = first >> 16; small != 0) {  // Up to 4 bytes of data stand in the tag itself.
      if (small > 4) damaged("the size of a small element is wrong", "at most 4 bytes", std::to_string(small));
      const Element element{first & 0xFFFF, rest.subspan(4, small)};
      rest = rest.subspan(kTag);
      return element;
    }
    const std::size_t size = number<std::uint32_t>(rest.subspan(4, 4));
    if (size > rest.size() - kTag)
      damaged("the file is cut short", "an element of " + std::to_string(size) + " bytes",
              std::to_string(rest.size() - kTag));
    const Element element{first, rest.subspan(kTag, size)};
    const std::size_t padding = first == kCompressed ? 0 : (kAlign - size % kAlign) % kAlign;
    rest = rest.subspan(std::min(rest.size(), kTag + size + padding));
    return element;
  }

  std::vector<std::uint8_t> inflated(Bytes data) const {
    auto unpacked = detail::stb_inflate(data, kLargestVariable);
    if (!unpacked) damaged("a compressed variable cannot be unpacked", "at most 16 MiB, and the right checksum");
    return *std::move(unpacked);
  }

  Matrix matrix_of(Bytes data) const {
    Matrix matrix;
    if (data.empty()) return matrix;  // MATLAB writes some empty matrices so
    const Element flags = next(data);
    if (flags.type != kUint32 || flags.data.size() < 4) damaged("a variable has no array flags");
    const auto word = number<std::uint32_t>(flags.data.first(4));
    matrix.kind = word & 0xFF;
    matrix.complex = (word & 0x800) != 0;
    if (matrix.kind > kLastNumeric) return matrix;  // functions and objects have other parts
    const Element dimensions = next(data);
    if (dimensions.type != kInt32) damaged("a variable has no dimensions");
    for (std::size_t i = 0; i + 4 <= dimensions.data.size(); i += 4)
      matrix.dimensions.push_back(number<std::int32_t>(dimensions.data.subspan(i, 4)));
    const Element name = next(data);
    if (name.type != kInt8) damaged("a variable has no name");
    matrix.name.assign(name.data.begin(), name.data.end());
    matrix.rest = data;
    return matrix;
  }

  static bool fits(const Matrix& matrix, std::int64_t rows, const Scheme& scheme) {
    return matrix.dimensions == std::vector<std::int64_t>{rows, scheme.points};
  }

  /// "'pt2d' (2 x 21)".
  static std::string describe(const Matrix& matrix) {
    constexpr std::size_t kShown = 4;
    std::string s = text::in_quotes(matrix.name) + " (";
    for (std::size_t i = 0; i < std::min(kShown, matrix.dimensions.size()); ++i)
      s += (i ? " x " : "") + std::to_string(matrix.dimensions[i]);
    return s + (matrix.dimensions.size() > kShown ? " …)" : ")");
  }

  Landmarks points_of(const Matrix& matrix, std::size_t rows, const Scheme& scheme) const {
    const std::string where = name_ + ": " + matrix.name;
    if (matrix.kind < kFirstNumeric || matrix.kind > kLastNumeric || matrix.complex)
      throw FormatError({where, "the variable is no matrix of numbers", "real numbers", "", "save the points as such"});
    Bytes rest = matrix.rest;
    const std::vector<double> values = numbers_of(next(rest), rows * static_cast<std::size_t>(scheme.points), where);
    Landmarks points;
    for (std::size_t i = 0; i < values.size(); i += rows) {  // by columns
      const double x = values[i], y = values[i + 1];
      const bool missing = std::isnan(x) || std::isnan(y) || (x == -1 && y == -1);
      if (!missing && (!text::is_coordinate(x) || !text::is_coordinate(y)))
        throw FormatError({where, "point " + std::to_string(i / rows) + " is not a finite position", "pixels",
                           "infinity or a number too large", "annotate the point or leave the face out"});
      points.push_back(missing ? kUnknownPoint : Point{static_cast<float>(x - 1), static_cast<float>(y - 1)});
    }
    return points;
  }

  /// MATLAB stores whole numbers in the smallest type that holds them, whatever the variable's class is.
  std::vector<double> numbers_of(const Element& element, std::size_t count, const std::string& where) const {
    switch (element.type) {
      case kInt8:
        return numbers<std::int8_t>(element, count, where);
      case kUint8:
        return numbers<std::uint8_t>(element, count, where);
      case kInt16:
        return numbers<std::int16_t>(element, count, where);
      case kUint16:
        return numbers<std::uint16_t>(element, count, where);
      case kInt32:
        return numbers<std::int32_t>(element, count, where);
      case kUint32:
        return numbers<std::uint32_t>(element, count, where);
      case kSingle:
        return numbers<float>(element, count, where);
      case kDouble:
        return numbers<double>(element, count, where);
      case kInt64:
        return numbers<std::int64_t>(element, count, where);
      case kUint64:
        return numbers<std::uint64_t>(element, count, where);
      default:
        throw FormatError({where, "the numbers are of an unknown type", "1 to 7, 9, 12 or 13",
                           std::to_string(element.type), "the file may be damaged: copy it again"});
    }
  }

  template <class T>
  std::vector<double> numbers(const Element& element, std::size_t count, const std::string& where) const {
    if (element.data.size() != count * sizeof(T))
      throw FormatError({where, "the number of bytes does not fit the matrix", std::to_string(count * sizeof(T)),
                         std::to_string(element.data.size()), "the file may be damaged: copy it again"});
    std::vector<double> values;
    for (std::size_t i = 0; i < count; ++i)
      values.push_back(static_cast<double>(number<T>(element.data.subspan(i * sizeof(T), sizeof(T)))));
    return values;
  }

  Bytes file_;
  std::string name_;
  bool swapped_ = false;
};

}  // namespace
}  // namespace mat

Landmarks parse_mat(std::span<const std::uint8_t> bytes, std::string_view name, const Scheme& scheme) {
  if (bytes.size() > text::kLargestFaceFile)
    throw FormatError({std::string(name), "the file is too large for the points of a face", "at most 1 MiB",
                       std::to_string(bytes.size()) + " bytes", "check what file this is"});
  return mat::Reader(bytes, name).read(scheme);
}

Landmarks read_mat(const std::filesystem::path& path, const Scheme& scheme) {
  return parse_mat(read_file(path), path.string(), scheme);
}

}  // namespace lineament
