// Films as the program reads them, frame by frame: a folder of pictures, Y4M, or bare pixels.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include "cli/command.hpp"
#include "cli/y4m.hpp"
#include "lineament/image/file.hpp"

namespace lineament::cli {

struct FilmInputOptions {
  Path input;                  ///< a folder, a file, or "-"
  double fps = 0;              ///< 0: as the film says, or 25
  std::string raw;             ///< "640x480": bare pixels of that size; empty: none
  std::string pixels = "rgb";  ///< of bare pixels: one of kPixelOrders
  DecodeLimits limits{};
};

inline constexpr const char* kPixelOrders[] = {"rgb", "bgr", "rgba", "bgra", "argb", "gray", "nv12", "nv21", "i420"};

class FilmInput {
 public:
  virtual ~FilmInput() = default;
  /// False at the end. Throws FileError and FormatError; after those of a folder's picture the next call reads on.
  virtual bool next(Image& frame) = 0;
  /// Of the frame that next() has read last, for files that are made of it.
  virtual std::string name() const = 0;
  /// What is known of size and rate; the size is 0 where each frame has its own.
  const Y4mFormat& format() const { return format_; }
  double fps() const { return fps_; }
  /// Frames in all; 0 where nobody knows.
  std::size_t count() const { return count_; }
  /// Whether a frame that cannot be read is no reason to stop.
  virtual bool goes_on() const { return false; }

 protected:
  Y4mFormat format_;
  double fps_ = 25;
  std::size_t count_ = 0;
};

/// Throws ArgumentError, FileError and FormatError.
std::unique_ptr<FilmInput> open_film(const FilmInputOptions& options);

}  // namespace lineament::cli
