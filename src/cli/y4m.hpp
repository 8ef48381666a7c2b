// Y4M (YUV4MPEG2), the plain film format that programs pass through pipes: a line of text, then frames of brightness
// and two planes of colour. Read and written frame by frame.
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "lineament/image/image.hpp"

namespace lineament::cli {

struct Y4mFormat {
  int width = 0, height = 0;
  int rate = 25, per = 1;      ///< frames a second: rate / per
  std::string aspect = "1:1";  ///< of a pixel
  int across = 2, down = 2;    ///< pixels that share a colour; 0: there is none, the film is grey
  bool full_range = false;     ///< brightness from 0 to 255, not 16 to 235

  double fps() const { return static_cast<double>(rate) / per; }
  /// Of a frame's planes.
  std::size_t bytes() const;
};

/// Colours as in ITU-R BT.601, which Y4M, without a word for it, leaves to its reader.
class Y4mReader {
 public:
  /// Reads the first line. 8 bits of 4:2:0, 4:2:2, 4:4:4 and grey are known. `name` stands in messages. The file stays
  /// the caller's. Throws FormatError.
  Y4mReader(std::FILE* file, std::string name);
  const Y4mFormat& format() const { return format_; }
  /// False at the end of the film. Throws FormatError where it ends within a frame, and FileError if it cannot be read.
  bool next(Image& frame);

 private:
  std::FILE* file_;
  std::string name_;
  Y4mFormat format_;
  std::vector<std::uint8_t> planes_;
  std::size_t frames_ = 0;
};

/// The line before the frames, and a frame with its own, as 4:2:0: what every reader knows.
std::string y4m_header(const Y4mFormat& format);
void y4m_frame(const Image& frame, std::vector<std::uint8_t>& bytes);

/// How a file of ours begins, so that no other is written over.
inline constexpr const char* kY4mOfOurs = "YUV4MPEG2 XLINEAMENT ";

}  // namespace lineament::cli
