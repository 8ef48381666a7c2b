// Every kind of layer has its tests: one that is added to the list `Layer` and forgotten in them fails here.
#include <set>

#include "support/golden.hpp"
#include "support/layer_cases.hpp"

using namespace lineament;
using namespace lineament::testing;

TEST_CASE("every kind of layer has a case of gradients and files") {
  std::set<std::size_t> kinds;
  for (const LayerCase& c : layer_cases()) kinds.insert(c.layer.index());
  std::size_t kind = 0;
  each_layer_type([&]<class L>() {
    INFO("no case in tests/support/layer_cases.hpp for " << L::kType);
    CHECK(kinds.contains(kind++));
  });
}

TEST_CASE("every kind of layer is compared with an independent implementation") {
  std::set<std::string> types{
      "input",    // computes nothing
      "custom",   // computes what a user says
      "dropout",  // random: no other implementation draws the same mask
  };
  const Json layers = golden("layers"), dag = golden("dag"), tiny = golden("tiny_reference");
  for (const Json& c : layers["cases"]) types.insert(c["op"]);
  for (const Json& node : dag["nodes"]) types.insert(node["op"]);
  for (const Json& layer : tiny["layers"]) types.insert(layer["type"]);
  each_layer_type([&]<class L>() {
    INFO("no case in tools/golden.py for " << L::kType);
    CHECK(types.contains(std::string(L::kType)));
  });
}

TEST_CASE("every option of every layer is once away from its default") {
  each_layer_type([&]<class L>() {
    if constexpr (std::is_default_constructible_v<L>) {
      std::set<std::string> options;
      L layer;  // not const: all options are visited
      L::fields(layer, [&](const char* name, const auto&) { options.insert(name); });
      for (const LayerCase& c : layer_cases()) {
        L given;
        if (!std::holds_alternative<L>(c.layer)) continue;
        given = std::get<L>(c.layer);
        std::vector<std::pair<std::string, std::string>> defaults, values;
        const auto text = [](auto& list) {
          return [&list]<class V>(const char* name, const V& value) {
            if constexpr (std::same_as<V, Shape>)
              list.emplace_back(name, to_string(value));
            else
              list.emplace_back(name, std::to_string(static_cast<double>(value)));
          };
        };
        L::fields(layer, text(defaults));
        L::fields(given, text(values));
        for (std::size_t i = 0; i < values.size(); ++i)
          if (values[i] != defaults[i]) options.erase(values[i].first);
      }
      INFO(L::kType << ": always its default: " << (options.empty() ? "" : *options.begin()));
      CHECK(options.empty());
    }
  });
}
