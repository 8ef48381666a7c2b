#include "cli/recipes.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "cli/compiled_recipes.hpp"
#include "cli/json_text.hpp"
#include "lineament/error.hpp"
#include "lineament/file.hpp"

namespace lineament::cli {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kAbout = "about";

std::string text_of(const std::string& recipe) {
  for (const CompiledRecipe& known : compiled_recipes())
    if (known.name == recipe) return std::string(known.json);
  if (recipe.ends_with(".json")) return read_text(recipe);
  throw ArgumentError({"--recipe", "there is no recipe of this name", recipe_names() + ", or a file ending in .json",
                       "'" + recipe + "'", "check the spelling"});
}

Json read(const std::string& recipe) {
  Json json;
  std::set<std::string> keys;
  const auto refuse_twice = [&](int depth, Json::parse_event_t event, Json& key) {
    if (depth == 1 && event == Json::parse_event_t::key && !keys.insert(key.get<std::string>()).second)
      throw FormatError({recipe, "an option is there twice", "each once", "'" + key.get<std::string>() + "'", ""});
    return true;
  };
  try {
    json = Json::parse(text_of(recipe), refuse_twice);
  } catch (const Json::exception& e) {
    throw FormatError({recipe, "not valid JSON", "", e.what(), ""});
  }
  if (!json.is_object())
    throw FormatError(
        {recipe, "not a recipe", "{\"network\": \"compact\", \"epochs\": 300, …}", json_text(json).substr(0, 40), ""});
  return json;
}

void require_known(const Json& json, const std::string& recipe) {
  const std::vector<std::string> known = stored_option_names();
  std::string unknown;
  for (const auto& [key, value] : json.items())
    if (key != kAbout && std::find(known.begin(), known.end(), key) == known.end())
      unknown += (unknown.empty() ? "'" : ", '") + key + "'";
  if (unknown.empty()) return;
  throw ArgumentError({"recipe " + recipe, "it has what is no option of a run", "names of options, as train --help",
                       utf8(unknown), "check the spelling"});
}

/// As they would stand on the command line, whose checks then hold here, too.
std::vector<std::string> words_of(const Json& json, const std::string& recipe) {
  std::vector<std::string> words;
  for (const auto& [key, value] : json.items()) {
    if (key == kAbout) continue;
    const Json list = value.is_array() ? value : Json::array({value});
    for (const Json& element : list) {
      if (element == "") continue;  // none, as where the option is left out; "--name=" would take the next word
      if (!element.is_string() && !element.is_number())
        throw ArgumentError({"recipe " + recipe + ", '" + key + "'", "an option has a wrong value",
                             "a text, a number or a list of them", json_text(value), ""});
      words.push_back("--" + key + "=" + (element.is_string() ? element.get<std::string>() : element.dump()));
    }
  }
  return words;
}

}  // namespace

std::string recipe_names() {
  std::string names;
  for (const CompiledRecipe& recipe : compiled_recipes())
    names += (names.empty() ? "" : ", ") + std::string(recipe.name);
  return names;
}

void apply_recipe(TrainOptions& options) {
  if (options.recipe.empty()) return;
  const Json json = read(options.recipe);
  require_known(json, options.recipe);
  std::vector<std::string> words = words_of(json, options.recipe);
  std::reverse(words.begin(), words.end());  // as the parser takes them
  CLI::App parser;
  TrainOptions wanted;
  add_train_options(parser, wanted);
  try {
    parser.parse(words);
  } catch (const CLI::ParseError& e) {
    throw ArgumentError({"recipe " + options.recipe, "an option has a wrong value", "", e.what(), ""});
  }
  take_given(options, wanted);
}

}  // namespace lineament::cli
