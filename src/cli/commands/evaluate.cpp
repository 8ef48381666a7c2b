#include <algorithm>
#include <memory>
#include <set>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/data.hpp"
#include "cli/evaluation_output.hpp"
#include "cli/models.hpp"
#include "cli/networks.hpp"
#include "cli/options.hpp"
#include "cli/output_files.hpp"
#include "cli/predictions.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/split.hpp"
#include "lineament/faces/validate.hpp"
#include "lineament/file.hpp"
#include "lineament/image/photo_file.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/landmarker/face_results.hpp"
#include "lineament/landmarker/negatives.hpp"
#include "lineament/model/model.hpp"
#include "lineament/zoo/heatmap_networks.hpp"

namespace lineament::cli {
namespace {

void add_options(CLI::App& c, EvaluateOptions& o) {
  c.add_option("MODEL", o.model, kModelHelp);
  auto* data = c.add_option("--data", o.data, "As for training; several may be given")->type_name("FOLDER");
  c.add_option("--synthetic", o.synthetic, "This many drawn faces that no training draws")
      ->check(at_least(1))
      ->excludes(data);
  c.add_option(
       "--predictions", o.predictions,
       "Measure these points in place of a model's: .pts files named as the photos, in their folders or in one; of a "
       "photo with several faces name_1.pts, name_2.pts, in any order")
      ->type_name("FOLDER")
      ->excludes("--synthetic");
  c.add_option("--scheme", o.scheme, "With --predictions: what the points are")
      ->capture_default_str()
      ->needs("--predictions");
  c.add_flag("--mirror", o.mirror, "Average with the mirrored face, as predict --mirror");
  c.add_flag("--jitter", o.jitter,
             "Move each box by a tenth of its side and make it a tenth larger or smaller, as face detectors do");
  c.add_option("--val-split", o.val_split,
               "Measure the faces that train holds out with this --val-split and --seed, of --part train")
      ->check(number(0.001, 0.9))
      ->excludes("--synthetic");
  c.add_option("--negatives", o.negatives,
               "Photos without people: how often does the model take parts of them for faces? Without: drawn scenes")
      ->type_name("FOLDER");
  c.add_option("--report", o.report, "Write a page with curves and figures")->type_name("FILE");
  c.add_option(
       "--part", o.part,
       "Of a folder with the layout of 300-W: train, test, all (default: test, or all where no folder is a test "
       "folder)")
      ->check(one_of({"train", "test", "all"}));
  add_box_source(c, o.box);
  add_reading(c, o.reading);
  for (const char* option : {"--part", "--box", "--missing", "--group"}) c.get_option(option)->excludes("--synthetic");
  add_precision(c, o.precision, "; the last two also print the change of the NME");
  add_seed(c, o.seed, "Of the drawn faces, and of --val-split");
  add_threads(c, o.threads);
  c.add_flag("--json", o.json, "Print JSON");
}

Part part_by_name(const std::string& name) {
  if (name == "train") return Part::train;
  if (name == "test") return Part::test;
  return Part::all;
}

/// Split as for training, which takes the part train.
Dataset held_out_faces(const EvaluateOptions& o, DatasetOptions options) {
  if (!o.part.empty() && o.part != "train")
    throw ArgumentError(
        {"--val-split", "training does not split this part", "--part train", o.part, "leave --part out"});
  options.part = Part::train;
  Dataset data = read_data(o.data, options);
  std::vector<Face> held_out;
  for (const std::size_t i : split_by_photo(data.faces, o.val_split, o.seed).held_out)
    held_out.push_back(std::move(data.faces[i]));
  if (held_out.empty())
    throw FormatError({"--val-split", "nothing is held out of so few photos", "2 photos or more", "1",
                       "leave --val-split out to measure it"});
  data.faces = std::move(held_out);
  return data;
}

/// The part asked for; without one the test faces, or every face where none is a test face by its folder.
Dataset read_part(const EvaluateOptions& o, const Scheme& scheme) {
  DatasetOptions options{.part = part_by_name(o.part),
                         .missing = missing_by_name(o.reading.missing),
                         .group = o.reading.group,
                         .scheme = scheme};
  if (o.val_split > 0) return held_out_faces(o, options);
  if (!o.part.empty()) return read_data(o.data, options);
  const auto is_test = [](const Face& f) { return part_of(f.image) == Part::test; };
  Dataset data = read_data(o.data, options);
  const auto tests = static_cast<std::size_t>(std::count_if(data.faces.begin(), data.faces.end(), is_test));
  if (tests == 0) {
    say("note: no folder of the data is a test folder (testset, ibug, 01_Indoor, 02_Outdoor): every face is measured");
    return data;
  }
  if (tests < data.faces.size())
    say(text("note: %zu faces of test folders are measured, %zu others are not; --part all measures every face", tests,
             data.faces.size() - tests));
  std::erase_if(data.faces, [&](const Face& f) { return !is_test(f); });
  return data;
}

Seen seen_photos(const FaceStore& faces, const Model& model) {
  const std::vector<PhotoPrint> photos = photos_of(faces);
  std::set<std::uint64_t> alike;
  const auto pairs = similar_pairs(photos, model.trained_photos);
  if (!pairs) say("note: so many photos are not looked through for some that look the same");
  if (pairs)
    for (const auto& [measured, trained] : *pairs) alike.insert(measured->content);
  for (const PhotoPrint& p : model.trained_photos) alike.erase(p.content);  // counted as themselves
  return {photos.size(), count_known(photos, model.trained_photos), count_known(photos, model.held_out_photos),
          alike.size()};
}

void warn_of_seen(const Seen& seen) {
  if (seen.trained > 0)
    say(text("warning: %zu of the %zu photos were trained on: the result says nothing about other photos", seen.trained,
             seen.photos));
  if (seen.alike > 0)
    say(text("warning: %zu of the %zu photos look like photos trained on (the same at another size or quality?)",
             seen.alike, seen.photos));
  if (seen.held_out > 0)
    say(text(
        "warning: %zu of the %zu photos were held out in training and chose the best epoch: the result is a little "
        "too good",
        seen.held_out, seen.photos));
}

/// Of --negatives; none where it is not given.
Backgrounds photos_without_faces(const EvaluateOptions& o, const Model& model, const StoreOptions& store) {
  if (o.negatives.empty()) return nullptr;
  if (!has_output(model.network, kFaceOutput))
    throw ArgumentError({"--negatives", "the model does not say whether a crop shows a face",
                         "one with the output 'face', as compact, tiny and large have", "none", "leave it out"});
  return load_backgrounds(o.negatives, store.limits, "--negatives");
}

ScoreCheck check_scores(const EvaluateOptions& o, const Model& model, const FaceStore& faces, const StoreOptions& store,
                        const Backgrounds& photos) {
  const Negatives crops =
      photos ? Negatives::cut(photos, store, 1000) : draw_negatives(faces.size(), o.seed, DrawnFor::evaluation, store);
  const auto share = [&](const SampleSource& of) {
    const std::vector<float> scores = face_scores(model.network, of, {.threads = o.threads});
    return static_cast<double>(std::count_if(scores.begin(), scores.end(), [](float s) { return s > 0.5f; })) /
           static_cast<double>(scores.size());
  };
  return {faces.size(), crops.size(), share(faces), share(crops)};
}

FaceStore load(const EvaluateOptions& o, const Model& model, const StoreOptions& store) {
  if (o.synthetic > 0) return draw_faces(static_cast<std::size_t>(o.synthetic), o.seed, DrawnFor::evaluation, store);
  const Dataset data = read_part(o, model.scheme);
  require_boxes(data, store.box);
  return load_faces(data.faces, store);
}

void require_report(const Path& report) {
  if (report == "-")
    throw ArgumentError({"--report", "it is a page, and not for standard output", "a file", "-", "e.g. report.html"});
  if (report.empty()) return;
  require_own(report, "<!DOCTYPE html>", "--report another file's name, e.g. report.html");
  make_folder(report.parent_path());
}

EvaluationResults measure_model(const EvaluateOptions& o) {
  const Model model = load_named_model(o.model);
  require_points(o.model, model);
  StoreOptions store;
  store.preprocessing = model.preprocessing;
  store.box = box_source(o.box);
  store.jitter = o.jitter ? 0.1f : 0.0f;
  store.threads = o.threads;
  store.scheme = model.scheme;
  store.limits = decode_limits(o.reading.max_megapixels);
  const Backgrounds photos = photos_without_faces(o, model, store);  // what is wrong with them is said at once
  const FaceStore faces = load(o, model, store);
  EvaluationResults results{.scheme = model.scheme, .seen = seen_photos(faces, model)};
  say_default_model(o.model, model.trained_on);
  warn_of_seen(*results.seen);
  Progress progress("measuring");
  const auto measure = [&](Precision precision) {
    const auto show = [&](std::size_t done) {
      progress.update(done, faces.size(), text("%zu of %zu", done, faces.size()));
    };
    return measure_faces(model.network, faces, {{o.threads, precision, model.ranges}, o.mirror, show}, model.scheme);
  };
  results.faces = measure(precision_by_name(o.precision));
  for (MeasuredFace& face : results.faces) face.side = static_cast<double>(faces.side(face.index));
  if (o.precision != "fp32")
    results.change = evaluation_of(results.faces, model.scheme).nme_inter_ocular -
                     evaluation_of(measure(Precision::fp32), model.scheme).nme_inter_ocular;
  progress.clear();
  if (has_output(model.network, kFaceOutput)) results.scores = check_scores(o, model, faces, store, photos);
  if (results.faces.size() < faces.size())
    say(text("note: %zu faces whose eyes are not known are not measured", faces.size() - results.faces.size()));
  return results;
}

/// The faces that a model is measured on, in its photos as they are shown: those that do not fit theirs are left out.
std::vector<Face> usable(const std::vector<Face>& faces, const Scheme& scheme, const DecodeLimits& limits) {
  std::vector<Face> good;
  std::string first;
  Path name;
  PhotoSize size;
  for (Face face : faces) try {
      if (face.image != name) size = PhotoFile(read_file(face.image), face.image.string(), limits).size();
      name = face.image;
      if (const auto reason = fit_to_photo(face, size, scheme))
        throw FormatError({face.image.string(), *reason, "", "", ""});
      good.push_back(std::move(face));
    } catch (const Error& e) {
      if (first.empty()) first = e.what();
    }
  if (!first.empty())
    say("warning: " + counted(faces.size() - good.size(), "face") + " cannot be used and not measured, e.g. " + first);
  return good;
}

EvaluationResults measure_predictions(const EvaluateOptions& o) {
  if (o.data.empty()) throw ArgumentError({"--predictions", "it needs the true points", "--data DIR", "none", ""});
  if (o.mirror || o.jitter || !o.model.empty() || !o.negatives.empty() || o.precision != "fp32")
    throw ArgumentError({"--predictions", "there is no model to run",
                         "neither MODEL, --mirror, --jitter, --negatives nor --precision", "one of them",
                         "leave it out"});
  const Scheme scheme = scheme_by_name(o.scheme);
  const std::vector<Face> faces = usable(read_part(o, scheme).faces, scheme, decode_limits(o.reading.max_megapixels));
  Predictions found = read_predictions(faces, o.predictions, scheme);
  if (!found.missing.empty())
    say(text("warning: %zu of %zu faces have no prediction and are not measured, e.g. ", found.missing.size(),
             faces.size()) +
        found.missing.front());
  if (!found.damaged.empty())
    say("warning: " + counted(found.damaged.size(), "prediction") + " cannot be read and not measured, e.g. " +
        found.damaged.front().file + ": " + found.damaged.front().reason);
  if (found.eyes_not_known > 0)
    say(text("note: %zu faces whose eyes are not known are not measured", found.eyes_not_known));
  const std::size_t without = faces.size() - found.faces.size() - found.eyes_not_known;
  return {.faces = std::move(found.faces), .scheme = scheme, .without_prediction = without};
}

/// "--data DIR MODEL": --data takes several words, and so the model's, too.
EvaluateOptions with_model(EvaluateOptions o) {
  if (!o.model.empty() || !o.predictions.empty() || o.data.size() < 2 || !names_model(o.data.back())) return o;
  o.model = o.data.back();
  o.data.pop_back();
  return o;
}

int evaluate(const EvaluateOptions& given) {
  const EvaluateOptions o = with_model(given);
  require_report(o.report);
  if (!o.model.empty() && !o.predictions.empty())
    throw ArgumentError({"evaluate", "there are two kinds of points to measure", "MODEL or --predictions FOLDER",
                         "both", "see 'lineament evaluate --help'"});
  if (o.data.empty() && o.synthetic == 0)
    throw ArgumentError({"evaluate", "it needs faces to measure on", "--data DIR or --synthetic N", "neither",
                         "add --synthetic 200 to measure on drawn faces"});
  EvaluationResults results = o.predictions.empty() ? measure_model(o) : measure_predictions(o);
  if (results.faces.empty()) throw FormatError({"evaluate", "there is no face to measure", "at least one", "none", ""});
  results.means = evaluation_of(results.faces, results.scheme);
  results.details = details_of(results.faces, results.scheme);
  if (o.json)
    print_json(results, o);
  else
    print_table(results, o);
  if (!o.report.empty()) write_report(results, o);
  return 0;
}

}  // namespace

Command evaluate_command() {
  const auto o = std::make_shared<EvaluateOptions>();
  return {.name = "evaluate",
          .about = "Measure a model on annotated faces",
          .footer =
              "Examples:\n"
              "  lineament evaluate --synthetic 200                     the model compact, a part of the program\n"
              "  lineament evaluate tiny --data mine\n"
              "  lineament evaluate run/model.safetensors --synthetic 500\n"
              "  lineament evaluate run/model.safetensors --data 300w --part test --json\n"
              "  lineament evaluate run/model.safetensors --data 300w --mirror --report report.html\n"
              "  lineament evaluate other.safetensors --data 300w --val-split 0.1 --seed 1   what training held out\n"
              "  lineament evaluate --predictions points --data 300w    what any program has found",
          .options = [o](CLI::App& c) { add_options(c, *o); },
          .run = [o] { return evaluate(*o); }};
}

}  // namespace lineament::cli
