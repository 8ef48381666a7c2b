// Which instruction set the fast kernels run on.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace lineament {

/// Sets this machine can run, best first: "avx512", "avx2", "sse4", "scalar" (or the platform's own names in lower
/// case).
std::vector<std::string> available_isas();
/// The one in use. At first the best, or what the environment variable LINEAMENT_ISA names.
std::string current_isa();
/// Uses another one from now on; not while a session runs. Throws ArgumentError listing what there is.
void force_isa(std::string_view name);

}  // namespace lineament
