// Checks of faces against their photos, and the report on a whole data set.
#include "lineament/faces/validate.hpp"

#include <charconv>
#include <cmath>
#include <numbers>

#include "lineament/error.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/faces/plausible.hpp"
#include "lineament/file.hpp"
#include "lineament/image/file.hpp"
#include "scan.hpp"
#include "text.hpp"

namespace lineament {
namespace {

/// One decimal: enough for a message.
std::string tenths(float value) {
  char buffer[64];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, 1).ptr};
}

/// How far a point is outside the picture's area, in pixels; 0 inside.
float overshoot(Point p, int width, int height) {
  const Box area = whole_image(width, height);
  return std::max({area.x - p.x, p.x - (area.x + area.width), area.y - p.y, p.y - (area.y + area.height), 0.0f});
}

bool overlap(const Box& a, const Box& b) {
  return a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height;
}

std::optional<std::string> check_box(const Box& box, const Box& points, int width, int height) {
  if (!std::isfinite(box.x) || !std::isfinite(box.y) || !std::isfinite(box.width) || !std::isfinite(box.height))
    return "the box is not finite; correct it or leave the face out";
  if (!(box.width > 0 && box.height > 0)) return "the box has no size; correct it or leave the face out";
  if (!overlap(box, whole_image(width, height)))
    return "the box lies outside the photo; correct it or leave the face out";
  if (!overlap(box, points)) return "the box and the points lie apart; correct one of them or leave the face out";
  const Box photo = whole_image(width, height);
  const float right = std::min(box.x + box.width, photo.x + photo.width), left = std::max(box.x, photo.x);
  const float bottom = std::min(box.y + box.height, photo.y + photo.height), top = std::max(box.y, photo.y);
  constexpr float kInside = 1.0f / 3;  // why: a loose box around a face at the edge may reach far beyond it
  if ((right - left) * (bottom - top) < kInside * box.width * box.height)
    return "most of the box lies outside the photo; is it x, y, width, height, or two corners?";
  return std::nullopt;
}

/// The images of faces that come one after the other: each is decoded once.
struct LastImage {
  std::filesystem::path path;
  Photo photo;
  bool usable = false, counted = false;
};

class Validation {
 public:
  Validation(std::span<const std::filesystem::path> paths, const DatasetOptions& options)
      : paths_(paths), options_(options) {}

  void check(Face face) {
    if (last_.path != face.image) open(face);
    if (!last_.usable) return;
    if (const auto reason = fit_to_photo(face, last_.photo, options_.scheme)) {
      report.rejected.push_back({face.image.string(), *reason});
      return;
    }
    const Box box = bounding_box(face.points);
    ++report.faces;
    ++report.folders[folder_of(face.image)];
    report.face_size.add(std::max(box.width, box.height));
    if (last_.counted) return;
    last_.counted = true;
    ++report.images;
    report.width.add(last_.photo.image.width());
    report.height.add(last_.photo.image.height());
  }

  void finish() {
    const auto pairs = similar_pairs(prints_, prints_);
    if (!pairs) {
      report.notes.emplace_back("so many photos are not looked through for some that look the same");
      return;
    }
    for (const auto& [a, b] : *pairs)
      if (photos_.at(a->file) != photos_.at(b->file)) report.alike.emplace_back(a->file, b->file);
  }

  ValidationReport report;

 private:
  void open(const Face& face) {
    const std::filesystem::path& path = face.image;
    last_ = {path, {}, false, false};
    try {
      const std::vector<std::uint8_t> bytes = read_file(path);
      last_ = {path, decode_photo(bytes, path.string(), options_.limits), true, false};
      photos_[path.string()] = face.photo;
      prints_.push_back({path.string(), content_digest(bytes), perceptual_hash(last_.photo.image)});
    } catch (const Error& error) {
      report.rejected.push_back(text::rejected(error, path.string()));
    }
  }

  /// Relative to the data set that it is of, with that one's name in front where there are several.
  std::string folder_of(const std::filesystem::path& image) const {
    for (const std::filesystem::path& path : paths_) {
      std::error_code error;
      const auto root = std::filesystem::is_directory(path, error) ? path : path.parent_path();
      const std::filesystem::path relative = inside(root, image);
      if (relative.is_absolute() || *relative.begin() == "..") continue;
      return ((paths_.size() > 1 ? root : std::filesystem::path()) / relative).parent_path().generic_string();
    }
    return image.parent_path().generic_string();
  }

  std::span<const std::filesystem::path> paths_;
  const DatasetOptions& options_;
  LastImage last_;
  std::vector<PhotoPrint> prints_;
  std::map<std::string, std::string> photos_;  ///< Face::photo of each file: faces of one photo are no news
};

/// Whether the face is nearer to lying on its side, or upside down, than to being upright: by its eye corners, or by
/// all points where these are not known.
bool is_turned(const Landmarks& points, const Scheme& scheme) {
  const Point eyes =
      points[static_cast<std::size_t>(scheme.eye_corners[1])] - points[static_cast<std::size_t>(scheme.eye_corners[0])];
  if (!is_known(eyes))
    if (const float turn = shape_turn(points, scheme); std::isfinite(turn))
      return std::abs(turn) > std::numbers::pi_v<float> / 4;
  return !(eyes.x > std::abs(eyes.y));
}

