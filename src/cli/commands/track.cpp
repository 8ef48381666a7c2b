#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <new>
#include <optional>

#include "cli/box_option.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/film_input.hpp"
#include "cli/film_output.hpp"
#include "cli/models.hpp"
#include "cli/networks.hpp"
#include "cli/options.hpp"
#include "cli/photo_files.hpp"
#include "cli/tunings.hpp"
#include "lineament/detector/face_finder.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/box_convention.hpp"
#include "lineament/model/default_models.hpp"
#include "lineament/track/tracker.hpp"

namespace lineament::cli {
namespace {

struct TrackOptions {
  Path model;
  FilmInputOptions film{};
  FilmOutputOptions out{};
  Path detector;
  std::vector<std::string> boxes;  ///< as given
  bool no_smoothing = false;
  double find_every = 1, min_size = 0;
  int threads = 1;
  std::string precision = "fp32";
  int max_megapixels = 100;
};

/// Rates of films are often fractions: 30000/1001 in place of 29.97003.
std::string as_decimal(const std::string& rate) {
  double whole = 0, per = 0;
  int end = 0;
  if (std::sscanf(rate.c_str(), "%lf/%lf%n", &whole, &per, &end) != 2 || static_cast<std::size_t>(end) != rate.size() ||
      !(per > 0))
    return rate;
  return text("%.12g", whole / per);
}

void add_options(CLI::App& c, TrackOptions& o) {
  c.add_option("MODEL", o.model, kModelHelp + std::string("; may be left out"));
  c.add_option("INPUT", o.film.input, "A folder of frames, in the order of their names; a Y4M film; - for a pipe");
  c.add_option("--fps", o.film.fps,
               "Frames a second, also as a fraction, 30000/1001 (default: as the film says, 25 where nothing does)")
      ->transform(as_decimal)
      ->check(number(0.001, 10000));
  c.add_option("--raw", o.film.raw, "Frames are bare pixels of this size")->type_name("WIDTHxHEIGHT");
  c.add_option("--format", o.film.pixels, "Of bare pixels: rgb, bgr, rgba, bgra, argb, gray, nv12, nv21, i420")
      ->capture_default_str()
      ->needs("--raw")
      ->check(one_of({std::begin(kPixelOrders), std::end(kPixelOrders)}));
  c.add_option("--detector", o.detector, "A detector of yours, a .safetensors file; not the library's own")
      ->type_name("FILE");
  c.add_option("--box", o.boxes,
               "x,y,width,height of a face in the first frame, brows to chin; several may be given: these "
               "alone are followed, and one that is lost stays lost")
      ->type_name("BOX")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);  // what follows is no other box
  c.add_option("--find-every", o.find_every, "Seconds between looks for new faces")
      ->capture_default_str()
      ->check(number(0, 1e6));
  c.add_option("--min-size", o.min_size,
               "Smallest face to look for, pixels of its larger side; 0: a 36th of the frame's")
      ->capture_default_str()
      ->check(number(0, 100000));
  c.add_option("--json", o.out.json, "File for a line of JSON for each frame; - for standard output")
      ->type_name("FILE");
  c.add_option("--pts", o.out.pts, "Folder for a .pts file for each face of each frame")->type_name("FOLDER");
  c.add_option("--overlay", o.out.overlay,
               "The film with its points: a .y4m file, - for standard output, or a folder for pictures")
      ->type_name("FILE");
  c.add_flag("--no-smooth", o.no_smoothing, "Points as they are found in each frame");
  c.add_option("--max-pixels", o.max_megapixels, kMaxPixelsHelp)->capture_default_str()->check(whole(1, 100000));
  add_precision(c, o.precision);
  add_threads(c, o.threads);
}

/// "MODEL INPUT" or "INPUT".
void sort_out_film(TrackOptions& o) {
  if (!o.film.input.empty()) return;
  if (o.model.empty() || names_model(o.model))
    throw ArgumentError({"track", "a film is missing", "INPUT, a folder, a Y4M file or -",
                         o.model.empty() ? "none" : "the model " + o.model.string() + " alone",
                         "see 'lineament track --help'"});
  std::swap(o.model, o.film.input);
}

/// Who finds faces where none is known.
Tracker::Finder make_finder(const TrackOptions& o, const std::shared_ptr<const Tuning>& tuning,
                            const std::optional<BoxFactors>& found_box) {
  if (o.detector.empty() && !o.boxes.empty()) return [](const ImageView&) { return std::vector<FoundFace>(); };
  FinderOptions options = LandmarkerOptions().finder;
  options.smallest = static_cast<float>(o.min_size);
  options.threads = o.threads;
  options.precision = precision_by_name(o.precision);
  options.tuning = tuning;
  const auto finder =
      o.detector.empty() ? std::make_shared<FaceFinder>(options) : std::make_shared<FaceFinder>(o.detector, options);
  return [finder, found_box](const ImageView& frame) {
    std::vector<FoundFace> faces = finder->find(frame);
    if (found_box)
      for (FoundFace& face : faces) face.box = box_from(*found_box, face.box);
    return faces;
  };
}

/// Boxes that are given are found in the first frame, as if the detector were sure of them.
Tracker::Finder with_boxes(std::vector<Box> boxes, Tracker::Finder rest) {
  if (boxes.empty()) return rest;
  return [boxes = std::move(boxes), rest = std::move(rest)](const ImageView& frame) mutable {
    std::vector<FoundFace> faces = rest(frame);
    for (const Box& box : boxes) {
      const float across = std::min(box.x + box.width, static_cast<float>(frame.width)) - std::max(box.x, 0.0f);
      const float down = std::min(box.y + box.height, static_cast<float>(frame.height)) - std::max(box.y, 0.0f);
      if (!(across > 0 && down > 0 && across * down > 0.25f * box.width * box.height))
        throw ArgumentError({"--box", "most of it lies outside the first frame",
                             "a part of 0,0," + std::to_string(frame.width) + "," + std::to_string(frame.height),
                             text("%g,%g,%g,%g", static_cast<double>(box.x), static_cast<double>(box.y),
                                  static_cast<double>(box.width), static_cast<double>(box.height)),
                             ""});
      faces.insert(faces.begin(), {.box = box, .score = 1});
    }
    boxes.clear();
    return faces;
  };
}

Tracker make_tracker(const TrackOptions& o, const std::shared_ptr<const Tuning>& tuning) {
  Model model = load_named_model(o.model);
  require_points(o.model, model);
  if (o.boxes.empty()) warn_of_found_boxes(model);
  const std::optional<BoxFactors> found_box = model.found_box;
  return {Landmarker(std::move(model),
                     {.threads = o.threads, .precision = precision_by_name(o.precision), .tuning = tuning}),
          with_boxes(parse_boxes(o.boxes), make_finder(o, tuning, found_box)),
          {.find_every = o.find_every, .smooth = !o.no_smoothing}};
}

class Track {
 public:
  Track(const TrackOptions& o, const std::shared_ptr<const Tuning>& tuning)
      : o_(o), tracker_(make_tracker(o, tuning)) {}

