// A session's plan as a person reads it: for `lineament inspect --why`.
#pragma once
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "lineament/nn/session.hpp"

namespace lineament::cli {

/// Op by op: what is fused, the kernel, why those before it in the list were refused, where its output lies and for how
/// long. `ops`: of the plan; backward ops are numbered on from there.
std::string why_text(std::span<const PlannedOp> plan);
/// The same as {"ops": [...]}, sizes in bytes.
nlohmann::ordered_json why_json(std::span<const PlannedOp> plan);

}  // namespace lineament::cli
