#include "cli/manual.hpp"

#include <cstdio>
#include <memory>
#include <sstream>

#include "cli/option_table.hpp"
#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "lineament/version.hpp"

namespace lineament::cli {
namespace {

/// Text in which nothing means anything to troff.
std::string plain(const std::string& text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\'') {
      out += "\\(aq";
    } else {
      out += c;
    }
    line_begins = c == '\n';
  }
  return out;
}

std::string bold(const std::string& text) {
  return "\\fB" + plain(text) + "\\fR";
}
std::string italic(const std::string& text) {
  return "\\fI" + plain(text) + "\\fR";
}

std::string entry(const OptionRow& row) {
  std::string text = ".TP\n";
  for (std::size_t i = 0; i < row.names.size(); ++i)
    text += (i > 0 ? ", " : "") + (row.positional ? italic(row.names[i]) : bold(row.names[i]));
  if (!row.positional && !row.value.empty()) text += " " + italic(row.value);
  if (row.several) text += " ...";
  text += "\n" + plain(row.help);
  if (!row.preset.empty()) text += " (default: " + plain(row.preset) + ")";
  return text + "\n";
}

std::string synopsis(const std::string& name, const std::vector<OptionRow>& rows) {
  std::string text = bold(name) + " [" + italic("OPTIONS") + "]";
  for (const OptionRow& row : rows) {
    if (!row.positional) continue;
    const std::string word = italic(row.names.front()) + (row.several ? " ..." : "");
    text += row.required ? " " + word : " [" + word + "]";
  }
  return text;
}

/// What stands below a command's help: commands to copy are indented there, and a line that ends with a colon announces
/// them.
struct Footer {
  std::string prose, examples;
};

Footer parts_of(const std::string& footer) {
  Footer parts;
  std::istringstream lines(footer);
  bool copied = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "Examples:") continue;
    const bool indented = line.starts_with(' ');
    if (indented != copied) parts.examples += indented ? ".nf\n" : ".fi\n";
    copied = indented;
    (indented || line.ends_with(':') ? parts.examples : parts.prose) += plain(line) + "\n";
  }
  if (copied) parts.examples += ".fi\n";
  return parts;
}

std::string page_name(const CLI::App* command) {
  return command != nullptr ? "lineament-" + command->get_name() : "lineament";
}

std::string capitals(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

struct ManOptions {
  std::string command;
  Path folder;
};

int run(const CLI::App& app, const ManOptions& o) {
  const auto commands = listed_commands(app);
  if (!o.folder.empty()) {
    std::filesystem::create_directories(o.folder);
    write_file(o.folder / "lineament.1", manual_page(app, nullptr));
    for (const CLI::App* command : commands)
      write_file(o.folder / (page_name(command) + ".1"), manual_page(app, command));
    return 0;
  }
  const CLI::App* wanted = nullptr;
  for (const CLI::App* command : commands)
    if (command->get_name() == o.command) wanted = command;
  if (wanted == nullptr && !o.command.empty())
    throw ArgumentError({"man", "there is no such command", "", o.command, "'lineament --help' lists them"});
  std::fputs(manual_page(app, wanted).c_str(), stdout);
  return 0;
}

}  // namespace

std::string manual_page(const CLI::App& app, const CLI::App* command) {
  const CLI::App& shown = command != nullptr ? *command : app;
  const std::vector<OptionRow> rows = option_rows(shown);
  std::string page = ".TH " + capitals(page_name(command)) + " 1 \"\" \"lineament " + std::string(version()) +
                     "\" \"User Commands\"\n.SH NAME\n" + page_name(command) + " \\- " +
                     plain(shown.get_description()) + "\n.SH SYNOPSIS\n";
  page += command != nullptr ? synopsis("lineament " + command->get_name(), rows)
                             : synopsis("lineament", rows) + " " + italic("COMMAND");
  page += "\n";
  const Footer footer = parts_of(shown.get_footer());
  if (!footer.prose.empty()) page += ".SH DESCRIPTION\n" + footer.prose;
  page += ".SH OPTIONS\n";
  for (const OptionRow& row : rows) page += entry(row);
  if (command == nullptr) {
    page += ".SH COMMANDS\n";
    for (const CLI::App* c : listed_commands(app))
      page +=
          ".TP\n" + bold(c->get_name()) + "\n" + plain(c->get_description()) + ": see " + bold(page_name(c)) + "(1)\n";
  }
  if (!footer.examples.empty()) page += ".SH EXAMPLES\n" + footer.examples;
  page += ".SH EXIT STATUS\n0 if all went well, 2 if not; standard error then says why in one line.\n";
  if (command != nullptr) page += ".SH SEE ALSO\n.BR lineament (1)\n";
  return page;
}

Command man_command(const CLI::App& app) {
  const auto o = std::make_shared<ManOptions>();
  return {.name = "man",
          .about = "Print a manual page",
          .footer =
              "Examples:\n"
              "  lineament man train | man -l -\n"
              "  lineament man --folder ~/.local/share/man/man1",
          .options =
              [o](CLI::App& c) {
                c.add_option("COMMAND", o->command, "Of this command; the program's own if it is left out");
                c.add_option("--folder", o->folder, "Write all pages into this folder instead")->type_name("FOLDER");
              },
          .run = [&app, o] { return run(app, *o); },
          .hidden = true};
}

}  // namespace lineament::cli
