// dlib's imglab XML, in and out.
#include "lineament/faces/imglab.hpp"

#include <limits>

#include "dataset_support.hpp"
#include "lineament/error.hpp"

using namespace lineament;
using namespace test;

namespace {

std::string image(const std::string& file, const std::string& boxes) {
  return "<image file='" + file + "'>\n" + boxes + "</image>\n";
}

}  // namespace

TEST_CASE("imglab: boxes, part names '0' and '00', any order") {
  const std::string xml =
      sample_imglab(image("p/a_1.jpg", sample_box(sample_parts(true)) + sample_box(sample_parts(false, true))) +
                    image("b.png", sample_box(sample_parts(true, true))));
  const Dataset data = parse_imglab(xml, "l.xml", "set");
  REQUIRE(data.faces.size() == 3);
  CHECK(data.rejected.empty());
  for (const Face& face : data.faces) {
    CHECK(face.points == sample_points());
    REQUIRE(face.box);
    CHECK(*face.box == Box{9.5f, 19.5f, 68, 34});  // pixels 10 … 77 and 20 … 53
  }
  CHECK(data.faces[0].image == fs::path("set/p/a_1.jpg"));
  CHECK(data.faces[0].photo == data.faces[1].photo);
  CHECK(data.faces[2].photo == "b");
}

TEST_CASE("imglab: ignored boxes are passed over, unusable ones are reported and the rest is read") {
  const std::string parts = sample_parts(true);
  std::string short_of_one = parts.substr(0, parts.rfind("<part"));
  std::string doubled = parts + "<part name='3' x='1' y='1'/>", word = parts,
              surplus = parts + "<part name='68' x='1' y='1'/>";
  word.replace(word.find("x='10"), 5, "x='ab");
  const std::string xml = sample_imglab(
      image("a.jpg", sample_box("", " ignore='1'") + sample_box(short_of_one) + sample_box(doubled) + sample_box(word) +
                         sample_box(surplus) + sample_box("") + "<box top='1' left='1' width='0' height='5'>" + parts +
                         "</box>" + "<box top='1' left='1' height='5'>" + parts + "</box>" + sample_box(parts)) +
      image("empty.jpg", "") + "<image>" + sample_box(parts) + "</image>");
  const Dataset data = parse_imglab(xml, "l.xml", "");
  REQUIRE(data.faces.size() == 2);
  CHECK(data.faces[0].image == fs::path("a.jpg"));
  CHECK_FALSE(is_known(data.faces[0].points[67]));  // its part is not there
  CHECK(is_known(data.faces[0].points[66]));
  REQUIRE(data.rejected.size() == 8);
  const auto is = [&](std::size_t i, const std::string& file, const std::string& reason) {
    CAPTURE(i, data.rejected[i].file, data.rejected[i].reason);
    CHECK(data.rejected[i].file == file);
    CHECK(contains(data.rejected[i].reason, reason));
  };
  is(0, "l.xml: a.jpg, box 3", "stands twice");
  is(1, "l.xml: a.jpg, box 4", "not a number");
  is(2, "l.xml: a.jpg, box 5", "'68'");
  is(3, "l.xml: a.jpg, box 6", "no parts");
  is(4, "l.xml: a.jpg, box 7", "no size");
  is(5, "l.xml: a.jpg, box 8", "'width'");
  is(6, "l.xml: empty.jpg", "no <box>");
  is(7, "l.xml", "no 'file'");
}

TEST_CASE("imglab: what is not XML or not imglab's is refused") {
  CHECK(contains(message<FormatError>([] { parse_imglab("<dataset><images>\n<image file='a'", "l.xml", ""); }),
                 "l.xml:"));
  CHECK(contains(message<FormatError>([] { parse_imglab("", "l.xml", ""); }), "not XML"));
  CHECK(contains(message<FormatError>([] { parse_imglab("plain text", "l.xml", ""); }), "l.xml"));
  CHECK(contains(message<FormatError>([] { parse_imglab("<annotation/>", "l.xml", ""); }), "<annotation>"));
  CHECK(parse_imglab("<dataset><images/></dataset>", "l.xml", "").faces.empty());
}

TEST_CASE("imglab: written files come back; whole pixels for dlib, every bit on request") {
  const TempFolder folder;
  std::vector<Face> faces;
  faces.push_back({folder / "in/a&b.jpg", sample_points(0.3f, 0.1f), Box{9.5f, 19.5f, 68, 34}, "in/a&b"});
  faces.push_back({folder / "in/a&b.jpg", sample_points(-20.7f), Box{0.1f, 2.3f, 44.4f, 55.5f}, "in/a&b"});
  faces.push_back({folder / "c.jpg", sample_points(), std::nullopt, "c"});

  write_imglab(folder / "l.xml", faces, {.whole_pixels = false});
  Dataset data = read_imglab(folder / "l.xml");
  REQUIRE(data.faces.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(data.faces[i].image == faces[i].image);
    CHECK(data.faces[i].points == faces[i].points);
    CHECK(data.faces[i].photo == faces[i].photo);
  }
  CHECK(*data.faces[0].box == *faces[0].box);
  CHECK(data.faces[1].box->x == Approx(0.1f));
  CHECK(data.faces[1].box->width == 44.4f);
  CHECK(*data.faces[2].box == Box{10, 20, 65.5f, 63.75f});  // around the points

  write_imglab(folder / "l.xml", faces);
  data = read_imglab(folder / "l.xml");
  REQUIRE(data.faces.size() == 3);
  CHECK(data.faces[0].points[1] == Point{11, 39});  // 10.925, 39.35
  CHECK(*data.faces[0].box == *faces[0].box);
  CHECK(!contains(read_text(folder / "l.xml"), ".3"));
  CHECK(contains(read_text(folder / "l.xml"), "<part name=\"00\" x=\"10\" y=\"31\" />"));

  faces[2].points[9].x = std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS(format_imglab(faces, folder.path()), ArgumentError);
}
