#include "lineament/model/tuning_file.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "lineament/error.hpp"
#include "lineament/file.hpp"

namespace lineament {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kAbout = "kernels that were the fastest on this machine; 'lineament tune' writes it";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

std::filesystem::path default_tuning_file() {
  if (const std::string file = environment("LINEAMENT_TUNING"); !file.empty()) return file;
  const std::filesystem::path own = std::filesystem::path("lineament") / "tuning.json";
  if (const std::string cache = environment("XDG_CACHE_HOME"); !cache.empty()) return cache / own;
  if (const std::string home = environment("HOME"); !home.empty()) return std::filesystem::path(home) / ".cache" / own;
  return {};
}

void save_tuning(const std::filesystem::path& file, const Tuning& tuning) {
  Tuning all = load_tuning(file);
  all.machine = tuning.machine;
  for (const auto& [op, kernel] : tuning.kernels) all.kernels[op] = kernel;
  Json json{{"about", kAbout}, {"machine", all.machine}, {"kernels", Json::object()}};
  for (const auto& [op, kernel] : all.kernels) json["kernels"][op] = kernel;
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);  // or writing says why
  write_file(file, std::string_view(json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"));
}

Tuning load_tuning(const std::filesystem::path& file, std::string* note) {
  Tuning tuning{.machine = tuning_machine()};
  const auto ignored = [&](const std::string& why) {
    if (note != nullptr) *note = file.string() + " is ignored: " + why;
    return Tuning{.machine = tuning_machine()};
  };
  std::error_code error;
  if (file.empty() || !std::filesystem::exists(file, error)) return tuning;
  try {
    const std::vector<std::uint8_t> bytes = read_file(file);
    const Json json = Json::parse(bytes.begin(), bytes.end());
    if (const std::string machine = json.at("machine").get<std::string>(); machine != tuning.machine)
      return ignored("it was made for " + machine + ", and this is " + tuning.machine);
    for (const auto& [op, kernel] : json.at("kernels").items()) tuning.kernels[op] = kernel.get<std::string>();
  } catch (const Json::exception&) {
    return ignored("it is not what 'lineament tune' writes; run that again");
  } catch (const FileError& e) {
    return ignored(e.what());
  }
  return tuning;
}

}  // namespace lineament
