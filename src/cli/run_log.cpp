#include "cli/run_log.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <type_traits>

#include "cli/json_text.hpp"
#include "lineament/error.hpp"
#include "lineament/file.hpp"

namespace lineament::cli {
namespace {

using Json = nlohmann::ordered_json;

/// JSON has no NaN: it is written as null.
double number_in(const Json& j, const char* key) {
  return j.at(key).is_null() ? std::nan("") : j.at(key).get<double>();
}

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
  f("precision", o.precision);
  f("seed", o.seed);
}

/// A text, or the list of its bytes where it is not UTF-8: names of files may be anything, and a resumed run needs them
/// unchanged.
Json stored_form(const std::string& value) {
  if (utf8(value) == value) return value;
  return std::vector<std::uint8_t>(value.begin(), value.end());
}
Json stored_form(const auto& value) {
  return value;
}

template <class Value>
Value from_stored(const Json& stored) {
  if constexpr (std::is_same_v<Value, std::string>)
    if (stored.is_array()) {
      const auto bytes = stored.get<std::vector<std::uint8_t>>();
      return {bytes.begin(), bytes.end()};
    }
  return stored.get<Value>();
}

Json stored_paths(const TrainOptions& o) {
  Json paths = Json::array();
  for (const Path& path : o.data)
    paths.push_back(stored_form(std::filesystem::absolute(path).lexically_normal().string()));
  return paths;
}

void require_same(const char* option, const Json& stored, const Json& given, const TrainOptions& o, const Path& file) {
  if (std::find(o.given.begin(), o.given.end(), option) == o.given.end() || stored == given) return;
  throw ArgumentError({"--" + std::string(option), "it differs from the run that is resumed, " + file.string(),
                       json_text(stored), json_text(given),
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
  return json_text(j);
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
      throw FormatError({path.string() + ":" + std::to_string(number), "not a line of a training log", "", e.what(),
                         "remove the line or the file"});
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
  j["data"] = stored_paths(o);
  each_setting(o, [&](const char* name, const auto& value) { j[name] = stored_form(value); });
  return json_text(j);
}

void restore_settings(TrainOptions& o, const std::string& settings, const Path& file) {
  try {
    Json stored = Json::parse(settings);
    if (!stored.contains("precision"))
      stored["precision"] = TrainOptions{}.precision;  // begun before there was a choice
    require_same("data", stored.at("data"), stored_paths(o), o, file);
    o.data.clear();
    for (const Json& path : stored.at("data")) o.data.emplace_back(from_stored<std::string>(path));
    each_setting(o, [&](const char* name, auto& value) {
      require_same(name, stored.at(name), stored_form(value), o, file);
      value = from_stored<std::decay_t<decltype(value)>>(stored.at(name));
    });
  } catch (const Json::exception& e) {
    throw ModelError({file.string(), "the run's settings cannot be understood", "", e.what(), "start a new run"});
  }
}

}  // namespace lineament::cli
