// Reported: files that stopped a person with a message that did not help.
#include "lineament/faces/csv.hpp"
#include "lineament/faces/imglab.hpp"
#include "lineament/faces/ljson.hpp"
#include "wild/support.hpp"

namespace {

using namespace test;

/// UTF-8 of letters below U+0800 as UTF-16, with its mark.
std::string utf16(const std::string& text, bool big) {
  std::string result = big ? "\xFE\xFF" : "\xFF\xFE";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const int code = c < 0x80 ? c : (c & 0x1F) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3F);
    const char high = static_cast<char>(code >> 8), low = static_cast<char>(code & 255);
    result += big ? std::string{high, low} : std::string{low, high};
  }
  return result;
}

}  // namespace

TEST_CASE("dlib's XML says ISO-8859-1 and holds UTF-8 names") {
  const TempFolder folder;
  std::vector<Listed> list = draw_into(folder.path(), 1);
  fs::rename(folder / list[0].file, folder / "M\xC3\xBCller.png");
  list[0].file = "M\xC3\xBCller.png";
  REQUIRE(contains(imglab_of(list), "encoding='ISO-8859-1'"));
  folder.write("l.xml", imglab_of(list));
  CHECK(read_dataset(folder / "l.xml").faces[0].image == folder / "M\xC3\xBCller.png");
  // Really in Latin-1: names as they are in UTF-8.
  list[0].file = "M\xFCller.png";
  folder.write("l.xml", imglab_of(list));
  CHECK(read_dataset(folder / "l.xml").faces[0].image == folder / "M\xC3\xBCller.png");
  // The bytes themselves, where the file system has such a name.
  fs::rename(folder / "M\xC3\xBCller.png", folder / "M\xFCller.png");
  CHECK(read_dataset(folder / "l.xml").faces[0].image == folder / "M\xFCller.png");
}

TEST_CASE("a list made on Windows: backslashes, drive letters, UTF-16, semicolons") {
  const TempFolder folder;
  std::vector<Listed> list = draw_into(folder / "photos/a", 2);
  for (const std::string prefix : {"photos\\a\\", "C:\\Users\\me\\photos\\a\\"}) {
    INFO(prefix);
    std::vector<Listed> windows = list;
    for (Listed& face : windows) face.file = prefix + face.file;
    folder.write("l.csv", csv_of(windows));
    folder.write("l.xml", imglab_of(windows));
    for (const std::string name : {"l.csv", "l.xml"}) {
      const Dataset data = read_dataset(folder / name);
      REQUIRE(data.faces.size() == 2);
      CHECK(data.faces[0].image == folder / "photos/a/face_0.png");
      CHECK(data.faces[0].photo != data.faces[1].photo);
    }
  }
  CHECK(contains(message<FormatError>([&] {
                   folder.write("l.csv", "D:\\x\\y.jpg" + csv_of(list).substr(csv_of(list).find(',')));
                   read_dataset(folder / "l.csv");
                 }),
                 "path of another machine"));
  std::string csv = csv_of({{"photos/a/face_0.png", list[0].points}});
  for (const bool big : {false, true}) CHECK(parse_csv(utf16(csv, big), "l.csv", "").faces.size() == 1);
  std::replace(csv.begin(), csv.end(), ',', ';');
  CHECK(parse_csv(csv, "l.csv", "").faces.size() == 1);
  const std::string unmarked = utf16(csv, false).substr(2);
  CHECK(contains(message<FormatError>([&] { parse_csv(unmarked, "l.csv", ""); }), "UTF-16"));
}

TEST_CASE("two photos of another machine that would be one file here are refused") {
  const TempFolder folder;
  const std::vector<Listed> list = draw_into(folder.path(), 2);
  folder.write("l.csv", csv_of({{"C:\\a\\face_0.png", list[0].points}, {"C:\\b\\face_0.png", list[1].points}}));
  CHECK(contains(message<FormatError>([&] { read_dataset(folder / "l.csv"); }),
                 "several photos that would be this file"));
}

