// What a folder of packed faces holds, for 'lineament inspect'.
#pragma once
#include "cli/command.hpp"

namespace lineament::cli {

/// Prints it. `verify`: everything is read and compared with its checksum. Returns the exit code: 2 where something is
/// damaged or missing.
int inspect_shards(const Path& folder, bool verify, bool json);

}  // namespace lineament::cli
