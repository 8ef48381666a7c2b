// Small made-up annotations and folders for the tests of readers and data sets.
#pragma once
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <string>

#include "catch.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/pts.hpp"
#include "lineament/file.hpp"
#include "lineament/image/file.hpp"

namespace test {

namespace fs = std::filesystem;
using namespace lineament;

/// A folder of its own, gone at the end of the test.
class TempFolder {
 public:
  TempFolder() {
    static int count = 0;
    path_ =
        fs::temp_directory_path() / ("lineament-faces-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    fs::create_directories(path_);
  }
  ~TempFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const fs::path& path() const { return path_; }
  fs::path operator/(const fs::path& name) const { return path_ / name; }

  /// Writes a file and the folders it needs.
  fs::path write(const fs::path& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    write_file(path_ / name, std::string_view(text));
    return path_ / name;
  }

 private:
  fs::path path_;
};

/// The mean face, 0-based, inside a 100x100 photo, its eye corners 40 px apart; in eighths of a pixel, which texts
/// keep.
inline Landmarks sample_points(float dx = 0, float dy = 0) {
  Landmarks points = ibug_68().mean_shape;
  const Box box = bounding_box(points);
  for (Point& p : points)
    p = {std::round((p.x - box.x) * 320) / 8 + 10 + dx, std::round((p.y - box.y) * 320) / 8 + 20 + dy};
  return points;
}

inline std::string sample_pts(float dx = 0) {
  return format_pts(sample_points(dx));
}

/// "x y" lines, 1-based, of sample_points: the inside of a .pts file.
inline std::string sample_lines(const std::string& between = " ", const std::string& line_end = "\n") {
  std::string s;
  for (const Point& p : sample_points()) s += std::to_string(p.x + 1) + between + std::to_string(p.y + 1) + line_end;
  return s;
}

inline std::string sample_csv_row(const std::string& name) {
  std::string row = name;
  for (const Point& p : sample_points()) row += "," + std::to_string(p.x) + "," + std::to_string(p.y);
  return row + "\n";
}

/// <part> elements, last first if `reversed`; names '00' if `padded`, else '0'.
inline std::string sample_parts(bool padded, bool reversed = false) {
  const Landmarks points = sample_points();
  std::string s;
  for (int k = 0; k < kPoints; ++k) {
    const int i = reversed ? kPoints - 1 - k : k;
    const Point p = points[static_cast<std::size_t>(i)];
    s += "<part name='" + std::string(padded && i < 10 ? "0" : "") + std::to_string(i) + "' x='" + std::to_string(p.x) +
         "' y='" + std::to_string(p.y) + "'/>\n";
  }
  return s;
}

inline std::string sample_box(const std::string& parts, const std::string& more = "") {
  return "<box top='20' left='10' width='68' height='34'" + more + ">" + parts + "</box>\n";
}

inline std::string sample_imglab(const std::string& images) {
  return "<?xml version='1.0' encoding='ISO-8859-1'?>\n<?xml-stylesheet type='text/xsl' href='a.xsl'?>\n"
         "<dataset>\n<name>n</name>\n<images>\n" +
         images + "</images>\n</dataset>\n";
}

/// "[[y, x], …]".
inline std::string sample_yx() {
  std::string s;
  for (const Point& p : sample_points())
    s += (s.empty() ? "[[" : ", [") + std::to_string(p.y) + ", " + std::to_string(p.x) + "]";
  return s + "]";
}

/// The message of the Error of type E that `run` must throw.
template <class E, class Run>
std::string message(Run&& run) {
  try {
    run();
  } catch (const E& error) {
    return error.what();
  }
  FAIL("nothing was thrown");
  return {};
}

inline bool contains(const std::string& s, const std::string& part) {
  return s.find(part) != std::string::npos;
}

/// A flat picture, another one for each name: copies of one photo are one photo.
inline void write_photo(const fs::path& path, int width = 100, int height = 100) {
  fs::create_directories(path.parent_path());
  const std::size_t name = std::hash<std::string>()(path.string());
  const auto byte = [&](int i) { return static_cast<std::uint8_t>(name >> (8 * i)); };
  write_png(path, Image(width, height, {byte(0), byte(1), byte(2)}));
}

}  // namespace test
