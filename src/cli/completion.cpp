#include "cli/completion.hpp"

#include <cstdio>
#include <memory>

#include "cli/checks.hpp"
#include "cli/invocation.hpp"
#include "cli/option_table.hpp"

namespace lineament::cli {
namespace {

/// Names of options, "-h --help --data"; arguments have none.
std::string option_names(const CLI::App& command) {
  std::string names;
  for (const OptionRow& row : option_rows(command))
    if (!row.positional)
      for (const std::string& name : row.names) names += (names.empty() ? "" : " ") + name;
  return names;
}

/// Values are names of files, which bash completes when the function finds nothing.
std::string for_bash(const CLI::App& app) {
  std::string names, cases;
  for (const CLI::App* command : listed_commands(app)) {
    names += command->get_name() + " ";
    cases += "    " + command->get_name() + ") words=" + shell_quoted(option_names(*command)) + " ;;\n";
  }
  return "# bash completion for lineament\n"
         "_lineament() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} words=''\n"
         "  COMPREPLY=()\n"
         "  if ((COMP_CWORD == 1)); then\n"
         "    words=" +
         shell_quoted(names + option_names(app)) +
         "\n"
         "  elif [[ $word == -* ]]; then\n"
         "    case ${COMP_WORDS[1]} in\n" +
         cases +
         "    esac\n"
         "  fi\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
         "}\n"
         "complete -o default -F _lineament lineament\n";
}

/// In the specification of an option, "--data[help]:FOLDER:_files", brackets and colons are marks.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_options(const CLI::App& command) {
  std::string specs;
  for (const OptionRow& row : option_rows(command)) {
    const std::string value = row.value.empty() ? "" : ":" + zsh_text(row.value) + ":_files";
    if (row.positional) specs += " " + shell_quoted("*:" + zsh_text(row.names.front()) + ":_files");
    if (row.positional) continue;
    for (const std::string& name : row.names)
      specs += " " + shell_quoted((row.several ? "*" : "") + name + "[" + zsh_text(row.help) + "]" + value);
  }
  return specs;
}

std::string for_zsh(const CLI::App& app) {
  std::string list, cases;
  for (const CLI::App* command : listed_commands(app)) {
    list += " " + shell_quoted(zsh_text(command->get_name()) + ":" + zsh_text(command->get_description()));
    cases += "    " + command->get_name() + ") _arguments" + zsh_options(*command) + " ;;\n";
  }
  return "#compdef lineament\n"
         "_lineament() {\n"
         "  local -a commands=(" +
         list +
         ")\n"
         "  if ((CURRENT == 2)); then\n"
         "    _describe command commands\n"
         "    _arguments" +
         zsh_options(app) +
         "\n"
         "    return\n"
         "  fi\n"
         "  shift words\n"
         "  ((CURRENT--))\n"
         "  case $words[1] in\n" +
         cases +
         "  esac\n"
         "}\n"
         "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _lineament \"$@\"; else compdef _lineament lineament; "
         "fi\n";
}

std::string fish_options(const CLI::App& command, const std::string& where) {
  std::string lines;
  for (const OptionRow& row : option_rows(command)) {
    if (row.positional) continue;
    lines += "complete -c lineament -n '" + where + "'";
    for (const std::string& name : row.names)
      lines += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    lines += std::string(row.value.empty() ? "" : " -r") + " -d " + shell_quoted(row.help) + "\n";
  }
  return lines;
}

std::string for_fish(const CLI::App& app) {
  std::string text = "# fish completion for lineament\n" + fish_options(app, "__fish_use_subcommand");
  for (const CLI::App* command : listed_commands(app)) {
    text += "complete -c lineament -f -n __fish_use_subcommand -a " + command->get_name() + " -d " +
            shell_quoted(command->get_description()) + "\n" +
            fish_options(*command, "__fish_seen_subcommand_from " + command->get_name());
  }
  return text;
}

}  // namespace

std::string completion(const CLI::App& app, const std::string& shell) {
  if (shell == "zsh") return for_zsh(app);
  return shell == "fish" ? for_fish(app) : for_bash(app);
}

Command completion_command(const CLI::App& app) {
  const auto shell = std::make_shared<std::string>();
  return {.name = "completion",
          .about = "Print what a shell needs to complete commands and options",
          .footer = "Examples:\n  source <(lineament completion bash)",
          .options =
              [shell](CLI::App& c) {
                c.add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(one_of({"bash", "zsh", "fish"}));
              },
          .run =
              [&app, shell] {
                std::fputs(completion(app, *shell).c_str(), stdout);
                return 0;
              },
          .hidden = true};
}

}  // namespace lineament::cli
