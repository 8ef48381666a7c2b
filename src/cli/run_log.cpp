#include "cli/run_log.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lineament/error.hpp"
#include "lineament/file.hpp"

namespace lineament::cli {
namespace {

using Json = nlohmann::ordered_json;

/// JSON has no NaN: it is written as null.
double number_in(const Json& j, const char* key) { return j.at(key).is_null() ? std::nan("") : j.at(key).get<double>(); }

EpochReport parse_line(const Json& j) {
  EpochReport r;
  r.epoch = j.at("epoch").get<std::size_t>();
  r.loss = number_in(j, "loss");
  r.nme = number_in(j, "train_nme") / 100;
  r.accuracy = number_in(j, "train_pck_0.1");
  r.learning_rate = number_in(j, "learning_rate");
  r.seconds = number_in(j, "seconds");
  r.waited_seconds = number_in(j, "waited_seconds");
  r.images_per_second = number_in(j, "images_per_second");
  r.best = j.at("best").get<bool>();
  if (j.contains("nme")) {
    Evaluation e;
    e.faces = j.at("faces").get<std::size_t>();
    e.nme_inter_ocular = number_in(j, "nme");
    e.pck = number_in(j, "pck_0.1");
    e.auc = number_in(j, "auc_8");
    e.failure_rate = number_in(j, "fr_8");
    r.validation = e;
    r.validation_seconds = number_in(j, "validation_seconds");
  }
  return r;
}

/// Calls f(name, member) for every option that changes the result.
template <class Options, class F>
void each_setting(Options& o, F&& f) {
  f("synthetic", o.synthetic);
  f("network", o.network);
  f("epochs", o.epochs);
  f("batch", o.batch);
  f("lr", o.lr);
  f("schedule", o.schedule);
  f("loss", o.loss);
  f("optimizer", o.optimizer);
  f("weight-decay", o.weight_decay);
  f("clip", o.clip);
  f("augment", o.augment);
  f("copies", o.copies);
  f("val-split", o.val_split);
  f("patience", o.patience);
  f("box", o.box);
  f("margin", o.margin);
  f("seed", o.seed);
}

std::vector<std::string> data_texts(const TrainOptions& o) {
  std::vector<std::string> texts;
  for (const Path& path : o.data) texts.push_back(std::filesystem::absolute(path).lexically_normal().string());
  return texts;
}

void require_same(const char* option, const Json& stored, const Json& given, const TrainOptions& o, const Path& file) {
  if (std::find(o.given.begin(), o.given.end(), option) == o.given.end() || stored == given) return;
  throw ArgumentError({"--" + std::string(option), "it differs from the run that is resumed, " + file.string(), stored.dump(), given.dump(),
                       "leave the option out, or start a new run in another folder"});
}

}  // namespace

std::string log_line(const EpochReport& r) {
  Json j;
  j["epoch"] = r.epoch;
  j["loss"] = r.loss;
  j["train_nme"] = 100 * r.nme;
  j["train_pck_0.1"] = r.accuracy;
  if (r.validation) {
    j["faces"] = r.validation->faces;
    j["nme"] = r.validation->nme_inter_ocular;
    j["pck_0.1"] = r.validation->pck;
    j["auc_8"] = r.validation->auc;
    j["fr_8"] = r.validation->failure_rate;
    j["validation_seconds"] = r.validation_seconds;
  }
  j["learning_rate"] = r.learning_rate;
  j["seconds"] = r.seconds;
  j["waited_seconds"] = r.waited_seconds;
  j["images_per_second"] = r.images_per_second;
  j["best"] = r.best;
  return j.dump();
}

std::vector<EpochReport> read_log(const Path& path, std::size_t epochs) {
  std::vector<EpochReport> reports;
  if (!std::filesystem::exists(path)) return reports;
  std::istringstream lines(read_text(path));
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty()) continue;
    try {
      EpochReport r = parse_line(Json::parse(line));
      if (r.epoch <= epochs) reports.push_back(std::move(r));
    } catch (const Json::exception& e) {
      throw FormatError({path.string() + ":" + std::to_string(number), "not a line of a training log", "", e.what(), "remove the line or the file"});
    }
  }
  return reports;
}

void write_log(const Path& path, const std::vector<EpochReport>& reports) {
  std::string all;
  for (const EpochReport& r : reports) all += log_line(r) + "\n";
  write_file(path, std::string_view(all));
}

std::string settings_of(const TrainOptions& o) {
  Json j;
  j["data"] = data_texts(o);
  each_setting(o, [&](const char* name, const auto& value) { j[name] = value; });
  try {
    return j.dump();
  } catch (const Json::exception&) {  // found now, not when the first epoch is to be saved
    throw ArgumentError({"train", "a path given cannot be kept in a model file", "a name in UTF-8", "another encoding", "rename the file or folder"});
  }
}

void restore_settings(TrainOptions& o, const std::string& settings, const Path& file) {
  try {
    const Json stored = Json::parse(settings);
    require_same("data", stored.at("data"), data_texts(o), o, file);
    o.data.clear();
    for (const Json& path : stored.at("data")) o.data.emplace_back(path.get<std::string>());
    each_setting(o, [&](const char* name, auto& value) {
      require_same(name, stored.at(name), value, o, file);
      value = stored.at(name).template get<std::decay_t<decltype(value)>>();
    });
  } catch (const Json::exception& e) {
    throw ModelError({file.string(), "the run's settings cannot be understood", "", e.what(), "start a new run"});
  }
}

}  // namespace lineament::cli
