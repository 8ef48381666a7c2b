// The real 300-W training faces, if LINEAMENT_300W names their folder.
#include <cstdlib>
#include <set>

#include "dataset_support.hpp"
#include "lineament/faces/split.hpp"
#include "lineament/faces/validate.hpp"

using namespace lineament;
using namespace test;

TEST_CASE("300-W: every face is read, fits its photo, and photos are not divided") {
  const char* folder = std::getenv("LINEAMENT_300W");
  if (!folder) {
    WARN("skipped: LINEAMENT_300W does not name the folder of the 300-W training faces");
    return;
  }
  const ValidationReport report = validate(folder);
  for (const Rejected& r : report.rejected) UNSCOPED_INFO(r.file << ": " << r.reason);
  CHECK(report.rejected.empty());
  CHECK(report.faces == 2009);
  CHECK(report.folders ==
        std::map<std::string, std::size_t>{{"afw", 337}, {"helen/trainset", 870}, {"lfpw/trainset", 802}});
  CHECK(report.face_size.low > 60);
  CHECK(report.face_size.high < 201);  // larger faces were shrunk to 200 px

  const Dataset data = read_dataset(folder);
  REQUIRE(data.faces.size() == 2009);
  std::set<std::string> helen, lfpw, afw;
  for (const Face& face : data.faces) {
    auto& photos = face.photo[0] == 'h' ? helen : face.photo[0] == 'l' ? lfpw : afw;
    photos.insert(face.photo);
    CHECK(parse_pts(format_pts(face.points)) == face.points);
  }
  CHECK(lfpw.size() == 802);   // the number in image_0001 is the photo's
  CHECK(helen.size() == 783);  // distinct ids before the last _
  CHECK(afw.size() == 185);

  const Split split = split_by_photo(data.faces, 0.1, 1);
  std::set<std::string> held;
  for (const std::size_t i : split.held_out) held.insert(data.faces[i].photo);
  for (const std::size_t i : split.train) REQUIRE(!held.count(data.faces[i].photo));
  CHECK(split.held_out.size() >= 195);
  CHECK(split.held_out.size() <= 207);
}
