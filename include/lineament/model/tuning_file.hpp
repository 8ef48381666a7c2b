// Tunings in files: one small JSON file for all networks and machines, from which programs take what is theirs and hand
// it to their sessions.
#pragma once
#include <filesystem>
#include <string>

#include "lineament/api.hpp"
#include "lineament/nn/tuning.hpp"

namespace LINEAMENT_API lineament {

/// $LINEAMENT_TUNING, or lineament/tuning.json in the user's cache folder ($XDG_CACHE_HOME, ~/.cache); empty where
/// there is none.
std::filesystem::path default_tuning_file();

/// Writes the ops of `tuning` over those of the same machine; its others, and other machines', stay as they are. A
/// damaged file is written anew. Of several programs that save at once, each keeps what the others have saved. Throws
/// FileError.
void save_tuning(const std::filesystem::path& file, const Tuning& tuning);

/// What the file holds for this machine. Nothing is wrong without it: a file that is not there gives no ops; one that
/// cannot be read, is damaged, or has only other machines' (see tuning_machine()), gives none either, and says why in
/// `note`.
Tuning load_tuning(const std::filesystem::path& file, std::string* note = nullptr);

}  // namespace lineament
