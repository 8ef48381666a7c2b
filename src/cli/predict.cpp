#include <cstdio>
#include <set>

#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/json.hpp"
#include "lineament/faces/pts.hpp"
#include "lineament/file.hpp"
#include "lineament/image/draw.hpp"
#include "lineament/image/file.hpp"
#include "lineament/landmarker/landmarker.hpp"
#include "lineament/landmarker/overlay.hpp"

namespace lineament::cli {
namespace {

/// The image's stem, made different from those used before: photos of several folders may have one name.
std::string free_stem(const Path& image, std::set<std::string>& used) {
  const std::string stem = image.stem().string();
  std::string name = stem;
  for (int n = 2; !used.insert(name).second; ++n) name = stem + "_" + std::to_string(n);
  return name;
}

void make_folder(const Path& folder) {
  if (folder.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw FileError({folder.string(), "the folder cannot be made", "", error.message(), "choose another folder"});
}

Face predict_one(Landmarker& landmarker, const PredictOptions& o, const Path& path, const std::string& stem) {
  Image photo = read_image(path);
  const FaceLandmarks found = o.box ? landmarker.predict(photo, *o.box) : landmarker.predict(photo);
  if (!o.pts.empty()) write_pts(o.pts / (stem + ".pts"), found.points);
  if (!o.overlay.empty()) {
    draw_landmarks(photo, found.points);
    write_png(o.overlay / (stem + ".png"), photo);
  }
  return {path, found.points, o.box, ""};
}

}  // namespace

int predict(const PredictOptions& o) {
  Landmarker landmarker(o.model, {.threads = o.threads, .passes = o.passes});
  make_folder(o.pts);
  make_folder(o.overlay);
  std::vector<Face> found;
  std::set<std::string> stems;
  std::size_t failed = 0;
  for (const Path& image : o.images) {
    try {
      found.push_back(predict_one(landmarker, o, image, free_stem(image, stems)));
    } catch (const Error& e) {  // one bad photo of many is no reason to lose the others
      say(std::string("lineament: ") + e.what());
      ++failed;
    }
  }
  if (!o.json.empty()) write_json(o.json, found);
  else if (o.pts.empty() && o.overlay.empty() && !found.empty()) std::printf("%s\n", format_json(found).c_str());
  return failed == 0 ? 0 : 2;
}

}  // namespace lineament::cli
