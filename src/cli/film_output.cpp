#include "cli/film_output.hpp"

#include <cerrno>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>

#include "cli/console.hpp"
#include "cli/face_measures.hpp"
#include "cli/json_text.hpp"
#include "cli/output_files.hpp"
#include "cli/photo_files.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/pts.hpp"
#include "lineament/image/draw.hpp"
#include "lineament/landmarker/overlay.hpp"

namespace lineament::cli {
namespace {

constexpr std::string_view kFrameLine = "{\"frame\":";

/// Thousandths are enough for pixels, and make the text half as long.
double rounded(float value) {
  return std::round(static_cast<double>(value) * 1000) / 1000;
}

/// A file of another's is not written over. Films are large: only the beginning is read.
void require_own_beginning(const Path& path, std::string_view begin, const char* give) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) || std::filesystem::file_size(path, error) == 0) return;
  std::string start(begin.size(), '\0');
  if (std::FILE* file = std::fopen(path.c_str(), "rb")) {
    start.resize(std::fread(start.data(), 1, start.size(), file));
    std::fclose(file);
  }
  if (start != begin)
    throw ArgumentError({path.string(), "a file that this program did not write would be replaced", "", "",
                         std::string("give ") + give});
}

nlohmann::ordered_json json_of(const TrackedFace& tracked, const Scheme& scheme) {
  nlohmann::ordered_json face;
  face["id"] = tracked.id;
  const Box& box = tracked.box;
  face["box"] = {rounded(box.x), rounded(box.y), rounded(box.width), rounded(box.height)};
  if (tracked.face.score) face["score"] = rounded(*tracked.face.score);
  nlohmann::ordered_json points = nlohmann::ordered_json::array();
  for (const Point& p : tracked.face.points) points.push_back({rounded(p.x), rounded(p.y)});
  face["points"] = std::move(points);
  for (const auto& [name, value] : measures_of(tracked.face.points, scheme)) face[name] = rounded(value);
  if (tracked.face.spread.empty()) return face;
  nlohmann::ordered_json spread = nlohmann::ordered_json::array();
  for (const float s : tracked.face.spread) spread.push_back(rounded(s));
  face["spread"] = std::move(spread);
  return face;
}

std::string json_line(std::size_t number, double seconds, const std::string& name,
                      const std::vector<TrackedFace>& faces, const Scheme& scheme) {
  nlohmann::ordered_json line;
  line["frame"] = number;  // first: kFrameLine
  line["seconds"] = std::round(seconds * 1e6) / 1e6;
  line["name"] = name;
  line["faces"] = nlohmann::ordered_json::array();
  for (const TrackedFace& face : faces) line["faces"].push_back(json_of(face, scheme));
  return json_text(line) + "\n";
}

bool is_film(const Path& overlay) {
  return is_stream(overlay) || overlay.extension() == ".y4m";
}

/// Of colours that are told apart one after the other, by its number.
Color colour_of(std::uint64_t id) {
  constexpr Color kColours[] = {{255, 176, 0}, {60, 160, 255}, {255, 90, 160}, {120, 220, 80}, {200, 130, 255}};
  return kColours[(id - 1) % std::size(kColours)];
}

/// Neither the folder that the frames come from, nor the file that is read.
void require_elsewhere(const Path& out, const Path& from, const char* option) {
  std::error_code error;
  if (out.empty() || is_stream(out) || is_stream(from)) return;
  if (std::filesystem::equivalent(out, from, error))
    throw ArgumentError({option, "it would be written over what is read", "another place", out.string(), ""});
}

/// A stranger's first guess would become a folder of that name.
void require_no_video_name(const Path& overlay) {
  for (const char* extension : {".mp4", ".avi", ".mov", ".mkv", ".webm"})
    if (overlay.extension() == extension)
      throw ArgumentError({"--overlay", "this kind of film is not written", "a .y4m file, - or a folder for pictures",
                           overlay.string(),
                           "'lineament track … --overlay - | ffmpeg -i - " + overlay.string() + "' makes one"});
}

}  // namespace

