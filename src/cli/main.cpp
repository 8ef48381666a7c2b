// The command line: help, the command's options, and errors in one clear line with exit code 2.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>

#include "cli/command.hpp"
#include "cli/completion.hpp"
#include "cli/console.hpp"
#include "cli/invocation.hpp"
#include "cli/manual.hpp"
#include "cli/mistakes.hpp"
#include "lineament/error.hpp"
#include "lineament/version.hpp"
#include "platform/platform.hpp"

namespace lineament::cli {
namespace {

void add(CLI::App& app, const Command& command) {
  CLI::App* c = app.add_subcommand(command.name, command.about);
  c->footer(command.footer);
  if (command.hidden) c->group("");
  command.options(*c);
  for (CLI::Option* option : c->get_options())  // of an option given twice the last counts, as in other programs
    if (option->get_items_expected_max() == 1 && option->get_multi_option_policy() == CLI::MultiOptionPolicy::Throw)
      option->take_last();
}

int run(int argc, char** argv) {
  CLI::App app("Lineament trains and runs convolutional networks for face landmarks (68 points, iBUG 300-W).");
  app.footer(
      "First steps:\n"
      "  lineament predict photo.jpg --overlay out              every face in the photo\n"
      "With no data at all:\n"
      "  lineament train --synthetic 2000 --epochs 5 --out run\n"
      "  lineament faces --count 1 --seed 7 --out faces\n"
      "  lineament predict run/model.safetensors faces/face_00000.png --overlay out\n"
      "'lineament COMMAND --help' says more. Exit codes: 0 if all went well, 2 if not.");
  app.name("lineament");
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.get_formatter()->label("Subcommands", "Commands");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(version()));
  std::vector<Command> all = commands();
  all.push_back(man_command(app));
  all.push_back(completion_command(app));
  for (const Command& command : all) add(app, command);
  require_command(app, argc, argv);
  require_values(argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help and --version
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    throw mistake(app, e, argv[1]);
  }
  int code = 0;
  for (const Command& command : all)
    if (app.got_subcommand(command.name)) code = command.run();
  return code;
}

}  // namespace
}  // namespace lineament::cli

int main(int argc, char** argv) {
  using lineament::cli::say;
  try {
    lineament::platform::let_writes_fail();
    lineament::cli::remember_command_line(argc, argv);
    const int code = lineament::cli::run(argc, argv);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    say("lineament: standard output: it cannot be written; free some space, or send the output elsewhere");
  } catch (const lineament::Error& e) {
    say(std::string("lineament: ") + e.what());
  } catch (const std::bad_alloc&) {
    say("lineament: there is not enough memory; use fewer faces or smaller photos, or a smaller --batch in training");
  } catch (const std::exception& e) {
    say(std::string("lineament: ") + e.what());
  }
  return 2;
}
