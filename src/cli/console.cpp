#include "cli/console.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace lineament::cli {

using Clock = std::chrono::steady_clock;

void say(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

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

Progress::Progress(std::string title)
    : title_(std::move(title)), begin_(Clock::now()), last_(begin_), terminal_(::isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() { clear(); }

double Progress::seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

void Progress::update(std::size_t done, std::size_t total, const std::string& note) {
  const auto now = Clock::now();
  if (now - last_ < (terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000))) return;
  last_ = now;
  const double share = total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total);
  if (terminal_) {
    constexpr int kWidth = 24;
    const int filled = static_cast<int>(share * kWidth);
    const std::string bar = std::string(static_cast<std::size_t>(filled), '=') + std::string(static_cast<std::size_t>(kWidth - filled), ' ');
    std::fprintf(stderr, "\r\033[K%s [%s] %s", title_.c_str(), bar.c_str(), note.c_str());
    std::fflush(stderr);
    drawn_ = true;
  } else {
    say(text("%s %3.0f %%  %s", title_.c_str(), 100 * share, note.c_str()));
  }
}

void Progress::clear() {
  if (!drawn_) return;
  std::fprintf(stderr, "\r\033[K");
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace lineament::cli