TEST_CASE("name_1.pts is not of name.jpg where name_1 is an image of a kind that cannot be read") {
  const TempFolder folder;
  const std::vector<Listed> list = draw_into(folder.path(), 1);
  folder.write("face_0.pts", format_pts(list[0].points));
  folder.write("face_0_1.webp", "RIFF");
  folder.write("face_0_1.pts", format_pts(sample_points()));
  folder.write("alone.tif", "II*");
  const Dataset data = read_dataset(folder.path());
  CHECK(data.faces.size() == 1);
  REQUIRE(data.rejected.size() == 2);
  CHECK(contains(reasons(data), "face_0_1.webp: it is there, but"));
  CHECK(contains(reasons(data), "alone.tif: it is there, but"));
}

TEST_CASE("a folder that holds a list: the message names it") {
  const TempFolder folder;
  const std::vector<Listed> list = draw_into(folder / "mine", 2);
  folder.write("mine/faces.xml", imglab_of(list));
  const std::string refused = message<Error>([&] { read_dataset(folder / "mine"); });
  CHECK(contains(refused, (folder / "mine/faces.xml").string()));
  CHECK(contains(refused, "give the list's own path"));
}

TEST_CASE("kinds of images that can be read, and those that are there but cannot") {
  const TempFolder folder;
  const std::vector<Listed> list = draw_into(folder.path(), 3);
  const char* const kinds[] = {"jfif", "jpe", "webp"};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string stem = "face_" + std::to_string(i);
    fs::rename(folder / list[i].file, folder / (stem + "." + kinds[i]));
    folder.write(stem + ".pts", format_pts(list[i].points));
  }
  const Dataset data = read_dataset(folder.path());
  CHECK(data.faces.size() == 2);
  CHECK(contains(reasons(data), "face_2.webp: it is there, but this kind of image cannot be read"));
}

TEST_CASE("parts named 1 to 68 are named for what they are") {
  const TempFolder folder;
  std::string parts;
  for (int i = 1; i <= kPoints; ++i) parts += "<part name='" + std::to_string(i) + "' x='1' y='2'/>";
  const Dataset data =
      parse_imglab(sample_imglab("<image file='a.jpg'>" + sample_box(parts) + "</image>"), "l.xml", "");
  REQUIRE(data.rejected.size() == 1);
  CHECK(contains(data.rejected[0].reason, "the parts are numbered from 1"));
}

TEST_CASE("options that messages promise are there") {
  const Place place;
  place.write("small.json", lineament::test::kSmallNetwork);
  const std::vector<Listed> list = draw_into(place / "mine", 4);
  for (const Listed& face : list) {
    std::string points;
    for (const Point& p : face.points)
      points += (points.empty() ? "" : ",") + ("[" + std::to_string(p.y) + "," + std::to_string(p.x) + "]");
    const std::string group = "{\"landmarks\": {\"points\": [" + points + "]}}";
    place.write("mine/" + fs::path(face.file).stem().string() + ".ljson",
                "{\"version\": 3, \"groups\": {\"mine\": " + group + ", \"hers\": " + group + "}}");
  }
  const auto train = [&](const Words& more) {
    fs::remove_all(place / "run");
    Words words{"train",    "--network", "small.json",  "--data", "mine",  "--batch", "2",
                "--epochs", "1",         "--val-split", "0",      "--out", "run"};
    words.insert(words.end(), more.begin(), more.end());
    return place.run(words);
  };
  const Outcome two = train({});
  CHECK(two.code == 2);
  CHECK(contains(two.err, "choose one with --group"));
  CHECK(train({"--group", "hers"}).code == 0);
  const Outcome no_boxes = train({"--group", "hers", "--box", "file"});
  CHECK(contains(no_boxes.err, "the data has no boxes"));
  CHECK_FALSE(contains(no_boxes.err, "validate"));
  write_png(place / "mine/face_0.png", Image(1200, 900, {1, 2, 3}));
  CHECK(contains(train({"--group", "hers", "--max-pixels", "1"}).err, "--max-pixels"));
}
