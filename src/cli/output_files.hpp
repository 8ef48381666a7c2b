// Where a command writes. Nothing that a person made is written over.
#pragma once
#include <string_view>

#include "cli/command.hpp"

namespace lineament::cli {

/// With those above it; nothing if the path is empty. Throws FileError.
void make_folder(const Path& folder);

/// Throws ArgumentError if `out` is there and lies beside the photo: it may be the photo, or its annotation.
void require_other_file(const Path& out, const Path& photo, const char* option);

/// Only a file that this program wrote is written over: it begins so. Throws ArgumentError; `give` is what to do.
void require_own(const Path& path, std::string_view begin, const char* give);

/// By its name the program knows a model. Throws ArgumentError.
void require_model_name(const Path& out);

/// For what nobody can tell from a person's work, and for models, the work of hours. Throws ArgumentError.
void require_not_there(const Path& out, const char* option = "--out");

/// Whether results can be written as JSON into this file, found out before a thousand photos. Throws ArgumentError.
void require_json_file(const Path& path);

}  // namespace lineament::cli
