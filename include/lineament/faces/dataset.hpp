// A whole data set from a path: a folder of photos with their annotations beside them, or one file that lists them.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/image/file.hpp"

namespace LINEAMENT_API lineament {

/// The official 300-W release keeps training and test faces in one tree. A file is of the test part if the nearest
/// folder above it that has one of these names is `testset`, `ibug`, `01_Indoor` or `02_Outdoor` (the 300-W test
/// photos), and of the training part if that is `trainset` or `afw`, or if there is none: data of your own is training
/// data. Case does not matter. The data set's own folder counts, the folders above it do not.
enum class Part { train, test, all };

/// Part::train or Part::test, from the folders in `file`, which is relative to the parent of the data set's folder.
Part part_of(const std::filesystem::path& file);

/// What becomes of a face some of whose points are missing: an empty field, null, a point that is not visible in COCO's
/// sense, or what programs write in place of one: points at (0, 0) or (-1, -1) exactly, two or more, or one far from
/// all others; three or more points in one spot.
enum class Missing {
  reject,  ///< it is left out, with a line that names the points
  mask     ///< these points become kUnknownPoint, have the weight 0 in training and do not count in any measure
};

struct DatasetOptions {
  Part part = Part::train;  ///< never all by default: training on test faces would spoil every comparison, silently
  Missing missing = Missing::reject;
  std::string group{};        ///< of .ljson files of version 3: which list of points is read
  Scheme scheme = ibug_68();  ///< how many points a face has, and what they are
  DecodeLimits limits{};      ///< of photos, where they are opened
};

/// Reads
///   - a folder and all below it (links are followed; names that begin with a dot are not): each .pts or .ljson belongs
///   to
///     the image (jpg, jpeg, png, bmp, pnm, ppm, pgm, in any case) of the same name beside it, or, if there is none, to
///     the one named without its closing "_N": name_1.pts and name_2.pts are two faces in name.jpg. If a .pts and an
///     .ljson have the same name, the .pts is read;
///   - one file: a list of faces (dlib's .xml, .csv, .json of COCO, Label Studio or this library, CVAT's .xml, WFLW's
///     .txt) or a single .pts, .ljson or 300W-LP's .mat. docs/data.md has a table of what is read of each.
/// Faces are in the order of their images' paths, then of their annotations': the same on every machine. Images are not
/// opened (see validate.hpp). An annotation without image, an image without annotation, a malformed annotation go to
/// `rejected`, and the rest is read. So does a face whose points are not in the scheme's order (see shape_problem);
/// where half the faces or more are so, the data set is refused as a whole. Throws FileError if `path` does not exist,
/// cannot be read or holds no face of the part asked for, and FormatError if it is a file of unknown kind or no face in
/// it can be used.
Dataset read_dataset(const std::filesystem::path& path, const DatasetOptions& options = {});

/// Whether a name ends as those of the images that read_image reads do.
bool is_image_name(const std::filesystem::path& file);

/// The images of a folder and of all below it, of the kinds that read_image reads, sorted. Throws FileError.
std::vector<std::filesystem::path> images_in(const std::filesystem::path& folder);

/// Several data sets as one. A photo is known by its canonical path and by its content: faces of the same photo, or of
/// copies of it, get the same Face::photo, so that a split by photo keeps them on one side; a face that is there twice
/// (same photo, same points) is used once, and `notes` says how many were. Throws as read_dataset.
Dataset read_datasets(std::span<const std::filesystem::path> paths, const DatasetOptions& options = {});

}  // namespace lineament
