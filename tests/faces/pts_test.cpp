// .pts files: every form in use, every way to be malformed, exact round trips.
#include "lineament/faces/pts.hpp"

#include <clocale>
#include <cmath>
#include <limits>
#include <locale>

#include "dataset_support.hpp"
#include "lineament/error.hpp"
#include "lineament/random.hpp"

using namespace lineament;
using namespace test;

TEST_CASE("a .pts file is 1-based, its points are 0-based") {
  const Landmarks points = parse_pts("version: 1\nn_points: 68\n{\n" + sample_lines() + "}\n");
  CHECK(points[0] == Point{10, 30.875f});
  CHECK(points[67] == Point{39.375f, 63.25f});
  CHECK(points == sample_points());
}

TEST_CASE("every form of .pts seen in the wild is read") {
  const std::string lines = sample_lines();
  const auto text = GENERATE_COPY(
      "version: 1\nn_points:  68\n{\n" + lines + "}",                                           // no last line end
      "version: 1\nn_points:68\n{\n" + lines + "}\n\n  \n",                                     // no space; blank lines
      "version: 1 \r\nn_points: 68 \r\n{\r\n" + sample_lines(" ", " \r\n") + "}\r\n",           // Windows
      "version: 1\rn_points: 68\r{\r" + sample_lines("\t", "\r") + "}\r",                       // old Macintosh
      "\xEF\xBB\xBFversion: 1\nn_points: 68\n{\n" + lines + "}\n",                              // byte order mark
      "VERSION : 1\nN_Points : 68\nimage_size_x: 1024\n{\n" + sample_lines("   ") + "}\n",      // case, other keys
      "# by hand\nversion: 1\nn_points: 68 // all\n{\n" + sample_lines(" ", " # p\n") + "}\n",  // comments
      "version: 1\nn_points: 68 {\n" + sample_lines(", ") + "}\n", "{\n" + lines + "}\n",       // brace placement
      lines, sample_lines(" , "), sample_lines(","), sample_lines(" ", " "),                    // bare lists
      "100032540_1\n" + sample_lines(" , "), "\xEF\xBB\xBF\n\n" + sample_lines(" ", "\r\n"));   // HELEN's own
  CHECK(parse_pts(text) == sample_points());
}

TEST_CASE("a malformed .pts is refused in one line that says where, what was wanted and got, and what to do") {
  const std::string head = "version: 1\nn_points: 68\n{\n", lines = sample_lines();
  const std::string two = lines.substr(lines.find('\n', lines.find('\n') + 1) + 1);  // 66 points
  const auto [text, expected] = GENERATE_COPY(table<std::string, std::vector<std::string>>({
      {head + "1 2\n" + two + "}\n", {"f.pts:71", "wanted 68 points", "got 67 points", "annotate"}},
      {head + "1 2\n" + lines + "}\n", {"f.pts:73", "wanted 68 points", "got 69 points"}},
      {"version: 1\nn_points: 67\n{\n1 2\n" + two + "}\n", {"f.pts:2", "n_points: 68", "'67'"}},
      {"version: 1\nn_points:\n{\n" + lines + "}\n", {"f.pts:2", "n_points: 68", "''"}},
      {head + "1 2\nnan 4\n" + two + "}\n", {"f.pts:5", "not a finite number", "'nan'"}},
      {head + "1 2\n3 -inf\n" + two + "}\n", {"f.pts:5", "not a finite number", "'-inf'"}},
      {head + "1 2\n3 1e999\n" + two + "}\n", {"f.pts:5", "not a finite number"}},
      {head + "1 2\n3 1e39\n" + two + "}\n", {"f.pts:5", "not a finite number"}},
      {head + "1 2\n3 4x\n" + two + "}\n", {"f.pts:5", "not a number", "'4x'"}},
      {head + "1 2\n3 4 5\n" + two + "}\n", {"f.pts:5", "two numbers", "3 words"}},
      {head + "1 2\n3\n" + two + "}\n", {"f.pts:5", "two numbers", "1 word)"}},
      {head + lines, {"f.pts:71", "closing brace is missing", "68 points", "cut short"}},
      {head + lines + "}\nmore\n", {"f.pts:73", "after the closing brace", "'more'"}},
      {"version: 1\nn_points: 68\n", {"f.pts:2", "list of points is missing", "'{'"}},
      {"hello\n{\n" + lines + "}\n", {"f.pts:1", "header", "'hello'"}},
      {"1 2\n" + two, {"f.pts:67", "wanted 136 numbers", "got 134"}},
      {"this is a letter", {"f.pts:1", "not a number", "'this'"}},
      {"one\ntwo\n", {"f.pts:2", "not a number", "'two'"}},
      {"", {"f.pts: the file is empty"}},
      {"\xFF\xD8\xFF\xE0", {"f.pts:1", "got 0"}},
      {std::string(2 << 20, '1'), {"too large"}},
  }));
  const std::string said = message<FormatError>([&, &text = text] { parse_pts(text, "f.pts"); });
  CAPTURE(said);
  for (const std::string& part : expected) CHECK(contains(said, part));
  CHECK(!contains(said, "\n"));
  CHECK(contains(said, ";"));  // what to do
}

