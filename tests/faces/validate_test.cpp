// Faces against their photos, and the report on a data set.
#include "lineament/faces/validate.hpp"

#include <algorithm>
#include <limits>

#include "dataset_support.hpp"
#include "lineament/error.hpp"

using namespace lineament;
using namespace test;

namespace {

/// The reason why sample points, changed by `change`, are refused in a 100x100 photo; "" if they are not.
template <class Change>
std::string reason(Change&& change) {
  Face face{"a.jpg", sample_points(), std::nullopt, "a"};  // x 10 … 75.5, y 20 … 83.75: the face's size is 65.5
  change(face);
  return check_face(face, 100, 100).value_or("");
}

}  // namespace

TEST_CASE("a face is checked against its photo") {
  CHECK(reason([](Face&) {}).empty());
  CHECK(reason([](Face& f) { std::fill_n(f.points.begin(), 34, kUnknownPoint); }).empty());
  CHECK(contains(reason([](Face& f) { std::fill_n(f.points.begin(), 35, kUnknownPoint); }),
                 "only 33 of its 68 points are known"));
  CHECK(contains(reason([](Face& f) { f.points.pop_back(); }), "it has 67 points"));
  CHECK(contains(reason([](Face& f) { f.points[6].y = std::numeric_limits<float>::infinity(); }),
                 "point 6 is not finite"));
  CHECK(contains(reason([](Face& f) { f.points[36] = f.points[45]; }), "eye corners are 0.0 px apart"));
  CHECK(contains(reason([](Face& f) { std::fill(f.points.begin(), f.points.end(), Point{50, 50}); }), "eye corners"));
}

TEST_CASE("points may lie a quarter of the face outside the photo, no more") {
  // The photo ends at 99.5. With dx = 40 the last x is 115.5: 16 outside, and a quarter of 65.5 is 16.375.
  CHECK(reason([](Face& f) { f.points = sample_points(40); }).empty());
  const std::string said = reason([](Face& f) { f.points = sample_points(40.5f); });
  CHECK(contains(said, "point 16 at (116.0, "));
  CHECK(contains(said, " is 16.5 px outside the photo of 100x100 (wanted at most 16.4"));
  CHECK(reason([](Face& f) { f.points = sample_points(-26.5f); }).empty());  // first x: -16.5, 16 outside
  CHECK(contains(reason([](Face& f) { f.points = sample_points(-27.25f); }), "point 0"));
  CHECK(contains(reason([](Face& f) { f.points = sample_points(0, 70); }), "outside"));
  CHECK(contains(reason([](Face& f) { f.points = sample_points(0, -40); }), "outside"));
  CHECK(contains(reason([](Face& f) { f.points[8].y = 1e30f; }), "point 8"));
}

TEST_CASE("a face's own box must be a box, in the photo, around some of the face") {
  const auto with = [](Box box) { return reason([box](Face& f) { f.box = box; }); };
  CHECK(with({5, 15, 80, 45}).empty());
  CHECK(with({-20, -20, 150, 150}).empty());
  CHECK(contains(with({5, 15, 0, 45}), "no size"));
  CHECK(contains(with({5, 15, 10, -4}), "no size"));
  CHECK(contains(with({5, 15, std::numeric_limits<float>::infinity(), 4}), "not finite"));
  CHECK(contains(with({200, 15, 10, 10}), "outside the photo"));
  CHECK(contains(with({0, 90, 8, 8}), "lie apart"));
  CHECK(contains(with({8, 18, 30, 30}), "its box holds"));
  CHECK(contains(with({10, 20, 175, 184}), "two corners"));  // x1, y1, x2, y2 of a larger photo
}

TEST_CASE("a data set is validated: counts, ranges, every rejected file") {
  const TempFolder folder;
  write_photo(folder / "afw/1_1.png", 100, 120);
  folder.write("afw/1_1.pts", sample_pts());
  write_photo(folder / "afw/22.jpg", 140, 100);  // a PNG by its bytes
  folder.write("afw/22_1.pts", sample_pts(3));
  folder.write("afw/22_2.pts", sample_pts(14));
  write_photo(folder / "ibug/a.png", 60, 60);
  folder.write("ibug/a.pts", sample_pts());  // x to 77: 17.5 outside
  folder.write("ibug/text.jpg", "this is text");
  folder.write("ibug/text.pts", sample_pts());
  write_photo(folder / "lonely.png");
  folder.write("no.pts", sample_pts());

  std::vector<std::size_t> calls;
  const ValidationReport report = validate(folder.path(), [&](std::size_t done, std::size_t total) {
    CHECK(total == 5);
    calls.push_back(done);
  });
  CHECK(calls == std::vector<std::size_t>{1, 2, 3, 4, 5});
  CHECK(report.faces == 3);
  CHECK(report.images == 2);
  CHECK(report.folders == std::map<std::string, std::size_t>{{"afw", 3}});
  CHECK(report.width.low == 100);
  CHECK(report.width.high == 140);
  CHECK(report.height.low == 100);
  CHECK(report.height.high == 120);
  CHECK(report.face_size.low == 65.5f);
  CHECK(report.face_size.high == 65.5f);
  std::vector<std::string> files;
  for (const Rejected& r : report.rejected) {
    files.push_back(fs::path(r.file).lexically_relative(folder.path()).generic_string());
    CHECK(!r.reason.empty());
    CHECK(!contains(r.reason, "\n"));
  }
  std::sort(files.begin(), files.end());
  CHECK(files == std::vector<std::string>{"ibug/a.png", "ibug/text.jpg", "lonely.png", "no.pts"});
  CHECK(validate(folder.path(), {}, {Part::train}).rejected.size() == 2);
}

TEST_CASE("a data set without a usable face is a report, an empty folder an error") {
  const TempFolder folder;
  CHECK_THROWS_AS(validate(folder.path()), FileError);
  CHECK_THROWS_AS(validate(folder / "none"), FileError);
  folder.write("a.pts", "");
  const ValidationReport report = validate(folder.path());
  CHECK(report.faces == 0);
  CHECK(report.width.low > report.width.high);
  REQUIRE(report.rejected.size() == 1);
  CHECK(contains(report.rejected[0].reason, "no image"));
}
