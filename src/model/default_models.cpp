#include "lineament/model/default_models.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <string>

#include "lineament/error.hpp"
#include "model/compiled_models.hpp"

namespace lineament {

std::span<const std::string_view> default_model_names() {
  const auto all = compiled_model_names();
  return all.first(all.size() - 1);  // the last one is the detector
}

Model load_default_model(std::string_view name) {
  const auto names = compiled_model_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    std::string known;
    for (const std::string_view other : names) known += (known.empty() ? "" : ", ") + std::string(other);
    throw ModelError({"default models", "there is none of this name", known, "'" + std::string(name) + "'",
                      "check the spelling, or load a file with load_model()"});
  }
  const std::span<const std::uint8_t> file = compiled_model(static_cast<std::size_t>(found - names.begin()));
  return load_model({file.begin(), file.end()}, "default model " + std::string(name));
}

std::shared_ptr<const Model> shared_default_model(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<const Model>, std::less<>> known;
  const std::lock_guard lock(mutex);
  std::weak_ptr<const Model>& one = known[std::string(name)];
  std::shared_ptr<const Model> model = one.lock();
  if (!model) one = model = std::make_shared<const Model>(load_default_model(name));
  return model;
}

}  // namespace lineament
