// XML text to a document.
#pragma once
#include <pugixml.hpp>
#include <string>
#include <string_view>

namespace lineament {

/// `wanted` is what the file should be. UTF-8 where it is valid, whatever the file declares. Throws FormatError naming
/// the line if it is not XML.
pugi::xml_document load_xml(std::string_view text, const std::string& name, const std::string& wanted);

/// "<annotations>", for messages.
std::string root_of(const pugi::xml_document& document);

}  // namespace lineament
