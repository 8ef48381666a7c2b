// A command of the program: options, help and what it does, all in its file in commands/.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace lineament::cli {

using Path = std::filesystem::path;

struct Command {
  std::string name;
  std::string about;                         ///< one line of the program's help
  std::string footer;                        ///< examples, below the command's help
  std::function<void(CLI::App&)> options{};  ///< adds them
  std::function<int()> run{};                ///< once they are parsed; returns the exit code
  bool hidden = false;                       ///< from the program's help: for packagers
};

/// Every command, in the order help lists them.
std::vector<Command> commands();

}  // namespace lineament::cli
