// JSON as the program writes it, and names of files in it: these may be in any encoding, but JSON, HTML and model files
// hold UTF-8 alone.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace lineament::cli {

/// What is no UTF-8 in texts becomes U+FFFD. `indent` below 0: in one line.
template <class Json>
std::string json_text(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

/// `text` with U+FFFD for what is no UTF-8.
inline std::string utf8(std::string_view text) {
  return nlohmann::json::parse(json_text(nlohmann::json(text))).get<std::string>();
}

}  // namespace lineament::cli
