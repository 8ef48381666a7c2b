// How and when the program was called, for what it writes about its work.
#pragma once
#include <string>

namespace lineament::cli {

/// Called by main(), before anything asks.
void remember_command_line(int argc, const char* const* argv);
/// As it may be typed again: words that a shell would take apart are in quotes.
const std::string& command_line();

/// One word of a shell, whatever is in it.
std::string shell_quoted(const std::string& text);
/// The same, in quotes only where it must be.
std::string shell_word(const std::string& text);

/// Now: "2026-11-30 17:05 UTC".
std::string date_text();

}  // namespace lineament::cli
