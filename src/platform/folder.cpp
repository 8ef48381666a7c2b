#include "platform/folder.hpp"

#include <system_error>
#include <vector>

#include "lineament/error.hpp"

namespace lineament::platform {

namespace fs = std::filesystem;

File lock_folder(const fs::path& folder, const char* taken, const char* fix) {
  std::error_code error;
  File lock(folder, File::Open::folder, error);
  if (lock.is_open() && !lock.lock()) throw ArgumentError({folder.string(), taken, "", "", fix});
  return lock;
}

void remove_half_written(const fs::path& folder, const std::function<bool(const std::string&)>& is_ours) {
  std::vector<fs::path> left;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const auto at = name.rfind(kHalfWritten);
    if (at == std::string::npos) continue;
    if (name.find_first_not_of("0123456789", at + kHalfWritten.size()) != std::string::npos) continue;
    if (is_ours(name.substr(0, at))) left.push_back(entry->path());
  }
  for (const fs::path& file : left) fs::remove(file, error);
}

}  // namespace lineament::platform
