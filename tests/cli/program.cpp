#include "program.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <span>
#include <sstream>
#include <thread>

#include "catch.hpp"
#include "lineament/model/safetensors.hpp"

namespace lineament::test {
namespace {

std::string content(const Path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

[[noreturn]] void become_program(const Words& words) {
  std::vector<char*> arguments{const_cast<char*>(LINEAMENT_PROGRAM_PATH)};
  for (const std::string& w : words) arguments.push_back(const_cast<char*>(w.c_str()));
  arguments.push_back(nullptr);
  ::setenv("LINEAMENT_TUNING", "tuning.json", 1);  // of the place, and not the machine's own
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

void redirect(const Path& file, int to) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  ::dup2(fd, to);
}

int wait_for(int process, int flags, int& status) {
  int result = 0;
  do result = ::waitpid(process, &status, flags);
  while (result < 0 && errno == EINTR);
  return result;
}

Outcome outcome_of(int status) {
  Outcome o;
  if (WIFEXITED(status)) o.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) o.signal = WTERMSIG(status);
  return o;
}

}  // namespace

Place::Place() {
  std::string name = (std::filesystem::temp_directory_path() / "lineament-cli-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

Place::~Place() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

bool Place::permissions_hold() {
  return ::geteuid() != 0 || ::prctl(PR_CAPBSET_READ, CAP_SETPCAP) == 1;
}

/// Where a process's output goes: files, so that no pipe fills up while nobody reads.
Path Place::said(int process, const std::string& stream) const {
  return path_ / ("." + stream + std::to_string(process));
}

int Place::start(const Words& words, long file_limit, const Path& folder, const Path& input) const {
  const int process = ::fork();
  REQUIRE(process >= 0);
  if (process > 0) return process;
  if (::chdir((path_ / folder).c_str()) != 0) ::_exit(126);
  ::prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);  // root's right to write anywhere; others have none to lose
  if (!input.empty()) ::dup2(::open((path_ / input).c_str(), O_RDONLY), STDIN_FILENO);
  redirect(said(::getpid(), "out"), STDOUT_FILENO);
  redirect(said(::getpid(), "err"), STDERR_FILENO);
  if (file_limit > 0) {
    const rlimit limit{static_cast<rlim_t>(file_limit), static_cast<rlim_t>(file_limit)};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  become_program(words);
}

Outcome Place::finish(int process) const {
  int status = 0;
  wait_for(process, 0, status);
  Outcome o = outcome_of(status);
  o.out = content(said(process, "out"));
  o.err = content(said(process, "err"));
  return o;
}

Outcome Place::run(const Words& words, long file_limit, const Path& folder) const {
  return finish(start(words, file_limit, folder));
}

Outcome Place::run_reading(const Path& input, const Words& words) const {
  return finish(start(words, 0, {}, input));
}

Outcome Place::run_and_kill(const Words& words, const std::function<bool()>& wait, int signal) const {
  const int process = start(words, 0, {});
  siginfo_t info{};
  while (!wait()) {
    info.si_pid = 0;
    if (::waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) break;
    std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
  ::kill(process, signal);
  return finish(process);
}

Outcome Place::run_on_terminal(const Words& words, unsigned short columns, const char* term) const {
  int terminal = -1;
  const winsize size{24, columns, 0, 0};
  const int process = ::forkpty(&terminal, nullptr, nullptr, &size);
  REQUIRE(process >= 0);
  if (process == 0) {
    if (::chdir(path_.c_str()) != 0 || ::setenv("TERM", term, 1) != 0) ::_exit(126);
    become_program(words);
  }
  std::string all;
  for (char buffer[4096];;) {
    const ssize_t n = ::read(terminal, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;  // EIO: the program has closed its side
    all.append(buffer, static_cast<std::size_t>(n));
  }
  int status = 0;
  wait_for(process, 0, status);
  ::close(terminal);
  Outcome o = outcome_of(status);
  o.out = all;
  return o;
}

void Place::write(const Path& name, const std::string& text) const {
  std::filesystem::create_directories((path_ / name).parent_path());
  std::ofstream(path_ / name, std::ios::binary) << text;
}

std::string Place::read(const Path& name) const {
  INFO(name.string());
  REQUIRE(std::filesystem::is_regular_file(path_ / name));
  return content(path_ / name);
}

Words Place::list(const Path& folder) const {
  Words names;
  for (const auto& entry : std::filesystem::directory_iterator(path_ / folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

Words lines_of(const std::string& text) {
  Words lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Words complaints(const std::string& err) {
  Words found;
  for (const std::string& line : lines_of(err))
    if (line.rfind("lineament: ", 0) == 0 || line.rfind("left out: ", 0) == 0) found.push_back(line);
  return found;
}

void require_refused(const Outcome& outcome, const Words& parts) {
  INFO("standard error: " << outcome.err);
  CHECK(outcome.signal == 0);
  CHECK(outcome.code == 2);
  REQUIRE(lines_of(outcome.err).size() == 1);
  CHECK(complaints(outcome.err).size() == 1);
  for (const std::string& part : parts) {
    INFO("wanted in it: " << part);
    CHECK(outcome.err.find(part) != std::string::npos);
  }
}

Words training(const std::string& out, const Words& more) {
  Words words{"train", "--network", "small.json", "--batch", "16", "--out", out};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

void make_model(const Place& place, const Path& name) {
  static std::string bytes;  // why: one training for all tests
  if (bytes.empty()) {
    const Place other;
    other.write("small.json", kSmallNetwork);
    const Outcome o = other.run(training("run", {"--synthetic", "32", "--epochs", "1", "--threads", "1"}));
    INFO(o.err);
    REQUIRE(o.code == 0);
    bytes = other.read("run/model.safetensors");
  }
  place.write(name, bytes);
}

void require_same_model(const Place& place, const Path& a, const Path& b) {
  TensorFile one = read_tensor_file(place / a), other = read_tensor_file(place / b);
  CHECK(one.metadata.erase("about") == 1);
  CHECK(other.metadata.erase("about") == 1);
  CHECK(one.metadata == other.metadata);
  REQUIRE(one.tensors.size() == other.tensors.size());
  for (std::size_t i = 0; i < one.tensors.size(); ++i) {
    INFO(a.string() << ", " << b.string() << ": " << one.tensors[i].name);
    CHECK(one.tensors[i].name == other.tensors[i].name);
    const std::span<const std::uint8_t> x = one.tensors[i].data, y = other.tensors[i].data;
    CHECK(std::equal(x.begin(), x.end(), y.begin(), y.end()));
  }
}

void make_faces(const Place& place, const std::string& folder, int count) {
  const Outcome o = place.run({"faces", "--count", std::to_string(count), "--size", "96", "--out", folder});
  INFO(o.err);
  REQUIRE(o.code == 0);
}

}  // namespace lineament::test
