// Walks a data set's folder: links are followed, circles of links are not.
#include <algorithm>
#include <set>

#include "lineament/error.hpp"
#include "scan.hpp"

namespace lineament {
namespace {

namespace fs = std::filesystem;

class Walk {
 public:
  Walk(const fs::path& root, bool deep) : root_(root), deep_(deep) {}

  FileList run() {
    std::error_code error;
    enter({}, error);
    if (error)
      throw FileError({root_.string(), "the folder cannot be read", "", error.message(), "check the permissions"});
    std::sort(list_.files.begin(), list_.files.end(),
              [](const fs::path& a, const fs::path& b) { return a.generic_string() < b.generic_string(); });
    return std::move(list_);
  }

 private:
  void enter(const fs::path& folder, std::error_code& error) {
    const fs::path real = fs::canonical(root_ / folder, error);
    if (error || !entered_.insert(real).second) return;
    for (fs::directory_iterator it(root_ / folder, error), end; !error && it != end; it.increment(error)) {
      const std::string name = it->path().filename().string();
      // Hidden files, and the "._name" twins that macOS puts beside each file of an archive.
      if (name.empty() || name[0] == '.') continue;
      add(folder / name, *it);
    }
  }

  void add(const fs::path& relative, const fs::directory_entry& entry) {
    std::error_code error;
    if (entry.is_directory(error)) {
      if (!deep_ || relative.filename() == "__MACOSX") return;
      enter(relative, error);
      if (error) reject(relative, "the folder cannot be read (got " + error.message() + "); check the permissions");
    } else if (entry.is_regular_file(error)) {
      list_.files.push_back(relative);
    } else {
      reject(relative, "it is not a file (a broken link or a device); remove it");
    }
  }

  void reject(const fs::path& relative, std::string reason) {
    list_.rejected.push_back({(root_ / relative).string(), std::move(reason)});
  }

  fs::path root_;
  bool deep_;
  std::set<fs::path> entered_;
  FileList list_;
};

}  // namespace

FileList list_files(const fs::path& root, bool deep) {
  return Walk(root, deep).run();
}

}  // namespace lineament
