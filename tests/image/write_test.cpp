// Writing files and reading them back.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "bytes.hpp"
#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "lineament/image/file.hpp"

using namespace lineament;
using namespace lineament::test;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / ("lineament_image_" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

}  // namespace

TEST_CASE("images are written and read by their bytes, whatever the name says") {
  const Folder folder;
  const Image image = noise(20, 10, 5);
  write_png(folder.path / "really_a_png.jpg", image);
  CHECK(largest_difference(read_image(folder.path / "really_a_png.jpg"), image) == 0);
  write_jpeg(folder.path / "a.jpg", image, 100);
  CHECK(read_image(folder.path / "a.jpg").width() == 20);
}

TEST_CASE("files that cannot be read or written say so with their path") {
  const Folder folder;
  CHECK_THROWS_AS(read_image(folder.path / "none.jpg"), FileError);
  CHECK_THROWS_AS(read_image(folder.path), FileError);
  CHECK_THROWS_AS(write_png(folder.path / "no" / "such" / "folder.png", Image(2, 2)), FileError);
  write_file(folder.path / "text.jpg", "hello");
  CHECK_THROWS_WITH(read_image(folder.path / "text.jpg"),
                    Catch::Matchers::StartsWith((folder.path / "text.jpg").string()));
}

TEST_CASE("what cannot be written is refused before the file is touched") {
  const Folder folder;
  const fs::path path = folder.path / "kept.png";
  write_png(path, Image(3, 3, {1, 2, 3}));
  CHECK_THROWS_AS(write_png(path, Image()), ArgumentError);
  CHECK_THROWS_AS(write_jpeg(path, Image(3, 3), 0), ArgumentError);
  CHECK_THROWS_AS(write_jpeg(path, Image(3, 3), 101), ArgumentError);
  CHECK_THROWS_AS(encode_jpeg(Image(65536, 1)), ArgumentError);
  CHECK(read_image(path).at(2, 2) == Color{1, 2, 3});
}
