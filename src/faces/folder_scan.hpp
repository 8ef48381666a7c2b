// A folder with annotations beside the images: which of them belong together.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "lineament/faces/dataset.hpp"
#include "scan.hpp"

namespace lineament {

/// In lower case, with its point.
std::string extension(const std::filesystem::path& file);
template <std::size_t N>
bool has_extension(const std::filesystem::path& file, const std::array<std::string_view, N>& extensions) {
  return std::find(extensions.begin(), extensions.end(), extension(file)) != extensions.end();
}
/// Of one image's faces.
bool is_annotation(const std::filesystem::path& file);

/// The last name of a data set's path, also for "." and "a/..": it may say which part of 300-W this is.
std::filesystem::path own_name(const std::filesystem::path& root);

/// The faces of the files in `list`, those of the folder `root`, and what fits nothing.
Dataset scan_beside(const std::filesystem::path& root, const FileList& list, const DatasetOptions& options);
/// The face of one annotation; the folder's others are not looked at.
Dataset scan_one(const std::filesystem::path& root, const FileList& list, const std::filesystem::path& annotation,
                 const DatasetOptions& options);
/// Whether scan_beside() left it out as an image without annotation.
bool lacks_annotation(const Rejected& image);

}  // namespace lineament
