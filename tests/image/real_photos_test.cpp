// Every photo of a 300-W folder decodes, if one is at hand.
#include <cstdlib>
#include <filesystem>

#include "catch.hpp"
#include "lineament/image/file.hpp"

TEST_CASE("every photo of 300-W decodes") {
  const char* folder = std::getenv("LINEAMENT_300W");
  if (!folder) {
    WARN("skipped: LINEAMENT_300W does not name a folder");
    return;
  }
  int photos = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const auto extension = entry.path().extension();
    if (extension != ".jpg" && extension != ".png") continue;
    INFO(entry.path().string());
    REQUIRE_NOTHROW(lineament::read_image(entry.path()));
    ++photos;
  }
  CHECK(photos > 0);
}
