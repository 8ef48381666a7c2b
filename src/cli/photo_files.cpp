#include "cli/photo_files.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "lineament/error.hpp"
#include "lineament/faces/dataset.hpp"
#include "lineament/file.hpp"

namespace lineament::cli {
namespace {

/// The images of a folder, or the file itself.
void add_image(const Path& path, std::vector<Path>& images) {
  std::error_code error;
  const std::vector<Path> files =
      std::filesystem::is_directory(path, error) ? images_in(path) : std::vector<Path>{path};
  images.insert(images.end(), files.begin(), files.end());
  if (files.empty()) images.push_back(path);  // refused when its turn comes
}

/// Those that a list names, one a line.
void add_list(const Path& path, std::vector<Path>& images) {
  std::string text = read_text(path);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  if (text.find('\0') != std::string::npos)
    throw FormatError({path.string(), "not a list of names", "UTF-8 text, a name a line",
                       "zero bytes, as UTF-16 has them", "save it as UTF-8"});
  const std::size_t before = images.size();
  std::istringstream list(text);
  for (std::string line; std::getline(list, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) add_image(line, images);
  }
  if (images.size() == before)
    throw FormatError({path.string(), "the list names no photo", "a name a line", "no line", "check the path"});
}

std::string stem_of(const Path& image) {
  return is_stream(image) ? "stdin" : image.stem().string();
}

}  // namespace

bool is_stream(const Path& image) {
  return image == "-";
}

std::vector<Path> all_images(const std::vector<Path>& given) {
  std::vector<Path> images;
  for (const Path& path : given) {
    const std::string name = path.string();
    if (name.starts_with('@'))
      add_list(name.substr(1), images);
    else
      add_image(path, images);
  }
  return images;
}

std::vector<std::string> names_of(const std::vector<Path>& images) {
  std::map<std::string, int> count;
  for (const Path& image : images) ++count[stem_of(image)];
  std::set<std::string> used;  // those that are unique keep theirs
  for (const auto& [stem, n] : count)
    if (n == 1) used.insert(stem);
  std::vector<std::string> names;
  for (const Path& image : images) {
    const std::string stem = stem_of(image);
    std::string name = stem;
    if (count[stem] > 1)
      for (int n = 1; !used.insert(name = stem + "-" + std::to_string(n)).second;) ++n;
    names.push_back(name);
  }
  return names;
}

}  // namespace lineament::cli
