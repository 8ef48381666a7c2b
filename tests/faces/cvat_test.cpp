// CVAT's XML, and which XML is which.
#include "lineament/faces/cvat.hpp"

#include "dataset_support.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/xml.hpp"
#include "small_scheme.hpp"

using namespace lineament;
using namespace test;

namespace {

const std::string kList = "10.5,20.5;30.5,20.5;20.5,30.5;12.5,40.5;28.5,40.5";
const Landmarks kPlaces{{10, 20}, {30, 20}, {20, 30}, {12, 40}, {28, 40}};

std::string cvat(const std::string& images) {
  return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n<version>1.1</version>\n<meta/>\n" + images +
         "</annotations>\n";
}
std::string image(const std::string& name, const std::string& shapes) {
  return "<image id=\"0\" name=\"" + name + "\" width=\"640\" height=\"480\">\n" + shapes + "</image>\n";
}
std::string list(const std::string& points, const std::string& more = "") {
  return "<points label=\"face\" occluded=\"0\" points=\"" + points + "\"" + more + "></points>\n";
}
std::string box(double left, double top, double right, double bottom, const std::string& more = "") {
  return "<box label=\"face\" xtl=\"" + std::to_string(left) + "\" ytl=\"" + std::to_string(top) + "\" xbr=\"" +
         std::to_string(right) + "\" ybr=\"" + std::to_string(bottom) + "\"" + more + "></box>\n";
}
std::string element(const std::string& label, const std::string& point, bool outside = false) {
  return "<points label=\"" + label + "\" outside=\"" + (outside ? "1" : "0") + "\" occluded=\"1\" points=\"" + point +
         "\"></points>\n";
}
std::string skeleton(const std::string& elements) {
  return "<skeleton label=\"face\" z_order=\"0\">\n" + elements + "</skeleton>\n";
}

Dataset parse(const std::string& xml) {
  return parse_xml(xml, "l.xml", "set", small_scheme());
}

}  // namespace

TEST_CASE("CVAT: a list of points, the photo's size, pixel centres") {
  const Dataset data = parse(cvat(image("p/a_1.jpg", list(kList))));
  CHECK(data.rejected.empty());
  REQUIRE(data.faces.size() == 1);
  const Face& face = data.faces[0];
  CHECK(face.points == kPlaces);
  CHECK(face.image == fs::path("set/p/a_1.jpg"));
  CHECK(face.photo == "p/a_1");
  CHECK(face.width == 640);
  CHECK(face.height == 480);
  CHECK(!face.box);
}

TEST_CASE("CVAT: skeletons by names or numbers from 0 or 1, points outside") {
  const auto [labels, from_one] = GENERATE(table<std::vector<std::string>, bool>({
      {{"left eye", "right eye", "nose", "left mouth", "right mouth"}, false},
      {{"0", "1", "2", "3", "4"}, false},
      {{"1", "2", "3", "4", "5"}, true},
      {{"00", "right eye", "02", "3", "4"}, false},
  }));
  const std::string xml =
      cvat(image("a.jpg", skeleton(element(labels[4], "28.5,40.5") + element(labels[0], "10.5,20.5") +
                                   element(labels[2], "20.5,30.5", true) + element(labels[1], "30.5,20.5"))));
  const Dataset data = parse(xml);
  CHECK(data.rejected.empty());
  REQUIRE(data.faces.size() == 1);
  CHECK(same(data.faces[0].points, {{10, 20}, {30, 20}, kUnknownPoint, kUnknownPoint, {28, 40}}));
  CHECK(data.notes.size() == (from_one ? 1 : 0));
}

TEST_CASE("CVAT: which box is a face's") {
  const std::string own = box(5.5, 10.5, 40.5, 50.5), far = box(200, 200, 300, 300), half = box(0, 0, 40, 25);
  const Box expected{5, 10, 35, 40};
  CHECK(*parse(cvat(image("a.jpg", own + list(kList)))).faces[0].box == expected);
  CHECK(*parse(cvat(image("a.jpg", far + half + list(kList) + own))).faces[0].box == expected);
  CHECK(!parse(cvat(image("a.jpg", far + half + list(kList)))).faces[0].box);
  CHECK(!parse(cvat(image("a.jpg", box(5.5, 10.5, 40.5, 50.5, " rotation=\"30\"") + list(kList)))).faces[0].box);
  const std::string second = " group_id=\"2\"";
  const Dataset grouped = parse(cvat(
      image("a.jpg", own + box(200, 200, 300, 300, second) + list(kList, second) + list(kList, " group_id=\"3\""))));
  REQUIRE(grouped.faces.size() == 2);
  CHECK(*grouped.faces[0].box == Box{199.5f, 199.5f, 100, 100});
  CHECK(*grouped.faces[1].box == expected);
}

