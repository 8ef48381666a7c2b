#include <cmath>

#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/pts.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/image/draw.hpp"
#include "lineament/image/file.hpp"
#include "lineament/landmarker/overlay.hpp"

namespace lineament::cli {

int faces(const FacesOptions& o) {
  std::error_code error;
  if (o.sheet.empty()) std::filesystem::create_directories(o.out, error);
  if (error)
    throw FileError({o.out.string(), "the folder cannot be made", "", error.message(), "choose another folder"});
  const int columns = static_cast<int>(std::ceil(std::sqrt(o.count * 1.5)));
  const int rows = (o.count + columns - 1) / columns;
  Image sheet = o.sheet.empty() ? Image() : Image(columns * o.size, rows * o.size, {255, 255, 255});
  Progress progress("drawing");
  for (int i = 0; i < o.count; ++i) {
    DrawnFace face = draw_face(o.seed, static_cast<std::uint64_t>(i), {.size = o.size});
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

}  // namespace lineament::cli
