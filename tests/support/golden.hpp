// Reads data/golden (made by tools/golden.py, which describes the format): values from the formula, and digests of
// results.
#pragma once
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lineament/nn/spec.hpp"

namespace lineament::testing {

using Json = nlohmann::json;

inline Json golden(const std::string& name) {
  std::ifstream file(std::string(LINEAMENT_SOURCE_DIR) + "/data/golden/" + name + ".json");
  REQUIRE(file);
  return Json::parse(file);
}

inline std::uint32_t hashed(std::uint32_t i, std::uint32_t seed) {
  std::uint32_t u = i + 0x9E3779B9u * seed;
  u = (u ^ u >> 16) * 0x7FEB352Du;
  u = (u ^ u >> 15) * 0x846CA68Bu;
  return u ^ u >> 16;
}

/// The values a tensor's description stands for.
inline std::vector<double> values_of(const Json& described) {
  std::size_t size = 1;
  for (const int n : described["shape"]) size *= static_cast<std::size_t>(n);
  std::vector<double> values(size);
  const double offset = described["offset"], scale = described["scale"];
  const std::uint32_t seed = described["seed"];
  for (std::size_t i = 0; i < size; ++i)
    values[i] = offset + scale * (hashed(static_cast<std::uint32_t>(i), seed) / 2147483648.0 - 1);
  return values;
}

/// The shape of one sample: without the batch.
inline Shape sample_shape(const Json& described) {
  const Json& s = described["shape"];
  return s.size() == 4 ? Shape{s[1], s[2], s[3]} : Shape{s[1]};
}

/// Checks `got` against its digest: its norm and probe within `tolerance`, single values within `single` of the typical
/// size of one (0: as `tolerance`); nothing below `noise` counts.
template <class Values>
void check_digest(const Values& got, const Json& digest, double tolerance, double noise = 1e-12, double single = 0) {
  if (single == 0) single = tolerance;
  REQUIRE(std::size(got) == digest["size"].get<std::size_t>());
  double squares = 0, probe = 0;
  for (std::size_t i = 0; i < std::size(got); ++i) {
    const double v = static_cast<double>(got[i]);
    squares += v * v;
    probe += v * std::cos(0.7 * static_cast<double>(i) + 1);
  }
  const double norm = digest["norm"], typical = norm / std::sqrt(static_cast<double>(std::size(got)));
  CHECK(std::abs(std::sqrt(squares) - norm) <= tolerance * norm + noise);
  CHECK(std::abs(probe - digest["probe"].get<double>()) <= tolerance * norm + noise);
  for (const auto& [index, value] : digest["at"].items()) {
    const double wanted = value;
    INFO("value " << index);
    CHECK(std::abs(static_cast<double>(got[std::stoul(index)]) - wanted) <=
          single * std::max(std::abs(wanted), typical) + noise);
  }
}

/// Reads a layer's options from an entry of a golden file, where they are named as in `fields`.
struct GoldenOptions {
  const Json& entry;

  template <class V>
  void operator()(const char* key, V& value) const {
    if (!entry.contains(key)) return;
    if constexpr (std::same_as<V, Interpolation>)
      value = entry[key] == "bilinear" ? Interpolation::bilinear : Interpolation::nearest;
    else if constexpr (std::is_arithmetic_v<V>)
      value = entry[key].get<V>();
  }
};

/// A layer from a golden file: an entry with its options, and "op" or "type". A convolution's "pad" is a number or
/// "same", and where its "bias" is a tensor it has one.
template <std::size_t I = 0>
Layer golden_layer(const Json& entry) {
  if constexpr (I == std::variant_size_v<Layer>) {
    FAIL("no layer for " << entry.dump());
    return ReLU{};
  } else {
    using L = std::variant_alternative_t<I, Layer>;
    if constexpr (std::is_default_constructible_v<L>)
      if ((entry.contains("op") ? entry["op"] : entry["type"]) == L::kType) {
        Json options = entry;
        if (options.contains("bias") && options["bias"].is_object()) options["bias"] = true;
        if (options.contains("pad") && !options["pad"].is_number()) options.erase("pad");
        L layer;
        L::fields(layer, GoldenOptions{options});
        if constexpr (std::same_as<L, Conv2d>)
          if (options.contains("pad")) layer.padding = Padding::fixed;
        return layer;
      }
    return golden_layer<I + 1>(entry);
  }
}

}  // namespace lineament::testing