  int run() {
    FilmInputOptions film = o_.film;
    film.limits = decode_limits(o_.max_megapixels);
    const std::unique_ptr<FilmInput> input = open_film(film);
    FilmOutput output(o_.out, *input, o_.film.input, tracker_.scheme());
    Progress progress("tracking");
    say_when_interrupted("stopped: what is written of the frames so far is kept");
    Image frame;
    std::size_t number = 0, failed = 0;
    bool ended = false;  // and nobody closed what is written to
    for (;; ++number) {
      try {
        if (ended = !input->next(frame); ended) break;
      } catch (const Error& e) {  // one bad picture of many is no reason to lose the others
        if (!input->goes_on()) throw;
        progress.clear();
        say("lineament: " + std::string(e.what()));
        ++failed;
        continue;
      }
      if (!one(*input, output, number, frame)) break;
      progress.update(
          number + 1, input->count(),
          text("%zu frames, %.1f a second", number + 1, static_cast<double>(number + 1) / progress.seconds()));
    }
    progress.clear();
    if (ended && number == 0)
      throw FormatError({is_stream(film.input) ? "standard input" : film.input.string(), "the film has no frame",
                         "one or more", "none", ""});
    finish(number - failed, progress.seconds());
    return failed == 0 ? 0 : 2;
  }

 private:
  bool one(const FilmInput& input, FilmOutput& output, std::size_t number, Image& frame) {
    const double seconds = static_cast<double>(number) / input.fps();
    const std::vector<TrackedFace>& faces = tracker_.next(frame, seconds);
    for (const TrackedFace& face : faces) most_ = std::max(most_, face.id);
    return output.write(number, seconds, input.name(), faces, frame);
  }

  void finish(std::size_t frames, double seconds) const {
    say_default_model(o_.model, tracker_.trained_on());
    if (most_ == 0)
      say(std::string("note: no face was found") +
          (o_.boxes.empty() ? "; if there is one, try --min-size, or give its place in the first frame: --box" : ""));
    say(counted(frames, "frame") + ", " + counted(most_, "face") +
        text(", %.1f frames a second", static_cast<double>(frames) / std::max(seconds, 1e-6)));
  }

  const TrackOptions& o_;
  Tracker tracker_;
  std::uint64_t most_ = 0;  ///< the highest number of a face
};

int track(TrackOptions o) {
  sort_out_film(o);
  if (!o.boxes.empty() && o.detector.empty() && (o.min_size > 0 || o.find_every != 1))
    throw ArgumentError(
        {o.min_size > 0 ? "--min-size" : "--find-every", "no face is looked for", "no --box", "--box", ""});
  if (o.detector == kDefaultDetector) o.detector.clear();
  if (o.out.json.empty() && o.out.pts.empty() && o.out.overlay.empty()) o.out.json = "-";
  return Track(o, tuning_of_this_machine()).run();
}

}  // namespace

Command track_command() {
  const auto o = std::make_shared<TrackOptions>();
  return {.name = "track",
          .about = "Follow the points of faces through a film",
          .footer =
              "Each face has a number that stays its own. Without --json, --pts and --overlay, JSON is printed, a line "
              "for each frame.\n"
              "Examples:\n"
              "  lineament track frames --fps 30 --json points.jsonl --overlay out\n"
              "  ffmpeg -i film.mp4 -f yuv4mpegpipe -pix_fmt yuv420p - | lineament track - --overlay - | ffplay -\n"
              "  camera | lineament track - --raw 640x480 --format bgr --json -",
          .options = [o](CLI::App& c) { add_options(c, *o); },
          .run = [o] { return track(*o); }};
}

}  // namespace lineament::cli