TEST_CASE("CVAT: a bad face is reported, the rest is read") {
  const Dataset data = parse(
      cvat(image("a.jpg", list("1,2;3,4") + list("1,2;3,x;5,6;7,8;9,10") + list(kList) + list("1,2;3;5,6;7,8;9,10") +
                              skeleton(element("6", "1,2")) + skeleton(element("0", "1,2") + element("0", "3,4")) +
                              skeleton(element("0", "1,2;3,4")) + skeleton(element("0", "1,2", true)) +
                              list("1,2;3,4;5,6;7,8;nan,10") + box(5, 5, 1, 1)) +
           image("empty.jpg", "") + "<image>" + list(kList) + "</image>"));
  CHECK(data.faces.size() == 1);
  REQUIRE(data.rejected.size() == 11);
  const auto is = [&](std::size_t i, const std::string& file, const std::string& reason) {
    CAPTURE(i, data.rejected[i].file, data.rejected[i].reason);
    CHECK(data.rejected[i].file == file);
    CHECK(contains(data.rejected[i].reason, reason));
  };
  is(0, "l.xml: a.jpg, box 1", "no size");
  is(1, "l.xml: a.jpg, face 1", "got 2");
  is(2, "l.xml: a.jpg, face 2", "'x'");
  is(3, "l.xml: a.jpg, face 4", "\"x,y\"");
  is(4, "l.xml: a.jpg, face 5", "unknown label");
  is(5, "l.xml: a.jpg, face 6", "stands twice");
  is(6, "l.xml: a.jpg, face 7", "not a point");
  is(7, "l.xml: a.jpg, face 8", "no points");
  is(8, "l.xml: a.jpg, face 9", "not a finite number");
  is(9, "l.xml: empty.jpg", "annotate");
  is(10, "l.xml", "no 'name'");
}

TEST_CASE("CVAT: a name that two images have is nobody's") {
  const Dataset data =
      parse(cvat(image("a.jpg", list(kList)) + image("b.jpg", list(kList)) + image("a.jpg", list(kList))));
  REQUIRE(data.faces.size() == 1);
  CHECK(data.faces[0].image.filename() == "b.jpg");
  REQUIRE(data.rejected.size() == 2);
  CHECK(contains(data.rejected[0].reason, "two <image>s have this name"));
}

TEST_CASE("XML: the root tells the kind; others are refused") {
  const TempFolder folder;
  const fs::path imglab = folder.write(
      "l.xml", sample_imglab("<image file='a.jpg'><box top='1' left='1' width='9' height='9'><part name='nose' x='3' "
                             "y='4'/></box></image>"));
  const Dataset data = read_xml(imglab, small_scheme());
  REQUIRE(data.faces.size() == 1);
  CHECK(data.faces[0].points[2] == Point{3, 4});
  CHECK(read_cvat(folder.write("c.xml", cvat(image("a.jpg", list(kList)))), small_scheme()).faces.size() == 1);
  const auto [xml, expected] = GENERATE(table<std::string, std::string>({
      {"", "l.xml:1: the file is not XML"},
      {"<annotations>\n<image", "l.xml:2: the file is not XML"},
      {"<annotation/>", "Pascal VOC"},
      {"<svg/>", "got <svg>"},
      {"<annotations><track/></annotations>", "CVAT for video"},
      {"<annotations/>", "no photo"},
  }));
  const std::string said = message<FormatError>([&, &text = xml] { parse(text); });
  CAPTURE(said);
  CHECK(contains(said, expected));
  CHECK(!contains(said, "\n"));
  CHECK(contains(message<FormatError>([] { parse_cvat("<dataset/>", "l.xml", ""); }), "got <dataset>"));
}
