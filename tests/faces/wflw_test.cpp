// Text lists of faces.
#include "lineament/faces/wflw.hpp"

#include "dataset_support.hpp"
#include "lineament/error.hpp"
#include "small_scheme.hpp"

using namespace lineament;
using namespace test;

namespace {

const std::string kNumbers = "10.5 20 30 20 20 30.25 12 40 28 40";
const std::string kMore = " 5 10 45 50 0 1 0 0 1 0 ";
const Landmarks kPlaces{{10.5f, 20}, {30, 20}, {20, 30.25f}, {12, 40}, {28, 40}};

Dataset parse(const std::string& text, const fs::path& folder = "") {
  return parse_wflw(text, "l.txt", folder, small_scheme());
}

std::string numbers(int count) {
  std::string s;
  for (int i = 0; i < count; ++i) s += std::to_string(i) + " ";
  return s;
}

}  // namespace

TEST_CASE("WFLW: the three forms of a line") {
  const auto [line, path, boxed] = GENERATE(table<std::string, std::string, bool>({
      {kNumbers + kMore + "37--Soccer/a 1.jpg", "37--Soccer/a 1.jpg", true},
      {kNumbers + " p/a.jpg", "p/a.jpg", false},
      {kNumbers + "\tmy  photo 2.jpg \r", "my  photo 2.jpg", false},
      {"p/a.jpg " + kNumbers, "p/a.jpg", false},
      {"my photo.jpg  " + kNumbers, "my photo.jpg", false},
  }));
  const Dataset data = parse("# points\n\n" + line + "\n" + line, "set");
  REQUIRE(data.faces.size() == 2);
  CHECK(data.rejected.empty());
  for (const Face& face : data.faces) {
    CHECK(face.points == kPlaces);
    CHECK(face.image == fs::path("set") / path);
    CHECK(face.photo == photo_id(path));
    CHECK(face.box.has_value() == boxed);
    if (boxed) CHECK(*face.box == Box{5, 10, 40, 40});
  }
}

TEST_CASE("WFLW: photos beside the list, or in the tree where the data set has them") {
  const TempFolder folder;
  folder.write("WFLW_images/a.jpg", "");
  folder.write("other/b.jpg", "");
  const fs::path list = folder.write("WFLW_annotations/list/l.txt",
                                     kNumbers + " a.jpg\n" + kNumbers + " other/b.jpg\n" + kNumbers + " c.jpg\n");
  const Dataset data = read_wflw(list, small_scheme());
  REQUIRE(data.faces.size() == 3);
  CHECK(fs::equivalent(data.faces[0].image, folder / "WFLW_images/a.jpg"));
  CHECK(fs::equivalent(data.faces[1].image, folder / "other/b.jpg"));
  CHECK(data.faces[2].image == folder / "WFLW_annotations/list/c.jpg");
}

TEST_CASE("WFLW: a bad line is reported, the rest is read") {
  std::string word = kNumbers, nan = kNumbers, attribute = kMore, small = kMore;
  word.replace(word.find("30.25"), 5, "ten");
  nan.replace(nan.find("30.25"), 5, "nan");
  attribute.replace(attribute.find(" 0 1"), 4, " 0 2");
  small.replace(small.find("45"), 2, "5");
  const Dataset data = parse(word + " a.jpg\n" + nan + " a.jpg\n" + kNumbers + " a.jpg\n" + kNumbers + " 1 a.jpg\n" +
                             kNumbers + attribute + "a.jpg\n" + kNumbers + small + "a.jpg\n" + kNumbers + "\n" +
                             numbers(136) + "a.jpg\n" + numbers(206) + "a.jpg\nREADME\na.jpg " + word + "\n");
  CHECK(data.faces.size() == 1);
  REQUIRE(data.rejected.size() == 10);
  const auto is = [&](std::size_t i, const std::string& file, const std::string& reason) {
    CAPTURE(i, data.rejected[i].file, data.rejected[i].reason);
    CHECK(data.rejected[i].file == file);
    CHECK(contains(data.rejected[i].reason, reason));
  };
  is(0, "l.txt:1", "got 'ten'");
  is(1, "l.txt:2", "not a finite number");
  is(2, "l.txt:4",
     "wanted 10 numbers and a path, in any order, or 20 numbers and a path (WFLW's lists), got 11 numbers");
  is(3, "l.txt:5", "got '2'");
  is(4, "l.txt:6", "no size");
  is(5, "l.txt:7", "no path");
  is(6, "l.txt:8", "these are 68 points: give --scheme FILE for them");
  is(7, "l.txt:9", "these are 98 points: give --scheme FILE for them");
  is(8, "l.txt:10", "1 word");
  is(9, "l.txt:11", "got 'ten'");
}

TEST_CASE("WFLW: a list without lines is refused") {
  CHECK(contains(message<FormatError>([] { parse("\n# nothing\n"); }), "l.txt: the list has no line"));
}
