#include "cli/photo_points.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <iostream>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include "cli/box_option.hpp"
#include "cli/face_measures.hpp"
#include "cli/networks.hpp"
#include "cli/options.hpp"
#include "cli/output_files.hpp"
#include "cli/photo_files.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/pts.hpp"
#include "lineament/file.hpp"
#include "lineament/image/file.hpp"
#include "lineament/image/photo_file.hpp"
#include "lineament/landmarker/overlay.hpp"

namespace lineament::cli {
namespace {

std::vector<std::uint8_t> read_bytes(const Path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw FileError(
        {path.string(), "the folder holds no image", "JPEG, PNG, BMP or PNM files", "none", "check the path"});
  if (!is_stream(path)) return read_file(path);
  constexpr std::size_t kPart = 1 << 20, kMost = std::size_t{512} << 20;
  std::vector<std::uint8_t> bytes;
  while (std::cin && bytes.size() <= kMost) {
    const std::size_t had = bytes.size();
    bytes.resize(had + kPart);
    std::cin.read(reinterpret_cast<char*>(bytes.data() + had), kPart);
    bytes.resize(had + static_cast<std::size_t>(std::cin.gcount()));
  }
  if (bytes.size() > kMost)
    throw FormatError({"standard input", "it is too long for a picture", "at most 512 MB", "more", ""});
  return bytes;
}

LandmarkerOptions landmarker_options(const PredictOptions& o, const PhotoModels& models, int threads) {
  LandmarkerOptions options{
      .threads = threads, .passes = o.passes, .precision = precision_by_name(o.precision), .mirror = o.mirror};
  options.finder.smallest = static_cast<float>(o.min_size);
  options.min_score = static_cast<float>(o.min_score);
  options.detector = models.detector;
  options.tuning = models.tuning;
  return options;
}

Face to_face(const FaceLandmarks& found, const Path& photo, const Scheme& scheme, bool whole) {
  Face face{.image = photo, .points = found.points, .spread = found.spread, .score = found.score};
  if (!whole) face.box = found.box;
  face.detection = found.detection;
  face.measures = measures_of(found.points, scheme);
  return face;
}

}  // namespace

PhotoPoints::PhotoPoints(const PredictOptions& options, const PhotoModels& models, int threads,
                         const std::set<std::string>& names)
    : o_(options),
      names_(names),
      boxes_(parse_boxes(options.boxes)),
      landmarker_(models.points, landmarker_options(options, models, threads)) {}

PhotoResult PhotoPoints::run(const Path& path, const std::string& name) {
  PhotoResult result;
  try {
    one(path, name, result);
    return result;
  } catch (const std::bad_alloc&) {
    result = {};
    result.complaint = path.string() + ": there is not enough memory for it; is it a photo?";
  } catch (const std::exception& e) {
    result = {};
    result.complaint = e.what();
  }
  return result;
}

/// P: a file, or an image.
template <class P>
std::vector<FaceLandmarks> PhotoPoints::points_of(const Path& path, const P& photo) {
  const Box whole = landmarker_.whole_image_face(photo);
  if (o_.whole) return landmarker_.predict(photo, std::span(&whole, 1));
  if (!boxes_.empty()) return landmarker_.predict(photo, boxes_);
  std::vector<FaceLandmarks> faces;
  try {
    faces = landmarker_.predict(photo);
  } catch (const ArgumentError& e) {  // the photo is too large for faces so small
    constexpr std::string_view kOption = "FinderOptions::smallest";
    std::string what = e.what();
    if (what.starts_with(kOption)) what.replace(0, kOption.size(), "--min-size");
    throw ArgumentError({path.string(), what, "", "", ""});
  }
  if (!o_.largest || faces.empty()) return faces;
  const auto side = [](const FaceLandmarks& f) { return std::max(f.box.width, f.box.height); };
  return {
      *std::max_element(faces.begin(), faces.end(), [&](const auto& a, const auto& b) { return side(a) < side(b); })};
}

/// name_1, name_2, as readers of .pts expect faces of one photo; a single one has the photo's name.
std::vector<std::string> PhotoPoints::file_names(const std::string& name, std::size_t faces) const {
  if (faces == 1) return {name};
  for (std::string stem = name;; stem += "_") {  // another photo may be called name_1
    std::vector<std::string> files;
    for (std::size_t i = 1; i <= faces; ++i) files.push_back(stem + "_" + std::to_string(i));
    const auto taken = [&](const std::string& file) { return names_.count(file) > 0; };
    if ((stem == name || !taken(stem)) && std::none_of(files.begin(), files.end(), taken)) return files;
  }
}

void PhotoPoints::one(const Path& path, const std::string& name, PhotoResult& result) {
  const Path overlay = o_.overlay / (name + ".png");
  if (!o_.overlay.empty()) require_other_file(overlay, path, "--overlay");
  const std::vector<std::uint8_t> bytes = read_bytes(path);
  const std::string source = is_stream(path) ? "standard input" : path.string();
  const PhotoFile stored(bytes, source, decode_limits(o_.max_megapixels));
  Image photo;
  if (!o_.overlay.empty()) photo = stored.decode().image;
  const std::vector<FaceLandmarks> faces = photo.empty() ? points_of(path, stored) : points_of(path, photo);
  const std::vector<std::string> files = file_names(name, faces.size());
  for (const std::string& file : files)
    if (!o_.pts.empty()) require_other_file(o_.pts / (file + ".pts"), path, "--pts");
  for (std::size_t i = 0; i < faces.size() && !o_.pts.empty(); ++i) {
    write_pts(o_.pts / (files[i] + ".pts"), faces[i].points);
    result.written.push_back({files[i] + ".pts", path});
  }
  if (!o_.overlay.empty()) {
    for (const FaceLandmarks& face : faces) {
      if (!face.spread.empty()) draw_spread(photo, face.points, face.spread);
      draw_landmarks(photo, face.points, {}, landmarker_.scheme());
      if (face.score) draw_score(photo, face.points, *face.score);
    }
    write_png(overlay, photo);
  }
  for (std::size_t i = 0; i < faces.size(); ++i) {
    if (!faces[i].detection && faces[i].score.value_or(1) < 0.5f) result.doubtful.push_back(files[i]);
    result.faces.push_back(to_face(faces[i], path, landmarker_.scheme(), o_.whole));
  }
}

}  // namespace lineament::cli
