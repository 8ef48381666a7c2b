// Reported: "I trained on a CSV with all x first, then all y. It was read without a word, and the network learnt
// nonsense."
#include "lineament/faces/csv.hpp"
#include "lineament/faces/plausible.hpp"
#include "wild/support.hpp"

namespace {

using namespace test;

std::string header(const std::function<std::string(int, char)>& name, bool y_first, bool by_axis, int from) {
  std::string line = "image";
  const std::string axes = y_first ? "yx" : "xy";
  if (by_axis)
    for (const char axis : axes)
      for (int i = 0; i < kPoints; ++i) line += "," + name(i + from, axis);
  else
    for (int i = 0; i < kPoints; ++i)
      for (const char axis : axes) line += "," + name(i + from, axis);
  return line + "\n";
}

std::string row(const Listed& face, bool y_first, bool by_axis) {
  std::string line = face.file;
  const auto at = [&](std::size_t i, bool y) { line += "," + std::to_string(y ? face.points[i].y : face.points[i].x); };
  if (by_axis)
    for (const bool y : {y_first, !y_first})
      for (std::size_t i = 0; i < kPoints; ++i) at(i, y);
  else
    for (std::size_t i = 0; i < kPoints; ++i) at(i, y_first), at(i, !y_first);
  return line + "\n";
}

/// What people mix up, and what the program calls it.
struct MixUp {
  std::string looks_like;
  std::function<Landmarks(const Landmarks&)> make;
};

Landmarks each(Landmarks points, const std::function<Point(Point)>& by) {
  for (Point& p : points) p = by(p);
  return points;
}

const std::vector<MixUp> kMixUps{
    {"x and y are swapped", [](const Landmarks& p) { return each(p, [](Point q) {
                                                       return Point{q.y, q.x};
                                                     }); }},
    {"y counts from the bottom",
     [](const Landmarks& p) { return each(p, [](Point q) {
                                return Point{q.x, 95 - q.y};
                              }); }},
    {"mirrored, but its points were not renumbered",
     [](const Landmarks& p) { return each(p, [](Point q) {
                                return Point{95 - q.x, q.y};
                              }); }},
    {"in reverse order", [](const Landmarks& p) { return Landmarks(p.rbegin(), p.rend()); }},
    {"off by one",
     [](Landmarks p) {
       std::rotate(p.begin(), p.begin() + 1, p.end());
       return p;
     }},
    {"off by one",
     [](Landmarks p) {
       std::rotate(p.begin(), p.end() - 1, p.end());
       return p;
     }},
    {"do not look like", [](Landmarks p) {
       std::swap_ranges(p.begin(), p.begin() + 34, p.begin() + 34);
       return p;
     }}};

}  // namespace

TEST_CASE("each column's axis and number are taken from its header") {
  const TempFolder folder;
  const std::vector<Listed> list = draw_into(folder.path(), 2);
  const std::vector<std::function<std::string(int, char)>> names{
      [](int i, char axis) { return "part_" + std::to_string(i) + "_" + axis; },
      [](int i, char axis) { return axis + std::to_string(i); },
      [](int i, char axis) { return std::string(1, axis) + "_" + std::to_string(i); },
      [](int i, char axis) { return "P" + std::to_string(i) + " " + static_cast<char>(axis - 'a' + 'A'); }};
  for (const auto& name : names)
    for (const bool y_first : {false, true})
      for (const bool by_axis : {false, true})
        for (const int from : {0, 1}) {
          std::string csv = header(name, y_first, by_axis, from);
          for (const Listed& face : list) csv += row(face, y_first, by_axis);
          INFO(csv.substr(0, 40));
          const Dataset data = parse_csv(csv, "l.csv", folder.path());
          REQUIRE(data.faces.size() == 2);
          for (std::size_t i = 0; i < 2; ++i)
            for (std::size_t k = 0; k < kPoints; ++k)
              REQUIRE(distance(data.faces[i].points[k], list[i].points[k]) < 1e-4f);
        }
}

