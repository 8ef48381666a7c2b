#include "cli/run_log.hpp"

#include <cmath>
#include <sstream>
#include <string_view>

#include "cli/json_text.hpp"
#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "lineament/landmarker/face_training.hpp"

namespace lineament::cli {
namespace {

using Json = nlohmann::ordered_json;

/// JSON has no NaN: it is written as null.
double number_in(const Json& j, const char* key) {
  return j.at(key).is_null() ? std::nan("") : j.at(key).get<double>();
}

/// A metric of faces as the log has it: NME in %, the others as shares.
struct Column {
  std::string_view metric;
  const char* training;  ///< its key for the training faces; nullptr: not logged
  const char* held_out;
};
constexpr Column kColumns[]{{kNme, "train_nme", "nme"},
                            {kPck, "train_pck_0.1", "pck_0.1"},
                            {kAuc, nullptr, "auc_8"},
                            {kFailureRate, nullptr, "fr_8"}};

Means parse_means(const Json& j, const char* Column::*key) {
  Means means;
  for (const Column& column : kColumns)
    if (column.*key != nullptr) means.metrics.push_back({std::string(column.metric), number_in(j, column.*key)});
  return means;
}

EpochReport parse_line(const Json& j) {
  EpochReport r;
  r.epoch = j.at("epoch").get<std::size_t>();
  r.train = parse_means(j, &Column::training);
  r.train.loss = number_in(j, "loss");
  r.learning_rate = number_in(j, "learning_rate");
  r.seconds = number_in(j, "seconds");
  r.waited_seconds = number_in(j, "waited_seconds");
  r.images_per_second = number_in(j, "images_per_second");
  r.best = j.at("best").get<bool>();
  if (j.contains("nme")) {
    r.validation = parse_means(j, &Column::held_out);
    r.validation->samples = j.at("faces").get<std::size_t>();
    r.validation_seconds = number_in(j, "validation_seconds");
  }
  return r;
}

void add_means(Json& j, const Means& means, const char* Column::*key) {
  for (const Column& column : kColumns)
    if (column.*key != nullptr) j[column.*key] = means.metric(column.metric);
}

}  // namespace

std::string log_line(const EpochReport& r) {
  Json j;
  j["epoch"] = r.epoch;
  j["loss"] = r.train.loss;
  add_means(j, r.train, &Column::training);
  if (r.validation) {
    j["faces"] = r.validation->samples;
    add_means(j, *r.validation, &Column::held_out);
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
    } catch (const Json::exception&) {
      throw FormatError({path.string() + ":" + std::to_string(number), "not a line of a training log",
                         "an epoch as training writes it", "'" + line.substr(0, 40) + "'",
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

}  // namespace lineament::cli
