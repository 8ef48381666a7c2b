#include "model/training_json.hpp"

#include <cmath>
#include <limits>

#include "lineament/error.hpp"

namespace lineament {
namespace {

using Json = nlohmann::ordered_json;

/// JSON has no word for them, and a run's best so far may begin at infinity.
Json number_json(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}
double number_from(const Json& json) {
  if (!json.is_string()) return json.get<double>();
  const double infinity = std::numeric_limits<double>::infinity();
  return json == "inf" ? infinity : json == "-inf" ? -infinity : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::string to_json(const TrainingState& state) {
  Json training;
  training["epoch"] = state.epoch;
  training["step"] = state.step;
  training["best"] = number_json(state.best);
  training["best_of"] = state.best_of;
  training["best_epoch"] = state.best_epoch;
  if (state.batch > 0) {
    training["batch"] = state.batch;
    for (const double sum : state.sums) training["sums"].push_back(number_json(sum));
  }
  training["settings"] = state.settings;
  try {
    return training.dump();
  } catch (const Json::exception&) {
    throw ArgumentError({"settings", "they cannot be written", "UTF-8", "another text", ""});
  }
}

TrainingState training_from(const Json& j) {
  TrainingState s;
  s.epoch = j.at("epoch").get<std::size_t>();
  s.step = j.at("step").get<std::uint64_t>();
  s.best = number_from(j.at("best"));
  s.best_of = j.value("best_of", s.best_of);
  s.best_epoch = j.at("best_epoch").get<std::size_t>();
  s.batch = j.value("batch", s.batch);
  for (const Json& sum : j.value("sums", Json::array())) s.sums.push_back(number_from(sum));
  s.settings = j.at("settings").get<std::string>();
  return s;
}

}  // namespace lineament
