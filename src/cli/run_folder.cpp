#include "cli/run_folder.hpp"

#include <string>
#include <vector>

#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "lineament/model/model.hpp"

namespace lineament::cli {

namespace fs = std::filesystem;

RunFolder::RunFolder(fs::path folder, bool resume) : folder_(std::move(folder)) {
  std::error_code error;
  if (resume && !fs::exists(last(), error))
    throw FileError({folder_.string(), "there is no run to resume in this folder", "a folder with last.safetensors", "",
                     "check --out, or start a run without --resume"});
  made_ = fs::create_directories(folder_, error);
  if (error)
    throw FileError(
        {folder_.string(), "the folder cannot be made", "", error.message(), "choose another folder with --out"});
  lock();
  if (!resume) require_free();
  remove_half_written();
  write_file(folder_ / ".writable", std::string_view("test\n"));
  fs::remove(folder_ / ".writable", error);
}

RunFolder::~RunFolder() {
  lock_.close();
  std::error_code error;
  if (made_) fs::remove(folder_, error);  // does nothing to a folder that has something in it
}

void RunFolder::lock() {
  std::error_code error;
  lock_ = platform::File(folder_, platform::File::Open::folder, error);
  // Some network disks know no locks: no reason not to train on them.
  if (!lock_.is_open() || lock_.lock()) return;
  throw ArgumentError({folder_.string(), "another training is writing to this folder", "", "",
                       "wait for its end, or choose another folder with --out"});
}

void RunFolder::require_free() const {
  if (!fs::exists(last())) {
    if (!fs::exists(model())) return;
    throw ArgumentError({folder_.string(), "there is a model in this folder that a new run would replace", "",
                         "model.safetensors", "choose another folder with --out"});
  }
  const Checkpoint checkpoint = load_checkpoint(last());
  if (checkpoint.state && checkpoint.state->epoch == 0) return;  // stopped in its first epoch: there is nothing to lose
  throw ArgumentError({folder_.string(), "there is a run in this folder", "", "",
                       "go on with it by --resume, or choose another folder with --out"});
}

/// A kill while saving leaves NAME.tmpPID beside the whole file.
void RunFolder::remove_half_written() const {
  std::vector<fs::path> left;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    const auto at = name.rfind(".tmp");
    if (at == std::string::npos || name.find_first_not_of("0123456789", at + 4) != std::string::npos) continue;
    const std::string of = name.substr(0, at);
    if (of == "model.safetensors" || of == "last.safetensors" || of == "log.jsonl" || of == "report.html" ||
        of == ".writable")
      left.push_back(entry.path());
  }
  for (const fs::path& file : left) fs::remove(file, error);
}

}  // namespace lineament::cli
