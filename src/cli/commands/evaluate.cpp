#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/data.hpp"
#include "cli/invocation.hpp"
#include "cli/json_text.hpp"
#include "cli/models.hpp"
#include "cli/networks.hpp"
#include "cli/options.hpp"
#include "cli/predictions.hpp"
#include "cli/report.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/split.hpp"
#include "lineament/file.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/landmarker/face_results.hpp"
#include "lineament/landmarker/negatives.hpp"
#include "lineament/model/model.hpp"
#include "lineament/zoo/heatmap_networks.hpp"

namespace lineament::cli {
namespace {

using Json = nlohmann::ordered_json;

struct EvaluateOptions {
  Path model;
  std::vector<Path> data;
  int synthetic = 0;
  Path predictions, report;
  std::string scheme = "ibug-68";
  bool mirror = false, jitter = false;
  std::string part;
  ReadingOptions reading;
  std::string box = "points";
  std::string precision = "fp32";
  std::uint64_t seed = 1;
  int threads = 0;
  bool json = false;
  double val_split = 0;  ///< 0: no split
  Path negatives;
};

void add_options(CLI::App& c, EvaluateOptions& o) {
  c.add_option("MODEL", o.model, kModelHelp);
  auto* data = c.add_option("--data", o.data, "As for training; several may be given")->type_name("FOLDER");
  c.add_option("--synthetic", o.synthetic, "This many drawn faces that no training draws")
      ->check(at_least(1))
      ->excludes(data);
  c.add_option("--predictions", o.predictions,
               "Measure these points in place of a model's: .pts files named as the photos, in their folders or in one")
      ->type_name("FOLDER")
      ->excludes("--synthetic");
  c.add_option("--scheme", o.scheme, "With --predictions: what the points are")->capture_default_str();
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

/// Photos of the measured faces that had a part in making the model.
struct Seen {
  std::size_t photos = 0, trained = 0, held_out = 0;
  std::size_t alike = 0;  ///< others that look like a photo trained on
};

Seen seen_photos(const FaceStore& faces, const Model& model) {
  const std::vector<PhotoPrint> photos = photos_of(faces);
  std::set<std::uint64_t> alike;
  for (const auto& [measured, trained] : similar_pairs(photos, model.trained_photos)) alike.insert(measured->content);
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

/// How often the model's score is above a half.
struct ScoreCheck {
  std::size_t faces = 0, crops = 0;  ///< these show no face
  double of_faces = 0, of_crops = 0;
};

ScoreCheck check_scores(const EvaluateOptions& o, const Model& model, const FaceStore& faces,
                        const StoreOptions& store) {
  const Negatives crops = o.negatives.empty()
                              ? draw_negatives(faces.size(), o.seed, DrawnFor::evaluation, store)
                              : Negatives::cut(read_backgrounds(o.negatives, store.limits), store, 1000);
  const auto share = [&](const SampleSource& of) {
    const std::vector<float> scores = face_scores(model.network, of, {.threads = o.threads});
    return static_cast<double>(std::count_if(scores.begin(), scores.end(), [](float s) { return s > 0.5f; })) /
           static_cast<double>(scores.size());
  };
  return {faces.size(), crops.size(), share(faces), share(crops)};
}

/// What there is to say of the faces measured.
struct Results {
  std::vector<MeasuredFace> faces{};
  Scheme scheme{};
  std::size_t without_prediction = 0;
  std::optional<double> change{};      ///< of the NME against fp32, in points of per cent
  std::optional<Seen> seen{};          ///< none for predictions: nobody knows what their program was trained on
  std::optional<ScoreCheck> scores{};  ///< none where the model gives no score
  Evaluation means{};
  FaceDetails details{};
};

Json groups_json(const std::vector<FaceGroup>& groups) {
  Json json = Json::object();
  for (const FaceGroup& g : groups)
    json[g.name] = {{"faces", g.faces}, {"nme", g.faces > 0 ? Json(g.nme) : Json(nullptr)}};
  return json;
}

void add_details(Json& json, const FaceDetails& details) {
  json["nme_by_point"] = Json::array();
  for (const double error : details.by_point)
    json["nme_by_point"].push_back(std::isnan(error) ? Json(nullptr) : Json(error));
  if (!details.by_turn.empty()) json["nme_by_pose"] = groups_json(details.by_turn);
  if (!details.by_side.empty()) json["nme_by_size"] = groups_json(details.by_side);
  for (const CalibrationGroup& g : details.calibration)
    json["calibration"].push_back({{"points", g.points}, {"expected", g.predicted}, {"measured", g.measured}});
}

void print_json(const Results& r, const EvaluateOptions& o) {
  const Evaluation& e = r.means;
  Json json;
  if (o.predictions.empty()) {
    json["model"] = shown_name(o.model);
    json["precision"] = o.precision;
  } else {
    json["predictions"] = o.predictions.string();
    json["faces_without_prediction"] = r.without_prediction;
  }
  if (o.mirror) json["mirror"] = true;
  if (o.jitter) json["jitter"] = true;
  json["faces"] = e.faces;
  json["nme"] = {
      {"inter_ocular", e.nme_inter_ocular}, {"inter_pupil", e.nme_inter_pupil}, {"box_diagonal", e.nme_box_diagonal}};
  if (r.change) json["nme_change_from_fp32"] = *r.change;
  for (std::size_t i = 0; i < e.regions.size(); ++i) json["nme_by_region"][e.regions[i]] = e.region_nme[i];
  json["pck_0.1"] = e.pck;
  json["auc_8"] = e.auc;
  json["fr_8"] = e.failure_rate;
  add_details(json, r.details);
  if (r.scores)
    json["score_above_half"] = {{"faces", r.scores->faces},
                                {"of_faces", r.scores->of_faces},
                                {"crops_without_face", r.scores->crops},
                                {"of_crops_without_face", r.scores->of_crops}};
  if (r.seen)
    json["photos"] = {{"measured", r.seen->photos},
                      {"trained_on", r.seen->trained},
                      {"held_out_in_training", r.seen->held_out},
                      {"look_like_trained", r.seen->alike}};
  std::printf("%s\n", json_text(json, 2).c_str());
}

void print_groups(const std::vector<FaceGroup>& groups) {
  for (const FaceGroup& g : groups)
    if (g.faces > 0) std::printf("  %-19s %6.2f %%  %zu faces\n", g.name.c_str(), g.nme, g.faces);
}

void print_table(const Results& r, const EvaluateOptions& o) {
  const Evaluation& e = r.means;
  std::printf("faces                 %zu\n", e.faces);
  std::printf("NME, inter-ocular     %6.2f %%\n", e.nme_inter_ocular);
  if (r.change) std::printf("  %s against fp32    %+8.4f\n", o.precision.c_str(), *r.change);
  std::printf("NME, inter-pupil      %6.2f %%\n", e.nme_inter_pupil);
  std::printf("NME, box diagonal     %6.2f %%\n", e.nme_box_diagonal);
  for (std::size_t i = 0; i < e.regions.size(); ++i)
    std::printf("  %-19s %6.2f %%\n", e.regions[i].c_str(), e.region_nme[i]);
  print_groups(r.details.by_turn);
  print_groups(r.details.by_side);
  std::printf("PCK@0.1               %6.3f\n", e.pck);
  std::printf("AUC@8                 %6.3f\n", e.auc);
  std::printf("FR@8                  %6.3f\n", e.failure_rate);
  if (r.scores)
    std::printf("taken for a face      %6.2f %% of the faces, %.2f %% of %zu crops without one\n",
                100 * r.scores->of_faces, 100 * r.scores->of_crops, r.scores->crops);
  if (r.details.calibration.empty()) return;
  const CalibrationGroup &surest = r.details.calibration.front(), &least = r.details.calibration.back();
  std::printf("expected and measured error, %%: surest tenth of points %.2f and %.2f, least sure %.2f and %.2f\n",
              surest.predicted, surest.measured, least.predicted, least.measured);
}

void write_report(const Results& r, const EvaluateOptions& o) {
  Report report;
  const std::string of = o.predictions.empty() ? shown_name(o.model) : o.predictions.string();
  report.title = "Evaluation of " + utf8(of);
  report.held_out = r.means;
  report.held_out_name = counted(r.means.faces, "face");
  report.measured_note = "measured";
  report.details = r.details;
  report.scheme = r.scheme;
  std::string data;
  for (const Path& path : o.data) data += (data.empty() ? "" : ", ") + path.string();
  report.facts = {{"date", date_text()},
                  {"faces", o.synthetic > 0 ? counted(static_cast<std::size_t>(o.synthetic), "drawn face") : data},
                  {"box", o.box + (o.jitter ? ", moved and scaled by a tenth" : "")},
                  {"mirror", o.mirror ? "averaged with the mirrored face" : "no"}};
  write_file(o.report, std::string_view(report_html(report)));
  say("report: " + o.report.string());
}

FaceStore load(const EvaluateOptions& o, const Model& model, const StoreOptions& store) {
  if (o.synthetic > 0) return draw_faces(static_cast<std::size_t>(o.synthetic), o.seed, DrawnFor::evaluation, store);
  const Dataset data = read_part(o, model.scheme);
  require_boxes(data, store.box);
  return load_faces(data.faces, store);
}

Results measure_model(const EvaluateOptions& o) {
  const Model model = load_named_model(o.model);
  StoreOptions store;
  store.preprocessing = model.preprocessing;
  store.box = box_source(o.box);
  store.jitter = o.jitter ? 0.1f : 0.0f;
  store.threads = o.threads;
  store.scheme = model.scheme;
  store.limits = decode_limits(o.reading.max_megapixels);
  const FaceStore faces = load(o, model, store);
  Results results{.scheme = model.scheme, .seen = seen_photos(faces, model)};
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
  if (has_output(model.network, kFaceOutput)) results.scores = check_scores(o, model, faces, store);
  if (results.faces.size() < faces.size())
    say(text("note: %zu faces whose eyes are not known are not measured", faces.size() - results.faces.size()));
  return results;
}

Results measure_predictions(const EvaluateOptions& o) {
  if (o.data.empty()) throw ArgumentError({"--predictions", "it needs the true points", "--data DIR", "none", ""});
  if (o.mirror || o.jitter || !o.model.empty() || o.precision != "fp32")
    throw ArgumentError({"--predictions", "there is no model to run",
                         "neither MODEL, --mirror, --jitter nor --precision", "one of them", "leave it out"});
  const Scheme scheme = scheme_by_name(o.scheme);
  const Dataset data = read_part(o, scheme);
  Predictions found = read_predictions(data.faces, o.predictions, scheme);
  if (!found.missing.empty())
    say(text("warning: %zu of %zu faces have no prediction and are not measured, e.g. ", found.missing.size(),
             data.faces.size()) +
        found.missing.front());
  if (found.eyes_not_known > 0)
    say(text("note: %zu faces whose eyes are not known are not measured", found.eyes_not_known));
  return {.faces = std::move(found.faces), .scheme = scheme, .without_prediction = found.missing.size()};
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
  if (!o.model.empty() && !o.predictions.empty())
    throw ArgumentError({"evaluate", "there are two kinds of points to measure", "MODEL or --predictions FOLDER",
                         "both", "see 'lineament evaluate --help'"});
  if (o.data.empty() && o.synthetic == 0)
    throw ArgumentError({"evaluate", "it needs faces to measure on", "--data DIR or --synthetic N", "neither",
                         "add --synthetic 200 to measure on drawn faces"});
  Results results = o.predictions.empty() ? measure_model(o) : measure_predictions(o);
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
