// JSON lists of faces: this library's own, COCO's keypoints, Label Studio's exports.
#include <limits>

#include "dataset_support.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/json.hpp"
#include "small_scheme.hpp"

using namespace lineament;
using namespace test;

namespace {

Dataset parse(const std::string& text, const fs::path& folder = "") {
  return parse_json(text, "f.json", folder, small_scheme());
}

void check_rejected(const Dataset& data, std::size_t i, const std::string& file, const std::string& reason) {
  REQUIRE(i < data.rejected.size());
  CAPTURE(i, data.rejected[i].file, data.rejected[i].reason);
  CHECK(data.rejected[i].file == file);
  CHECK(contains(data.rejected[i].reason, reason));
}

std::string coco(const std::string& annotations, const std::string& more = "") {
  return "{\"images\": [{\"id\": 7, \"file_name\": \"p/a_1.jpg\", \"width\": 640, \"height\": 480}, {\"id\": 8, "
         "\"file_name\": \"b.jpg\"}], \"annotations\": [" +
         annotations + "]" + more + "}";
}
const std::string kKeypoints = "[1,2,2, 3.5,4,1, 0,0,0, 7,8,2, 9,10,2]";
std::string keypoints(const std::string& list, const std::string& more = "") {
  return "{\"id\": 3, \"image_id\": 7, \"category_id\": 1, \"keypoints\": " + list + more + "}";
}

/// A keypoint of Label Studio, in a photo of 200 x 100.
std::string mark(const std::string& label, double x, double y, const std::string& more = "") {
  return "{\"id\": \"k" + label +
         "\", \"type\": \"keypointlabels\", \"original_width\": 200, \"original_height\": 100, "
         "\"image_rotation\": 0, \"value\": {\"x\": " +
         std::to_string(x) + ", \"y\": " + std::to_string(y) + ", \"width\": 0.5, \"keypointlabels\": [\"" + label +
         "\"]}" + more + "}";
}
std::string rectangle(const std::string& id, const std::string& more = "") {
  return "{\"id\": \"" + id +
         "\", \"type\": \"rectanglelabels\", \"original_width\": 200, \"original_height\": 100, "
         "\"value\": {\"x\": 10, \"y\": 20, \"width\": 25, \"height\": 50, \"rotation\": 0, \"rectanglelabels\": "
         "[\"face\"]" +
         more + "}}";
}
std::string five(const std::string& more = "") {
  return mark("0", 10, 20, more) + "," + mark("right eye", 20, 20, more) + "," + mark("2", 15, 30, more) + "," +
         mark("4", 20, 40, more);
}
std::string task(const std::string& image, const std::string& results, int id = 1) {
  return "{\"id\": " + std::to_string(id) + ", \"data\": {\"image\": \"" + image +
         "\"}, \"annotations\": [{\"id\": 9, \"was_cancelled\": false, \"result\": [" + results + "]}]}";
}

}  // namespace

TEST_CASE("JSON of this library comes back") {
  const TempFolder folder;
  folder.write("c.jpg", "");
  std::vector<Face> faces(2);
  faces[0] = {"a \"b\".jpg", {{0.1f, -0.3f}, {2, 3}, kUnknownPoint, {1e-7f, 4e6f}, {5, 6}}, Box{-0.5f, 1.1f, 2, 3}, ""};
  faces[1] = {folder / "c.jpg", Landmarks(5, {1, 2}), std::nullopt, ""};
  const std::string text = format_json(faces);
  CHECK(contains(text, "[2, 3], null, ["));
  const Dataset data = parse(text);
  CHECK(data.rejected.empty());
  REQUIRE(data.faces.size() == 2);
  for (std::size_t f = 0; f < 2; ++f) {
    CHECK(data.faces[f].image == faces[f].image);
    CHECK(data.faces[f].box == faces[f].box);
    CHECK(same(data.faces[f].points, faces[f].points));
  }
  write_json(folder / "r.json", faces);
  CHECK(read_json(folder / "r.json", small_scheme()).faces[0].image == folder / "a \"b\".jpg");
  CHECK(parse(format_json({})).faces.empty());

  faces[0].points[2].x = 1;  // half of a point
  CHECK_THROWS_AS(format_json(faces), ArgumentError);
  faces[0].points[2] = {1, std::numeric_limits<float>::infinity()};
  CHECK_THROWS_AS(format_json(faces), ArgumentError);
}

