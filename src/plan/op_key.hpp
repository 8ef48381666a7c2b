// The name under which a Tuning keeps an op: all that its time depends on, but the machine.
#pragma once
#include <string>

#include "kernels/kernel.hpp"

namespace lineament {

/// Empty for layers that are not tuned: all but convolutions and dense layers have one kernel each.
std::string op_key(const OpProblem& problem);

}  // namespace lineament
