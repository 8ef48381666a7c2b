#include "cli/machine.hpp"

#include "cli/console.hpp"
#include "lineament/threads.hpp"
#include "platform/platform.hpp"

namespace lineament::cli {

std::string machine_name() {
  const std::string model = platform::processor_name();
  return (model.empty() ? "" : model + ", ") + counted(static_cast<std::size_t>(Threads(0).count()), "core");
}

}  // namespace lineament::cli
