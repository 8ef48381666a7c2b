#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>

#include "cli/box_option.hpp"
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/json_text.hpp"
#include "cli/models.hpp"
#include "cli/networks.hpp"
#include "cli/options.hpp"
#include "cli/output_files.hpp"
#include "cli/photo_files.hpp"
#include "cli/photo_points.hpp"
#include "cli/tunings.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/dataset.hpp"
#include "lineament/faces/json.hpp"
#include "lineament/file.hpp"
#include "lineament/model/default_models.hpp"
#include "lineament/threads.hpp"

namespace lineament::cli {
namespace {

void add_options(CLI::App& c, PredictOptions& o) {
  c.add_option("MODEL", o.model, kModelHelp + std::string("; may be left out"));
  c.add_option("IMAGE", o.images,
               "JPEG, PNG, BMP or binary PNM; a folder of them; @FILE with a name on each line; - for standard input");
  c.add_option(
       "--box", o.boxes,
       "x,y,width,height of a face, brows to chin (of another scheme: around its points), in pixels; several may be "
       "given. Without: all that are found")
      ->type_name("BOX")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);  // what follows is no other box
  c.add_flag("--whole", o.whole, "Each picture is one face: do not look for any");
  c.add_option("--detector", o.detector, "A detector of yours, a .safetensors file; not the library's own")
      ->type_name("FILE");
  c.add_flag("--largest", o.largest, "Only the largest face of each photo");
  c.add_option("--min-size", o.min_size,
               "Smallest face to look for, pixels of its larger side; 0: a 36th of the photo's")
      ->capture_default_str()
      ->check(number(0, 100000));
  c.add_option("--min-score", o.min_score, "How sure it must be that there is a face, 0 to 1, for one that is found")
      ->capture_default_str()
      ->check(number(0, 1));
  c.add_option("--max-pixels", o.max_megapixels, kMaxPixelsHelp)->capture_default_str()->check(whole(1, 100000));
  c.add_option("--passes", o.passes, "Times the face is cropped anew to the points just found")
      ->capture_default_str()
      ->check(whole(1, 10));
  c.add_flag("--mirror", o.mirror, "Average with the mirrored face: somewhat better, for twice the time");
  add_precision(c, o.precision);
  c.add_option("--json", o.json, "File for all results; - for standard output")->type_name("FILE");
  c.add_option("--pts", o.pts, "Folder for a .pts file for each face")->type_name("FOLDER");
  c.add_option("--overlay", o.overlay,
               "Folder for a picture of each photo with its points. A bar above a face is as long as its score")
      ->type_name("FOLDER");
  add_threads(c, o.threads);
}

constexpr std::string_view kMapBegin = "file,photo\n";

/// Before a model is read.
void check(const PredictOptions& o) {
  parse_boxes(o.boxes);
  if (o.whole && !o.boxes.empty())
    throw ArgumentError({"--whole", "a box is given, too", "one of --whole and --box", "both", ""});
  if (o.model == kDefaultDetector && !std::filesystem::exists(o.model))
    throw ArgumentError({"detector", "it finds faces, and no points", "a model of points, or none", "detector",
                         "leave it out: predict looks for faces with it"});
  if ((o.whole || !o.boxes.empty()) &&
      (o.largest || o.min_size > 0 || !o.detector.empty() || o.min_score != PredictOptions().min_score))
    throw ArgumentError({o.largest             ? "--largest"
                         : o.min_size > 0      ? "--min-size"
                         : !o.detector.empty() ? "--detector"
                                               : "--min-score",
                         "no face is looked for", "neither --box nor --whole", o.whole ? "--whole" : "--box", ""});
}

class Predict {
 public:
  explicit Predict(const PredictOptions& o)
      : o_(o), models_{std::make_shared<const Model>(load_named_model(o.model)), nullptr, nullptr} {
    require_points(o.model, *models_.points);
    if (!o.detector.empty() && o.detector != kDefaultDetector) {
      models_.detector = std::make_shared<const Model>(load_model(o.detector));
      require_detector(o.detector, *models_.detector);
    }
    models_.tuning = tuning_of_this_machine();
  }

  int run() {
    require_other_folder();
    make_folder(o_.pts);
    make_folder(o_.overlay);
    if (to_json_file()) require_json_file(o_.json);
    if (!o_.pts.empty()) require_own(o_.pts / "photos.csv", kMapBegin, "another folder with --pts");
    images_ = all_images(o_.images);
    if (o_.boxes.empty() && !o_.whole) warn_of_found_boxes(*models_.points);
    const std::vector<std::string> names = names_of(images_);
    results_.resize(images_.size());
    look_at_all(names);
    std::size_t failed = 0;
    const std::size_t done = std::min(next_.load(), images_.size());
    for (std::size_t i = 0; i < done; ++i) failed += take(i) ? 0 : 1;
    finish(done - failed);
    if (done < images_.size())
      say(text("stopped: %zu of ", done) + counted(images_.size(), "photo") +
          " were looked at; their results are kept");
    return done < images_.size() ? 130 : failed == 0 ? 0 : 2;  // 130: what shells give for Ctrl-C
  }

 private:
  /// The next call would take the overlays for photos.
  void require_other_folder() const {
    std::error_code error;
    for (const Path& given : o_.images)
      if (!o_.overlay.empty() && std::filesystem::is_directory(given, error) &&
          std::filesystem::equivalent(given, o_.overlay, error))
        throw ArgumentError(
            {"--overlay", "the pictures would lie among the photos", "another folder", o_.overlay.string(), ""});
  }

