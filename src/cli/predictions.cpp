#include "cli/predictions.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "lineament/error.hpp"
#include "lineament/faces/pts.hpp"

namespace lineament::cli {
namespace {

/// The longest end of "a/b/c" that is a file below `folder`.
std::optional<Path> find(const Path& folder, const Path& name) {
  Path rest = name.relative_path();
  std::error_code error;
  while (!rest.empty()) {
    if (std::filesystem::is_regular_file(folder / rest, error)) return folder / rest;
    Path shorter;
    for (auto part = std::next(rest.begin()); part != rest.end(); ++part) shorter /= *part;
    rest = shorter;
  }
  return std::nullopt;
}

bool eyes_known(const Landmarks& points, const Scheme& scheme) {
  return std::isfinite(inter_ocular(points, scheme)) && std::isfinite(inter_pupil(points, scheme));
}

}  // namespace

Predictions read_predictions(std::span<const Face> faces, const Path& folder, const Scheme& scheme) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    throw FileError({folder.string(), "there is no folder of this name", "a folder of .pts files",
                     std::filesystem::exists(folder, error) ? "a file" : "nothing", "check the path"});
  std::map<Path, int> of_photo, so_far;
  for (const Face& face : faces) ++of_photo[face.image];
  std::map<Path, Path> taken;  // by file: its photo
  Predictions found;
  for (std::size_t i = 0; i < faces.size(); ++i) {
    const Face& face = faces[i];
    const std::string number = of_photo[face.image] > 1 ? "_" + std::to_string(++so_far[face.image]) : "";
    const Path name = face.image.lexically_normal().parent_path() / (face.image.stem().string() + number + ".pts");
    const auto file = find(folder, name);
    if (!file) {
      found.missing.push_back(name.filename().string());
      continue;
    }
    const auto [other, fresh] = taken.emplace(*file, face.image);
    if (!fresh)
      throw ArgumentError({file->string(), "it would be the prediction for two photos",
                           "a file for each, in folders as the photos are",
                           other->second.string() + " and " + face.image.string(), ""});
    Landmarks predicted;
    try {
      predicted = read_pts(*file, scheme);
    } catch (const Error& e) {
      found.damaged.push_back({file->string(), reason_of(e)});
      continue;
    }
    if (!eyes_known(face.points, scheme)) {
      ++found.eyes_not_known;
      continue;
    }
    const Box box = bounding_box(face.points);
    found.faces.push_back(
        {i, std::move(predicted), face.points, {}, static_cast<double>(std::max(box.width, box.height))});
  }
  return found;
}

}  // namespace lineament::cli
