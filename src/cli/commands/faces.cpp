#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <utility>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/data.hpp"
#include "cli/options.hpp"
#include "cli/output_files.hpp"
#include "lineament/detector/scenes.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/drawn_film.hpp"
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
  float masks = 0;
  int film = 0;    ///< frames; 0: single faces
  int people = 0;  ///< in a picture; 0: single faces
  FilmOptions filming{};
};

void add_options(CLI::App& c, FacesOptions& o) {
  CLI::Option* const count = c.add_option("--count", o.count, "How many")->capture_default_str()->check(at_least(1));
  c.add_option("--size", o.size, "Side of a picture, pixels")->capture_default_str()->check(whole(32, 2048));
  add_seed(c, o.seed, "Same seed, same faces");
  c.add_option("--out", o.out, "Folder for .png and .pts files")->type_name("FOLDER")->capture_default_str();
  c.add_option("--sheet", o.sheet, "One picture of all faces instead")->type_name("FILE");
  c.add_option("--backgrounds", o.backgrounds, "Photos without people to put behind the faces")->type_name("FOLDER");
  c.add_flag("--points", o.points, "Draw the points into the pictures");
  CLI::Option* const film =
      c.add_option("--film", o.film, "So many frames of a film of one face that rests, talks and moves, instead")
          ->check(whole(1, 1000000))
          ->excludes(count);
  c.add_option("--masks", o.masks, "Share of faces with a mask over mouth and nose, 0 to 1")
      ->capture_default_str()
      ->check(number(0, 1))
      ->excludes(film);
  c.add_option("--people", o.people, "Pictures of so many people or a few more, to look for faces in, instead")
      ->check(whole(1, 98));
  c.add_option("--fps", o.filming.fps, "Of the film: frames a second")
      ->capture_default_str()
      ->check(number(1, 1000))
      ->needs(film);
  c.add_option("--noise", o.filming.noise, "Of the film's camera, grey levels")
      ->capture_default_str()
      ->check(number(0, 60))
      ->needs(film);
}

/// Whether the file has a name that this command gives.
bool is_drawn(const std::string& stem) {
  for (const std::string_view kind : {"face_", "group_", "frame_"})
    if (stem.starts_with(kind) && stem.find_first_not_of("0123456789", kind.size()) == std::string::npos) return true;
  return false;
}

/// Drawn pictures take the place of drawn ones alone: the folder may have somebody's photos and points.
void make_drawn_folder(const Path& folder) {
  make_folder(folder);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const Path& file = entry.path();
    if ((is_image_name(file) || file.extension() == ".pts") && !is_drawn(file.stem().string()))
      throw ArgumentError(
          {"--out", "the folder has files that were not drawn", "a folder of its own", file.string(), ""});
  }
}

/// Pictures of at least so many people, whose faces are large enough to be found. No points: nobody sees all of them.
int groups(const FacesOptions& o) {
  if (!o.sheet.empty() || o.points)
    throw ArgumentError({o.points ? "--points" : "--sheet",
                         "pictures of several people are written to a folder as they are", "--people with --out",
                         o.points ? "--points" : o.sheet.string(), ""});
  make_drawn_folder(o.out);
  SceneOptions scenes;
  scenes.size = std::max(o.size, 64);
  scenes.most_faces = std::min(o.people + 2, 100);
  scenes.smallest = static_cast<float>(scenes.size) / 16;
  scenes.max_roll = 15;
  scenes.without = 0;
  scenes.masks = o.masks;
  const Backgrounds behind = o.backgrounds.empty() ? nullptr : load_backgrounds(o.backgrounds, {}, "--backgrounds");
  Progress progress("drawing");
  const DrawnScenes drawn = DrawnScenes::draw(o.seed, static_cast<std::size_t>(2 * o.people + 6), behind, scenes, 0,
                                              [&](std::size_t done, std::size_t total) {
                                                progress.update(done, total, text("%zu of %zu people", done, total));
                                              });
  std::uint64_t stream = 0;
  for (int i = 0; i < o.count; ++i) {
    Scene scene = drawn.compose(Random(o.seed, stream++));
    // Pictures have any number of people: the next one that has enough, or the fullest of many.
    for (int k = 0; k < 200 && scene.faces.size() < static_cast<std::size_t>(o.people); ++k)
      if (Scene other = drawn.compose(Random(o.seed, stream++)); other.faces.size() > scene.faces.size())
        scene = std::move(other);
    write_png(o.out / text("group_%05d.png", i), scene.image);
  }
  progress.clear();
  say(counted(static_cast<std::size_t>(o.count), "picture") + ": " + o.out.string());
  return 0;
}

