// What the program says while it works: a bar that is redrawn on a terminal, plain lines elsewhere. All to standard
// error, so that standard output is data alone.
#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace lineament::cli {

/// Names and contents of files must not make a second line, or steer the terminal: control characters become '?'.
std::string one_line(std::string line);

/// A line for people, as one_line() makes it.
void say(const std::string& line);

/// From now on there are no lines and no bars: of several processes one speaks.
void set_quiet(bool quiet);

/// From now on Ctrl-C (or SIGTERM) takes a bar away and says `line` before it ends the program.
void say_when_interrupted(const std::string& line);

/// From now on the first Ctrl-C (or SIGTERM) does no more than make interrupted() true; the second ends the program.
void note_interrupts();
bool interrupted();

/// "1:05" or "2:03:10".
std::string clock_text(double seconds);
/// printf-style, as a string.
[[gnu::format(printf, 1, 2)]] std::string text(const char* format, ...);

/// "1 face", "2 faces".
std::string counted(std::size_t number, const std::string& noun);

class Progress {
 public:
  explicit Progress(std::string title);
  ~Progress();
  /// `done` of `total`, 0 where nobody knows: then there is no bar; `note` behind it. Redrawn at most ten times a
  /// second; off a terminal a line every ten seconds.
  void update(std::size_t done, std::size_t total, const std::string& note = "");
  /// What stands before the bar.
  void rename(std::string title) { title_ = std::move(title); }
  /// Takes the bar away, so that a line can be printed.
  void clear();
  double seconds() const;

 private:
  std::string title_;
  std::chrono::steady_clock::time_point begin_, last_;
  bool terminal_;
  bool drawn_ = false;
};

}  // namespace lineament::cli
