#include "cli/film_input.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/console.hpp"
#include "cli/photo_files.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/dataset.hpp"
#include "lineament/image/view.hpp"

namespace lineament::cli {
namespace {

/// Standard input, which is not ours to close, or a file.
class FilmFile {
 public:
  explicit FilmFile(const Path& path) : file_(is_stream(path) ? stdin : std::fopen(path.c_str(), "rb")) {
    if (file_ == nullptr)
      throw FileError(
          {path.string(), "it cannot be opened", "", std::generic_category().message(errno), "check the path"});
  }
  ~FilmFile() {
    if (file_ != stdin) std::fclose(file_);
  }
  FilmFile(const FilmFile&) = delete;
  FilmFile& operator=(const FilmFile&) = delete;
  std::FILE* get() const { return file_; }

 private:
  std::FILE* file_;
};

std::string shown_film(const Path& path) {
  return is_stream(path) ? "standard input" : path.string();
}

std::string numbered(std::size_t frame) {
  return text("frame_%06zu", frame);
}

/// A rate as a fraction, to the thousandth.
void set_rate(Y4mFormat& format, double fps) {
  const int thousandths = static_cast<int>(std::lround(fps * 1000)), common = std::gcd(thousandths, 1000);
  format.rate = thousandths / common;
  format.per = 1000 / common;
}

/// Bytes of a file; 0 for what has no size, as pipes.
std::uintmax_t size_of_film(const Path& path) {
  std::error_code error;
  if (is_stream(path) || !std::filesystem::is_regular_file(path, error)) return 0;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

class Y4mInput : public FilmInput {
 public:
  explicit Y4mInput(const FilmInputOptions& o) : file_(o.input), reader_(file_.get(), shown_film(o.input)) {
    format_ = reader_.format();
    if (o.fps > 0) set_rate(format_, o.fps);
    fps_ = o.fps > 0 ? o.fps : format_.fps();
    count_ = static_cast<std::size_t>(size_of_film(o.input) / (format_.bytes() + 6));
  }
  bool next(Image& frame) override {
    const bool more = reader_.next(frame);
    frames_ += more;
    return more;
  }
  std::string name() const override { return numbered(frames_ - 1); }

 private:
  FilmFile file_;
  Y4mReader reader_;
  std::size_t frames_ = 0;
};

/// How bare pixels are read; kPixelOrders has their names.
struct RawPixels {
  PixelFormat format;
  std::size_t skipped = 0;  ///< bytes before the first pixel's red
};
RawPixels raw_pixels(const std::string& name) {
  constexpr PixelFormat kFormats[] = {PixelFormat::rgb,  PixelFormat::bgr,  PixelFormat::rgba,
                                      PixelFormat::bgra, PixelFormat::rgba, PixelFormat::grey,
                                      PixelFormat::nv12, PixelFormat::nv21, PixelFormat::i420};
  const auto known = std::find(std::begin(kPixelOrders), std::end(kPixelOrders), name);
  return {kFormats[known - std::begin(kPixelOrders)], name == "argb" ? 1u : 0u};
}

/// Bytes of a frame.
std::size_t raw_bytes(PixelFormat format, std::size_t width, std::size_t height) {
  switch (format) {
    case PixelFormat::rgb:
    case PixelFormat::bgr:
      return 3 * width * height;
    case PixelFormat::rgba:
    case PixelFormat::bgra:
      return 4 * width * height;
    case PixelFormat::grey:
      return width * height;
    case PixelFormat::nv12:
    case PixelFormat::nv21:
    case PixelFormat::i420:
      break;
  }
  return width * height + 2 * ((width + 1) / 2) * ((height + 1) / 2);
}

class RawInput : public FilmInput {
 public:
  explicit RawInput(const FilmInputOptions& o)
      : file_(o.input), name_(shown_film(o.input)), order_(o.pixels), pixels_(raw_pixels(o.pixels)) {
    int end = 0;
    if (std::sscanf(o.raw.c_str(), "%5dx%5d%n", &format_.width, &format_.height, &end) != 2 ||
        static_cast<std::size_t>(end) != o.raw.size() || format_.width < 1 || format_.height < 1)
      throw ArgumentError({"--raw", "not a size", "WIDTHxHEIGHT, e.g. 640x480", o.raw, ""});
    const auto pixels = static_cast<std::size_t>(format_.width) * static_cast<std::size_t>(format_.height);
    if (pixels > o.limits.pixels)
      throw ArgumentError(
          {"--raw", "frames are too large", "at most " + std::to_string(o.limits.pixels) + " pixels", o.raw, ""});
    bytes_.resize(
        raw_bytes(pixels_.format, static_cast<std::size_t>(format_.width), static_cast<std::size_t>(format_.height)));
    set_rate(format_, o.fps > 0 ? o.fps : 25);
    fps_ = o.fps > 0 ? o.fps : 25;
    count_ = static_cast<std::size_t>(size_of_film(o.input) / bytes_.size());
  }

  bool next(Image& frame) override {
    const std::size_t got = std::fread(bytes_.data(), 1, bytes_.size(), file_.get());
    const std::string where = name_ + ": frame " + std::to_string(frames_);
    if (std::ferror(file_.get()) != 0)
      throw FileError({where, "it cannot be read", "", std::generic_category().message(errno), ""});
    if (got == 0) return false;
    if (got < bytes_.size())
      throw FormatError({where, "the film ends within it", std::to_string(bytes_.size()) + " bytes",
                         std::to_string(got),
                         "is " + std::to_string(format_.width) + "x" + std::to_string(format_.height) + " of " +
                             order_ + " right? The frames before it are done"});
    if (frames_ == 0 &&
        std::string_view(reinterpret_cast<const char*>(bytes_.data()), bytes_.size()).starts_with("YUV4MPEG2 "))
      throw ArgumentError({"--raw", "these are no bare pixels but a Y4M film", "no --raw",
                           std::to_string(format_.width) + "x" + std::to_string(format_.height), ""});
    ++frames_;
    frame = to_image({.data = bytes_.data() + pixels_.skipped,
                      .width = format_.width,
                      .height = format_.height,
                      .format = pixels_.format});
    return true;
  }
  std::string name() const override { return numbered(frames_ - 1); }

 private:
  FilmFile file_;
  std::string name_, order_;
  RawPixels pixels_;
  std::vector<std::uint8_t> bytes_;
  std::size_t frames_ = 0;
};

class FolderInput : public FilmInput {
 public:
  explicit FolderInput(const FilmInputOptions& o) : limits_(o.limits) {
    std::error_code error;
    for (const Path& file : images_in(o.input))
      if (std::filesystem::equivalent(file.parent_path(), o.input, error)) files_.push_back(file);
    if (files_.empty())
      throw FileError({o.input.string(), "the folder holds no image", "frames as JPEG, PNG, BMP or PNM files", "none",
                       "check the path"});
    set_rate(format_, o.fps > 0 ? o.fps : 25);
    fps_ = o.fps > 0 ? o.fps : 25;
    count_ = files_.size();
  }
  bool next(Image& frame) override {
    if (at_ == files_.size()) return false;
    frame = read_image(files_[at_++], limits_);
    return true;
  }
  std::string name() const override { return files_[at_ - 1].stem().string(); }
  bool goes_on() const override { return true; }

 private:
  DecodeLimits limits_;
  std::vector<Path> files_;
  std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<FilmInput> open_film(const FilmInputOptions& o) {
  std::error_code error;
  const bool folder = std::filesystem::is_directory(o.input, error);
  if (!o.raw.empty() && folder)
    throw ArgumentError({"--raw", "a folder holds pictures, not bare pixels", "a file or -", o.input.string(), ""});
  if (folder) return std::make_unique<FolderInput>(o);
  if (!o.raw.empty()) return std::make_unique<RawInput>(o);
  return std::make_unique<Y4mInput>(o);
}

}  // namespace lineament::cli
