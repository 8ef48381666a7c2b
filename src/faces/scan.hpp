// Finding what belongs to a data set. read_dataset adds the demand that something usable is there; validate does not.
#pragma once
#include <span>

#include "lineament/faces/dataset.hpp"

namespace lineament {

/// As read_dataset, except that a data set in which nothing can be used is returned with its `rejected`, and that faces
/// of one photo are not brought together.
Dataset scan_dataset(const std::filesystem::path& path, const DatasetOptions& options);

/// Throws, as read_dataset, if there is no face.
void require_faces(const Dataset& data, const std::filesystem::path& path, const DatasetOptions& options);

/// Several, as read_datasets makes one of them. `require`: each must have a face that can be used.
Dataset scan_datasets(std::span<const std::filesystem::path> paths, const DatasetOptions& options, bool require);

/// `image` as seen from the data set at `root`, for reports: "helen/trainset/1.jpg".
std::filesystem::path inside(const std::filesystem::path& root, const std::filesystem::path& image);

/// The files of a data set's folder, relative to it and sorted, so that no file system's order can be seen.
struct FileList {
  std::vector<std::filesystem::path> files;
  std::vector<Rejected> rejected;  ///< folders and files that cannot be read
};

/// Throws FileError if `root` itself cannot be listed. `deep`: with all folders below.
FileList list_files(const std::filesystem::path& root, bool deep);

}  // namespace lineament
