// Damaged annotations: whatever the bytes, a reader gives points that are finite or missing, or throws
// lineament::Error, and nothing else. (.mat files: mat_test.cpp.)
#include <array>
#include <cmath>
#include <functional>

#include "dataset_support.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/csv.hpp"
#include "lineament/faces/cvat.hpp"
#include "lineament/faces/imglab.hpp"
#include "lineament/faces/json.hpp"
#include "lineament/faces/ljson.hpp"
#include "lineament/faces/wflw.hpp"
#include "lineament/random.hpp"
#include "small_scheme.hpp"

using namespace lineament;
using namespace test;

namespace {

std::size_t position(const std::string& text, Random& random) {
  return text.empty() ? 0 : random.below(static_cast<std::uint32_t>(text.size()));
}

/// One small damage: a flipped bit, a lost, doubled or moved stretch, a cut, a token that parsers trip over.
void damage(std::string& text, Random& random) {
  static const std::array<std::string, 22> kTokens{"nan",
                                                   "-inf",
                                                   "1e999",
                                                   "{",
                                                   "}",
                                                   "[",
                                                   "]",
                                                   "\"",
                                                   "'",
                                                   "<",
                                                   "/>",
                                                   "&#0;",
                                                   "null",
                                                   "\r",
                                                   "\n",
                                                   ",",
                                                   std::string(1, '\0'),
                                                   "-",
                                                   "\xFF\xFE",
                                                   "99999999999999999999",
                                                   ":",
                                                   "#"};
  const std::size_t at = position(text, random), length = 1 + random.below(40);
  switch (random.below(6)) {
    case 0:
      if (!text.empty()) text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
      break;
    case 1:
      text.erase(at, length);
      break;
    case 2:
      text.insert(at, text.substr(at, length));
      break;
    case 3:
      text.insert(position(text, random), text.substr(at, length));
      break;
    case 4:
      if (random.chance(0.2f)) text.resize(at);
      break;
    default:
      text.insert(at, kTokens[random.below(kTokens.size())]);
  }
}

bool finite(const Landmarks& points) {
  for (const Point& p : points)
    if (!(std::isnan(p.x) && std::isnan(p.y)) && !(std::isfinite(p.x) && std::isfinite(p.y))) return false;
  return true;
}
bool finite(const Dataset& data) {
  for (const Face& face : data.faces)
    if (!finite(face.points)) return false;
  for (const Rejected& r : data.rejected)
    if (r.reason.empty()) return false;
  return true;
}

/// A list reports its bad entries; one without any face counts as refused here.
Dataset with_faces(Dataset data) {
  REQUIRE(finite(data));
  if (data.faces.empty()) throw FormatError({"f", "no face", "", "", ""});
  return data;
}

/// Reads 2,000 damaged copies. Both outcomes must occur, or the damage would be too heavy or too light to show
/// anything.
template <class Read>
void try_damaged(const std::string& text, std::uint64_t stream, Read&& read) {
  int accepted = 0, refused = 0;
  for (std::uint64_t n = 0; n < 2000; ++n) {
    Random random(2024, stream, n);
    std::string copy = text;
    for (std::uint32_t k = 0, times = 1 + random.below(4); k < times; ++k) damage(copy, random);
    INFO("stream " << stream << ", copy " << n);
    try {
      const auto result = read(copy);
      REQUIRE(finite(result));
      ++accepted;
    } catch (const Error& error) {
      REQUIRE(std::string(error.what()).find('\n') == std::string::npos);
      ++refused;
    }
  }
  CAPTURE(accepted, refused);
  CHECK(accepted > 20);
  CHECK(refused > 20);
}

}  // namespace

TEST_CASE("damaged .pts files") {
  const auto read = [](const std::string& text) { return parse_pts(text, "f"); };
  try_damaged(sample_pts(), 1, read);
  try_damaged(
      "\xEF\xBB\xBF"
      "100_1\r\n" +
          sample_lines(" , ", "\r\n"),
      2, read);
}

TEST_CASE("damaged imglab files") {
  const std::string xml = sample_imglab("<image file='a.jpg'>" + sample_box(sample_parts(true)) +
                                        sample_box("", " ignore='1'") + sample_box(sample_parts(false)) + "</image>");
  try_damaged(xml, 3, [](const std::string& text) { return parse_imglab(text, "f", "d"); });
}

