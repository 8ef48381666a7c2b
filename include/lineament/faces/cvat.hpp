// The XML of CVAT ("CVAT for images 1.1"): photos, each with skeletons or lists of points, and boxes.
#pragma once
#include <filesystem>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/scheme.hpp"

namespace LINEAMENT_API lineament {

/// A face is one of
///   - `<skeleton>` with `<points label="…" points="x,y" outside="0">` for each point: labels are the scheme's names,
///   or
///     numbers from 0 or from 1 (see notes: '68' and no '0' in the file means from 1). outside="1" is a missing point,
///     as is one that is not there; occluded ones are read as the others;
///   - `<points points="x,y;x,y;…">` with all points of the face in the scheme's order.
/// Its box is the `<box>` of the same group_id; or, where neither has a group, the one that holds most of its points,
/// more than half. Turned boxes are passed over; so are other shapes. CVAT's coordinates count from the edge of the
/// first pixel: half a pixel is subtracted, so that pixel centres are at integers. Image names are joined to `folder`;
/// `name` stands in messages only. A face that cannot be used (another number of points, an unknown label, a word for a
/// number) or an image without faces goes to `rejected`. Throws FormatError if the text is not XML or not CVAT's.
Dataset parse_cvat(std::string_view xml, std::string_view name, const std::filesystem::path& folder,
                   const Scheme& scheme = ibug_68());

/// parse_cvat of a file; its images are relative to the file's folder. Throws FileError too.
Dataset read_cvat(const std::filesystem::path& path, const Scheme& scheme = ibug_68());

}  // namespace lineament
