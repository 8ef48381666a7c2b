#include <cmath>
#include <filesystem>
#include <memory>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/data.hpp"
#include "cli/options.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/pts.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/image/draw.hpp"
#include "lineament/image/file.hpp"
#include "lineament/landmarker/overlay.hpp"

namespace lineament::cli {
namespace {

struct FacesOptions {
  int count = 12;
  int size = 192;
  std::uint64_t seed = 1;
  Path out = "faces";
  Path sheet;
  Path backgrounds;
  bool points = false;
};

void add_options(CLI::App& c, FacesOptions& o) {
  c.add_option("--count", o.count, "How many")->capture_default_str()->check(at_least(1));
  c.add_option("--size", o.size, "Side of a picture, pixels")->capture_default_str()->check(whole(32, 2048));
  add_seed(c, o.seed, "Same seed, same faces");
  c.add_option("--out", o.out, "Folder for .png and .pts files")->type_name("FOLDER")->capture_default_str();
  c.add_option("--sheet", o.sheet, "One picture of all faces instead")->type_name("FILE");
  c.add_option("--backgrounds", o.backgrounds, "Photos without people to put behind the faces")->type_name("FOLDER");
  c.add_flag("--points", o.points, "Draw the points into the pictures");
}

int faces(const FacesOptions& o) {
  std::error_code error;
  if (o.sheet.empty()) std::filesystem::create_directories(o.out, error);
  if (error)
    throw FileError({o.out.string(), "the folder cannot be made", "", error.message(), "choose another folder"});
  const int columns = static_cast<int>(std::ceil(std::sqrt(o.count * 1.5)));
  const int rows = (o.count + columns - 1) / columns;
  Image sheet = o.sheet.empty() ? Image() : Image(columns * o.size, rows * o.size, {255, 255, 255});
  DrawOptions drawing;
  drawing.size = o.size;
  if (!o.backgrounds.empty()) drawing.backgrounds = load_backgrounds(o.backgrounds, {}, "--backgrounds");
  Progress progress("drawing");
  for (int i = 0; i < o.count; ++i) {
    DrawnFace face = draw_face(o.seed, static_cast<std::uint64_t>(i), drawing);
    if (o.points) draw_landmarks(face.image, face.points);
    if (o.sheet.empty()) {
      const std::string stem = text("face_%05d", i);
      write_png(o.out / (stem + ".png"), face.image);
      write_pts(o.out / (stem + ".pts"), face.points);
    } else {
      paste(sheet, face.image, i % columns * o.size, i / columns * o.size);
    }
    progress.update(static_cast<std::size_t>(i + 1), static_cast<std::size_t>(o.count),
                    text("%d of %d", i + 1, o.count));
  }
  progress.clear();
  if (!o.sheet.empty()) write_png(o.sheet, sheet);
  say(counted(static_cast<std::size_t>(o.count), "face") + ": " + (o.sheet.empty() ? o.out : o.sheet).string());
  return 0;
}

}  // namespace

Command faces_command() {
  const auto o = std::make_shared<FacesOptions>();
  return {.name = "faces",
          .about = "Draw faces with their points, as training does",
          .footer =
              "Examples:\n"
              "  lineament faces --count 12 --out faces\n"
              "  lineament faces --count 40 --seed 3 --points --sheet faces.png",
          .options = [o](CLI::App& c) { add_options(c, *o); },
          .run = [o] { return faces(*o); }};
}

}  // namespace lineament::cli
