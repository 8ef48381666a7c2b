// The XML files of dlib's imglab tool: photos, each with several boxes, each with 68 named parts.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/scheme.hpp"

namespace LINEAMENT_API lineament {

/// One Face for each box that is not marked ignore='1'. Parts are named '0' … '67' (leading zeros as in '00' do not
/// matter) or as the scheme names its points, in any order. dlib's pixels are 0-based, as ours; its box counts whole
/// pixels, so that left = 10, width = 5 (pixels 10 to 14) becomes the Box from 9.5 to 14.5. Image paths are joined to
/// `folder`; `name` stands in messages only. Names of files are UTF-8 where they are valid UTF-8, whatever encoding the
/// file declares (dlib writes ISO-8859-1 into its first line and the bytes as they are); else they are as it declares.
/// A part that is not there is a missing point. A box that cannot be used (doubled or surplus parts, a word for a
/// number, no size) or an image without a box goes to `rejected`. Throws FormatError if the text is not XML or not
/// imglab's.
Dataset parse_imglab(std::string_view xml, std::string_view name, const std::filesystem::path& folder,
                     const Scheme& scheme = ibug_68());

/// parse_imglab of a file; its images are relative to the file's folder. Throws FileError too.
Dataset read_imglab(const std::filesystem::path& path, const Scheme& scheme = ibug_68());

struct ImglabOptions {
  bool whole_pixels =
      true;  ///< round parts and boxes: dlib reads integers only. false keeps every bit, for other readers
};

/// Faces of the same image that follow each other share one `<image>`. A face without a box gets the bounding box of
/// its points. Image paths are written relative to `folder`. Points that are not known are left out. Throws
/// ArgumentError if a number is not finite.
std::string format_imglab(std::span<const Face> faces, const std::filesystem::path& folder,
                          const ImglabOptions& options = {});

/// Replaces `path` in one step (see write_file). Throws as format_imglab, and FileError.
void write_imglab(const std::filesystem::path& path, std::span<const Face> faces, const ImglabOptions& options = {});

}  // namespace lineament
