// What the C++ programs of this folder share: their command line, the loop that measures, and the line they print. A
// program runs one network in one way and prints one JSON object: "ms", the time of each run; in training also "losses"
// of the first steps.
#pragma once
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace peers {

constexpr float kLearningRate = 1e-4f;
constexpr int kWarmUp = 3, kFewest = 5;  ///< runs before the first one that counts, and at least so many that count

struct Options {
  std::string what, network, variant, output;
  int batch = 1, threads = 1;
  double seconds = 1;
};

inline void add_to(CLI::App& app, Options& o) {
  app.add_option("network", o.network, "Folder and name of an exported network, without ending")->required();
  app.add_option("--variant", o.variant);
  app.add_option("--batch", o.batch);
  app.add_option("--threads", o.threads);
  app.add_option("--seconds", o.seconds, "How long to measure");
  app.add_option("--output", o.output, "Where to write what the first forward pass gives, as float32");
}

inline std::ifstream open(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  return file;
}

inline void read(std::istream& file, std::span<float> values) {
  if (!file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size_bytes())))
    throw std::runtime_error("an exported file is too short; export again");
}

/// The first `count` values of a file.
inline std::vector<float> read(const std::string& path, std::size_t count) {
  std::vector<float> values(count);
  std::ifstream file = open(path);
  read(file, values);
  return values;
}

inline void write(const std::string& path, std::span<const float> values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
  if (!file) throw std::runtime_error(path + ": cannot be written");
}

/// Milliseconds of each run. `prepare` (filling the input) comes before every run and is not measured.
template <class Prepare, class Run>
std::vector<double> measure(double seconds, Prepare&& prepare, Run&& run) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  Clock::time_point first;
  for (int i = -kWarmUp;; ++i) {
    prepare();
    const Clock::time_point start = Clock::now();
    if (i <= 0) first = start;
    run();
    const Clock::time_point end = Clock::now();
    if (i >= 0) times.push_back(std::chrono::duration<double, std::milli>(end - start).count());
    if (i + 1 >= kFewest && end - first >= std::chrono::duration<double>(seconds)) return times;
  }
}

inline void print_list(const char* name, std::span<const double> values) {
  std::printf("\"%s\": [", name);
  for (std::size_t i = 0; i < values.size(); ++i) std::printf("%s%.7g", i == 0 ? "" : ", ", values[i]);
  std::printf("]");
}

inline void print_result(std::span<const double> times, std::span<const double> losses = {}) {
  std::printf("{");
  print_list("ms", times);
  std::printf(", ");
  print_list("losses", losses.first(std::min<std::size_t>(losses.size(), kWarmUp)));
  std::printf("}\n");
}

/// Runs the chosen subcommand; a message and another exit code than 0 for whatever is thrown.
inline int run(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& e) {
    return app.exit(e);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}

}  // namespace peers