Landmarks mapped(Landmarks points, const Affine& map) {
  for (Point& p : points) p = map(p);
  return points;
}

void move_face(Face& face, const Affine& map) {
  face.points = mapped(std::move(face.points), map);
  if (face.box) face.box = moved(*face.box, map);
}

std::string size_text(int width, int height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

}  // namespace

std::optional<std::string> fit_to_photo(Face& face, const Photo& photo, const Scheme& scheme) {
  return fit_to_photo(face, PhotoSize{photo.image.width(), photo.image.height(), photo.orientation}, scheme);
}

std::optional<std::string> fit_to_photo(Face& face, const PhotoSize& photo, const Scheme& scheme) {
  const int width = photo.width, height = photo.height;
  const bool on_side = photo.orientation >= 5;
  const int stored_width = on_side ? height : width, stored_height = on_side ? width : height;
  const bool said = face.width > 0 && face.height > 0, as_upright = face.width == width && face.height == height;
  if (said && !as_upright && (face.width != stored_width || face.height != stored_height))
    return "the points were set on a photo of " + size_text(face.width, face.height) + ", and this one has " +
           size_text(width, height) + "; give the photo of that size";
  if (photo.orientation != 1) {
    const Affine map = upright_map(photo.orientation, stored_width, stored_height);
    const bool upright_here = !is_turned(face.points, scheme);
    const bool upright_mapped = !is_turned(mapped(face.points, map), scheme);
    if (said && !as_upright) {
      // Some programs give the stored size and show the photo upright: a face that only the map would turn is in place.
      if (!upright_here || upright_mapped) move_face(face, map);
      face.width = width, face.height = height;
    } else if (!upright_here && upright_mapped) {
      return "the photo is to be turned (its EXIF orientation is " + std::to_string(photo.orientation) +
             "), and the points seem to be those of the photo as it is stored; turn the points, or take the tag out of "
             "the photo (exiftool -Orientation= FILE)";
    }
  }
  return check_face(face, width, height, scheme);
}

std::optional<std::string> check_face(const Face& face, int image_width, int image_height, const Scheme& scheme) {
  const auto count = static_cast<std::size_t>(scheme.points);
  if (face.points.size() != count)
    return "it has " + std::to_string(face.points.size()) + " points (wanted " + std::to_string(count) +
           "); read it with its own scheme";
  std::size_t known = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (std::isinf(face.points[i].x) || std::isinf(face.points[i].y))
      return "point " + scheme.point_name(static_cast<int>(i)) + " is not finite; annotate it or leave the face out";
    known += is_known(face.points[i]) ? 1 : 0;
  }
  if (known * 2 < count)
    return "only " + std::to_string(known) + " of its " + std::to_string(count) +
           " points are known (wanted half of them at least); annotate them or leave the face out";
  const float eyes = inter_ocular(face.points, scheme);
  if (eyes < kSmallestInterOcular)
    return "the outer eye corners are " + tenths(eyes) + " px apart (wanted at least " + tenths(kSmallestInterOcular) +
           "); correct the points or leave the face out";
  const Box box = bounding_box(face.points);
  const float size = std::max(box.width, box.height);
  for (std::size_t i = 0; i < face.points.size(); ++i) {
    if (!is_known(face.points[i])) continue;
    const float outside = overshoot(face.points[i], image_width, image_height);
    if (!(outside <= kOutsideTolerance * size))
      return "point " + scheme.point_name(static_cast<int>(i)) + " at (" + tenths(face.points[i].x) + ", " +
             tenths(face.points[i].y) + ") is " + tenths(outside) + " px outside the photo of " +
             std::to_string(image_width) + "x" + std::to_string(image_height) + " (wanted at most " +
             tenths(kOutsideTolerance * size) + ", a quarter of the face); correct the point or leave the face out";
  }
  if (!face.box) return std::nullopt;
  if (const auto problem = check_box(*face.box, box, image_width, image_height)) return problem;
  const auto held = std::count_if(face.points.begin(), face.points.end(), [&](Point p) {
    return p.x >= face.box->x && p.y >= face.box->y && p.x <= face.box->x + face.box->width &&
           p.y <= face.box->y + face.box->height;
  });
  if (static_cast<std::size_t>(held) * 2 < known)
    return "its box holds " + std::to_string(held) + " of its " + std::to_string(known) +
           " points (wanted half of them at least); correct the box or leave the face out";
  return std::nullopt;
}

ValidationReport validate(std::span<const std::filesystem::path> paths, const ValidationProgress& progress,
                          const DatasetOptions& options) {
  Dataset data = scan_datasets(paths, options, false);
  Validation validation(paths, options);
  validation.report.rejected = std::move(data.rejected);
  validation.report.notes = std::move(data.notes);
  for (std::size_t i = 0; i < data.faces.size(); ++i) {
    validation.check(std::move(data.faces[i]));
    if (progress) progress(i + 1, data.faces.size());
  }
  validation.finish();
  return std::move(validation.report);
}

ValidationReport validate(const std::filesystem::path& path, const ValidationProgress& progress,
                          const DatasetOptions& options) {
  return validate(std::span(&path, 1), progress, options);
}

}  // namespace lineament
