#include "lineament/model/default_models.hpp"

#include <algorithm>
#include <string>

#include "lineament/error.hpp"
#include "model/compiled_models.hpp"

namespace lineament {

std::span<const std::string_view> default_model_names() {
  return compiled_model_names();
}

Model load_default_model(std::string_view name) {
  const auto names = compiled_model_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    std::string known;
    for (const std::string_view other : names) known += (known.empty() ? "" : " or ") + std::string(other);
    throw ModelError({"default models", "there is none of this name", known, "'" + std::string(name) + "'",
                      "check the spelling, or load a file with load_model()"});
  }
  const std::span<const std::uint8_t> file = compiled_model(static_cast<std::size_t>(found - names.begin()));
  return load_model({file.begin(), file.end()}, "default model " + std::string(name));
}

}  // namespace lineament
