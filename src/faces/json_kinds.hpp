// The kinds of JSON that read_json tells apart, and what their readers share. Files are often not what they should be:
// a member that is missing, or of another type than expected, is null here and an error where it is needed.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "lineament/faces/face.hpp"
#include "lineament/faces/scheme.hpp"

namespace lineament::json_kinds {

using Json = nlohmann::json;

/// Throws FormatError naming the line if it is not JSON; `wanted` is what the file should be.
Json parse(std::string_view text, const std::string& name, const std::string& wanted);
const Json& member(const Json& object, const char* key);
/// A text, else nothing in it.
std::string text_of(const Json& json);
/// A number that can be a coordinate.
std::optional<double> number_of(const Json& json);
/// A photo's width or height; 0 if it is none.
int size_of(const Json& json);
/// true, or a number that is not 0.
bool is_set(const Json& json);
/// An id as text, so that 7 and "7" differ; empty if it is neither a whole number nor a text.
std::string id_of(const Json& json);
/// [x, y, width, height]. Throws FormatError at `where`, also if there is no size.
Box box_of(const Json& list, const std::string& where);

bool is_coco(const Json& file);
Dataset parse_coco(const Json& file, const std::string& name, const std::filesystem::path& folder,
                   const Scheme& scheme);

bool is_label_studio(const Json& file);
Dataset parse_label_studio(const Json& file, const std::string& name, const std::filesystem::path& folder,
                           const Scheme& scheme);

}  // namespace lineament::json_kinds
