// The machine a run was made on, for its report: times mean little without it.
#pragma once
#include <string>

namespace lineament::cli {

/// "AMD EPYC 9R14, 2 cores", or only the number of cores.
std::string machine_name();

}  // namespace lineament::cli
