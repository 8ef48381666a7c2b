#include "cli/machine.hpp"

#include <fstream>
#include <iterator>

#include "cli/console.hpp"
#include "lineament/threads.hpp"

namespace lineament::cli {

std::string cpu_model(std::string_view cpuinfo) {
  const auto key = cpuinfo.find("model name");
  if (key == std::string_view::npos) return "";
  const std::string_view line = cpuinfo.substr(key, cpuinfo.find('\n', key) - key);
  const auto name = line.find_first_not_of(" \t", line.find(':') + 1);
  return name == std::string_view::npos ? "" : std::string(line.substr(name));
}

std::string machine_name() {
  std::ifstream file("/proc/cpuinfo");
  const std::string model = cpu_model(std::string(std::istreambuf_iterator<char>(file), {}));
  return (model.empty() ? "" : model + ", ") + counted(static_cast<std::size_t>(Threads(0).count()), "core");
}

}  // namespace lineament::cli
