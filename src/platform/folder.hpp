// A folder that one program at a time writes to, and what is left in it when that program is killed.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "platform/platform.hpp"

namespace lineament::platform {

/// Between a file's name and a number, in the names of what write_file() has not yet put in its place.
inline constexpr std::string_view kHalfWritten = ".tmp";

/// Locks the folder until the object is closed. Where another program has the lock, throws ArgumentError: the folder,
/// `taken`, and `fix`. Without a lock on network disks that know none: no reason not to work on them.
File lock_folder(const std::filesystem::path& folder, const char* taken, const char* fix);

/// Takes half-written files away whose whole ones `is_ours` says are this program's. For who has the folder's lock.
void remove_half_written(const std::filesystem::path& folder, const std::function<bool(const std::string&)>& is_ours);

}  // namespace lineament::platform