TEST_CASE("JSON of this library: a bad face is reported, the rest is read") {
  const std::string good = "{\"image\": \"a.jpg\", \"box\": null, \"points\": [[1,2],[3,4],[null,null],null,[9,10]]}";
  const Dataset data = parse(
      "{\"format\": \"lineament-faces\", \"version\": 1, \"faces\": [{\"image\": \"a.jpg\", \"points\": [[1, 2]]}, "
      "5, " +
      good +
      ", {\"image\": \"a.jpg\", \"points\": [[1,2],[3,4],[\"5\",6],[7,8],[9,10]]}, {\"image\": \"a.jpg\", "
      "\"box\": [1, 2, 0, 4], \"points\": [[1,2],[3,4],[5,6],[7,8],[9,10]]}]}");
  REQUIRE(data.faces.size() == 1);
  CHECK(same(data.faces[0].points, {{1, 2}, {3, 4}, kUnknownPoint, kUnknownPoint, {9, 10}}));
  REQUIRE(data.rejected.size() == 4);
  check_rejected(data, 0, "f.json: face 1", "wanted 5, got 1");
  check_rejected(data, 1, "f.json: face 2", "no photo");
  check_rejected(data, 2, "f.json: face 4", "[x, y] or null");
  check_rejected(data, 3, "f.json: face 5", "no size");
}

TEST_CASE("COCO: points, missing points, boxes, sizes") {
  const Dataset data = parse(
      coco(keypoints(kKeypoints, ", \"bbox\": [0, 1, 10.5, 20], \"num_keypoints\": 4") + "," +
           keypoints(kKeypoints, ", \"bbox\": [0, 0, 0, 0]") + "," + keypoints("[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]") +
           "," + keypoints("[]", ", \"iscrowd\": 1") + ", {\"image_id\": 7}"),
      "set");
  CHECK(data.rejected.empty());
  REQUIRE(data.faces.size() == 2);
  const Face& face = data.faces[0];
  CHECK(same(face.points, {{1, 2}, {3.5f, 4}, kUnknownPoint, {7, 8}, {9, 10}}));
  CHECK(*face.box == Box{-0.5f, 0.5f, 10.5f, 20});
  CHECK(face.image == fs::path("set/p/a_1.jpg"));
  CHECK(face.photo == "p/a_1");
  CHECK(face.width == 640);
  CHECK(face.height == 480);
  CHECK(!data.faces[1].box);
  REQUIRE(data.notes.size() == 2);
  CHECK(contains(data.notes[0], "photos without points of a face: 1"));
  CHECK(contains(data.notes[1], "without points of a face or of a crowd: 3"));
}

TEST_CASE("COCO: a category's names tell the order of the points") {
  const auto with = [](const std::string& names) {
    return parse(coco(keypoints(kKeypoints),
                      ", \"categories\": [{\"id\": 1, \"name\": \"face\", \"keypoints\": [" + names + "]}]"));
  };
  const Landmarks as_listed{{1, 2}, {3.5f, 4}, kUnknownPoint, {7, 8}, {9, 10}};
  Dataset data = with("\"nose\", \"right eye\", \"left eye\", \"left mouth\", \"right mouth\"");
  REQUIRE(data.faces.size() == 1);
  CHECK(same(data.faces[0].points, {kUnknownPoint, {3.5f, 4}, {1, 2}, {7, 8}, {9, 10}}));
  CHECK(contains(data.notes[0], "'face'"));
  data = with("\"nose\", \"right eye\", \"left eye\", \"left mouth\", \"chin\"");  // names of some other scheme
  CHECK(same(data.faces[0].points, as_listed));
  CHECK(contains(data.notes.at(0), "only some names are the scheme's, and 'chin' is not"));
  data = with("\"nose\", \"nose\", \"left eye\", \"left mouth\", \"right mouth\"");
  CHECK(same(data.faces[0].points, as_listed));
}

TEST_CASE("COCO-WholeBody: the face's points beside those of the body") {
  std::string points;
  for (int i = 0; i < kPoints; ++i) points += (i ? "," : "") + std::to_string(i) + "," + std::to_string(2 * i) + ",1.0";
  const std::string body = ", \"face_kpts\": [" + points + "], \"face_box\": [10, 20, 30, 40], \"bbox\": [0, 0, 9, 9]";
  const Dataset data = parse_json(coco(keypoints("[1, 2, 2]", body + ", \"face_valid\": true, \"num_keypoints\": 0") +
                                       "," + keypoints("[1, 2, 2]", body + ", \"face_valid\": false")),
                                  "f.json", "");
  CHECK(data.rejected.empty());
  REQUIRE(data.faces.size() == 1);
  CHECK(data.faces[0].points[67] == Point{67, 134});
  CHECK(*data.faces[0].box == Box{9.5f, 19.5f, 30, 40});
}