/// Pictures of an older, longer film would look like the end of this one.
void require_no_more(const Path& folder, int frames) {
  const Path next = folder / text("frame_%06d.png", frames);
  if (std::error_code error; std::filesystem::exists(next, error))
    throw ArgumentError(
        {"--out", "the folder has a longer film", "another folder, or one without it", next.string(), ""});
}

void write_picture(const Path& folder, const std::string& stem, const Image& image, const Landmarks& points) {
  write_png(folder / (stem + ".png"), image);
  write_pts(folder / (stem + ".pts"), points);
}

int film(const FacesOptions& o) {
  if (!o.sheet.empty())
    throw ArgumentError({"--sheet", "a film is written to a folder", "--film with --out", o.sheet.string(), ""});
  make_drawn_folder(o.out);
  require_no_more(o.out, o.film);
  say_when_interrupted("stopped: the frames drawn so far are kept");
  FilmOptions filming = o.filming;
  filming.size = o.size;
  if (!o.backgrounds.empty()) filming.backgrounds = load_backgrounds(o.backgrounds, {}, "--backgrounds");
  Progress progress("drawing");
  for (int i = 0; i < o.film; ++i) {
    DrawnFilmFrame frame = draw_film_frame(o.seed, static_cast<std::uint64_t>(i), filming);
    if (o.points) draw_landmarks(frame.image, frame.points);
    write_picture(o.out, text("frame_%06d", i), frame.image, frame.points);
    progress.update(static_cast<std::size_t>(i + 1), static_cast<std::size_t>(o.film), text("%d of %d", i + 1, o.film));
  }
  progress.clear();
  say(counted(static_cast<std::size_t>(o.film), "frame") + ": " + o.out.string());
  return 0;
}

int faces(const FacesOptions& o) {
  if (o.film > 0 && o.people > 0)
    throw ArgumentError({"--people", "a film shows one face", "--film or --people", "both", ""});
  if (o.film > 0) return film(o);
  if (o.people > 0) return groups(o);
  if (!o.sheet.empty() && o.sheet.extension() != ".png")
    throw ArgumentError({"--sheet", "it is a PNG picture", "a name such as faces.png", o.sheet.string(), ""});
  if (o.sheet.empty()) {
    make_drawn_folder(o.out);
  } else {
    require_not_there(o.sheet, "--sheet");
  }
  const int columns = static_cast<int>(std::ceil(std::sqrt(o.count * 1.5)));
  const int rows = (o.count + columns - 1) / columns;
  Image sheet = o.sheet.empty() ? Image() : Image(columns * o.size, rows * o.size, {255, 255, 255});
  DrawOptions drawing;
  drawing.size = o.size;
  drawing.masks = o.masks;
  if (!o.backgrounds.empty()) drawing.backgrounds = load_backgrounds(o.backgrounds, {}, "--backgrounds");
  Progress progress("drawing");
  for (int i = 0; i < o.count; ++i) {
    DrawnFace face = draw_face(o.seed, static_cast<std::uint64_t>(i), drawing);
    if (o.points) draw_landmarks(face.image, face.points);
    if (o.sheet.empty()) {
      write_picture(o.out, text("face_%05d", i), face.image, face.points);
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
              "  lineament faces --count 40 --seed 3 --points --sheet faces.png\n"
              "  lineament faces --people 6 --size 640 --count 1 --out group   group_00000.png\n"
              "  lineament faces --film 150 --fps 25 --seed 4 --out film      frame_000000.png, frame_000000.pts ...",
          .options = [o](CLI::App& c) { add_options(c, *o); },
          .run = [o] { return faces(*o); }};
}

}  // namespace lineament::cli