TEST_CASE("points come back exactly from a written .pts") {
  Random random(7);
  for (int round = 0; round < 300; ++round) {
    Landmarks points(kPoints);
    for (Point& p : points) p = {random.uniform(-50, 4000), random.normal() * std::exp(random.uniform(-12, 12))};
    CHECK(parse_pts(format_pts(points)) == points);
  }
}

TEST_CASE("odd floats come back exactly from a written .pts") {
  Landmarks points = sample_points();
  points[0] = {0.0f, -0.0f};
  points[1] = {-1.0f, 1e30f};
  points[2] = {std::ldexp(1.0f, -29), -std::ldexp(1.9999999f, -29)};
  points[3] = {16777216.0f, -123456789.0f};
  points[4] = {std::nextafter(1.0f, 2.0f), std::nextafter(-1.0f, 0.0f)};
  CHECK(parse_pts(format_pts(points)) == points);
  points[5] = {1e-20f, 0};  // below 2^-29 the 1 swallows it
  CHECK(std::abs(parse_pts(format_pts(points))[5].x - 1e-20f) <= std::ldexp(1.0f, -53));
}

TEST_CASE("a .pts read and written again keeps its text") {
  const std::string text = format_pts(sample_points(0.125f));
  CHECK(contains(text, "version: 1\nn_points: 68\n{\n11.125 31.875\n"));
  CHECK(format_pts(parse_pts(text)) == text);
  std::string official = text;
  official.replace(official.find("11.125 31.875"), 13, "115.167660 220.807529");
  CHECK(contains(format_pts(parse_pts(official)), "115.16766 220.80753\n"));  // as many digits as the float holds
}

namespace {

struct CommaPunctuation : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

}  // namespace

TEST_CASE("numbers are read and written alike in a locale with decimal commas") {
  const std::string old_c = std::setlocale(LC_ALL, nullptr);
  const std::locale old = std::locale::global(std::locale(std::locale::classic(), new CommaPunctuation));
  // The C library's own locales are not installed everywhere; where one is, it is tested, too.
  for (const char* name : {"fr_FR.UTF-8", "de_DE.UTF-8"})
    if (std::setlocale(LC_ALL, name)) break;
  Landmarks points = sample_points(0.5f);
  points[3] = {12345.25f, -0.5f};
  const std::string text = format_pts(points);
  const Landmarks read = parse_pts(text);
  std::locale::global(old);
  std::setlocale(LC_ALL, old_c.c_str());
  CHECK(contains(text, "\n11.500 31.875\n"));
  CHECK(contains(text, "\n12346.250 0.500\n"));
  CHECK(read == points);
}

TEST_CASE(".pts files: writing, missing files, points that are not finite") {
  const TempFolder folder;
  write_pts(folder / "a.pts", sample_points());
  CHECK(read_pts(folder / "a.pts") == sample_points());

  Landmarks broken = sample_points();
  broken[30].y = std::numeric_limits<float>::quiet_NaN();
  CHECK(contains(message<ArgumentError>([&] { write_pts(folder / "a.pts", broken); }), "a.pts"));
  CHECK(read_pts(folder / "a.pts") == sample_points());  // the old file is still there

  CHECK(contains(message<FileError>([&] { read_pts(folder / "none.pts"); }), "none.pts"));
  CHECK(contains(message<FileError>([&] { write_pts(folder / "no" / "a.pts", sample_points()); }), "a.pts"));
}
