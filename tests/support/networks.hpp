// The named networks, as tests that run them whole should take them.
#pragma once
#include <vector>

#include "lineament/zoo/networks.hpp"

namespace lineament::testing {

inline constexpr bool kSanitized = LINEAMENT_SANITIZED;

/// All of them; under the sanitizers, which look for wrong memory and not for wrong digits, and run the definitions a
/// hundred times slower, the one that takes a smaller image.
inline std::vector<NamedNetwork> tested_networks() {
  if (!kSanitized) return named_networks();
  NamedNetwork small = named_networks().front();
  small.input = {64, 64, 3};
  return {small};
}

}  // namespace lineament::testing
