// What CMake makes of recipes/*.json.
#pragma once
#include <span>
#include <string_view>

namespace lineament::cli {

struct CompiledRecipe {
  std::string_view name, json;
};
std::span<const CompiledRecipe> compiled_recipes();

}  // namespace lineament::cli
