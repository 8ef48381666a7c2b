// A whole data set from a path: a folder of photos with their annotations beside them, or one file that lists them.
#pragma once
#include <filesystem>

#include "lineament/api.hpp"
#include "lineament/faces/face.hpp"

namespace LINEAMENT_API lineament {

/// The official 300-W release keeps training and test faces in one tree. A file is of the test part if the nearest
/// folder above it that has one of these names is `testset`, `ibug`, `01_Indoor` or `02_Outdoor` (the 300-W test
/// photos), and of the training part if that is `trainset` or `afw`, or if there is none: data of your own is training
/// data. Case does not matter. The data set's own folder counts, the folders above it do not.
enum class Part { train, test, all };

/// Part::train or Part::test, from the folders in `file`, which is relative to the parent of the data set's folder.
Part part_of(const std::filesystem::path& file);

struct DatasetOptions {
  Part part = Part::train;  ///< never all by default: training on test faces would spoil every comparison, silently
};

/// Reads
///   - a folder and all below it (links are followed; names that begin with a dot are not): each .pts or .ljson belongs
///   to
///     the image (jpg, jpeg, png, bmp, pnm, ppm, pgm, in any case) of the same name beside it, or, if there is none, to
///     the one named without its closing "_N": name_1.pts and name_2.pts are two faces in name.jpg. If a .pts and an
///     .ljson have the same name, the .pts is read;
///   - one imglab .xml, .csv, .pts or .ljson file.
/// Faces are in the order of their images' paths, then of their annotations': the same on every machine. Images are not
/// opened (see validate.hpp). An annotation without image, an image without annotation, a malformed annotation go to
/// `rejected`, and the rest is read. Throws FileError if `path` does not exist, cannot be read or holds no face of the
/// part asked for, and FormatError if it is a file of unknown kind or no face in it can be used.
Dataset read_dataset(const std::filesystem::path& path, const DatasetOptions& options = {});

}  // namespace lineament
