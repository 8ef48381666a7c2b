#include "cli/mistakes.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace lineament::cli {
namespace {

std::string lower_case(std::string word) {
  for (char& c : word)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return word;
}

/// Letters to change, add or take away to make one word of the other.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

/// "did you mean X?", or where to read if no word is near.
std::string advice(const std::string& word, const std::vector<std::string>& words, const std::string& help) {
  const std::string given = lower_case(word);
  const auto near = std::min_element(words.begin(), words.end(), [&](const std::string& a, const std::string& b) {
    return distance(given, a) < distance(given, b);
  });
  if (near != words.end() && distance(given, *near) <= std::max<std::size_t>(2, given.size() / 3))
    return "did you mean " + *near + "? " + help;
  return help;
}

std::string help_of(const std::string& command) {
  return "'lineament " + command + " --help' lists the options";
}

ArgumentError unexpected(const CLI::App& command, const std::string& name) {
  const std::vector<std::string> words = command.remaining();
  const auto option = std::find_if(words.begin(), words.end(), [](const std::string& w) { return w.starts_with("-"); });
  if (option == words.end()) {
    const std::string data =
        command.get_option_no_throw("--data") != nullptr ? "data are given by --data FOLDER; " : "";
    return ArgumentError({name, "an argument too many", "", words.empty() ? "" : words.front(), data + help_of(name)});
  }
  std::vector<std::string> known;
  for (const CLI::Option* o : command.get_options())
    if (o->nonpositional()) known.push_back(o->get_name());
  const std::string given = option->substr(0, option->find('='));
  return ArgumentError({name, "there is no such option", "", given, advice(given, known, help_of(name))});
}

}  // namespace

void require_command(const CLI::App& app, int argc, const char* const* argv) {
  const std::string given = argc > 1 ? argv[1] : "";
  std::vector<std::string> names;
  std::string list;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == given) return;
    if (command->get_group().empty()) continue;  // a hidden one
    list += (names.empty() ? "" : ", ") + command->get_name();
    names.push_back(command->get_name());
  }
  const std::string help = "'lineament --help' explains them";
  if (given.empty()) throw ArgumentError({"", "a command is missing", "one of " + list, "none", help});
  if (given == "-h" || given == "--help" || given == "--version") return;
  names.insert(names.end(), {"--help", "--version"});
  throw ArgumentError(
      {"", "there is no such command", "one of " + list, "'" + given + "'", advice(given, names, help)});
}

void require_values(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool option = word.starts_with("--") && word.find('=') == word.size() - 1;
    if (!word.empty() && !option) continue;
    const std::string before = argv[i - 1];
    const std::string where = option ? word.substr(0, word.size() - 1) : before.starts_with("-") ? before : argv[1];
    throw ArgumentError({where, "a value is empty", "a value", "''", "is a variable of your script not set?"});
  }
}

ArgumentError mistake(const CLI::App& app, const CLI::ParseError& e, const std::string& command) {
  for (const CLI::App* c : app.get_subcommands({})) {
    if (c->get_name() != command) continue;
    if (dynamic_cast<const CLI::ExtrasError*>(&e) != nullptr) return unexpected(*c, command);
    return ArgumentError({command, e.what(), "", "", help_of(command)});
  }
  return ArgumentError({"", e.what(), "", "", "'lineament --help' explains the commands"});
}

}  // namespace lineament::cli
