// A folder of its own for one test, gone at its end.
#pragma once
#include <unistd.h>

#include <filesystem>
#include <string>

namespace lineament::testing {

struct Folder {
  std::filesystem::path path;

  explicit Folder(const std::string& name)
      : path(std::filesystem::temp_directory_path() / ("lineament_" + name + "_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path operator/(const std::string& file) const { return path / file; }
  std::ptrdiff_t files() const { return std::distance(std::filesystem::directory_iterator(path), {}); }
};

}  // namespace lineament::testing
