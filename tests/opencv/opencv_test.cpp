// Pictures of OpenCV as views and back, against its own accessors and functions.
#include "lineament/opencv.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/image/warp.hpp"

using namespace lineament;

namespace {

cv::Mat random_mat(int rows, int cols, int type) {
  cv::Mat mat(rows, cols, type);
  cv::randu(mat, 0, 256);
  return mat;
}

/// Pixel (x, y) as OpenCV's accessors tell.
Color color_at(const cv::Mat& mat, int x, int y) {
  if (mat.channels() == 1) {
    const std::uint8_t v = mat.at<std::uint8_t>(y, x);
    return {v, v, v};
  }
  if (mat.channels() == 3) {
    const auto v = mat.at<cv::Vec3b>(y, x);
    return {v[2], v[1], v[0]};
  }
  const auto v = mat.at<cv::Vec4b>(y, x);
  return {v[2], v[1], v[0]};
}

void check_same(const Image& image, const cv::Mat& mat) {
  REQUIRE(image.width() == mat.cols);
  REQUIRE(image.height() == mat.rows);
  for (int y = 0; y < mat.rows; ++y)
    for (int x = 0; x < mat.cols; ++x) REQUIRE(image.at(x, y) == color_at(mat, x, y));
}

std::string message_of(const cv::Mat& mat) {
  try {
    view_of(mat);
  } catch (const ArgumentError& e) {
    return e.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a Mat is seen where it is: whole, as a part of another, of one row or column") {
  for (const int type : {CV_8UC1, CV_8UC3, CV_8UC4}) {
    const cv::Mat mat = random_mat(37, 53, type);
    CHECK(view_of(mat).data == mat.data);
    check_same(to_image(view_of(mat)), mat);
    const cv::Mat part = mat(cv::Rect(7, 5, 31, 20));
    CHECK(view_of(part).data == part.data);
    check_same(to_image(view_of(part)), part);
    check_same(to_image(view_of(mat.row(4))), mat.row(4));
    check_same(to_image(view_of(mat.col(9))), mat.col(9));
  }
}

TEST_CASE("an empty Mat and other types are refused with what to do") {
  CHECK(message_of(cv::Mat()) == "cv::Mat: it is empty (wanted a picture); was the file read?");
  CHECK(message_of(cv::Mat(3, 3, CV_32FC3)) ==
        "cv::Mat: its type is none of a picture (wanted CV_8UC1, CV_8UC3 or CV_8UC4, got CV_32FC3); convert it with "
        "convertTo() or cv::cvtColor()");
  for (const int type : {CV_8UC2, CV_8SC3, CV_16UC1, CV_64FC1})
    CHECK_THROWS_AS(view_of(cv::Mat(3, 3, type)), ArgumentError);
  const int sizes[] = {3, 4, 5};
  CHECK(message_of(cv::Mat(3, sizes, CV_8UC3)) == "cv::Mat: it is no picture (wanted 2 dimensions, got 3)");
}

TEST_CASE("an image becomes a Mat of b, g, r and stays what it is") {
  const cv::Mat mat = random_mat(11, 6, CV_8UC3);
  const cv::Mat back = to_mat(to_image(view_of(mat)));
  CHECK(back.type() == CV_8UC3);
  CHECK(cv::norm(back, mat, cv::NORM_INF) == 0);
  CHECK(back.data != mat.data);
  CHECK(to_mat(Image()).empty());
}

TEST_CASE("a rectangle covers the same pixels in both") {
  cv::Mat mat(40, 60, CV_8UC3, cv::Scalar(10, 20, 30));
  const cv::Rect rect(12, 7, 16, 16);
  mat(rect).setTo(cv::Scalar(200, 100, 50));
  const Box box = to_box(rect);
  CHECK(box == Box{11.5f, 6.5f, 16, 16});
  // The crop of that box without a margin is the rectangle and nothing else.
  std::vector<float> crop_pixels(16 * 16 * 3);
  crop(view_of(mat), crop_to_image(box, {.size = 16, .margin = 0}), 16, crop_pixels);
  for (std::size_t i = 0; i < crop_pixels.size(); i += 3) {
    REQUIRE(crop_pixels[i] == 50 / 255.0f);
    REQUIRE(crop_pixels[i + 2] == 200 / 255.0f);
  }
  CHECK(to_rect(box) == rect);
  CHECK(to_rect2f(box) == cv::Rect2f(12, 7, 16, 16));
  CHECK(to_box(cv::Rect2f(1.25f, 2, 3, 4)) == Box{0.75f, 1.5f, 3, 4});
  CHECK(to_box(cv::Rect2d(1.25, 2, 3, 4)) == Box{0.75f, 1.5f, 3, 4});
  // Edges, not sizes, are rounded: 0.2 to 2.9 in pixels' edges is 0 to 3.
  CHECK(to_rect({-0.3f, -0.5f, 2.7f, 1}) == cv::Rect(0, 0, 3, 1));
  CHECK(to_rect({-10.4f, -0.5f, 2, 1}) == cv::Rect(-10, 0, 2, 1));
  CHECK_THROWS_AS(to_rect({0, 0, 2e9f, 1}), ArgumentError);
  CHECK_THROWS_AS(to_rect({std::numeric_limits<float>::quiet_NaN(), 0, 1, 1}), ArgumentError);
}

TEST_CASE("points are where they are in both, those not known as well") {
  const Landmarks points{{1.5f, 2.25f}, {-3, 4}, kUnknownPoint};
  const auto cv_points = to_points2f(points);
  REQUIRE(cv_points.size() == 3);
  CHECK(cv_points[0] == cv::Point2f(1.5f, 2.25f));
  CHECK(cv_points[1] == cv::Point2f(-3, 4));
  CHECK(std::isnan(cv_points[2].x));
  const Landmarks back = to_landmarks(cv_points);
  CHECK(back[0] == points[0]);
  CHECK(back[1] == points[1]);
  CHECK_FALSE(is_known(back[2]));
  CHECK(to_landmarks({}).empty());
}
