// A training state as JSON, but for its long lists of numbers, which are tensors of the file.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "lineament/train/training_state.hpp"

namespace lineament {

/// Throws ArgumentError for settings that are not UTF-8.
std::string to_json(const TrainingState& state);

/// What files of older versions lack takes its default. Throws the JSON library's errors.
TrainingState training_from(const nlohmann::ordered_json& json);

}  // namespace lineament
