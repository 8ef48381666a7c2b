// The texts of a pack: what its shards have in common, what one shard says of itself, and how far packing has come.
#include <nlohmann/json.hpp>

#include "landmarker/json_text.hpp"
#include "landmarker/shard_format.hpp"
#include "lineament/error.hpp"

namespace lineament::shards {
namespace {

using Json = nlohmann::ordered_json;

/// What `read` makes of the JSON. Throws FormatError for what it does not find there.
template <class Read>
auto parsed(std::string_view json, const std::string& name, const char* what, Read read) {
  try {
    return read(Json::parse(json));
  } catch (const nlohmann::json::exception&) {
    throw FormatError({name, what, "", "", "pack the faces again"});
  }
}

}  // namespace

std::string encode(const About& about) {
  Json json;
  json["pack"] = Json::parse(about.pack);
  json["first"] = about.first;
  json["end"] = about.end;
  json["rejected"] = Json::array();
  for (const Rejected& r : about.rejected) json["rejected"].push_back({{"file", r.file}, {"reason", r.reason}});
  return json_text(json);
}

About decode_about(std::string_view text, const std::string& name) {
  return parsed(text, name, "its description cannot be read", [&](const Json& json) {
    About about{json_text(json.at("pack")), json.at("first").get<std::uint64_t>(), json.at("end").get<std::uint64_t>()};
    for (const Json& r : json.at("rejected"))
      about.rejected.push_back({r.at("file").get<std::string>(), r.at("reason").get<std::string>()});
    return about;
  });
}

PackInfo decode_pack(const std::string& pack, const std::string& name) {
  return parsed(pack, name, "its description cannot be read", [&](const Json& json) {
    PackInfo info;
    info.source = json.at("source").get<std::string>();
    info.preprocessing.size = json.at("size").get<int>();
    info.preprocessing.margin = json.at("margin").get<float>();
    info.region = json.at("region").get<float>();
    info.detail = json.at("detail").get<float>();
    info.box = json.at("box").get<std::string>();
    info.quality = json.at("quality").get<int>();
    info.scheme = scheme_from_json(json.at("scheme").dump(), name);
    check(info.preprocessing);
    return info;
  });
}

std::string encode(const PackState& state) {
  Json json;
  json["finished"] = state.finished;
  if (state.finished) json["shards"] = state.shards, json["samples"] = state.samples;
  json["pack"] = Json::parse(state.pack);
  return json_text(json, 2) + "\n";
}

PackState decode_state(std::string_view text, const std::string& name) {
  return parsed(text, name, "not the description of a pack", [&](const Json& json) {
    PackState state{json_text(json.at("pack")), json.at("finished").get<bool>()};
    if (state.finished) state.shards = json.at("shards").get<std::size_t>();
    if (state.finished) state.samples = json.at("samples").get<std::size_t>();
    return state;
  });
}

}  // namespace lineament::shards
