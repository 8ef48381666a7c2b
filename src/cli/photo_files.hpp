// The photos that a command line names: files, folders, lists, standard input.
#pragma once
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace lineament::cli {

/// "-": standard input.
bool is_stream(const Path& image);

/// Files of folders and lists (@FILE) in place of these. Throws FormatError for a list that names nothing.
std::vector<Path> all_images(const std::vector<Path>& given);

/// A name for the files of each photo: its stem, or, where several photos have one, the stem and a number that is free.
std::vector<std::string> names_of(const std::vector<Path>& images);

}  // namespace lineament::cli
