// Points that any program has found, read from .pts files and measured as a model's are.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/landmarker/face_results.hpp"

namespace lineament::cli {

struct Predictions {
  std::vector<MeasuredFace> faces;   ///< those found whose eyes are known, in pixels of the photo
  std::vector<std::string> missing;  ///< the files there are not, as they were looked for
  std::vector<Rejected> damaged;     ///< the files that cannot be read
  std::size_t eyes_not_known = 0;
};

/// Looks for each face's file below `folder`: the photo's name with .pts, behind as many of the photo's own folders as
/// there are ("lfpw/testset/image_0001.pts", else "image_0001.pts"); or name_1.pts, name_2.pts and so on. Of several
/// faces in a photo each has the file whose points are nearest. Throws ArgumentError where one file would be that of
/// two photos.
Predictions read_predictions(std::span<const Face> faces, const Path& folder, const Scheme& scheme);

}  // namespace lineament::cli
