// A plan in words, op by op.
#pragma once
#include <vector>

#include "plan/plan.hpp"

namespace lineament {

std::vector<PlannedOp> explain(const Plan&);

}  // namespace lineament
