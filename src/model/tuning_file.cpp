#include "lineament/model/tuning_file.hpp"

#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>

#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "platform/platform.hpp"

namespace lineament {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kAbout = "kernels that were the fastest, by machine and layer; 'lineament tune' writes it";

using Machines = std::map<std::string, decltype(Tuning::kernels), std::less<>>;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// The entries of an object; nlohmann's items() gives those of anything.
const Json::object_t& entries(const Json& json) {
  return json.get_ref<const Json::object_t&>();
}

/// Nothing where that is not what save_tuning() writes. Layers that are not tuned have no key, so an empty one must not
/// come in.
std::optional<Machines> machines_in(const std::vector<std::uint8_t>& bytes) try {
  Machines machines;
  const Json json = Json::parse(bytes.begin(), bytes.end());
  for (const auto& [machine, ops] : entries(json.at("machines"))) {
    auto& kernels = machines[machine];
    for (const auto& [op, kernel] : entries(ops)) {
      const std::string& name = kernel.get_ref<const std::string&>();
      if (op.empty() || name.empty()) return std::nullopt;
      kernels[op] = name;
    }
  }
  return machines;
} catch (const Json::exception&) {
  return std::nullopt;
}

/// What is in the file: nothing where it is not there, or, with `note`, where it is damaged. Throws FileError.
Machines read_machines(const std::filesystem::path& file, std::string& note) {
  std::error_code error;
  if (file.empty() || (!std::filesystem::exists(file, error) && !error)) return {};
  if (auto machines = machines_in(read_file(file))) return *std::move(machines);
  note = "it is not what 'lineament tune' writes; ";
  note += environment("LINEAMENT_TUNING").empty() ? "delete it, then run 'lineament tune' again"
                                                  : "let LINEAMENT_TUNING name another file";
  return {};
}

/// While it is open, others that save to the folder wait. A lock that is held for longer than saving takes is a
/// training's or a pack's, which save no tunings.
platform::File turn_in(const std::filesystem::path& folder) {
  using namespace std::chrono_literals;
  std::error_code error;
  platform::File lock(folder.empty() ? "." : folder, platform::File::Open::folder, error);
  const auto longest = std::chrono::steady_clock::now() + 5s;
  while (lock.is_open() && !lock.lock() && std::chrono::steady_clock::now() < longest) std::this_thread::sleep_for(1ms);
  return lock;
}

/// Two of them will do.
std::string names_of(const Machines& machines) {
  std::string names;
  std::size_t shown = 0;
  for (const auto& [machine, ops] : machines) {
    if (shown == 2) return names + "; and others";
    names += (shown++ == 0 ? "" : "; ") + machine;
  }
  return names;
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
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);  // or writing says why
  const platform::File turn = turn_in(file.parent_path());
  std::string damaged;
  Machines machines = read_machines(file, damaged);
  for (const auto& [op, kernel] : tuning.kernels) machines[tuning.machine][op] = kernel;
  const Json json{{"about", kAbout}, {"machines", machines}};
  write_file(file, std::string_view(json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"));
}

Tuning load_tuning(const std::filesystem::path& file, std::string* note) {
  Tuning tuning{.machine = tuning_machine()};
  std::string why;
  Machines machines;
  try {
    machines = read_machines(file, why);
  } catch (const FileError& e) {
    why = e.what();
  }
  if (const auto own = machines.find(tuning.machine); own != machines.end())
    tuning.kernels = own->second;
  else if (!machines.empty())
    why = "it was made for " + names_of(machines) + ", and this is " + tuning.machine;
  if (note != nullptr && !why.empty()) *note = file.string() + " is ignored: " + why;
  return tuning;
}

}  // namespace lineament
