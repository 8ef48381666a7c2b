// Reported after trying to break it: input that crashed or hung the program, was read as something else, or cost a
// person a file.
#include <chrono>
#include <nlohmann/json.hpp>

#include "lineament/faces/augment.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/faces/csv.hpp"
#include "lineament/faces/json.hpp"
#include "lineament/faces/ljson.hpp"
#include "lineament/faces/metrics.hpp"
#include "lineament/faces/wflw.hpp"
#include "lineament/file.hpp"
#include "lineament/threads.hpp"
#include "wild/support.hpp"

namespace {

using namespace test;
using nlohmann::json;

std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') + std::string(static_cast<std::size_t>(levels), ']');
}

/// COCO's JSON of faces, with ids from 1 for photos and faces.
json coco_of(const std::vector<Listed>& list) {
  json file{{"images", json::array()}, {"annotations", json::array()}};
  int id = 0;
  for (const Listed& face : list) {
    json points = json::array();
    for (const Point& p : face.points) {
      points.push_back(p.x + 0.5f);
      points.push_back(p.y + 0.5f);
      points.push_back(2);
    }
    ++id;
    file["images"].push_back({{"id", id}, {"file_name", face.file}, {"width", 96}, {"height", 96}});
    file["annotations"].push_back({{"id", id}, {"image_id", id}, {"keypoints", points}});
  }
  return file;
}

std::string five(const std::string& entry) {
  return R"({"scheme": "five", "points": 5, "mirror": [[0, 1], [3, 4]], "eye_corners": [0, 1], )" + entry + "}";
}

}  // namespace

