#include "lineament/model/spec_json.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "lineament/error.hpp"

namespace lineament {
namespace {

using Json = nlohmann::ordered_json;

/// What the values of an option are called, in their order.
constexpr std::array<std::string_view, 3> names(Padding) {
  return {"same", "valid", "fixed"};
}
constexpr std::array<std::string_view, 2> names(Interpolation) {
  return {"nearest", "bilinear"};
}
template <class E>
requires std::is_enum_v<E> std::string all_names(E value) {
  std::string text;
  for (const std::string_view name : names(value)) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

Json shape_to_json(const Shape& shape) {
  Json list = Json::array();
  for (int i = 0; i < shape.rank(); ++i) list.push_back(shape[i]);
  return list;
}

/// Writes a layer's options.
struct Writer {
  Json& json;
  void operator()(const char* key, int value) const { json[key] = value; }
  void operator()(const char* key, bool value) const { json[key] = value; }
  void operator()(const char* key, float value) const { json[key] = value; }
  void operator()(const char* key, double value) const { json[key] = value; }
  template <class E>
  requires std::is_enum_v<E>
  void operator()(const char* key, E value) const { json[key] = names(value)[static_cast<std::size_t>(value)]; }
  void operator()(const char* key, const Shape& value) const { json[key] = shape_to_json(value); }
};

/// A whole number that an int can hold; larger ones are read as others.
bool is_int(const Json& json) {
  if (json.is_number_unsigned()) return json.get<std::uint64_t>() <= std::numeric_limits<int>::max();
  return json.is_number_integer() && json.get<std::int64_t>() >= std::numeric_limits<int>::min();
}

/// [height, width, channels] or [features], or another number of sizes: each 1 or more.
std::optional<Shape> shape_from_json(const Json& json) {
  if (!json.is_array() || json.empty() || json.size() > Shape::kMaxRank) return std::nullopt;
  std::vector<int> sizes;
  for (const Json& size : json) {
    if (!is_int(size) || size.get<int>() < 1) return std::nullopt;
    sizes.push_back(size.get<int>());
  }
  return Shape(sizes);
}

/// Reads those options that are given and remembers which keys it knows.
struct Reader {
  const Json& json;
  const std::string& where;
  std::vector<std::string> known{"type", "name", "inputs"};

  const Json* find(const char* key) {
    known.emplace_back(key);
    const auto it = json.find(key);
    return it == json.end() ? nullptr : &*it;
  }
  [[noreturn]] void wrong(const char* key, const std::string& wanted, const Json& got) const {
    throw FormatError({where, "the option '" + std::string(key) + "' has a wrong value", wanted, got.dump(), ""});
  }
  void operator()(const char* key, int& value) {
    const Json* given = find(key);
    if (given == nullptr) return;
    if (!is_int(*given)) wrong(key, "a whole number", *given);
    value = given->get<int>();
  }
  void operator()(const char* key, bool& value) {
    const Json* given = find(key);
    if (given == nullptr) return;
    if (!given->is_boolean()) wrong(key, "true or false", *given);
    value = given->get<bool>();
  }
  void operator()(const char* key, float& value) {
    const Json* given = find(key);
    if (given == nullptr) return;
    if (!given->is_number()) wrong(key, "a number", *given);
    value = given->get<float>();
  }
  void operator()(const char* key, double& value) {
    const Json* given = find(key);
    if (given == nullptr) return;
    if (!given->is_number()) wrong(key, "a number", *given);
    value = given->get<double>();
  }
  template <class E>
  requires std::is_enum_v<E>
  void operator()(const char* key, E& value) {
    const Json* given = find(key);
    if (given == nullptr) return;
    const auto list = names(value);
    for (std::size_t i = 0; i < list.size(); ++i)
      if (*given == list[i]) {
        value = static_cast<E>(i);
        return;
      }
    wrong(key, "one of " + all_names(value), *given);
  }
  void operator()(const char* key, Shape& value) {
    const Json* given = find(key);
    if (given == nullptr) return;
    const auto shape = shape_from_json(*given);
    if (!shape) wrong(key, "[height, width, channels]", *given);
    value = *shape;
  }
};

template <std::size_t I = 0>
Layer layer_of_type(const std::string& type, const std::string& where, std::string known = "") {
  if constexpr (I == std::variant_size_v<Layer>) {
    throw SpecError({where, "there is no layer of this type", "one of " + known, type, "check the spelling"});
  } else {
    using L = std::variant_alternative_t<I, Layer>;
    if constexpr (!std::same_as<L, Custom>)  // which Custom it is says another key
      if (L::kType == type) return L{};
    return layer_of_type<I + 1>(type, where, known + (I == 0 ? "" : ", ") + std::string(L::kType));
  }
}

/// A layer of a user's own: {"type": "custom", "layer": "channel_gain", …}.
Layer custom_layer(const Json& json, const std::string& where) {
  const auto name = json.find("layer");
  if (name == json.end() || !name->is_string())
    throw FormatError(
        {where, "a custom layer has no name", "\"layer\": \"…\"", name == json.end() ? "" : name->dump(), ""});
  const CustomType* type = find_registered_layer(name->get<std::string>());
  if (type == nullptr)
    throw SpecError({where, "it is a layer of somebody's own, which this program does not know",
                     registered_layers().empty() ? "" : "one of " + registered_layers(), name->get<std::string>(),
                     "a program of your own loads it, after register_layer<…>() of its struct"});
  return Custom(*type);
}

NodeId find_node(const Spec& spec, const Json& name, const std::string& where, const char* list = "inputs") {
  if (!name.is_string())
    throw FormatError({where, "an entry of '" + std::string(list) + "' is wrong", "a layer's name", name.dump(), ""});
  if (const auto id = spec.find(name.get<std::string>())) return *id;
  throw SpecError({where, list == std::string_view("inputs") ? "an input is not known" : "an output is not known",
                   "\"input\" or the name of an earlier layer", name.dump(), ""});
}

Shape read_input(const Json& json, std::string_view name) {
  const auto it = json.find("input");
  const std::optional<Shape> shape = it == json.end() ? std::nullopt : shape_from_json(*it);
  if (!shape)
    throw FormatError({std::string(name), "\"input\" is missing or wrong", "[height, width, channels]",
                       it == json.end() ? "nothing" : it->dump(), "add \"input\": [128, 128, 3]"});
  return *shape;
}

void read_outputs(Spec& spec, const Json& json, const std::string& where) {
  const auto it = json.find("outputs");
  if (it == json.end()) return;
  if (!it->is_array() || it->empty())
    throw FormatError({where, "'outputs' is wrong", "a list of layers' names", it->dump(), ""});
  for (const Json& name : *it) spec.mark_output(find_node(spec, name, where, "outputs"));
}

void add_layer(Spec& spec, const Json& json, const std::string& where) {
  if (!json.is_object() || !json.contains("type") || !json["type"].is_string())
    throw FormatError({where, "a layer is not described", "{\"type\": …}", json.dump().substr(0, 60), ""});
  const bool own = json["type"] == Custom::kType;
  Layer layer = own ? custom_layer(json, where) : layer_of_type(json["type"].get<std::string>(), where);
  Reader reader{json, where};
  if (own) reader.known.emplace_back("layer");
  std::visit([&](auto& l) { l.fields(l, reader); }, layer);
  for (const auto& [key, value] : json.items())
    if (std::find(reader.known.begin(), reader.known.end(), key) == reader.known.end()) {
      std::string known;
      for (const auto& k : reader.known) known += (known.empty() ? "" : ", ") + k;
      throw SpecError({where, "this layer has no such option", "one of " + known, key, "check the spelling"});
    }
  std::vector<NodeId> inputs;
  if (!std::holds_alternative<Input>(layer)) inputs.push_back(spec.last());
  if (const auto it = json.find("inputs"); it != json.end()) {
    if (!it->is_array()) throw FormatError({where, "'inputs' is wrong", "a list of names", it->dump(), ""});
    inputs.clear();
    for (const Json& input : *it) inputs.push_back(find_node(spec, input, where));
  }
  Name name;
  if (const auto it = json.find("name"); it != json.end()) {
    if (!it->is_string()) throw FormatError({where, "'name' is wrong", "a text", it->dump(), ""});
    name = std::string_view(it->get_ref<const std::string&>());
  }
  spec.add(layer, inputs, name);
}

}  // namespace

std::string spec_to_json(const Spec& spec, const Shape& input) {
  Json json;
  json["input"] = shape_to_json(input);
  json["layers"] = Json::array();
  for (NodeId id = 1; id <= spec.size(); ++id) {
    const Node& node = spec[id];
    Json layer;
    layer["name"] = node.name.str();
    const bool own = std::holds_alternative<Custom>(node.layer);
    layer["type"] = std::string(own ? Custom::kType : type_of(node.layer));
    if (own) layer["layer"] = std::string(type_of(node.layer));
    layer["inputs"] = Json::array();
    for (NodeId from : node.inputs) layer["inputs"].push_back(std::string(spec.name_of(from)));
    std::visit([&](const auto& l) { l.fields(l, Writer{layer}); }, node.layer);
    json["layers"].push_back(std::move(layer));
  }
  if (spec.has_marked_outputs())
    for (NodeId id : spec.outputs()) json["outputs"].push_back(spec[id].name.str());
  try {
    return json.dump(1);
  } catch (const Json::exception&) {
    throw SpecError({"network", "a layer's name cannot be written", "UTF-8", "another text", ""});
  }
}

SpecFile spec_from_json(std::string_view text, std::string_view name) {
  // The library's other functions call themselves once for each level.
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > 16) throw FormatError({std::string(name), "nested too deeply", "at most 16 levels", "more", ""});
    return true;
  };
  Json json;
  try {
    json = Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::exception& e) {
    throw FormatError({std::string(name), "not valid JSON", "", e.what(), ""});
  }
  if (!json.is_object() || !json.contains("layers") || !json["layers"].is_array())
    throw FormatError({std::string(name), "not a network", "{\"input\": [128, 128, 3], \"layers\": [{\"type\": …}, …]}",
                       json.dump().substr(0, 40), ""});
  SpecFile file;
  file.input = read_input(json, name);
  if (json["layers"].empty())
    throw FormatError({std::string(name), "not a network: there are no layers", "at least one", "none",
                       "add {\"type\": …} to \"layers\""});
  int number = 0;
  for (const Json& layer : json["layers"]) {
    const std::string where = std::string(name) + ", layer " + std::to_string(++number);
    try {
      add_layer(file.spec, layer, where);
    } catch (const SpecError& e) {
      Problem problem = e.problem();
      if (problem.where != where) problem.where = problem.where.empty() ? where : where + ": " + problem.where;
      throw SpecError(problem);
    }
  }
  try {
    read_outputs(file.spec, json, std::string(name));
  } catch (const SpecError& e) {
    Problem problem = e.problem();
    if (problem.where != name) problem.where = std::string(name) + ": " + problem.where;
    throw SpecError(problem);
  }
  try {
    infer_shapes(file.spec, file.input);
  } catch (const SpecError& e) {
    Problem problem = e.problem();
    problem.where = std::string(name) + ", " + problem.where;
    throw SpecError(problem);
  }
  return file;
}

}  // namespace lineament
