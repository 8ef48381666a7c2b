// Checks of faces against their photos, and the report on a whole data set.
#include "lineament/faces/validate.hpp"

#include <charconv>
#include <cmath>

#include "lineament/error.hpp"
#include "lineament/faces/box.hpp"
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
  return std::nullopt;
}

/// The images of faces that come one after the other: each is decoded once.
struct LastImage {
  std::filesystem::path path;
  int width = 0, height = 0;
  bool usable = false, counted = false;
};

class Validation {
 public:
  explicit Validation(const std::filesystem::path& root) : root_(root) {}

  void check(const Face& face) {
    if (last_.path != face.image) open(face.image);
    if (!last_.usable) return;
    if (const auto reason = check_face(face, last_.width, last_.height)) {
      report.rejected.push_back({face.image.string(), *reason});
      return;
    }
    const Box box = bounding_box(face.points);
    ++report.faces;
    ++report.folders[inside(root_, face.image).parent_path().generic_string()];
    report.face_size.add(std::max(box.width, box.height));
    if (last_.counted) return;
    last_.counted = true;
    ++report.images;
    report.width.add(last_.width);
    report.height.add(last_.height);
  }

  ValidationReport report;

 private:
  void open(const std::filesystem::path& path) {
    last_ = {path, 0, 0, false, false};
    try {
      const Image image = read_image(path);
      last_ = {path, image.width(), image.height(), true, false};
    } catch (const Error& error) {
      report.rejected.push_back(text::rejected(error, path.string()));
    }
  }

  std::filesystem::path root_;
  LastImage last_;
};

}  // namespace

std::optional<std::string> check_face(const Face& face, int image_width, int image_height) {
  for (std::size_t i = 0; i < face.points.size(); ++i)
    if (!std::isfinite(face.points[i].x) || !std::isfinite(face.points[i].y))
      return "point " + std::to_string(i) + " is not finite; annotate it or leave the face out";
  const float eyes = inter_ocular(face.points);
  if (!(eyes >= kSmallestInterOcular))
    return "the outer eye corners are " + tenths(eyes) + " px apart (wanted at least " + tenths(kSmallestInterOcular) +
           "); correct the points or leave the face out";
  const Box box = bounding_box(face.points);
  const float size = std::max(box.width, box.height);
  for (std::size_t i = 0; i < face.points.size(); ++i) {
    const float outside = overshoot(face.points[i], image_width, image_height);
    if (!(outside <= kOutsideTolerance * size))
      return "point " + std::to_string(i) + " at (" + tenths(face.points[i].x) + ", " + tenths(face.points[i].y) +
             ") is " + tenths(outside) + " px outside the photo of " + std::to_string(image_width) + "x" +
             std::to_string(image_height) + " (wanted at most " + tenths(kOutsideTolerance * size) +
             ", a quarter of the face); correct the point or leave the face out";
  }
  if (face.box) return check_box(*face.box, box, image_width, image_height);
  return std::nullopt;
}

ValidationReport validate(const std::filesystem::path& path, const ValidationProgress& progress,
                          const DatasetOptions& options) {
  Dataset data = scan_dataset(path, options);
  std::error_code error;
  Validation validation(std::filesystem::is_directory(path, error) ? path : path.parent_path());
  validation.report.rejected = std::move(data.rejected);
  for (std::size_t i = 0; i < data.faces.size(); ++i) {
    validation.check(data.faces[i]);
    if (progress) progress(i + 1, data.faces.size());
  }
  return std::move(validation.report);
}

}  // namespace lineament
