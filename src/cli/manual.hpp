// Manual pages (man 7 man), made of the same options and texts as --help: `lineament man`, and one page for each
// command.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "cli/command.hpp"

namespace lineament::cli {

/// The page of the program, or of one of its commands.
std::string manual_page(const CLI::App& app, const CLI::App* command);

/// The command that prints a page or writes them all. `app` has all commands when it runs.
Command man_command(const CLI::App& app);

}  // namespace lineament::cli