TEST_CASE("JSON nested without end is refused and does not run out of stack") {
  const std::string deep = nested(300000);
  const auto refused = [](auto read) { CHECK(contains(message<FormatError>(read), "nested too deeply")); };
  refused([&] { scheme_from_json(five("\"lines\": " + deep)); });
  refused(
      [&] { parse_ljson("{\"version\": 1, \"groups\": [{\"landmarks\": [{\"point\": " + deep + "}]}]}", "a.ljson"); });
  refused([&] { parse_json("[{\"data\": {\"image\": \"a.jpg\"}, \"annotations\": " + deep + "}]", "a.json", "."); });
  CHECK_NOTHROW(scheme_from_json(five(R"("names": ["[[[", "\"[", "]", "{", "}"])")));
}

TEST_CASE("names of a scheme are as many texts as points") {
  const auto refused = [](const std::string& entry) {
    return message<FormatError>([&] { scheme_from_json(five(entry)); });
  };
  CHECK(contains(refused(R"("names": ["a", "b", "c", "d", "d", "e"])"), "5 different texts"));
  CHECK(contains(refused(R"("names": ["a", "b", "c", "d", 1, "e"])"), "6 entries"));
  CHECK(contains(refused(R"("eyes": [[0], [0]])"), "same points"));
  CHECK(contains(refused(R"("mean_shape": [[0, 0], [1, 0], "x", [0.5, 1], [1, 1]])"), "no point"));
  CHECK(contains(refused(R"("mean_shape": [[0, 0], [1e300, 0], [1, 2], [0.5, 1], [1, 1]])"), "no point"));
}

TEST_CASE("a path of another machine with thousands of folders does not keep the reader busy") {
  const TempFolder folder;
  std::vector<Listed> list = draw_into(folder.path(), 1);
  std::string path = "C:\\";
  for (int i = 0; i < 20000; ++i) path += "a\\";
  list[0].file = path + list[0].file;
  const auto begin = std::chrono::steady_clock::now();
  parse_csv(csv_of(list), "l.csv", folder.path());
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));  // it was a minute
}

TEST_CASE("COCO files that were put together: an id of two photos is nobody's") {
  const TempFolder folder;
  const std::vector<Listed> list = draw_into(folder.path(), 2);
  json file = coco_of(list);
  CHECK(parse_json(file.dump(), "c.json", folder.path()).faces.size() == 2);
  file["images"].push_back(file["images"][0]);  // the same again is no harm
  CHECK(parse_json(file.dump(), "c.json", folder.path()).faces.size() == 2);
  file["images"].push_back({{"id", 1}, {"file_name", "other.png"}});
  const Dataset data = parse_json(file.dump(), "c.json", folder.path());
  CHECK(data.faces.size() == 1);
  CHECK(contains(reasons(data), "two photos have its image_id"));
  json names = coco_of(list);  // the files of two folders, by their last parts
  names["images"][1]["file_name"] = names["images"][0]["file_name"];
  const Dataset none = parse_json(names.dump(), "c.json", folder.path());
  CHECK(none.faces.empty());
  CHECK(contains(reasons(none), "two photos have its photo's name"));
}

TEST_CASE("a name with a zero byte is not the name before it") {
  const TempFolder folder;
  json file = coco_of(draw_into(folder.path(), 2));
  const std::string name = file["images"][0]["file_name"];
  file["images"][0]["file_name"] = name + std::string("\0evil", 5);
  const Dataset data = parse_json(file.dump(), "c.json", folder.path());
  CHECK(data.faces.size() == 1);
  CHECK(contains(reasons(data), "zero byte"));
}

TEST_CASE("sizes of photos are read as programs write them: 96.0, and in quotes") {
  const std::vector<Listed> list{{"a.png", draw_face(11, 0, {.size = 96}).points}};
  json file = coco_of(list);
  file["images"][0]["width"] = "96";
  file["images"][0]["height"] = 96.0;
  const Face face = parse_json(file.dump(), "c.json", ".").faces.at(0);
  CHECK(face.width == 96);
  CHECK(face.height == 96);
  std::string header = "image,width,height", row = "a.png,96.0,96";
  for (int i = 0; i < kPoints; ++i) {
    header += ",x" + std::to_string(i) + ",y" + std::to_string(i);
    row += "," + std::to_string(list[0].points[static_cast<std::size_t>(i)].x) + "," +
           std::to_string(list[0].points[static_cast<std::size_t>(i)].y);
  }
  CHECK(parse_csv(header + "\n" + row + "\n", "l.csv", ".").faces.at(0).width == 96);
}

TEST_CASE("tables as spreadsheets and pandas write them") {
  const std::vector<Listed> list{{"a.png", draw_face(11, 0, {.size = 96}).points}};
  const std::string plain = csv_of(list);
  const float x = list[0].points[0].x;
  // Decimal commas between semicolons, or in quotes between commas.
  std::string european, quoted;
  for (const char c : plain) european += c == ',' ? ';' : c == '.' ? ',' : c;
  european.replace(1, 1, ".");  // of a.png
  CHECK(parse_csv(european, "l.csv", ".").faces.at(0).points[0].x == Approx(x).margin(1e-3));
  quoted = "a.png";
  for (const Point& p : list[0].points)
    for (std::string number : {std::to_string(p.x), std::to_string(p.y)})
      quoted += ",\"" + number.replace(number.find('.'), 1, ",") + "\"";
  CHECK(parse_csv(quoted, "l.csv", ".").faces.at(0).points[0].x == Approx(x).margin(1e-3));
  std::string ends = plain;
  CHECK(parse_csv(ends.insert(ends.size() - 1, ","), "l.csv", ".").faces.size() == 1);
  std::string gap = plain;
  gap.replace(6, gap.find(',', 6) - 6, "nan");
  CHECK_FALSE(is_known(parse_csv(gap, "l.csv", ".").faces.at(0).points[0]));
  CHECK(contains(message<FormatError>([&] { parse_csv("\"" + plain + plain, "l.csv", "."); }), "never closed"));
  std::string hash = "#1.jpg";
  for (const Point& p : list[0].points) hash += " " + std::to_string(p.x) + " " + std::to_string(p.y);
  CHECK(parse_wflw("# photos of May\n" + hash, "l.txt", ".").faces.at(0).listed == "#1.jpg");
}

TEST_CASE("JSON with NaN, cut short, empty, or of another scheme says so") {
  const auto said = [](const std::string& text) {
    return message<FormatError>([&] { parse_json(text, "a.json", "."); });
  };
  CHECK(contains(said("{\"images\": [],\n \"annotations\": [NaN]}"), "a.json:2, column 18: a number is NaN"));
  CHECK(contains(said("{\"images\": ["), "cut short"));
  CHECK(contains(said(""), "the file is empty"));
  CHECK(contains(said(R"({"format": "lineament-faces", "version": 1, "scheme": "five", "faces": []})"),
                 "another scheme"));
}

TEST_CASE("a group is chosen only where there are groups") {
  const TempFolder folder;
  folder.write("l.csv", csv_of(draw_into(folder.path(), 1)));
  CHECK(contains(message<ArgumentError>([&] { read_dataset(folder / "l.csv", {.group = "Z"}); }), "no groups"));
  CHECK(contains(message<ArgumentError>([&] { read_dataset(folder.path(), {.group = "Z"}); }), "has groups"));
  CHECK(contains(message<FormatError>([&] { parse_ljson("{\"version\": 2}", "a.ljson", "Z"); }), "version 3"));
}

TEST_CASE("predict writes over nothing that it did not write") {
  const Place place;
  lineament::test::make_model(place);
  draw_into(place.path(), 1);
  const auto run = [&](const Words& more) {
    Words words{"predict", "model.safetensors", "face_0.png"};
    words.insert(words.end(), more.begin(), more.end());
    return place.run(words);
  };
  place.write("mine.json", "{\"images\": []}");
  place.write("pts/photos.csv", "my,list\n");
  CHECK(contains(run({"--json", "mine.json"}).err, "did not write"));
  CHECK(place.read("mine.json") == "{\"images\": []}");
  CHECK(contains(run({"--box", "1,1,50,50", "--box", "2,2,50,50", "--pts", "pts"}).err, "did not write"));
  CHECK(place.read("pts/photos.csv") == "my,list\n");
  CHECK(run({"--json", "a.json"}).code == 0);
  CHECK(run({"--json", "a.json"}).code == 0);
  CHECK(contains(run({"--box", "0x10,1,50,50"}).err, "not a box"));
  // What a link points to is written, and the link stays.
  fs::create_symlink("a.json", place / "link.json");
  write_file(place / "link.json", std::string_view("new"));
  CHECK(fs::is_symlink(place / "link.json"));
  CHECK(place.read("a.json") == "new");
}

TEST_CASE("lists of names for predict may have a mark, and name folders; empty ones are an error") {
  const Place place;
  lineament::test::make_model(place);
  draw_into(place / "photos", 2);
  const auto run = [&](const std::string& list) {
    place.write("names.txt", list);
    return place.run({"predict", "model.safetensors", "@names.txt"});
  };
  CHECK(json::parse(run("\xEF\xBB\xBFphotos/face_1.png\nphotos\n").out).at("faces").size() == 3);
  CHECK(contains(run("\n").err, "names no photo"));
  CHECK(run("\n").code == 2);
  CHECK(contains(run(std::string("p\0h\0", 4)).err, "UTF-16"));
}

TEST_CASE("a file that is too large does not cost the others") {
  const Place place;
  lineament::test::make_model(place);
  draw_into(place.path(), 1);
  place.write("huge.jpg", "");
  fs::resize_file(place / "huge.jpg", std::uintmax_t{1} << 40);  // sparse: it takes no room on the disk
  const Outcome o = place.run({"predict", "model.safetensors", "huge.jpg", "face_0.png"});
  CHECK(o.code == 2);
  CHECK(contains(o.err, "huge.jpg"));
  CHECK(contains(o.err, "too large to be read"));
  CHECK(json::parse(o.out).at("faces").size() == 1);
}

TEST_CASE("names of files cannot forge a line of output") {
  const Place place;
  place.write("d/a\nrejected: \033[31mfake.pts", "x");
  const Outcome o = place.run({"validate", "d"});
  CHECK(o.code == 2);
  CHECK(o.out.find('\033') == std::string::npos);
  CHECK_FALSE(contains(o.out + o.err, "\nrejected: ?"));
}

TEST_CASE("points of another scheme are refused by every measure, not read past their end") {
  const Landmarks five(5, Point{1, 2}), face = draw_face(3, 0).points;
  CHECK_THROWS_AS(nme(five, five), ArgumentError);
  CHECK_THROWS_AS(inter_ocular({}), ArgumentError);
  CHECK_THROWS_AS(inter_pupil(five), ArgumentError);
  CHECK_THROWS_AS(normaliser({}, Normalisation::box_diagonal), ArgumentError);
  CHECK_THROWS_AS(pck(five, face), ArgumentError);
  const std::vector<int> beyond{70000}, below{-1};
  CHECK_THROWS_AS(mean_error(face, face, beyond), ArgumentError);
  CHECK_THROWS_AS(mean_error(face, face, below), ArgumentError);
  CHECK_THROWS_AS(Evaluator().add(five, five), ArgumentError);
  std::vector<float> few(10);
  CHECK_THROWS_AS(mirror_values(few), ArgumentError);
  CHECK_THROWS_AS(crop_points_to_values(face, 128, few), ArgumentError);
  CHECK_THROWS_AS(points_to_values(face, {}, 128, few), ArgumentError);
  Scheme bare{.name = "bare", .points = 3};
  CHECK_THROWS_AS(scheme_to_json(bare), ArgumentError);
  CHECK_THROWS_AS(Evaluator{bare}, ArgumentError);
  CHECK_THROWS_AS(bare.point_name(7), ArgumentError);
  bare.points = -1;
  CHECK_THROWS_AS(read_dataset(".", {.scheme = bare}), ArgumentError);
  CHECK_THROWS_AS(Image(2147483647, 2147483647), ArgumentError);
  CHECK_THROWS_AS(Threads(-1), ArgumentError);
  CHECK_THROWS_AS(Threads(2000000000), ArgumentError);
}
