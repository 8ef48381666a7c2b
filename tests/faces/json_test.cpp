// menpo's .ljson in, results as JSON out.
#include "lineament/faces/json.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "dataset_support.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/ljson.hpp"

using namespace lineament;
using namespace test;

namespace {

std::string version_2(const std::string& points) {
  return "{\"labels\": [{\"label\": \"all\", \"mask\": [0, 1]}], \"landmarks\": {\"connectivity\": [[0, 1]], "
         "\"points\": " +
         points + "}, \"version\": 2}";
}
std::string group(const std::string& name, const std::string& points) {
  return "\"" + name + "\": {\"labels\": [], \"landmarks\": {\"points\": " + points + "}}";
}
std::string version_3(const std::string& groups) {
  return "{\"groups\": {" + groups + "}, \"version\": 3}";
}

}  // namespace

TEST_CASE("LJSON: versions 1, 2 and 3; points are [y, x]") {
  CHECK(parse_ljson(version_2("[[20, 10]" + sample_yx().substr(sample_yx().find("]") + 1)))[0] == Point{10, 20});
  CHECK(parse_ljson(version_2(sample_yx())) == sample_points());
  CHECK(parse_ljson(version_3(group("LJSON", sample_yx()))) == sample_points());
  CHECK(parse_ljson(version_3(group("eyes", "[[1, 2], [3, 4]]") + "," + group("PTS", sample_yx()))) == sample_points());
  const std::string both =
      version_3(group("a", "[[1, 2]]") + "," + group("b", sample_yx()) + "," + group("c", sample_yx()));
  CHECK(parse_ljson(both, "f", "c") == sample_points());
  CHECK(contains(message<FormatError>([&] { parse_ljson(both, "f"); }), "several groups"));
  CHECK(contains(message<FormatError>([&] { parse_ljson(both, "f", "d"); }), "wanted 'd'"));
  CHECK(contains(message<FormatError>([&] { parse_ljson(both, "f", "a"); }), "got 1 points"));

  std::string first, second;
  int i = 0;
  for (const Point& p : sample_points()) {
    std::string& list = i++ < 17 ? first : second;
    list += (list.empty() ? "" : ",") + ("{\"point\": [" + std::to_string(p.y) + "," + std::to_string(p.x) + "]}");
  }
  CHECK(parse_ljson("{\"version\": 1, \"groups\": [{\"label\": \"chin\", \"landmarks\": [" + first +
                    "]}, {\"label\": \"rest\", \"landmarks\": [" + second + "]}]}") == sample_points());
}

TEST_CASE("LJSON: a point that is null is not known") {
  std::string missing = sample_yx();
  missing.replace(missing.find("[30.875000, 10.000000]"), 22, "[null, null]");
  const Landmarks points = parse_ljson(version_2(missing));
  CHECK_FALSE(is_known(points[0]));
  CHECK(points[1] == sample_points()[1]);
}

TEST_CASE("LJSON: malformed files are refused in one line") {
  std::string three = sample_yx(), word = sample_yx(), fewer = sample_yx();
  three.replace(three.find("30.875000, 10.000000"), 20, "1, 2, 3");
  word.replace(word.find("30.875000"), 9, "\"a\"");
  fewer.erase(fewer.find("[30.875000, 10.000000], "), 24);
  const auto [text, expected] = GENERATE_COPY(table<std::string, std::string>({
      {version_2(three), "point 0"},
      {version_2(word), "point 0"},
      {version_2(fewer), "wanted 68 points, got 67 points"},
      {version_2(sample_yx()).substr(0, 900), "f:1, column 901: the file is not JSON"},
      {"\n\n{\"version\": 2,", "f:3, column 15: the file is not JSON"},
      {"{\"version\": 4}", "got 4"},
      {"{\"version\": {}}", "no version number"},
      {"[]", "version"},
      {"{\"version\": 2}", "no list of points"},
      {"{\"version\": 3, \"groups\": []}", "no group"},
      {"{\"version\": 2, \"landmarks\": 5}", "no list of points"},
      {version_2("[1e999]"), "not JSON"},
      {std::string(100000, '['), "nested too deeply"},
      {std::string(60, '[') + std::string(60, ']'), "version"},
      {std::string(2 << 20, ' '), "too large"},
      {"", "the file is empty"},
  }));
  const std::string said = message<FormatError>([&, &text = text] { parse_ljson(text, "f"); });
  CAPTURE(said);
  CHECK(contains(said, expected));
  CHECK(!contains(said, "\n"));
}

TEST_CASE("LJSON: files") {
  const TempFolder folder;
  CHECK(read_ljson(folder.write("a.ljson", version_2(sample_yx()))) == sample_points());
  CHECK_THROWS_AS(read_ljson(folder / "b.ljson"), FileError);
}

TEST_CASE("JSON results: the schema, and every bit of a float") {
  const TempFolder folder;
  std::vector<Face> faces(2);
  faces[0] = {"a \"b\"\\\n\xFF.jpg", sample_points(0.1f, -0.3f), Box{-0.5f, 1.1f, 2, 3}, ""};
  faces[1] = {"c.jpg", sample_points(), std::nullopt, ""};
  write_json(folder / "r.json", faces);
  const auto json = nlohmann::json::parse(read_text(folder / "r.json"));
  CHECK(json["format"] == "lineament-faces");
  CHECK(json["version"] == 1);
  REQUIRE(json["faces"].size() == 2);
  CHECK(json["faces"][0]["image"] == "a \"b\"\\\n\xEF\xBF\xBD.jpg");
  CHECK(json["faces"][0]["box"] == nlohmann::json({-0.5, 1.1, 2, 3}));
  CHECK(json["faces"][1]["box"].is_null());
  for (std::size_t f = 0; f < 2; ++f) {
    REQUIRE(json["faces"][f]["points"].size() == 68);
    for (std::size_t i = 0; i < 68; ++i)
      CHECK(Point{json["faces"][f]["points"][i][0].get<float>(), json["faces"][f]["points"][i][1].get<float>()} ==
            faces[f].points[i]);
  }
  const auto more = nlohmann::json::parse(format_json(faces, {{"model", "my \"best\""}}));
  CHECK(more["model"] == "my \"best\"");
  CHECK(more["faces"] == json["faces"]);
  CHECK_THROWS_AS(format_json(faces, {{"faces", "x"}}), ArgumentError);
  CHECK(nlohmann::json::parse(format_json({}))["faces"].empty());
  faces[1].box = Box{0, 0, std::numeric_limits<float>::quiet_NaN(), 1};
  CHECK_THROWS_AS(format_json(faces), ArgumentError);
}
