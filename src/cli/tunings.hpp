// What 'lineament tune' found on this machine, for commands that run models.
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "cli/console.hpp"
#include "lineament/model/tuning_file.hpp"

namespace lineament::cli {

/// nullptr where there is nothing. A file that does not fit this machine is named in a line.
inline std::shared_ptr<const Tuning> tuning_of_this_machine() {
  std::string note;
  Tuning tuning = load_tuning(default_tuning_file(), &note);
  if (!note.empty()) say("note: " + note);
  return tuning.kernels.empty() ? nullptr : std::make_shared<const Tuning>(std::move(tuning));
}

}  // namespace lineament::cli
