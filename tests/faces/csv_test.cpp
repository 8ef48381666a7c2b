// CSV tables of landmarks.
#include "lineament/faces/csv.hpp"

#include "dataset_support.hpp"
#include "lineament/error.hpp"

using namespace lineament;
using namespace test;

TEST_CASE("CSV: rows with and without a header, several faces a photo, any line ends") {
  const std::string row = sample_csv_row("p/a_1.jpg");
  std::string numbered, words = "image";
  for (int i = 0; i < kValues; ++i) {
    numbered += "," + std::to_string(i);
    words += (i % 2 == 0 ? ",x" : ",y") + std::to_string(i / 2);
  }
  std::string windows = row;
  windows.insert(windows.size() - 1, "\r");
  const auto text = GENERATE_COPY(row + row, words + "\n" + row + row, numbered + "\n\n" + row + row, windows + windows,
                                  "\xEF\xBB\xBF" + row + row.substr(0, row.size() - 1));
  const Dataset data = parse_csv(text, "t.csv", "set");
  CHECK(data.rejected.empty());
  REQUIRE(data.faces.size() == 2);
  for (const Face& face : data.faces) {
    CHECK(face.points == sample_points());
    CHECK(face.image == fs::path("set/p/a_1.jpg"));
    CHECK(face.photo == "p/a_1");
    CHECK(!face.box);
  }
}

TEST_CASE("CSV: the first column that a header lacks, or has twice, is named") {
  const auto refused = [](int from, const std::string& left_out, const std::string& again = "") {
    std::string words = "image";
    for (int i = 0; i < kValues; ++i) {
      const std::string name = (i % 2 == 0 ? "x" : "y") + std::to_string(i / 2 + from);
      if (name != left_out) words += "," + name;
    }
    return message<FormatError>([&] { parse_csv(words + again + "\n" + sample_csv_row("a.jpg"), "t.csv", ""); });
  };
  CHECK(contains(refused(0, "y67"), "135 columns with an axis and a number; y67 is missing"));
  CHECK(contains(refused(0, "x9"), "; x9 is missing"));
  CHECK(contains(refused(1, "y68"), "; y68 is missing"));
  CHECK(contains(refused(0, "x9", ",y3"), "; y3 is there twice"));
}

TEST_CASE("CSV: quotes") {
  const std::string rest = sample_csv_row("").substr(1);
  const Dataset data =
      parse_csv("\"a, b.jpg\"," + rest + " \"say \"\"x\"\".jpg\" ,\"10\"" + rest.substr(rest.find(',')), "t.csv", "");
  CHECK(data.rejected.empty());
  REQUIRE(data.faces.size() == 2);
  CHECK(data.faces[0].image == fs::path("a, b.jpg"));
  CHECK(data.faces[1].image == fs::path("say \"x\".jpg"));
  CHECK(data.faces[1].points == sample_points());
}

TEST_CASE("CSV: a header of x columns followed by y columns is understood") {
  std::string text = "name", row = "a.jpg";
  for (int i = 0; i < kPoints; ++i) text += ",x_" + std::to_string(i);
  for (int i = 0; i < kPoints; ++i) text += ",y_" + std::to_string(i);
  for (const Point& p : sample_points()) row += "," + std::to_string(p.x);
  for (const Point& p : sample_points()) row += "," + std::to_string(p.y);
  const Dataset data = parse_csv(text + "\n" + row, "t.csv", "");
  REQUIRE(data.faces.size() == 1);
  CHECK(data.faces[0].points == sample_points());
}

TEST_CASE("CSV: a bad row is reported with its line, the rest is read") {
  const std::string row = sample_csv_row("a.jpg");
  std::string nan = row, word = row, cut = row.substr(0, row.rfind(',')) + "\n", open = row;
  nan.replace(nan.find(",10."), 4, ",NaN,10.");
  nan = nan.substr(0, nan.rfind(',')) + "\n";
  word.replace(word.find(",10."), 4, ",ten.");
  open.insert(0, "\"");
  const Dataset data = parse_csv(
      row + word + row + cut + nan + row.substr(0, row.size() - 1) + ",1\n" + row.substr(5) + row + open, "t.csv", "");
  REQUIRE(data.faces.size() == 4);
  REQUIRE(data.rejected.size() == 5);
  CHECK_FALSE(is_known(data.faces[2].points[0]));  // NaN is what tables have for a point that is missing
  const auto is = [&](std::size_t i, const std::string& file, const std::string& reason) {
    CAPTURE(i, data.rejected[i].file, data.rejected[i].reason);
    CHECK(data.rejected[i].file == file);
    CHECK(contains(data.rejected[i].reason, reason));
  };
  is(0, "t.csv:2", "not a number");
  is(1, "t.csv:4", "wanted 137, got 136");
  is(2, "t.csv:6", "wanted 137, got 138");
  is(3, "t.csv:7", "name is missing");
  is(4, "t.csv:9", "quote");
}

TEST_CASE("CSV: a table without rows is refused") {
  CHECK(contains(message<FormatError>([] { parse_csv("", "t.csv", ""); }), "t.csv: the table has no row"));
  CHECK(contains(message<FormatError>([] { parse_csv("name,x,y\n", "t.csv", ""); }), "which column is which"));
}
