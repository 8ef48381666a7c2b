// JSON as text.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace lineament::shards {

/// Names of files may be in any encoding; JSON is UTF-8 alone.
inline std::string json_text(const nlohmann::ordered_json& json, int indent = -1) {
  return json.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lineament::shards
