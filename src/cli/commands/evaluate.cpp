#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/data.hpp"
#include "cli/json_text.hpp"
#include "cli/networks.hpp"
#include "cli/options.hpp"
#include "lineament/error.hpp"
#include "lineament/landmarker/face_training.hpp"
#include "lineament/model/model.hpp"

namespace lineament::cli {
namespace {

struct EvaluateOptions {
  Path model;
  std::vector<Path> data;
  int synthetic = 0;
  std::string part;
  ReadingOptions reading;
  std::string box = "points";
  std::string precision = "fp32";
  std::uint64_t seed = 1;
  int threads = 0;
  bool json = false;
};

void add_options(CLI::App& c, EvaluateOptions& o) {
  c.add_option("MODEL", o.model, "A .safetensors file written by training")->required();
  auto* data = c.add_option("--data", o.data, "As for training; several may be given")->type_name("FOLDER");
  c.add_option("--synthetic", o.synthetic, "This many drawn faces that no training draws")
      ->check(at_least(1))
      ->excludes(data);
  c.add_option(
       "--part", o.part,
       "Of a folder with the layout of 300-W: train, test, all (default: test, or all where no folder is a test "
       "folder)")
      ->check(one_of({"train", "test", "all"}));
  add_box_source(c, o.box);
  add_reading(c, o.reading);
  add_precision(c, o.precision, "; the last two also print the change of the NME");
  add_seed(c, o.seed, "Of the drawn faces");
  add_threads(c, o.threads);
  c.add_flag("--json", o.json, "Print JSON");
}

Part part_by_name(const std::string& name) {
  if (name == "train") return Part::train;
  if (name == "test") return Part::test;
  return Part::all;
}

/// The part asked for; without one the test faces, or every face where none is a test face by its folder.
Dataset read_part(const EvaluateOptions& o, const Scheme& scheme) {
  DatasetOptions options{.part = part_by_name(o.part),
                         .missing = missing_by_name(o.reading.missing),
                         .group = o.reading.group,
                         .scheme = scheme};
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

void print_json(const Evaluation& e, const std::optional<double>& change, const EvaluateOptions& o, const Seen& seen) {
  nlohmann::ordered_json json;
  json["model"] = o.model.string();
  json["precision"] = o.precision;
  json["faces"] = e.faces;
  json["nme"] = {
      {"inter_ocular", e.nme_inter_ocular}, {"inter_pupil", e.nme_inter_pupil}, {"box_diagonal", e.nme_box_diagonal}};
  if (change) json["nme_change_from_fp32"] = *change;
  for (std::size_t r = 0; r < e.regions.size(); ++r) json["nme_by_region"][e.regions[r]] = e.region_nme[r];
  json["pck_0.1"] = e.pck;
  json["auc_8"] = e.auc;
  json["fr_8"] = e.failure_rate;
  json["photos"] = {{"measured", seen.photos},
                    {"trained_on", seen.trained},
                    {"held_out_in_training", seen.held_out},
                    {"look_like_trained", seen.alike}};
  std::printf("%s\n", json_text(json, 2).c_str());
}

void print_table(const Evaluation& e, const std::optional<double>& change, const EvaluateOptions& o) {
  std::printf("faces                 %zu\n", e.faces);
  std::printf("NME, inter-ocular     %6.2f %%\n", e.nme_inter_ocular);
  if (change) std::printf("  %s against fp32    %+8.4f\n", o.precision.c_str(), *change);
  std::printf("NME, inter-pupil      %6.2f %%\n", e.nme_inter_pupil);
  std::printf("NME, box diagonal     %6.2f %%\n", e.nme_box_diagonal);
  for (std::size_t r = 0; r < e.regions.size(); ++r)
    std::printf("  %-19s %6.2f %%\n", e.regions[r].c_str(), e.region_nme[r]);
  std::printf("PCK@0.1               %6.3f\n", e.pck);
  std::printf("AUC@8                 %6.3f\n", e.auc);
  std::printf("FR@8                  %6.3f\n", e.failure_rate);
}

FaceStore load(const EvaluateOptions& o, const Model& model, const StoreOptions& store) {
  if (o.synthetic > 0) return draw_faces(static_cast<std::size_t>(o.synthetic), o.seed, DrawnFor::evaluation, store);
  const Dataset data = read_part(o, model.scheme);
  require_boxes(data, store.box);
  return load_faces(data.faces, store);
}

int evaluate(const EvaluateOptions& o) {
  if (o.data.empty() && o.synthetic == 0)
    throw ArgumentError({"evaluate", "it needs faces to measure on", "--data DIR or --synthetic N", "neither", ""});
  require_no_folder(o.model);
  const Model model = load_model(o.model);
  StoreOptions store;
  store.preprocessing = model.preprocessing;
  store.box = box_source(o.box);
  store.threads = o.threads;
  store.scheme = model.scheme;
  store.limits = decode_limits(o.reading.max_megapixels);
  const FaceStore faces = load(o, model, store);
  const Seen seen = seen_photos(faces, model);
  warn_of_seen(seen);
  Progress progress("measuring");
  const auto measure = [&](Precision precision) {
    const auto show = [&](const Prediction& p) {
      progress.update(p.index + 1, faces.size(), text("%zu of %zu", p.index + 1, faces.size()));
    };
    return evaluate_faces(model.network, faces, {o.threads, precision, model.ranges}, show, model.scheme);
  };
  const Evaluation result = measure(precision_by_name(o.precision));
  std::optional<double> change;  // of the NME, in points of per cent
  if (o.precision != "fp32") change = result.nme_inter_ocular - measure(Precision::fp32).nme_inter_ocular;
  progress.clear();
  if (result.faces < faces.size())
    say(text("note: %zu faces whose eyes are not known are not measured", faces.size() - result.faces));
  if (o.json)
    print_json(result, change, o, seen);
  else
    print_table(result, change, o);
  return 0;
}

}  // namespace

Command evaluate_command() {
  const auto o = std::make_shared<EvaluateOptions>();
  return {.name = "evaluate",
          .about = "Measure a model on annotated faces",
          .footer =
              "Examples:\n"
              "  lineament evaluate run/model.safetensors --synthetic 500\n"
              "  lineament evaluate run/model.safetensors --data 300w --part test --json",
          .options = [o](CLI::App& c) { add_options(c, *o); },
          .run = [o] { return evaluate(*o); }};
}

}  // namespace lineament::cli
