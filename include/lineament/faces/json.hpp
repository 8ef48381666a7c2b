// Faces as JSON: this library's own, COCO's keypoints, Label Studio's exports.
#pragma once
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/scheme.hpp"

namespace LINEAMENT_API lineament {

/// {
///   "format": "lineament-faces", "version": 1,
///   "faces": [ {"image": "a.jpg", "box": [x, y, width, height] or null, "points": [[x, y], … 68]}, … ]
/// }
/// and, in a face that has them, "spread": [… one for each point], how far its points are expected to be off, "score",
/// "detection", and Face::measures under their names.
/// All numbers are pixels of the whole photo, 0-based with pixel centres at integers (the photo's left edge is -0.5),
/// in the shortest form that gives back the same float. Points are in the order of the faces' scheme; one that is not
/// known is null. Image names are UTF-8; bytes that are not become U+FFFD. Throws ArgumentError if a number is
/// infinite, or NaN in one coordinate of a point alone.
///
/// `more` are texts of your own, which stand beside "faces" under their names; parse_json passes over them. Names that
/// the format has itself are refused with an ArgumentError. For values of other kinds, parse the text with a JSON
/// library and add to the object. `photos`, if there are any, are listed as "photos": what was looked at, also where
/// there is no face.
std::string format_json(std::span<const Face> faces, const std::map<std::string, std::string>& more = {},
                        std::span<const std::filesystem::path> photos = {});

/// Replaces `path` in one step (see write_file). Throws as format_json, and FileError.
void write_json(const std::filesystem::path& path, std::span<const Face> faces,
                const std::map<std::string, std::string>& more = {},
                std::span<const std::filesystem::path> photos = {});

/// Tells by the content which of these it is:
///   - what format_json writes. Image names are relative to `folder`, or, where no such file is there, as they are:
///   then
///     they are relative to the program's working folder, as they were when it wrote them. "width" and "height" of a
///     face are the photo's size;
///   - COCO keypoints: {"images": [{id, file_name, width, height}], "annotations": [{image_id, keypoints: [x, y, v, …],
///     bbox: [x, y, width, height]}], "categories": [{id, keypoints: [name, …]}]}. v = 0 is a missing point. Where the
///     category's names are the scheme's in another order, points are put into the scheme's. For schemes of 68 points
///     "face_kpts" and "face_box" of COCO-WholeBody are read instead, where they are. Keypoints are taken as 0-based
///     pixel indices (COCO's own: the centre of the first pixel is 0), and boxes as edges, where the first pixel goes
///     from 0 to 1: half a pixel is subtracted from their x and y. Annotations of a crowd or without any point, and
///     photos without faces, are counted in `notes`;
///   - Label Studio's JSON, JSON-MIN, or a single task: points labelled with the scheme's names or with numbers from 0
///     or from 1 (see notes), in percent of the photo (0 is its left edge: x percent are x / 100 * width - 0.5 pixels).
///     Points whose parent is a rectangle are one face, and it is its box; without parents all points of an annotation
///     are one face, and a rectangle is its box if there is one alone. Of several annotations of a task, the one marked
///     as ground truth is read, or the first. The photo is the "image" of the task's data or the first of its values
///     that looks like one: the file of this name below `folder`, if need be without folders of Label Studio's machine
///     and the "ab12cd34-" that it puts before the names of uploads.
/// `name` stands in messages only. A face that cannot be used (another number of points, a word for a number, a photo
/// that is not listed, two photos that would be one file) goes to `rejected`. Throws FormatError if the text is not
/// JSON or of none of these kinds.
Dataset parse_json(std::string_view text, std::string_view name, const std::filesystem::path& folder,
                   const Scheme& scheme = ibug_68());

/// parse_json of a file; its images are relative to the file's folder. Throws FileError too.
Dataset read_json(const std::filesystem::path& path, const Scheme& scheme = ibug_68());

}  // namespace lineament
