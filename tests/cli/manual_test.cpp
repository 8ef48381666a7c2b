// The manual and the completion in shells say what --help says: every command and option.
#include <cstdlib>

#include "catch.hpp"
#include "program.hpp"

namespace lineament::test {
namespace {

const Words kCommands = {"train",  "adapt", "evaluate", "predict", "track", "inspect",
                         "export", "faces", "validate", "pack",    "tune"};

/// The options that a command's help lists: the second words of "  -h,--help" and "  --data FOLDER".
Words options_in_help(const std::string& help) {
  Words options;
  for (const std::string& line : lines_of(help)) {
    const auto at = line.find("--");
    if (!line.starts_with("  -") || at > 5) continue;
    options.push_back(line.substr(at, line.find_first_of(" =", at) - at));
  }
  return options;
}

std::string troff(const std::string& option) {
  std::string out;
  for (const char c : option) out += c == '-' ? std::string("\\-") : std::string(1, c);
  return out;
}

bool has_tool(const char* name) {
  return std::system(("command -v " + std::string(name) + " > /dev/null 2>&1").c_str()) == 0;
}

}  // namespace

TEST_CASE("there is a manual page for the program and each command, with every option, and nothing to warn of") {
  const Place place;
  REQUIRE(place.run({"man", "--folder", "pages/man1"}).code == 0);
  CHECK(place.list("pages/man1").size() == kCommands.size() + 1);
  const std::string main_page = place.read("pages/man1/lineament.1");
  for (const std::string& command : kCommands) {
    INFO(command);
    CHECK(main_page.find("\\fB" + command + "\\fR\n") != std::string::npos);
    const std::string page = place.read("pages/man1/lineament-" + command + ".1");
    CHECK(place.run({"man", command}).out == page);
    const Words options = options_in_help(place.run({command, "--help"}).out);
    CHECK(options.size() >= 2);
    for (const std::string& option : options) {
      INFO(option);
      CHECK(page.find("\\fB" + troff(option) + "\\fR") != std::string::npos);
    }
    CHECK(page.find(".SH EXAMPLES\n") != std::string::npos);
    if (!has_tool("groff")) continue;
    const std::string file = (place / ("pages/man1/lineament-" + command + ".1")).string();
    CHECK(std::system(("test -z \"$(groff -man -ww -Tutf8 -z '" + file + "' 2>&1)\"").c_str()) == 0);
  }
}

TEST_CASE("bash completes commands and options") {
  if (!has_tool("bash")) return;
  const Place place;
  const Outcome script = place.run({"completion", "bash"});
  REQUIRE(script.code == 0);
  place.write("completion", script.out);
  const auto completed = [&](const std::string& words, int at) {
    const std::string out = (place / "out").string();
    const std::string call = "source '" + (place / "completion").string() + "'; COMP_WORDS=(" + words +
                             "); COMP_CWORD=" + std::to_string(at) + "; _lineament; printf '%s ' \"${COMPREPLY[@]}\"";
    place.write("call", call);
    REQUIRE(std::system(("bash '" + (place / "call").string() + "' > '" + out + "'").c_str()) == 0);
    return place.read("out");
  };
  CHECK(completed("lineament t", 1) == "train track tune ");
  CHECK(completed("lineament --v", 1) == "--version ");
  CHECK(completed("lineament train --s", 2) == "--synthetic --schedule --scheme --sums --seed ");
  CHECK(completed("lineament validate --j", 2) == "--json ");
  CHECK(completed("lineament train ph", 2) == " ");  // files, which the shell itself completes
}

TEST_CASE("the other shells' completion names every command; another shell is a mistake") {
  const Place place;
  for (const char* shell : {"zsh", "fish"}) {
    const Outcome o = place.run({"completion", shell});
    REQUIRE(o.code == 0);
    for (const std::string& command : kCommands) CHECK(o.out.find(command) != std::string::npos);
    CHECK(o.out.find("synthetic") != std::string::npos);
  }
  require_refused(place.run({"completion", "csh"}), {"csh"});
  require_refused(place.run({"man", "trian"}), {"trian", "--help"});
  CHECK(place.run({"--help"}).out.find("completion") == std::string::npos);
}

}  // namespace lineament::test
