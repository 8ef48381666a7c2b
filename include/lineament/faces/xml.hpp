// XML lists of faces: which program wrote one is told by its root.
#pragma once
#include <filesystem>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/scheme.hpp"

namespace LINEAMENT_API lineament {

/// `<dataset>` is dlib's imglab (see parse_imglab), `<annotations>` is CVAT for images 1.1 (see parse_cvat). Throws
/// FormatError if the text is not XML or has another root, and as those do.
Dataset parse_xml(std::string_view text, std::string_view name, const std::filesystem::path& folder,
                  const Scheme& scheme = ibug_68());

/// parse_xml of a file; its images are relative to the file's folder. Throws FileError too.
Dataset read_xml(const std::filesystem::path& path, const Scheme& scheme = ibug_68());

}  // namespace lineament
