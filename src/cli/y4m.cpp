#include "cli/y4m.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli/console.hpp"
#include "lineament/error.hpp"

namespace lineament::cli {
namespace {

constexpr std::string_view kY4mMagic = "YUV4MPEG2";
constexpr std::size_t kLongestLine = 1024;
constexpr std::int64_t kMostFramePixels = 100'000'000;

/// Without its end; at most kLongestLine characters. Nothing at the end of the file.
std::string y4m_line(std::FILE* file) {
  std::string line;
  for (int c = std::fgetc(file); c != EOF && c != '\n' && line.size() < kLongestLine; c = std::fgetc(file))
    line += static_cast<char>(c);
  return line;
}

[[noreturn]] void refuse_y4m(const std::string& name, const std::string& what, const std::string& wanted,
                             const std::string& got) {
  throw FormatError(
      {name, what, wanted, got, "ffmpeg -i FILM -f yuv4mpegpipe -pix_fmt yuv420p - makes one of any film"});
}

bool read_whole(std::string_view text, int& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value > 0;
}

void read_rate(Y4mFormat& format, const std::string& text) {
  const std::size_t colon = text.find(':');
  Y4mFormat given = format;
  if (colon != std::string::npos && read_whole(std::string_view(text).substr(0, colon), given.rate) &&
      read_whole(std::string_view(text).substr(colon + 1), given.per))
    format = given;  // 0:0 is a rate that nobody knows
}

void set_colours(Y4mFormat& format, const std::string& text, const std::string& name) {
  struct Known {
    const char* text;
    int across, down;
  };
  constexpr Known kKnown[] = {{"420", 2, 2}, {"420jpeg", 2, 2}, {"420mpeg2", 2, 2}, {"420paldv", 2, 2},
                              {"422", 2, 1}, {"444", 1, 1},     {"mono", 0, 0}};
  for (const Known& known : kKnown) {
    if (text != known.text) continue;
    format.across = known.across;
    format.down = known.down;
    return;
  }
  refuse_y4m(name, "this kind of colours is not read", "C420, C422, C444 or Cmono, of 8 bits", "C" + text);
}

std::uint8_t clamped_byte(int value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0, 255));
}

/// ITU-R BT.601 in 256ths.
void put_rgb(std::uint8_t* to, int y, int u, int v, bool full_range) {
  const int d = u - 128, e = v - 128;
  if (full_range) {
    const int c = 256 * y + 128;
    to[0] = clamped_byte((c + 359 * e) >> 8);
    to[1] = clamped_byte((c - 88 * d - 183 * e) >> 8);
    to[2] = clamped_byte((c + 454 * d) >> 8);
  } else {
    const int c = 298 * (y - 16) + 128;
    to[0] = clamped_byte((c + 409 * e) >> 8);
    to[1] = clamped_byte((c - 100 * d - 208 * e) >> 8);
    to[2] = clamped_byte((c + 516 * d) >> 8);
  }
}

int pixels_sharing(int pixels, int by) {
  return (pixels + by - 1) / by;
}

}  // namespace

std::size_t Y4mFormat::bytes() const {
  const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  if (across == 0) return pixels;
  return pixels + 2 * static_cast<std::size_t>(pixels_sharing(width, across)) *
                      static_cast<std::size_t>(pixels_sharing(height, down));
}

Y4mReader::Y4mReader(std::FILE* file, std::string name) : file_(file), name_(std::move(name)) {
  const std::string line = y4m_line(file_);
  std::istringstream words(line);
  std::string word;
  words >> word;
  if (word == kY4mMagic && std::feof(file_) != 0)
    refuse_y4m(name_, "the film ends within its first line", "a line and frames", line.substr(0, 80));
  if (word != kY4mMagic)
    refuse_y4m(name_, "not a Y4M film", "a first line that begins with YUV4MPEG2",
               line.empty() ? "nothing" : "'" + one_line(line.substr(0, 16)) + "'");
  while (words >> word) {
    const std::string value = word.substr(1);
    bool good = true;
    if (word[0] == 'W') good = read_whole(value, format_.width);
    if (word[0] == 'H') good = read_whole(value, format_.height);
    if (word[0] == 'F') read_rate(format_, value);
    if (word[0] == 'A' && value != "0:0") format_.aspect = value;
    if (word[0] == 'C') set_colours(format_, value, name_);
    if (word == "XCOLORRANGE=FULL") format_.full_range = true;
    if (!good) refuse_y4m(name_, "the first line has a size that is no number", "W and H with pixels", word);
  }
  if (format_.width == 0 || format_.height == 0)
    refuse_y4m(name_, "the first line does not say how large frames are", "W and H with pixels", line.substr(0, 80));
  if (static_cast<std::int64_t>(format_.width) * format_.height > kMostFramePixels)
    refuse_y4m(name_, "frames are too large", "at most 100 megapixels",
               std::to_string(format_.width) + " x " + std::to_string(format_.height));
}