TEST_CASE("COCO: a bad annotation is reported, the rest is read") {
  std::string stranger = keypoints(kKeypoints);
  stranger.replace(stranger.find("\"image_id\": 7"), 13, "\"image_id\": 9");
  const Dataset data =
      parse(coco(keypoints("[1,2,2, 3,4,1]") + "," + keypoints("[\"1\",2,2, 3,4,1, 0,0,0, 7,8,2, 9,10,2]") + "," +
                 stranger + "," + keypoints(kKeypoints, ", \"bbox\": [1, 2, -3, 4]") + "," + keypoints(kKeypoints)));
  CHECK(data.faces.size() == 1);
  REQUIRE(data.rejected.size() == 4);
  check_rejected(data, 0, "f.json: annotation 3", "wanted 5 times x, y, v, got 6 numbers (2 points)); give --scheme");
  check_rejected(data, 1, "f.json: annotation 3", "point 0 is not a point");
  check_rejected(data, 2, "f.json: annotation 3", "not listed");
  check_rejected(data, 3, "f.json: annotation 3", "no size");
}

TEST_CASE("Label Studio: percent to pixels, names and numbers, missing points, the rectangle") {
  const auto text = GENERATE(
      "[" + task("photos/a.jpg", five() + "," + rectangle("r")) + "]",
      task("photos/a.jpg", rectangle("r") + "," + five()),
      // JSON-MIN
      std::string("[{\"id\": 1, \"image\": \"photos/a.jpg\", \"annotator\": 1, \"kp\": [") +
          "{\"x\": 10, \"y\": 20, \"keypointlabels\": [\"0\"], \"original_width\": 200, \"original_height\": 100},"
          "{\"x\": 20, \"y\": 20, \"keypointlabels\": [\"1\"], \"original_width\": 200, \"original_height\": 100},"
          "{\"x\": 15, \"y\": 30, \"keypointlabels\": [\"nose\"], \"original_width\": 200, \"original_height\": 100},"
          "{\"x\": 20, \"y\": 40, \"keypointlabels\": [\"4\"], \"original_width\": 200, \"original_height\": 100}],"
          "\"box\": [{\"x\": 10, \"y\": 20, \"width\": 25, \"height\": 50, \"rectanglelabels\": [\"face\"], "
          "\"original_width\": 200, \"original_height\": 100}]}]");
  const Dataset data = parse(text, "set");
  CHECK(data.rejected.empty());
  CHECK(data.notes.empty());
  REQUIRE(data.faces.size() == 1);
  const Face& face = data.faces[0];
  CHECK(same(face.points, {{19.5f, 19.5f}, {39.5f, 19.5f}, {29.5f, 29.5f}, kUnknownPoint, {39.5f, 39.5f}}));
  CHECK(*face.box == Box{19.5f, 19.5f, 50, 50});
  CHECK(face.image == fs::path("set/photos/a.jpg"));
  CHECK(face.photo == "photos/a");
  CHECK(face.width == 200);
  CHECK(face.height == 100);
}

TEST_CASE("Label Studio: faces by their rectangles; numbers from 1") {
  const std::string second = ", \"parentID\": \"s\"";
  Dataset data =
      parse("[" +
            task("a.jpg", five(", \"parentID\": \"r\"") + "," + five(second) + "," + rectangle("r") + "," +
                              rectangle("s", ", \"rotation\": 9") + "," + rectangle("t") + "," + mark("1", 2, 3)) +
            "]");
  REQUIRE(data.faces.size() == 2);
  CHECK(data.faces[0].box);
  CHECK(!data.faces[1].box);  // turned
  REQUIRE(data.rejected.size() == 2);
  check_rejected(data, 0, "f.json: task 1", "no points");
  check_rejected(data, 1, "f.json: task 1", "1 points belong to no face");

  data = parse("[" + task("a.jpg", mark("1", 10, 20) + "," + mark("5", 20, 30)) + "]");
  REQUIRE(data.faces.size() == 1);
  CHECK(is_known(data.faces[0].points[0]));
  CHECK(is_known(data.faces[0].points[4]));
  REQUIRE(data.notes.size() == 1);
  CHECK(contains(data.notes[0], "from 1 to 5"));
}