TEST_CASE("a header that does not tell the order is refused; other columns are passed over") {
  const TempFolder folder;
  const std::vector<Listed> list = draw_into(folder.path(), 1);
  std::string numbered = "image";
  for (int i = 0; i < kValues; ++i) numbered += ",f" + std::to_string(i);
  const std::string refused =
      message<FormatError>([&] { parse_csv(numbered + "\n" + row(list[0], false, false), "l.csv", ""); });
  CHECK(contains(refused, "l.csv:1: the header does not say which column is which coordinate"));

  const auto name = [](int i, char axis) { return axis + std::to_string(i); };
  std::string head = header(name, false, true, 0), line = row(list[0], false, true);
  head.pop_back(), line.pop_back();
  const Dataset data = parse_csv(head + ",width,height,age\n" + line + ",96,96,33\n", "l.csv", "");
  REQUIRE(data.faces.size() == 1);
  CHECK(data.faces[0].width == 96);
  CHECK(data.faces[0].height == 96);
}

TEST_CASE("points in another order are refused, with what they look like, in every format") {
  const TempFolder folder;
  const std::vector<Listed> good = draw_into(folder.path(), 8);
  for (const MixUp& mix_up : kMixUps) {
    INFO(mix_up.looks_like);
    const std::vector<Listed> bad = changed(good, mix_up.make);
    folder.write("l.csv", csv_of(bad));
    folder.write("l.xml", imglab_of(bad));
    for (const std::string list : {"l.csv", "l.xml"}) {
      const std::string refused = message<FormatError>([&] { read_dataset(folder / list); });
      CHECK(contains(refused, "refused as a whole: the points of 8 of its 8 faces are mixed up; 8 of them, e.g. "));
      CHECK(contains(refused, "face_0.png: "));
      CHECK(contains(refused, mix_up.looks_like));
    }
    // One among good ones: it alone.
    std::vector<Listed> mixed = good;
    mixed[2] = bad[2];
    folder.write("l.csv", csv_of(mixed));
    const Dataset data = read_dataset(folder / "l.csv");
    CHECK(data.faces.size() == 7);
    CHECK(contains(reasons(data), "face_2.png"));
    CHECK(contains(reasons(data), mix_up.looks_like));
  }
}

TEST_CASE("a single point far from its face is named, with its place") {
  Landmarks points = draw_face(3, 1, {.size = 96}).points;
  points[7] = {4999, 5000};
  const std::string problem = shape_problem(points).value_or("");
  CHECK(contains(problem, "the point 7 (numbers from 0), at 4999, 5000, is far from where it is in a face"));
}

TEST_CASE("of a data set that is mixed up in several ways each way is named, and every face") {
  const TempFolder folder;
  std::vector<Listed> list = draw_into(folder.path(), 8);
  const std::vector<Listed> swapped = changed(list, kMixUps[0].make), other = changed(list, kMixUps[2].make);
  for (const std::size_t i : {1u, 3u, 4u}) list[i] = swapped[i];
  for (const std::size_t i : {0u, 7u}) list[i] = other[i];
  folder.write("l.csv", csv_of(list));
  const std::string refused = message<FormatError>([&] { read_dataset(folder / "l.csv"); });
  CHECK(contains(refused, "the points of 5 of its 8 faces are mixed up; 3 of them, e.g. "));
  CHECK(
      contains(refused, std::string("face_1.png: the points are not in the scheme's order: ") + kMixUps[0].looks_like));
  CHECK(contains(refused, "; 2 of them, e.g. "));
  CHECK(contains(refused, kMixUps[2].looks_like));
  CHECK(contains(refused, "6 rejected"));  // the list, and each of the five
}

TEST_CASE("columns by axis without a header are refused and named") {
  const TempFolder folder;
  const std::vector<Listed> list = draw_into(folder.path(), 6);
  for (const bool y_first : {false, true}) {
    std::string csv;
    for (const Listed& face : list) csv += row(face, y_first, true);
    folder.write("l.csv", csv);
    CHECK(contains(message<FormatError>([&] { read_dataset(folder / "l.csv"); }),
                   y_first ? "all y stand before all x" : "all x stand before all y"));
  }
}

TEST_CASE("a face lying on its side or upside down is in order") {
  const Landmarks face = draw_face(1, 1).points;
  for (const float turn : {0.0f, 1.6f, 3.1f, -1.6f}) {
    const Affine map = Affine::rotation(turn) * Affine::scaling(7, 7);
    CHECK_FALSE(shape_problem(each(face, [&](Point p) { return map(p); })));
  }
}

TEST_CASE("no drawn face is refused") {
  float largest = 0;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Landmarks points = draw_face(77, i, {.size = 32}).points;
    largest = std::max(largest, shape_residual(points));
    REQUIRE_FALSE(shape_problem(points));
  }
  CHECK(largest < 0.55f);
  CHECK(largest > 0.2f);  // turned heads were among them
}
