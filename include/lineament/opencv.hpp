// Pictures, boxes and points of OpenCV and back. The only header that includes OpenCV: no other one includes it, the
// library is built without, and who includes it links with opencv_core.
//
// Where things are: OpenCV counts pixels of points as this library does, with the first pixel's centre at (0, 0), so
// points stay as they are. Its rectangles count pixels from their edges: cv::Rect(0, 0, 1, 1) is the first pixel, which
// covers -0.5 to 0.5 here (see geometry.hpp), so boxes move by half a pixel.
#pragma once
#include <cmath>
#include <cstddef>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/landmarks.hpp"
#include "lineament/image/geometry.hpp"
#include "lineament/image/image.hpp"
#include "lineament/image/view.hpp"

namespace LINEAMENT_API lineament {

/// The pixels of `mat` where they are, which it must keep: CV_8UC1 as grey, CV_8UC3 as b, g, r and CV_8UC4 as b, g, r,
/// alpha. Throws ArgumentError if it is empty, of another type or has more than two dimensions.
inline ImageView view_of(const cv::Mat& mat) {
  if (mat.empty()) throw ArgumentError({"cv::Mat", "it is empty", "a picture", "", "was the file read?"});
  if (mat.dims != 2) throw ArgumentError({"cv::Mat", "it is no picture", "2 dimensions", std::to_string(mat.dims), ""});
  ImageView view{
      .data = mat.data, .width = mat.cols, .height = mat.rows, .stride = static_cast<std::ptrdiff_t>(mat.step[0])};
  switch (mat.type()) {
    case CV_8UC1:
      view.format = PixelFormat::grey;
      return view;
    case CV_8UC3:
      view.format = PixelFormat::bgr;
      return view;
    case CV_8UC4:
      view.format = PixelFormat::bgra;
      return view;
    default:
      throw ArgumentError({"cv::Mat", "its type is none of a picture", "CV_8UC1, CV_8UC3 or CV_8UC4",
                           cv::typeToString(mat.type()), "convert it with convertTo() or cv::cvtColor()"});
  }
}

/// A copy as CV_8UC3 in OpenCV's order b, g, r; an empty Mat of an empty image.
inline cv::Mat to_mat(const Image& image) {
  cv::Mat mat(image.height(), image.width(), CV_8UC3);
  for (int y = 0; y < image.height(); ++y) {
    const std::uint8_t* in = image.row(y);
    std::uint8_t* out = mat.ptr<std::uint8_t>(y);
    for (int x = 0; x < image.width(); ++x, in += 3, out += 3) {
      out[0] = in[2];
      out[1] = in[1];
      out[2] = in[0];
    }
  }
  return mat;
}

/// The pixels that a rectangle of OpenCV (cv::Rect, cv::Rect2f, cv::Rect2d) covers.
template <class T>
Box to_box(const cv::Rect_<T>& rect) {
  return {static_cast<float>(rect.x) - 0.5f, static_cast<float>(rect.y) - 0.5f, static_cast<float>(rect.width),
          static_cast<float>(rect.height)};
}

inline cv::Rect2f to_rect2f(const Box& box) {
  return {box.x + 0.5f, box.y + 0.5f, box.width, box.height};
}

/// Each edge moved to the nearest between two pixels. Throws ArgumentError for one beyond a thousand million pixels,
/// and for NaN.
inline cv::Rect to_rect(const Box& box) {
  const auto edge = [](float v) {
    if (!(std::abs(v) <= 1e9f))
      throw ArgumentError({"box", "an edge is not among whole pixels", "at most 1e9", std::to_string(v), ""});
    return static_cast<int>(std::lround(v + 0.5f));
  };
  const int left = edge(box.x), top = edge(box.y);
  return {left, top, edge(box.x + box.width) - left, edge(box.y + box.height) - top};
}

/// A point that is not known is NaN in both.
inline std::vector<cv::Point2f> to_points2f(const Landmarks& points) {
  std::vector<cv::Point2f> out;
  out.reserve(points.size());
  for (const Point p : points) out.emplace_back(p.x, p.y);
  return out;
}

inline Landmarks to_landmarks(const std::vector<cv::Point2f>& points) {
  Landmarks out;
  out.reserve(points.size());
  for (const cv::Point2f& p : points) out.push_back({p.x, p.y});
  return out;
}

}  // namespace lineament
