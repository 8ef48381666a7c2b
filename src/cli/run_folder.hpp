// The folder of a training run: made, locked, cleared of what a killed run left half-written.
#pragma once
#include <filesystem>

#include "platform/platform.hpp"

namespace lineament::cli {

class RunFolder {
 public:
  /// For a new run makes the folder; throws ArgumentError if a run or a model is in it that could be lost. For a
  /// resumed one throws FileError if there is none. Throws FileError if the folder takes no files: before hours of
  /// work, not after; ArgumentError if another training is writing to it. The lock ends with the object or the process,
  /// and a folder made for nothing is taken away with the object.
  RunFolder(std::filesystem::path folder, bool resume);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  std::filesystem::path model() const { return folder_ / "model.safetensors"; }
  std::filesystem::path last() const { return folder_ / "last.safetensors"; }
  std::filesystem::path log() const { return folder_ / "log.jsonl"; }
  std::filesystem::path report() const { return folder_ / "report.html"; }

 private:
  void require_free() const;

  std::filesystem::path folder_;
  platform::File lock_;
  bool made_ = false;
};

}  // namespace lineament::cli
