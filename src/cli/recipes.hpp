// Recipes: the options of a training run in a JSON file, {"network": "compact", "epochs": 300, …}. Those of the library
// are compiled in.
#pragma once
#include <string>

#include "cli/train_options.hpp"

namespace lineament::cli {

/// "compact, drawn, …".
std::string recipe_names();

/// The options of options.recipe, if it names one: a recipe of the library, or a file ending in .json. What the command
/// line has given stays. "about" is a text for people. Throws ArgumentError for a name that there is not, for keys that
/// are no options of a run, all of them named, and for values that their options refuse; FormatError for a file that is
/// no JSON object.
void apply_recipe(TrainOptions& options);

}  // namespace lineament::cli
