// What following the faces of a film writes, frame by frame: JSON lines, .pts files, and the film with its points.
#pragma once
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/film_input.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/track/tracker.hpp"

namespace lineament::cli {

struct FilmOutputOptions {
  Path json;     ///< a file or "-"
  Path pts;      ///< a folder
  Path overlay;  ///< a Y4M file, "-", or a folder for pictures
};

/// A file that grows by the frame, or standard output, which gets each frame at once.
class FrameFile {
 public:
  /// Throws FileError; ArgumentError for a file that does not begin as this program's do.
  FrameFile(const Path& path, std::string_view begin, const char* give);
  ~FrameFile();
  FrameFile(const FrameFile&) = delete;
  FrameFile& operator=(const FrameFile&) = delete;
  /// False once whoever read standard output is gone. Throws FileError.
  bool write(std::span<const std::uint8_t> bytes);
  bool write(std::string_view text);

 private:
  Path path_;
  std::FILE* file_;
};

class FilmOutput {
 public:
  /// Makes folders and files. Throws what is wrong with them before the first frame.
  FilmOutput(const FilmOutputOptions& options, const FilmInput& input, const Path& from, const Scheme& scheme);
  /// Draws into `frame`. False once nobody reads any more.
  bool write(std::size_t number, double seconds, const std::string& name, const std::vector<TrackedFace>& faces,
             Image& frame);

 private:
  bool draw(const std::string& name, const std::vector<TrackedFace>& faces, Image& frame);

  FilmOutputOptions options_;
  const Scheme& scheme_;
  Y4mFormat format_;
  bool begun_ = false;
  std::unique_ptr<FrameFile> json_, film_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace lineament::cli