TEST_CASE("Label Studio: the photo is found by what its server calls it") {
  const TempFolder folder;
  folder.write("photo.jpg", "");
  folder.write("dir/my photo.jpg", "");
  const auto [name, file] = GENERATE(table<std::string, std::string>({
      {"/data/upload/3/ab12cd34-photo.jpg", "photo.jpg"},
      {"/data/upload/3/photo.jpg", "photo.jpg"},
      {"/data/local-files/?d=dir/my%20photo.jpg", "dir/my photo.jpg"},
      {"http://host:8080/data/local-files/?d=far/dir/my%20photo.jpg", "dir/my photo.jpg"},
      {"s3://bucket/dir/my%20photo.jpg?x=1", "dir/my photo.jpg"},
      {"https://host/x/photo.jpg", "photo.jpg"},
      {"dir/my photo.jpg", "dir/my photo.jpg"},
      {"/data/upload/3/ab12cd34-other.jpg", "ab12cd34-other.jpg"},
      {"/data/upload/3/zz12cd34-photo.jpg", "zz12cd34-photo.jpg"},
  }));
  CAPTURE(name);
  const Dataset data = parse("[" + task(name, five()) + "]", folder.path());
  REQUIRE(data.faces.size() == 1);
  CHECK(data.faces[0].image == folder / file);
}

TEST_CASE("Label Studio: what cannot be used is reported, the rest is read") {
  const TempFolder folder;
  folder.write("photo.jpg", "");
  folder.write("good.jpg", "");
  std::string turned = five(), unsized = five(), word = five();
  turned.replace(turned.find("\"image_rotation\": 0"), 19, "\"image_rotation\": 90");
  unsized.replace(unsized.find("200"), 3, "0");
  word.replace(word.find("10.000000"), 9, "\"a\"");
  const Dataset data = parse("[" + task("good.jpg", turned, 1) + "," + task("good.jpg", unsized, 2) + "," +
                                 task("good.jpg", five() + "," + mark("0", 1, 1), 3) + "," +
                                 task("good.jpg", mark("6", 1, 1), 4) + "," + task("good.jpg", "", 5) + "," +
                                 task("", five(), 6) + "," + task("/data/upload/1/ab12cd34-photo.jpg", five(), 7) +
                                 "," + task("/data/upload/1/12345678-photo.jpg", five(), 8) + "," +
                                 task("good.jpg", five(), 9) + ", 5," + task("good.jpg", word, 11) + "]",
                             folder.path());
  REQUIRE(data.faces.size() == 1);
  CHECK(data.faces[0].image == folder / "good.jpg");
  REQUIRE(data.rejected.size() == 10);
  check_rejected(data, 0, "f.json: task 1", "turned");
  check_rejected(data, 1, "f.json: task 2", "original_width");
  check_rejected(data, 2, "f.json: task 3", "stands twice");
  check_rejected(data, 3, "f.json: task 4", "unknown label");
  check_rejected(data, 4, "f.json: task 5", "no points");
  check_rejected(data, 5, "f.json: task 6", "no photo");
  check_rejected(data, 6, "f.json: task number 10", "no photo");
  check_rejected(data, 7, "f.json: task 11", "not a number");
  check_rejected(data, 8, (folder / "photo.jpg").string(), "photos of different tasks");
  check_rejected(data, 9, (folder / "photo.jpg").string(), "12345678");
}

TEST_CASE("Label Studio: of several annotations, the ground truth is read, or the first") {
  const auto annotation = [](const std::string& more, double x) {
    return "{\"result\": [" + mark("0", x, 50) + "]" + more + "}";
  };
  const std::string head = "[{\"data\": {\"other\": 1, \"url\": \"a.jpg\"}, \"annotations\": [";
  const auto [annotations, x] = GENERATE_COPY(table<std::string, float>({
      {annotation("", 10) + "," + annotation("", 20), 19.5f},
      {annotation("", 10) + "," + annotation(", \"ground_truth\": true", 20), 39.5f},
      {annotation(", \"was_cancelled\": true", 10) + "," + annotation("", 20), 39.5f},
  }));
  const Dataset data = parse(head + annotations + "]}]");
  REQUIRE(data.faces.size() == 1);
  CHECK(data.faces[0].points[0] == Point{x, 49.5f});
}

TEST_CASE("JSON: what is of no known kind is refused in one line") {
  const auto [text, expected] = GENERATE(table<std::string, std::string>({
      {"", "f.json: the file is empty"},
      {"{\n\"images\": [", "f.json:2, column 12: the file is not JSON"},
      {"[]", "got a list of 0"},
      {"5", "got a number"},
      {"{}", "an empty object"},
      {"{\"shapes\": [], \"flags\": {}}", "'flags', 'shapes'"},
      {"{\"version\": 2, \"landmarks\": {}}", ".ljson"},
      {"{\"format\": \"lineament-faces\", \"version\": 2}", "got 2"},
      {"{\"format\": \"lineament-faces\", \"version\": 1}", "no list of faces"},
      {std::string(100000, '['), "nested too deeply"},
      {std::string(60, '[') + std::string(60, ']'), "a list of 1"},
  }));
  const std::string said = message<FormatError>([&, &text = text] { parse(text); });
  CAPTURE(said);
  CHECK(contains(said, expected));
  CHECK(!contains(said, "\n"));
}
