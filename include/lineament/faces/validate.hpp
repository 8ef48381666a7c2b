// Does a face fit its photo, and does a whole data set? Here the images are opened.
#pragma once
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/dataset.hpp"
#include "lineament/faces/photo.hpp"
#include "lineament/image/file.hpp"
#include "lineament/image/photo_file.hpp"

namespace LINEAMENT_API lineament {

/// How far a point may lie outside the photo, as a part of the face's size (the larger side of its points' bounding
/// box). Annotators place the hidden points of a face cut by the photo's edge by guess, a little outside.
inline constexpr float kOutsideTolerance = 0.25f;
/// Outer eye corners closer than this (pixels) are no face to learn from, and errors are divided by their distance.
inline constexpr float kSmallestInterOcular = 2.0f;

/// Nothing if the face can be used with an image of this size (as read_image gives it), else the reason in one line: a
/// coordinate that is infinite, fewer than half the points known, eye corners that coincide, a point too far outside
/// the photo, a box without size, outside the photo or without any of the points.
std::optional<std::string> check_face(const Face& face, int image_width, int image_height,
                                      const Scheme& scheme = ibug_68());

/// Fits a face to its photo as read_photo gives it, then checks it as check_face does. Points set on the photo as it is
/// stored, by a program that does not turn photos as their EXIF orientation says, are mapped onto the upright photo
/// where Face::width and height tell that; where only the turned face hints at it, that is the reason given. So is a
/// photo of another size than the points were set on.
std::optional<std::string> fit_to_photo(Face& face, const PhotoSize& photo, const Scheme& scheme = ibug_68());
std::optional<std::string> fit_to_photo(Face& face, const Photo& photo, const Scheme& scheme = ibug_68());

struct ValidationReport {
  /// Smallest and largest value seen; low > high if none was.
  template <class T>
  struct Range {
    T low = std::numeric_limits<T>::max(), high = std::numeric_limits<T>::lowest();
    void add(T value) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  };

  std::size_t faces = 0;                       ///< that can be used
  std::size_t images = 0;                      ///< that show them
  std::map<std::string, std::size_t> folders;  ///< usable faces by the folder of their image, relative to the data set
  Range<int> width, height;                    ///< of those images, pixels
  Range<float> face_size;                      ///< larger side of the points' bounding box, pixels
  std::vector<Rejected> rejected;              ///< annotations and images that cannot be used
  std::vector<std::string> notes;              ///< see Dataset::notes
  std::vector<std::pair<std::string, std::string>> alike;  ///< different photos that look the same
};

/// Called after each face with the number done and the number there is.
using ValidationProgress = std::function<void(std::size_t done, std::size_t total)>;

/// Reads the data sets as read_datasets does, decodes every image and checks every face. A data set without one usable
/// face is a report, not an error. Throws FileError and FormatError only where nothing can be listed: a path that does
/// not exist, an empty folder, a file of unknown kind.
ValidationReport validate(std::span<const std::filesystem::path> paths, const ValidationProgress& progress = {},
                          const DatasetOptions& options = {.part = Part::all});
ValidationReport validate(const std::filesystem::path& path, const ValidationProgress& progress = {},
                          const DatasetOptions& options = {.part = Part::all});

}  // namespace lineament
