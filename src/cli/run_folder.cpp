#include "cli/run_folder.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "lineament/model/model.hpp"
#include "platform/folder.hpp"

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
  lock_ = platform::lock_folder(folder_, "another training is writing to this folder",
                                "wait for its end, or choose another folder with --out");
  if (!resume) require_free();
  platform::remove_half_written(folder_, [](const std::string& file) {
    constexpr std::array<std::string_view, 5> kOurs{"model.safetensors", "last.safetensors", "log.jsonl", "report.html",
                                                    ".writable"};
    return std::find(kOurs.begin(), kOurs.end(), file) != kOurs.end();
  });
  write_file(folder_ / ".writable", std::string_view("test\n"));
  fs::remove(folder_ / ".writable", error);
}

RunFolder::~RunFolder() {
  lock_.close();
  std::error_code error;
  if (made_) fs::remove(folder_, error);  // does nothing to a folder that has something in it
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

}  // namespace lineament::cli
