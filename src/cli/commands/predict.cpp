#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <new>
#include <string_view>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/json_text.hpp"
#include "cli/models.hpp"
#include "cli/networks.hpp"
#include "cli/options.hpp"
#include "cli/output_files.hpp"
#include "cli/photo_files.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/dataset.hpp"
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
  std::vector<Path> images;        ///< as given: files, folders, @lists, "-"
  std::vector<std::string> boxes;  ///< as given
  int passes = 2;
  std::string precision = "fp32";
  Path json, pts, overlay;
  int threads = 1;
  bool mirror = false;
  int max_megapixels = 100;
};

void add_options(CLI::App& c, PredictOptions& o) {
  c.add_option("MODEL", o.model, kModelHelp + std::string("; may be left out"));
  c.add_option("IMAGE", o.images,
               "JPEG, PNG, BMP or PNM; a folder of them; @FILE with a name on each line; - for standard input");
  c.add_option("--box", o.boxes, "x,y,width,height of a face, brows to chin, in pixels; several may be given")
      ->type_name("BOX")
      ->expected(1)
      ->take_all();
  c.add_option("--max-pixels", o.max_megapixels, kMaxPixelsHelp)->capture_default_str()->check(whole(1, 100000));
  c.add_option("--passes", o.passes, "Times the face is cropped anew to the points just found")
      ->capture_default_str()
      ->check(whole(1, 10));
  c.add_flag("--mirror", o.mirror, "Average with the mirrored face: somewhat better, for twice the time");
  add_precision(c, o.precision);
  c.add_option("--json", o.json, "File for all results; - for standard output")->type_name("FILE");
  c.add_option("--pts", o.pts, "Folder for a .pts file for each face")->type_name("FOLDER");
  c.add_option("--overlay", o.overlay, "Folder for a picture of each photo with its points")->type_name("FOLDER");
  add_threads(c, o.threads);
}

Box parse_box(const std::string& given) {
  Box box;
  char rest = 0;
  if (given.find_first_of("xX") != std::string::npos ||  // 0x10 is a number to C
      std::sscanf(given.c_str(), "%f,%f,%f,%f%c", &box.x, &box.y, &box.width, &box.height, &rest) != 4 ||
      !(box.width > 0) || !(box.height > 0))
    throw ArgumentError(
        {"--box", "not a box", "x,y,width,height with a width and height above 0, e.g. 120,80,200,200", given, ""});
  if (!std::isfinite(box.x + box.y + box.width + box.height) || std::max(box.width, box.height) < 2)
    throw ArgumentError({"--box", "no face is so large or so small", "x,y,width,height in pixels", given, ""});
  return box;
}

std::vector<Box> parse_boxes(const std::vector<std::string>& given) {
  std::vector<Box> boxes;
  for (const std::string& box : given) boxes.push_back(parse_box(box));
  return boxes;
}

constexpr std::string_view kMapBegin = "file,photo\n";

