#include "cli/console.hpp"

#include <algorithm>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "platform/platform.hpp"

namespace lineament::cli {

using Clock = std::chrono::steady_clock;

namespace {

/// A terminal that takes a line back; dumb ones (editors, some CI) do not.
bool can_redraw() {
  const char* term = std::getenv("TERM");
  return platform::error_is_terminal() && (term == nullptr || std::string_view(term) != "dumb");
}

std::string interrupt_line;  // a signal handler may not allocate

volatile std::sig_atomic_t was_interrupted = 0;

bool is_quiet = false;

extern "C" void note_signal(int signal) {
  was_interrupted = 1;
  std::signal(signal, SIG_DFL);
}

extern "C" void end_by_signal(int signal) {
  platform::write_error_in_handler(interrupt_line);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

std::string one_line(std::string line) {
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  return line;
}

void set_quiet(bool quiet) {
  is_quiet = quiet;
}

void say(const std::string& line) {
  if (is_quiet) return;
  std::fprintf(stderr, "%s\n", one_line(line).c_str());
}

void say_when_interrupted(const std::string& line) {
  if (is_quiet) return;
  interrupt_line = (can_redraw() ? "\r\033[K" : "") + line + "\n";
  std::signal(SIGINT, end_by_signal);
  std::signal(SIGTERM, end_by_signal);
}

void note_interrupts() {
  std::signal(SIGINT, note_signal);
  std::signal(SIGTERM, note_signal);
}

bool interrupted() {
  return was_interrupted != 0;
}

std::string text(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  va_list again;
  va_copy(again, arguments);
  std::string result(static_cast<std::size_t>(std::max(0, std::vsnprintf(nullptr, 0, format, arguments))), '\0');
  std::vsnprintf(result.data(), result.size() + 1, format, again);
  va_end(again);
  va_end(arguments);
  return result;
}

std::string clock_text(double seconds) {
  const long s = static_cast<long>(std::max(0.0, seconds) + 0.5);
  if (s >= 3600) return text("%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  return text("%ld:%02ld", s / 60, s % 60);
}

std::string counted(std::size_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

Progress::Progress(std::string title)
    : title_(std::move(title)), begin_(Clock::now()), last_(begin_), terminal_(can_redraw()) {}

Progress::~Progress() {
  clear();
}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - begin_).count();
}

void Progress::update(std::size_t done, std::size_t total, const std::string& note) {
  const auto now = Clock::now();
  if (now - last_ < (terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000))) return;
  last_ = now;
  const double share = total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total);
  if (terminal_ && !is_quiet) {
    // A line longer than the terminal is wide would wrap, and only its last part could be taken away again.
    const std::size_t columns = platform::error_columns() - 1, texts = title_.size() + note.size() + 4;
    const bool room = columns > texts + 4 && total > 0;
    const std::size_t width = room ? std::min<std::size_t>(24, columns - texts) : 0;
    const auto filled = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(width));
    const std::string bar = width == 0 ? "" : "[" + std::string(filled, '=') + std::string(width - filled, ' ') + "] ";
    std::fprintf(stderr, "\r\033[K%s", (title_ + " " + bar + note).substr(0, columns).c_str());
    std::fflush(stderr);
    drawn_ = true;
  } else {
    say(total == 0 ? title_ + "  " + note : text("%s %3.0f %%  %s", title_.c_str(), 100 * share, note.c_str()));
  }
}

void Progress::clear() {
  if (!drawn_) return;
  std::fprintf(stderr, "\r\033[K");
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace lineament::cli
