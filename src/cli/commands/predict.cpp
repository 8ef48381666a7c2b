#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/networks.hpp"
#include "cli/options.hpp"
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

struct PredictOptions {
  Path model;
  std::vector<Path> images;
  std::string box;  ///< as given
  int passes = 2;
  std::string precision = "fp32";
  Path json, pts, overlay;
  int threads = 1;
};

void add_options(CLI::App& c, PredictOptions& o) {
  c.add_option("MODEL", o.model, "A .safetensors file written by training")->required();
  c.add_option("IMAGE", o.images, "JPEG, PNG, BMP or PNM")->required();
  c.add_option("--box", o.box, "x,y,width,height of the face, brows to chin, in pixels");
  c.add_option("--passes", o.passes, "Times the face is cropped anew to the points just found")
      ->capture_default_str()
      ->check(whole(1, 10));
  add_precision(c, o.precision);
  c.add_option("--json", o.json, "File for all results")->type_name("FILE");
  c.add_option("--pts", o.pts, "Folder for a .pts file for each photo")->type_name("FOLDER");
  c.add_option("--overlay", o.overlay, "Folder for a picture of each photo with its points")->type_name("FOLDER");
  add_threads(c, o.threads);
}

std::optional<Box> parse_box(const std::string& given) {
  if (given.empty()) return std::nullopt;
  Box box;
  char rest = 0;
  if (std::sscanf(given.c_str(), "%f,%f,%f,%f%c", &box.x, &box.y, &box.width, &box.height, &rest) != 4 ||
      !(box.width > 0) || !(box.height > 0))
    throw ArgumentError(
        {"--box", "not a box", "x,y,width,height with a width and height above 0, e.g. 120,80,200,200", given, ""});
  return box;
}

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
  if (error)
    throw FileError({folder.string(), "the folder cannot be made", "", error.message(), "choose another folder"});
}

/// Nothing a person made is written over: a photo, or an annotation beside its photo.
void require_other_file(const Path& out, const Path& photo, const char* option) {
  std::error_code error;
  if (std::filesystem::exists(out, error) &&
      std::filesystem::equivalent(out.parent_path() / ".", photo.parent_path() / ".", error))
    throw ArgumentError({out.string(), "a file beside the photo would be replaced", "", "",
                         std::string("give another folder with ") + option});
}

/// Found now, not after a thousand photos.
void require_json_file(const Path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw ArgumentError({path.string(), "the results cannot be written here", "a file", "a folder",
                         "give --json a file's name, e.g. points.json"});
  if (std::filesystem::is_regular_file(path, error) && std::filesystem::file_size(path, error) > 0 &&
      !read_text(path).starts_with("{"))
    throw ArgumentError({path.string(), "a file that is no JSON would be replaced", "", "",
                         "give --json another file's name, e.g. points.json"});
  make_folder(path.parent_path());
}

void require_sane(const Box& box, const Image& photo) {
  const auto w = static_cast<float>(photo.width()), h = static_cast<float>(photo.height());
  if (box.x < w && box.y < h && box.x + box.width > 0 && box.y + box.height > 0 &&
      std::max(box.width, box.height) <= 10 * std::max(w, h))
    return;
  throw ArgumentError({"--box", "it does not lie on the photo",
                       text("a part of 0,0,%d,%d", photo.width(), photo.height()),
                       text("%g,%g,%g,%g", static_cast<double>(box.x), static_cast<double>(box.y),
                            static_cast<double>(box.width), static_cast<double>(box.height)),
                       "give x,y,width,height in pixels of the upright photo"});
}

Face predict_one(Landmarker& landmarker, const PredictOptions& o, const std::optional<Box>& box, const Path& path,
                 const std::string& stem) {
  const Path pts = o.pts / (stem + ".pts"), overlay = o.overlay / (stem + ".png");
  if (!o.pts.empty()) require_other_file(pts, path, "--pts");
  if (!o.overlay.empty()) require_other_file(overlay, path, "--overlay");
  Image photo = read_image(path);
  if (box) require_sane(*box, photo);
  const FaceLandmarks found = box ? landmarker.predict(photo, *box) : landmarker.predict(photo);
  if (!o.pts.empty()) write_pts(pts, found.points);
  if (!o.overlay.empty()) {
    draw_landmarks(photo, found.points);
    write_png(overlay, photo);
  }
  return {path, found.points, box, ""};
}

int predict(const PredictOptions& o) {
  const std::optional<Box> box = parse_box(o.box);
  require_no_folder(o.model);
  Landmarker landmarker(o.model,
                        {.threads = o.threads, .passes = o.passes, .precision = precision_by_name(o.precision)});
  make_folder(o.pts);
  make_folder(o.overlay);
  if (!o.json.empty()) require_json_file(o.json);
  std::vector<Face> found;
  std::set<std::string> stems;
  std::size_t done = 0, failed = 0;
  Progress progress("predicting");
  for (const Path& image : o.images) {
    try {
      found.push_back(predict_one(landmarker, o, box, image, free_stem(image, stems)));
    } catch (const Error& e) {  // one bad photo of many is no reason to lose the others
      progress.clear();
      say(std::string("lineament: ") + e.what());
      ++failed;
    }
    ++done;
    progress.update(done, o.images.size(), text("%zu of %zu", done, o.images.size()));
  }
  progress.clear();
  const bool to_files = !o.json.empty() || !o.pts.empty() || !o.overlay.empty();
  if (!o.json.empty())
    write_json(o.json, found);
  else if (!to_files && !found.empty())
    std::printf("%s\n", format_json(found).c_str());
  if (to_files && !found.empty()) {
    std::string line = counted(found.size(), "photo") + ":";
    for (const Path& written : {o.json, o.pts, o.overlay})
      if (!written.empty()) line += " " + written.string();
    say(line);
  }
  return failed == 0 ? 0 : 2;
}

}  // namespace

Command predict_command() {
  const auto o = std::make_shared<PredictOptions>();
  return {.name = "predict",
          .about = "Find the 68 points of a face in photos",
          .footer =
              "Without --box the face should fill most of the picture. Without --json, --pts and --overlay, JSON "
              "is printed.\n"
              "Examples:\n"
              "  lineament predict run/model.safetensors photo.jpg --box 120,80,200,200 --overlay out\n"
              "  lineament predict run/model.safetensors photos/*.jpg --json points.json --pts out",
          .options = [o](CLI::App& c) { add_options(c, *o); },
          .run = [o] { return predict(*o); }};
}

}  // namespace lineament::cli
