// One annotated face, and what a reader of a file with many of them hands back.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/landmarks.hpp"

namespace LINEAMENT_API lineament {

struct Face {
  std::filesystem::path image;  ///< as it can be opened: already joined to the folder of its annotation file
  Landmarks points{};           ///< pixels of the whole photo, 0-based, in the order of the data set's scheme
  std::optional<Box> box{};     ///< the annotation's own box, if it has one
  std::string photo{};          ///< see photo_id: faces of one photo share it
  /// Size of the photo that the points were set on, pixels, if the file says; else 0. It tells points of a photo that a
  /// program showed without turning it as its EXIF orientation says (see fit_to_photo).
  int width = 0, height = 0;
  std::vector<float> spread{};   ///< of predicted points: how far each is expected to be off, pixels; empty: not said
  std::optional<float> score{};  ///< of predicted points: the probability that there is a face; empty: not said
  std::optional<float> detection{};  ///< of a box that was found: the probability that it holds a face
  std::vector<std::pair<std::string, float>> measures{};  ///< what else was measured, by name: "yaw", …
  std::string listed{};  ///< the image as a list names it; empty for one found beside its annotation
};

/// A file, or a row or box inside one, that cannot be used.
struct Rejected {
  std::string file;    ///< "afw/1.pts", "faces.csv:7", "labels.xml: a.jpg, box 2"
  std::string reason;  ///< one line
};

struct Dataset {
  std::vector<Face> faces;
  std::vector<Rejected> rejected;
  /// Annotations passed over because they belong to the part that was not asked for (DatasetOptions::part).
  std::size_t other_part = 0;
  std::vector<std::string> notes{};  ///< what was done with the data that a person should know, a line each
};

/// Which photo an image file shows, so that a split by photo keeps all its faces on one side. `image` is relative to
/// the data set's folder. The id is the path without its extension and without
///   1. a closing "_mirror" (dlib's copy of 300-W holds each photo mirrored, too), then
///   2. a closing "_N", one or two digits, if a digit stands somewhere before it in the file name: then N numbers the
///   face.
/// "helen/trainset/2908549_1.jpg" -> "helen/trainset/2908549", "afw/18489332_11.jpg" -> "afw/18489332",
/// "ibug/image_003_1.jpg" -> "ibug/image_003"; but "lfpw/trainset/image_0001.png" and "face_7.jpg" stay whole: there
/// the number is the photo's. Where the rule errs, it puts two photos on one side and never one photo on both.
std::string photo_id(const std::filesystem::path& image);

}  // namespace lineament
