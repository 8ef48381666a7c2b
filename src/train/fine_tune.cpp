#include "lineament/train/fine_tune.hpp"

#include <algorithm>
#include <string_view>

#include "lineament/error.hpp"

namespace lineament {
namespace {

/// '*' fits any characters, '?' one.
bool fits(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, star = std::string_view::npos, from = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p, ++n;
    } else if (star != std::string_view::npos) {  // the last star takes one character more
      p = star + 1;
      n = ++from;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string layer_of(const Network& network, const ParamInfo& param) {
  return network.spec()[param.node].name.str();
}

const ParamInfo* namesake(const Network& network, const std::string& name) {
  for (const ParamInfo& p : network.params())
    if (p.name == name) return &p;
  return nullptr;
}

/// Layers that have parameters, in the order of the network.
std::vector<std::string> layers_with_weights(const Network& network) {
  std::vector<std::string> names;
  for (NodeId id = 1; id <= network.spec().size(); ++id)
    if (std::any_of(network.params().begin(), network.params().end(),
                    [id](const ParamInfo& p) { return p.node == id; }))
      names.push_back(network.spec()[id].name.str());
  return names;
}

/// "conv1, conv2, dense_1, …", not all of a hundred.
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 12;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) text += (i > 0 ? ", " : "") + names[i];
  return names.size() > kShown ? text + ", …" : text;
}

}  // namespace

TakenWeights take_weights(Network& to, const Network& from) {
  std::vector<std::pair<const ParamInfo*, const ParamInfo*>> pairs;
  for (const ParamInfo& p : to.params()) {
    const ParamInfo* source = namesake(from, p.name);
    if (source == nullptr) continue;
    if (!(source->shape == p.shape))
      throw SpecError({"layer '" + layer_of(to, p) + "'",
                       "the weights to start from have another shape ('" + p.name + "')", to_string(p.shape),
                       to_string(source->shape), "give the layer another name to start it afresh"});
    pairs.emplace_back(&p, source);
  }
  const std::vector<std::string> layers = layers_with_weights(to);
  if (pairs.empty())
    throw SpecError({"network", "the one to start from has no layer of the same name", some_of(layers),
                     some_of(layers_with_weights(from)), "give layers that are to be taken over the same names"});
  TakenWeights result;
  for (const auto& [p, source] : pairs) {
    const auto values = from.values(*source);
    std::copy(values.begin(), values.end(), to.values(*p).begin());
  }
  for (const std::string& layer : layers) {
    const bool taken =
        std::any_of(pairs.begin(), pairs.end(), [&](const auto& pair) { return layer_of(to, *pair.first) == layer; });
    (taken ? result.taken : result.fresh).push_back(layer);
  }
  return result;
}

std::vector<ParamInfo> params_named(const Network& network, std::span<const std::string> patterns) {
  const auto names = [&](const std::string& pattern, const ParamInfo& p) {
    return fits(pattern, p.name) || fits(pattern, layer_of(network, p));
  };
  for (const std::string& pattern : patterns)
    if (std::none_of(network.params().begin(), network.params().end(),
                     [&](const ParamInfo& p) { return names(pattern, p); }))
      throw ArgumentError({"'" + pattern + "'", "no layer with weights has this name",
                           some_of(layers_with_weights(network)), "",
                           "check the spelling; '*' stands for any characters"});
  std::vector<ParamInfo> named;
  for (const ParamInfo& p : network.params())
    if (std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) { return names(pattern, p); }))
      named.push_back(p);
  return named;
}

}  // namespace lineament
