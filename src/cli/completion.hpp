// Completion of commands and options in shells: `lineament completion bash`, zsh or fish.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "cli/command.hpp"

namespace lineament::cli {

/// What the shell "bash", "zsh" or "fish" is to read.
std::string completion(const CLI::App& app, const std::string& shell);

/// The command that prints it. `app` has all commands when it runs.
Command completion_command(const CLI::App& app);

}  // namespace lineament::cli
