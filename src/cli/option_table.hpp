// The commands and options of the program as rows, read back from CLI11: for the manual and for completion in shells.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace lineament::cli {

struct OptionRow {
  std::vector<std::string> names;  ///< "-h", "--help"; the word of the usage for what has no dashes
  std::string value{};             ///< FOLDER; nothing for a flag
  std::string help{};
  std::string preset{};  ///< the value when it is not given, if it has one
  bool positional = false;
  bool several = false;
  bool required = false;
};

std::vector<OptionRow> option_rows(const CLI::App& command);
/// The commands that help lists.
std::vector<const CLI::App*> listed_commands(const CLI::App& app);

}  // namespace lineament::cli