FrameFile::FrameFile(const Path& path, std::string_view begin, const char* give) : path_(path), file_(stdout) {
  if (is_stream(path)) {
    // A frame goes out as it is written: whoever reads need not wait, and nothing is left when they are gone.
    std::setvbuf(stdout, nullptr, _IONBF, 0);
    return;
  }
  require_own_beginning(path, begin, give);
  make_folder(path.parent_path());
  file_ = std::fopen(path.c_str(), "wb");
  if (file_ == nullptr)
    throw FileError(
        {path.string(), "it cannot be written", "", std::generic_category().message(errno), "choose another file"});
}

FrameFile::~FrameFile() {
  if (file_ != stdout) std::fclose(file_);
}

bool FrameFile::write(std::span<const std::uint8_t> bytes) {
  errno = 0;
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size() && std::fflush(file_) == 0) return true;
  const int reason = errno;
  if (file_ == stdout && reason == EPIPE) {
    std::clearerr(stdout);
    return false;
  }
  const std::string name = file_ == stdout ? "standard output" : path_.string();
  throw FileError({name, "it cannot be written", "", std::generic_category().message(reason), "free some space"});
}

bool FrameFile::write(std::string_view text) {
  return write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

FilmOutput::FilmOutput(const FilmOutputOptions& options, const FilmInput& input, const Path& from, const Scheme& scheme)
    : options_(options), scheme_(scheme), format_(input.format()) {
  if (options_.json == "-" && options_.overlay == "-")
    throw ArgumentError(
        {"--overlay", "standard output can hold one thing", "a file's name for --json or --overlay", "- for both", ""});
  require_no_video_name(options_.overlay);
  require_elsewhere(options_.json, from, "--json");
  require_elsewhere(options_.pts, from, "--pts");
  require_elsewhere(options_.overlay, from, "--overlay");
  make_folder(options_.pts);
  if (!is_film(options_.overlay)) make_folder(options_.overlay);
  if (!options_.json.empty())
    json_ = std::make_unique<FrameFile>(options_.json, kFrameLine, "--json another file's name, e.g. points.jsonl");
  if (is_film(options_.overlay))
    film_ = std::make_unique<FrameFile>(options_.overlay, kY4mOfOurs, "--overlay another file's name");
}

bool FilmOutput::write(std::size_t number, double seconds, const std::string& name,
                       const std::vector<TrackedFace>& faces, Image& frame) {
  for (const TrackedFace& face : faces)
    if (!options_.pts.empty())
      write_pts(options_.pts / (name + "_" + std::to_string(face.id) + ".pts"), face.face.points);
  if (json_ && !json_->write(json_line(number, seconds, name, faces, scheme_))) return false;
  return options_.overlay.empty() || draw(name, faces, frame);
}

bool FilmOutput::draw(const std::string& name, const std::vector<TrackedFace>& faces, Image& frame) {
  for (const TrackedFace& face : faces)
    draw_landmarks(frame, face.face.points, {.points = colour_of(face.id)}, scheme_);
  if (!film_) {
    write_png(options_.overlay / (name + ".png"), frame);
    return true;
  }
  if (!begun_) {
    format_.width = frame.width();
    format_.height = frame.height();
    if (!film_->write(y4m_header(format_))) return false;
    begun_ = true;
  }
  if (frame.width() != format_.width || frame.height() != format_.height)
    throw ArgumentError({"--overlay", "the frames of a film have one size",
                         std::to_string(format_.width) + " x " + std::to_string(format_.height),
                         std::to_string(frame.width()) + " x " + std::to_string(frame.height()) + " in " + name,
                         "give a folder for pictures"});
  y4m_frame(frame, bytes_);
  return film_->write(std::span<const std::uint8_t>(bytes_));
}

}  // namespace lineament::cli
