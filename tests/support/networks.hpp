// The named networks, as tests that run them whole should take them.
#pragma once
#include <vector>

#include "lineament/nn/session.hpp"
#include "lineament/zoo/networks.hpp"
#include "support/values.hpp"

namespace lineament::testing {

inline constexpr bool kSanitized = LINEAMENT_SANITIZED;

/// All of them but "tiny" and "large", which are "compact" with other widths; under the sanitizers, which look for
/// wrong memory and not for wrong digits, and run the definitions a hundred times slower, the one that takes a smaller
/// image.
inline std::vector<NamedNetwork> tested_networks() {
  if (!kSanitized) {
    std::vector<NamedNetwork> networks = named_networks();
    std::erase_if(networks, [](const NamedNetwork& n) { return n.name == "tiny" || n.name == "large"; });
    return networks;
  }
  NamedNetwork small = named_networks().front();
  small.input = {64, 64, 3};
  return {small};
}

/// Random gradients for every output.
template <class T>
void put_output_gradients(BasicTrainingSession<T>& session, std::size_t outputs) {
  for (std::size_t i = 0; i < outputs; ++i)
    put(session.output_gradient(i), random_values<double>(session.output_gradient(i).size(), 2 + i));
}

}  // namespace lineament::testing
