// Whole files in and out. Writing replaces a file in one step, so that a full disk or a kill leaves the old one in
// place.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lineament/api.hpp"

namespace LINEAMENT_API lineament {

/// All bytes of `path`. Throws FileError (missing, unreadable, a folder).
std::vector<std::uint8_t> read_file(const std::filesystem::path& path);
/// The same as text.
std::string read_text(const std::filesystem::path& path);

/// Writes to a temporary file beside `path`, fsyncs it, renames it over `path` and fsyncs the folder. The permissions
/// of a file that is there stay. From several threads and processes at once: of those that write one path, one wins.
/// Throws FileError (unwritable folder, full disk); then `path` is as it was and no temporary file is left.
void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes);
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace lineament
