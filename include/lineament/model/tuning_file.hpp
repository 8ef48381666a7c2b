// Tunings in files: a small JSON for each machine and network, which programs keep and hand to their sessions.
#pragma once
#include <filesystem>
#include <string>

#include "lineament/api.hpp"
#include "lineament/nn/tuning.hpp"

namespace LINEAMENT_API lineament {

/// $LINEAMENT_TUNING, or lineament/tuning.json in the user's cache folder ($XDG_CACHE_HOME, ~/.cache); empty where
/// there is none.
std::filesystem::path default_tuning_file();

/// Adds the ops of `tuning` to those of the file that were found on the same machine; what another machine found is
/// dropped. Throws FileError.
void save_tuning(const std::filesystem::path& file, const Tuning& tuning);

/// Nothing is wrong without it: a file that is not there gives no ops; one that cannot be read, or was made on another
/// machine, with another instruction set or version, gives none either, and says why in `note`.
Tuning load_tuning(const std::filesystem::path& file, std::string* note = nullptr);

}  // namespace lineament
