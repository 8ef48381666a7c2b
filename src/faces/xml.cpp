// Which kind of XML a file is.
#include "lineament/faces/xml.hpp"

#include <algorithm>

#include "lineament/faces/cvat.hpp"
#include "lineament/faces/imglab.hpp"
#include "lineament/file.hpp"
#include "text.hpp"
#include "xml_document.hpp"

namespace lineament {

pugi::xml_document load_xml(std::string_view text, const std::string& name, const std::string& wanted) {
  const std::string xml = text::as_utf8(std::string(text), name);
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(
      xml.data(), xml.size(), pugi::parse_default, text::is_utf8(xml) ? pugi::encoding_utf8 : pugi::encoding_auto);
  if (!parsed) {
    const auto end = std::min(xml.size(), static_cast<std::size_t>(std::max<std::ptrdiff_t>(parsed.offset, 0)));
    const auto line = 1 + std::count(xml.begin(), xml.begin() + static_cast<std::ptrdiff_t>(end), '\n');
    throw FormatError({name + ":" + std::to_string(line), "the file is not XML", wanted, parsed.description(),
                       "the file may be cut short: copy it again"});
  }
  return document;
}

std::string root_of(const pugi::xml_document& document) {
  return "<" + std::string(document.document_element().name()).substr(0, 40) + ">";
}

Dataset parse_xml(std::string_view text, std::string_view name, const std::filesystem::path& folder,
                  const Scheme& scheme) {
  const std::string where(name), wanted = "dlib's imglab (<dataset>) or CVAT for images 1.1 (<annotations>)";
  const pugi::xml_document document = load_xml(text, where, wanted);
  const std::string_view root = document.document_element().name();
  if (root == "dataset") return parse_imglab(text, name, folder, scheme);
  if (root == "annotations") return parse_cvat(text, name, folder, scheme);
  throw FormatError({where, "the kind of XML is unknown", wanted, root_of(document),
                     root == "annotation" ? "Pascal VOC has boxes without landmarks: export CVAT for images 1.1"
                                          : "export the annotations as one of these"});
}

Dataset read_xml(const std::filesystem::path& path, const Scheme& scheme) {
  return parse_xml(read_text(path), path.string(), path.parent_path(), scheme);
}

}  // namespace lineament