  bool to_json_file() const { return !o_.json.empty() && o_.json != "-"; }

  /// Photos side by side, each on one thread; a single one on all.
  void look_at_all(const std::vector<std::string>& names) {
    std::set<std::string> all(names.begin(), names.end());
    if (!o_.pts.empty())  // a photo there takes a file of its name for its own points
      for (const Path& image : images_in(o_.pts))
        all.insert(image.lexically_relative(o_.pts).replace_extension().generic_string());
    const std::size_t cores =
        o_.threads > 0 ? static_cast<std::size_t>(o_.threads) : std::max(1u, std::thread::hardware_concurrency());
    Threads team(static_cast<int>(std::min(cores, images_.size())));
    std::vector<std::unique_ptr<PhotoPoints>> workers;
    for (int i = 0; i < team.count(); ++i)
      workers.push_back(std::make_unique<PhotoPoints>(o_, models_, team.count() > 1 ? 1 : o_.threads, all));
    Progress progress("predicting");
    std::mutex mutex;
    std::size_t done = 0;
    note_interrupts();  // many photos take long: what is done by then is not lost
    // Not one task a photo: that gives each thread a run of neighbouring ones, and complaints are wanted early.
    team.run(team.count(), [&](int, int thread) {
      for (std::size_t i; !interrupted() && (i = next_++) < images_.size();) {
        results_[i] = workers[static_cast<std::size_t>(thread)]->run(images_[i], names[i]);
        const std::lock_guard lock(mutex);
        ++done;
        progress.update(done, images_.size(), text("%zu of %zu", done, images_.size()));
      }
    });
    progress.clear();
  }

  /// The results of one photo, in the order asked for. False if there are none.
  bool take(std::size_t i) {
    PhotoResult& r = results_[i];
    if (!r.complaint.empty()) {
      say("lineament: " + r.complaint);
      return false;
    }
    looked_at_.push_back(images_[i]);
    if (r.faces.empty()) without_.push_back(images_[i].string());
    doubtful_.insert(doubtful_.end(), r.doubtful.begin(), r.doubtful.end());
    std::move(r.faces.begin(), r.faces.end(), std::back_inserter(found_));
    std::move(r.written.begin(), r.written.end(), std::back_inserter(written_));
    return true;
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

  /// Some of the names, for a line.
  static std::string some_of(const std::vector<std::string>& names) {
    constexpr std::size_t kShown = 4;
    std::string line;
    for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) line += (i == 0 ? "" : ", ") + names[i];
    return names.size() > kShown ? line + text(" and %zu more", names.size() - kShown) : line;
  }

  /// Points that are asked for where there is no face look like any others.
  void warn_of_no_face() const {
    if (!doubtful_.empty())
      say("warning: there is hardly a face where these points are (score below 0.5): " + some_of(doubtful_));
    if (!without_.empty())
      say("note: no face found in " + some_of(without_) +
          "; if there is one, try --min-size with fewer pixels, a lower --min-score, or give its place with --box");
  }

  void finish(std::size_t photos) const {
    if (photos > 0) say_default_model(o_.model, models_.points->trained_on);
    warn_of_no_face();
    write_map();
    note_names();
    const bool to_files = to_json_file() || !o_.pts.empty() || !o_.overlay.empty();
    const std::map<std::string, std::string> more{{"scheme", models_.points->scheme.name}};
    if (to_json_file()) write_json(o_.json, found_, more, looked_at_);
    if (o_.json == "-" || (!to_files && photos > 0)) std::printf("%s", format_json(found_, more, looked_at_).c_str());
    if (!to_files || photos == 0) return;
    std::string line = counted(photos, "photo") + ", " + counted(found_.size(), "face") + ":";
    for (const Path& written : {o_.json, o_.pts, o_.overlay})
      if (!written.empty() && written != "-") line += " " + written.string();
    say(line);
  }

  const PredictOptions& o_;
  PhotoModels models_;
  std::vector<Path> images_, looked_at_;  // asked for; those that could be read
  std::vector<PhotoResult> results_;
  std::atomic<std::size_t> next_ = 0;  ///< photo to look at
  std::vector<Face> found_;
  std::vector<Written> written_;
  std::vector<std::string> doubtful_, without_;
};

int predict(PredictOptions o) {
  check(o);
  sort_out(o.model, o.images);
  return Predict(o).run();
}

}  // namespace

Command predict_command() {
  const auto o = std::make_shared<PredictOptions>();
  return {.name = "predict",
          .about = "Find the faces in photos, and their points",
          .footer =
              "Without --box every face is looked for, in many photos at once. Without --json, --pts and --overlay, "
              "JSON is printed. A photo without a face is a result. A first word that is neither a .safetensors file "
              "nor the name of a model is a photo.\n"
              "Examples:\n"
              "  lineament predict group.jpg --overlay out              every face, with the models of the program\n"
              "  lineament predict photos --largest --pts points\n"
              "  lineament predict photo.jpg --box 120,80,200,200 --overlay out\n"
              "  lineament predict tiny photo.jpg --box 20,30,90,90 --box 150,40,80,80 --json -\n"
              "  lineament predict run/model.safetensors photos --json points.json --pts out",
          .options = [o](CLI::App& c) { add_options(c, *o); },
          .run = [o] { return predict(*o); }};
}

}  // namespace lineament::cli
