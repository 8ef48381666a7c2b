#include "cli/invocation.hpp"

#include <algorithm>
#include <ctime>
#include <vector>

namespace lineament::cli {
namespace {

constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";

std::string& remembered() {
  static std::string line;
  return line;
}

}  // namespace

std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string shell_word(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_not_of(kPlain) == std::string::npos;
  return plain ? text : shell_quoted(text);
}

void remember_command_line(int argc, const char* const* argv) {
  remembered() = "lineament";  // wherever it was called from
  for (const std::string& word : std::vector<std::string>(argv + std::min(argc, 1), argv + argc))
    remembered() += " " + shell_word(word);
}

const std::string& command_line() {
  return remembered();
}

std::string date_text() {
  const std::time_t now = std::time(nullptr);
  char text[32] = "";
  if (const std::tm* utc = std::gmtime(&now)) std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", utc);
  return text;
}

}  // namespace lineament::cli
