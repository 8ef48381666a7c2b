// What CLI11 says about a wrong command line, as one line that names the mistake and the way out.
#pragma once
#include <CLI/CLI.hpp>

#include "lineament/error.hpp"

namespace lineament::cli {

/// Throws ArgumentError unless the first word is a command, --help or --version.
void require_command(const CLI::App& app, int argc, const char* const* argv);

/// Throws ArgumentError for an empty word, or an option with nothing after its "=": a variable of a script that is not
/// set. The parser would take the next word for the value, or none.
void require_values(int argc, const char* const* argv);

/// The mistake that `e` reports, made in the command that argv[1] names.
ArgumentError mistake(const CLI::App& app, const CLI::ParseError& e, const std::string& command);

}  // namespace lineament::cli
