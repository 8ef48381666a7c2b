// Options that several commands have, each added in one way.
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "cli/checks.hpp"
#include "lineament/faces/dataset.hpp"
#include "lineament/image/file.hpp"
#include "lineament/zoo/networks.hpp"

namespace lineament::cli {

inline constexpr int kMostThreads = 1024;

/// "reference, deep, mobile, ".
inline std::string network_names() {
  std::string names;
  for (const NamedNetwork& n : named_networks()) names += std::string(n.name) + ", ";
  return names;
}

inline CLI::Option* add_threads(CLI::App& c, int& threads) {
  return c.add_option("--threads", threads, "0: one for each core")
      ->capture_default_str()
      ->check(whole(0, kMostThreads));
}

inline void add_box_source(CLI::App& c, std::string& box) {
  c.add_option("--box", box, "Where a face's box comes from: points, file, image")->capture_default_str();
}

inline CLI::Option* add_precision(CLI::App& c, std::string& precision, const std::string& more = ", the fastest") {
  return c.add_option("--precision", precision, "Arithmetic precision: fp32, bf16 or int8" + more)
      ->capture_default_str()
      ->check(one_of({"fp32", "bf16", "int8"}));
}

/// How annotated photos are read.
struct ReadingOptions {
  std::string missing = "reject";
  std::string group;
  int max_megapixels = 100;
};
inline constexpr const char* kMissingHelp = "Faces with missing points: reject, or mask (the points do not count)";
inline constexpr const char* kGroupHelp = "Of .ljson files of version 3 with several lists of points: the one to read";
inline constexpr const char* kMaxPixelsHelp = "Largest photo that is read, megapixels";

inline void add_reading(CLI::App& c, ReadingOptions& o) {
  c.add_option("--missing", o.missing, kMissingHelp)->capture_default_str()->check(one_of({"reject", "mask"}));
  c.add_option("--group", o.group, kGroupHelp)->type_name("NAME");
  c.add_option("--max-pixels", o.max_megapixels, kMaxPixelsHelp)->capture_default_str()->check(whole(1, 100000));
}
inline Missing missing_by_name(const std::string& name) {
  return name == "mask" ? Missing::mask : Missing::reject;
}
inline DecodeLimits decode_limits(int megapixels) {
  return {.pixels = static_cast<std::uint64_t>(megapixels) * 1'000'000};
}

inline void add_seed(CLI::App& c, std::uint64_t& seed, const std::string& help) {
  c.add_option("--seed", seed, help)->capture_default_str()->check(any_seed());
}

}  // namespace lineament::cli
