// Runs the program as a user would, in a folder of its own, and keeps what it said.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace lineament::test {

using Path = std::filesystem::path;
using Words = std::vector<std::string>;

struct Outcome {
  int code = -1;   ///< exit code, -1 if a signal ended it
  int signal = 0;  ///< that ended it
  std::string out, err;
};

/// A folder under the temporary one, removed with the object. The program runs in it.
class Place {
 public:
  Place();
  ~Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  const Path& path() const { return path_; }
  Path operator/(const Path& name) const { return path_ / name; }
  /// Whether the program, as run here, is bound by the permissions of files. Root is, where it can give up its rights.
  static bool permissions_hold();

  /// `file_limit` > 0: no file can grow beyond that many bytes, as on a full disk. `folder`: where it runs,
  /// within this place.
  Outcome run(const Words& words, long file_limit = 0, const Path& folder = {}) const;
  /// Runs with this file, of this place, as its standard input.
  Outcome run_reading(const Path& input, const Words& words) const;
  /// Starts the program and calls `wait` until it returns true or the program has ended; then kills it with `signal`.
  Outcome run_and_kill(const Words& words, const std::function<bool()>& wait, int signal) const;
  /// Runs on a pseudo-terminal of that width; `out` is all that was written to it. `term`: what it says it is.
  Outcome run_on_terminal(const Words& words, unsigned short columns, const char* term = "xterm") const;

  void write(const Path& name, const std::string& content) const;
  std::string read(const Path& name) const;
  /// Names of the files in a folder, sorted.
  Words list(const Path& folder) const;

 private:
  int start(const Words& words, long file_limit, const Path& folder, const Path& input = {}) const;
  Outcome finish(int process) const;
  Path said(int process, const std::string& stream) const;
  Path path_;
};

Words lines_of(const std::string& text);
/// The lines that begin with "lineament: " or "left out: ".
Words complaints(const std::string& err);
/// The program refused: exit code 2, nothing but one line on standard error, which holds all of `parts`.
void require_refused(const Outcome& outcome, const Words& parts);

/// A network that trains in moments: 32 x 32 pixels, one convolution.
inline constexpr const char* kSmallNetwork =
    R"({"input": [32, 32, 3], "layers": [{"type": "conv2d", "channels": 8, "kernel": 3, "stride": 2},)"
    R"({"type": "batch_norm"}, {"type": "relu"}, {"type": "max_pool"}, {"type": "flatten"},)"
    R"({"type": "dense", "features": 136}]})";

/// `train` with the small network on a few drawn faces; `more` is put behind.
Words training(const std::string& out, const Words& more = {});

/// Writes a small trained model, the same bytes each time.
void make_model(const Place& place, const Path& name = "model.safetensors");
/// Both models have the same bits but for what says when and how they were made.
void require_same_model(const Place& place, const Path& a, const Path& b);
/// Draws faces with their points into a folder: face_00000.png, face_00000.pts ...
void make_faces(const Place& place, const std::string& folder, int count);

}  // namespace lineament::test
