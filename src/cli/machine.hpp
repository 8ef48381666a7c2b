// The machine a run was made on, for its report: times mean little without it.
#pragma once
#include <string>
#include <string_view>

namespace lineament::cli {

/// The first processor's name in the text of Linux's /proc/cpuinfo; empty where it has none (as on many ARM machines).
std::string cpu_model(std::string_view cpuinfo);

/// "AMD EPYC 9R14, 2 cores", or only the number of cores.
std::string machine_name();

}  // namespace lineament::cli