Image read_photo(const Path& path, const PredictOptions& o) {
  const DecodeLimits limits = decode_limits(o.max_megapixels);
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw FileError(
        {path.string(), "the folder holds no image", "JPEG, PNG, BMP or PNM files", "none", "check the path"});
  if (!is_stream(path)) return read_image(path, limits);
  const std::string bytes(std::istreambuf_iterator<char>(std::cin), {});
  return decode_image({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, "standard input", limits);
}

/// What was written for which photo: names need not say it.
struct Written {
  std::string file;
  Path photo;
};

class Predict {
 public:
  explicit Predict(const PredictOptions& o)
      : o_(o),
        boxes_(parse_boxes(o.boxes)),
        landmarker_(load_named_model(o.model), {.threads = o.threads,
                                                .passes = o.passes,
                                                .precision = precision_by_name(o.precision),
                                                .mirror = o.mirror}) {}

  int run() {
    make_folder(o_.pts);
    make_folder(o_.overlay);
    if (to_json_file()) require_json_file(o_.json);
    if (!o_.pts.empty()) require_own(o_.pts / "photos.csv", kMapBegin, "another folder with --pts");
    const std::vector<Path> images = all_images(o_.images);
    const std::vector<std::string> names = names_of(images);
    std::size_t done = 0, failed = 0;
    Progress progress("predicting");
    for (std::size_t i = 0; i < images.size(); ++i) {
      try {
        one(images[i], names[i]);
      } catch (const std::bad_alloc&) {
        complain(progress, images[i].string() + ": there is not enough memory for it; is it a photo?");
        ++failed;
      } catch (const Error& e) {  // one bad photo of many is no reason to lose the others
        complain(progress, e.what());
        ++failed;
      }
      ++done;
      progress.update(done, images.size(), text("%zu of %zu", done, images.size()));
    }
    progress.clear();
    finish(images.size() - failed);
    return failed == 0 ? 0 : 2;
  }

 private:
  static void complain(Progress& progress, const std::string& what) {
    progress.clear();
    say("lineament: " + what);
  }

  bool to_json_file() const { return !o_.json.empty() && o_.json != "-"; }

  void one(const Path& path, const std::string& name) {
    const std::size_t count = std::max<std::size_t>(1, boxes_.size());
    std::vector<std::string> files;  // name_1, name_2: as readers of .pts expect faces of one photo
    for (std::size_t i = 0; i < count; ++i) files.push_back(count == 1 ? name : name + "_" + std::to_string(i + 1));
    const Path overlay = o_.overlay / (name + ".png");
    for (const std::string& file : files)
      if (!o_.pts.empty()) require_other_file(o_.pts / (file + ".pts"), path, "--pts");
    if (!o_.overlay.empty()) require_other_file(overlay, path, "--overlay");
    Image photo = read_photo(path, o_);
    const std::vector<FaceLandmarks> faces =
        boxes_.empty() ? std::vector{landmarker_.predict(photo)} : landmarker_.predict(photo, boxes_);
    for (std::size_t i = 0; i < count && !o_.pts.empty(); ++i) {
      write_pts(o_.pts / (files[i] + ".pts"), faces[i].points);
      written_.push_back({files[i] + ".pts", path});
    }
    if (!o_.overlay.empty()) {
      for (const FaceLandmarks& face : faces) {
        if (!face.spread.empty()) draw_spread(photo, face.points, face.spread);
        draw_landmarks(photo, face.points, {}, landmarker_.scheme());
      }
      write_png(overlay, photo);
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (faces[i].score.value_or(1) < 0.5f) no_face_.push_back(count > 1 ? files[i] : name);
      Face face{.image = path, .points = faces[i].points, .spread = faces[i].spread, .score = faces[i].score};
      if (!boxes_.empty()) face.box = boxes_[i];
      found_.push_back(std::move(face));
    }
  }

  /// Beside the .pts files, where a file's name is not its photo's.
  void write_map() const {
    const auto same_name = [](const Written& w) { return Path(w.file).stem() == w.photo.stem(); };
    if (o_.pts.empty() || std::all_of(written_.begin(), written_.end(), same_name)) return;
    const auto quoted = [](const std::string& field) {
      std::string result = "\"";
      for (const char c : field) result += c == '"' ? "\"\"" : std::string(1, c);
      return result + "\"";
    };
    std::string csv(kMapBegin);
    for (const Written& w : written_) csv += quoted(w.file) + "," + quoted(w.photo.string()) + "\n";
    write_file(o_.pts / "photos.csv", std::string_view(csv));
    say("note: " + (o_.pts / "photos.csv").string() + " says which .pts file is of which photo");
  }

  /// JSON is UTF-8: names of other bytes do not lead back to their photos.
  void note_names() const {
    const bool json = !o_.json.empty() || (o_.pts.empty() && o_.overlay.empty());
    for (const Face& face : found_)
      if (const std::string name = face.image.generic_string(); json && utf8(name) != name)
        return say("note: the name of " + name + " is not UTF-8: in JSON it has U+FFFD in place of what is not");
  }

  /// Points that are found where there is no face look like any others.
  void warn_of_no_face() const {
    if (no_face_.empty()) return;
    constexpr std::size_t kShown = 4;
    std::string line = "warning: there is hardly a face where these points are (score below 0.5): ";
    for (std::size_t i = 0; i < std::min(kShown, no_face_.size()); ++i) line += (i == 0 ? "" : ", ") + no_face_[i];
    if (no_face_.size() > kShown) line += text(" and %zu more", no_face_.size() - kShown);
    say(line + (boxes_.empty() ? "; give the face's box: --box x,y,width,height" : ""));
  }

  void finish(std::size_t photos) const {
    if (!found_.empty()) say_default_model(o_.model, landmarker_.trained_on());
    warn_of_no_face();
    write_map();
    note_names();
    const bool to_files = to_json_file() || !o_.pts.empty() || !o_.overlay.empty();
    const std::map<std::string, std::string> more{{"scheme", landmarker_.scheme().name}};
    if (to_json_file()) write_json(o_.json, found_, more);
    if (o_.json == "-" || (!to_files && !found_.empty())) std::printf("%s", format_json(found_, more).c_str());
    if (!to_files || found_.empty()) return;
    std::string line =
        counted(photos, "photo") + (found_.size() > photos ? ", " + counted(found_.size(), "face") : "") + ":";
    for (const Path& written : {o_.json, o_.pts, o_.overlay})
      if (!written.empty() && written != "-") line += " " + written.string();
    say(line);
  }

  const PredictOptions& o_;
  std::vector<Box> boxes_;
  Landmarker landmarker_;
  std::vector<Face> found_;
  std::vector<Written> written_;
  std::vector<std::string> no_face_;  ///< photos, or boxes of them, with a low score
};

int predict(PredictOptions o) {
  sort_out(o.model, o.images);
  return Predict(o).run();
}

}  // namespace

Command predict_command() {
  const auto o = std::make_shared<PredictOptions>();
  return {.name = "predict",
          .about = "Find the points of faces in photos",
          .footer =
              "Without --box the face should fill most of the picture. Without --json, --pts and --overlay, JSON "
              "is printed. A first word that is neither a .safetensors file nor the name of a model is a photo.\n"
              "Examples:\n"
              "  lineament predict photo.jpg                            the model compact, a part of the program\n"
              "  lineament predict photo.jpg --box 120,80,200,200 --overlay out\n"
              "  lineament predict tiny photo.jpg --box 20,30,90,90 --box 150,40,80,80 --json -\n"
              "  lineament predict run/model.safetensors photos --json points.json --pts out",
          .options = [o](CLI::App& c) { add_options(c, *o); },
          .run = [o] { return predict(*o); }};
}

}  // namespace lineament::cli