bool Y4mReader::next(Image& frame) {
  const std::string where = name_ + ": frame " + std::to_string(frames_);
  const std::string line = y4m_line(file_);
  if (std::ferror(file_) != 0)
    throw FileError({where, "it cannot be read", "", std::generic_category().message(errno), ""});
  if (line.empty() && std::feof(file_) != 0) return false;
  if (line != "FRAME" && !line.starts_with("FRAME "))
    throw FormatError({where, "it does not begin with a frame's line", "FRAME",
                       "'" + one_line(line.substr(0, 16)) + "'", "the frame before may be cut short"});
  planes_.resize(format_.bytes());
  const std::size_t got = std::fread(planes_.data(), 1, planes_.size(), file_);
  if (got < planes_.size())
    throw FormatError({where, "the film ends within it", std::to_string(planes_.size()) + " bytes", std::to_string(got),
                       "the frames before it are done"});
  ++frames_;
  const int width = format_.width, height = format_.height;
  if (frame.width() != width || frame.height() != height) frame = Image(width, height);
  const bool grey = format_.across == 0;
  const std::size_t stride = grey ? 0 : static_cast<std::size_t>(pixels_sharing(width, format_.across));
  const std::uint8_t* brightness = planes_.data();
  const std::uint8_t* colours = brightness + static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  const std::size_t plane = grey ? 0 : stride * static_cast<std::size_t>(pixels_sharing(height, format_.down));
  for (int y = 0; y < height; ++y) {
    std::uint8_t* to = frame.row(y);
    const std::uint8_t* from = brightness + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
    const std::uint8_t* u = grey ? nullptr : colours + static_cast<std::size_t>(y / format_.down) * stride;
    for (int x = 0; x < width; ++x, to += 3) {
      const auto at = static_cast<std::size_t>(grey ? 0 : x / format_.across);
      put_rgb(to, from[x], grey ? 128 : u[at], grey ? 128 : u[at + plane], format_.full_range);
    }
  }
  return true;
}

std::string y4m_header(const Y4mFormat& f) {
  return kY4mOfOurs + ("W" + std::to_string(f.width)) + " H" + std::to_string(f.height) + " F" +
         std::to_string(f.rate) + ":" + std::to_string(f.per) + " Ip A" + f.aspect + " C420jpeg\n";
}

void y4m_frame(const Image& frame, std::vector<std::uint8_t>& bytes) {
  constexpr std::string_view kLine = "FRAME\n";
  const int width = frame.width(), height = frame.height();
  const Y4mFormat format{.width = width, .height = height};
  bytes.resize(kLine.size() + format.bytes());
  std::uint8_t* to = std::copy(kLine.begin(), kLine.end(), bytes.data());
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* p = frame.row(y);
    for (int x = 0; x < width; ++x, p += 3)
      *to++ = clamped_byte(((66 * p[0] + 129 * p[1] + 25 * p[2] + 128) >> 8) + 16);
  }
  std::uint8_t *u = to, *v = to + (bytes.data() + bytes.size() - to) / 2;
  for (int y = 0; y < height; y += 2) {
    for (int x = 0; x < width; x += 2) {
      int r = 0, g = 0, b = 0, count = 0;
      for (int j = y; j < std::min(y + 2, height); ++j) {
        for (int i = x; i < std::min(x + 2, width); ++i, ++count) {
          const std::uint8_t* p = frame.row(j) + 3 * i;
          r += p[0];
          g += p[1];
          b += p[2];
        }
      }
      const auto mean = [count](int sum) { return (sum + count / 2) / count; };
      r = mean(r);
      g = mean(g);
      b = mean(b);
      *u++ = clamped_byte(((-38 * r - 74 * g + 112 * b + 128) >> 8) + 128);
      *v++ = clamped_byte(((112 * r - 94 * g - 18 * b + 128) >> 8) + 128);
    }
  }
}

}  // namespace lineament::cli
