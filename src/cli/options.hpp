// Options that several commands have, each added in one way.
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "cli/checks.hpp"
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

inline void add_seed(CLI::App& c, std::uint64_t& seed, const std::string& help) {
  c.add_option("--seed", seed, help)->capture_default_str()->check(any_seed());
}

}  // namespace lineament::cli
