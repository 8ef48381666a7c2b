// Models that are part of the library: points of a face with no file at hand. data/models/README.md says what they were
// trained on, how good they are, and what they may be used for.
#pragma once
#include <memory>
#include <span>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/model/model.hpp"

namespace LINEAMENT_API lineament {

/// The one that a Landmarker uses unless it is given another.
inline constexpr std::string_view kDefaultModel = "compact";

/// The one that finds faces: what a FaceFinder uses unless it is given another.
inline constexpr std::string_view kDefaultDetector = "detector";

/// Those of points: "compact" and "tiny", a quarter of its size. In alphabetical order.
std::span<const std::string_view> default_model_names();

/// Reads one of them, or kDefaultDetector, as load_model() reads a file. Throws ModelError that lists the names if
/// there is none of this one.
Model load_default_model(std::string_view name = kDefaultModel);

/// The same, read once for all who use it at a time, so that they can share its weights.
std::shared_ptr<const Model> shared_default_model(std::string_view name = kDefaultModel);

}  // namespace lineament