TEST_CASE("damaged CSV tables") {
  // A bad row is reported, not thrown: a header and one row, so that whole tables are lost as well.
  const auto read = [](const std::string& text) { return with_faces(parse_csv(text, "f", "d")); };
  std::string header = "\"name\"";
  for (int i = 0; i < kPoints; ++i) header += ",x" + std::to_string(i) + ",y" + std::to_string(i);
  try_damaged(header + "\n" + sample_csv_row("\"a,b.jpg\""), 4, read);
}

TEST_CASE("damaged .ljson files") {
  const auto read = [](const std::string& text) { return parse_ljson(text, "f"); };
  try_damaged("{\"version\": 2, \"labels\": [], \"landmarks\": {\"points\": " + sample_yx() + "}}", 5, read);
  try_damaged("{\"version\": 3, \"groups\": {\"a\": {\"landmarks\": {\"points\": " + sample_yx() + "}}}}", 6, read);
}

TEST_CASE("damaged JSON lists") {
  const auto read = [](const std::string& text) { return with_faces(parse_json(text, "f", "d", small_scheme())); };
  const Face face{"a.jpg", {{1, 2}, {3, 4}, kUnknownPoint, {7, 8}, {9, 10}}, Box{0, 0, 9, 10}, "a"};
  try_damaged(format_json(std::vector<Face>(2, face)), 7, read);
  const std::string annotation =
      "{\"id\": 3, \"image_id\": 7, \"category_id\": 1, \"bbox\": [0, 1, 9, 10], \"iscrowd\": 0, \"num_keypoints\": 4, "
      "\"keypoints\": [1,2,2, 3,4,1, 0,0,0, 7,8,2, 9,10,2]}";
  try_damaged(
      "{\"images\": [{\"id\": 7, \"file_name\": \"a.jpg\", \"width\": 64, \"height\": 48}], \"annotations\": [" +
          annotation + "," + annotation +
          "], \"categories\": [{\"id\": 1, \"keypoints\": [\"nose\", \"right eye\", \"left eye\", \"left "
          "mouth\", \"right mouth\"]}]}",
      8, read);
  const auto mark = [](const std::string& label) {
    return "{\"id\": \"k" + label +
           "\", \"parentID\": \"r\", \"original_width\": 200, \"original_height\": 100, \"value\": {\"x\": 10, "
           "\"y\": 20, \"keypointlabels\": [\"" +
           label + "\"]}},";
  };
  try_damaged(
      "[{\"id\": 1, \"data\": {\"image\": \"/data/upload/1/ab12cd34-a%20b.jpg\"}, \"annotations\": [{\"result\": [" +
          mark("1") + mark("nose") + mark("5") +
          "{\"id\": \"r\", \"original_width\": 200, \"original_height\": 100, \"value\": {\"x\": 1, \"y\": 2, "
          "\"width\": 3, \"height\": 4, \"rectanglelabels\": [\"face\"]}}]}]}]",
      9, read);
}

TEST_CASE("damaged CVAT files") {
  const auto read = [](const std::string& text) { return with_faces(parse_cvat(text, "f", "d", small_scheme())); };
  try_damaged(
      "<annotations><image name=\"a.jpg\" width=\"64\" height=\"48\"><points label=\"face\" "
      "points=\"1,2;3,4;5,6;7,8;9,10\" group_id=\"1\"/><box xtl=\"0\" ytl=\"0\" xbr=\"9\" ybr=\"9\" group_id=\"1\"/>"
      "<skeleton><points label=\"1\" points=\"1,2\"/><points label=\"5\" points=\"3,4\" outside=\"1\"/></skeleton>"
      "</image></annotations>",
      10, read);
}

TEST_CASE("damaged lists of words") {
  const auto read = [](const std::string& text) { return with_faces(parse_wflw(text, "f", "d", small_scheme())); };
  try_damaged(
      "1 2 3 4 5 6 7 8 9 10 0 0 9 9 0 1 0 0 0 0 a/b c.jpg\n1 2 3 4 5 6 7 8 9 10 a.jpg\na.jpg 1 2 3 4 5 6 7 8 9 10\n",
      11, read);
}
