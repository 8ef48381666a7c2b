// The table of conventions, and what is done with it.
#include "lineament/faces/box_convention.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "lineament/error.hpp"

namespace lineament {
namespace {

struct NamedConvention {
  BoxConvention convention;
  std::string_view name;
  BoxFactors factors;
};

/// As bench/box_factors printed them; see docs/boxes.md.
constexpr std::array<NamedConvention, 11> kConventions{{
    {BoxConvention::points68, "points68", {}},
    {BoxConvention::haar_default, "haar_default", {-0.004f, 0.141f, 0.858f, 0.830f}},
    {BoxConvention::haar_alt, "haar_alt", {-0.006f, 0.146f, 0.866f, 0.843f}},
    {BoxConvention::haar_alt2, "haar_alt2", {-0.004f, 0.146f, 0.874f, 0.850f}},
    {BoxConvention::lbp, "lbp", {-0.002f, 0.146f, 0.856f, 0.830f}},
    {BoxConvention::lbp_improved, "lbp_improved", {0.002f, 0.115f, 1.273f, 1.239f}},
    {BoxConvention::dlib_hog, "dlib_hog", {-0.014f, 0.082f, 0.943f, 0.917f}},
    {BoxConvention::blazeface, "blazeface", {-0.005f, 0.045f, 0.959f, 0.945f}},
    {BoxConvention::ultra_light_320, "ultra_light_320", {-0.002f, 0.134f, 1.045f, 0.763f}},
    {BoxConvention::faceapi_tiny, "faceapi_tiny", {0.015f, 0.003f, 0.769f, 0.813f}},
    {BoxConvention::faceapi_mobilenet, "faceapi_mobilenet", {0.010f, 0.137f, 1.034f, 0.798f}},
}};

void require_size(const Box& b, const char* where) {
  if (b.width > 0 && b.height > 0 && std::isfinite(b.width) && std::isfinite(b.height) && std::isfinite(b.x) &&
      std::isfinite(b.y))
    return;
  throw ArgumentError({where, "a box has no area", "a finite place, a width and height above 0",
                       std::to_string(b.width) + " x " + std::to_string(b.height), ""});
}

float median_factor(std::vector<float>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return 0.5f * (*middle + *std::max_element(values.begin(), middle));
}

}  // namespace

Box box_from(const BoxFactors& factors, const Box& theirs) {
  require_size(theirs, "box_from");
  if (!(factors.width > 0 && factors.height > 0) || !std::isfinite(factors.width + factors.height) ||
      !std::isfinite(factors.x + factors.y))
    throw ArgumentError({"box_from", "factors are out of range", "finite ones, of width and height above 0",
                         std::to_string(factors.width) + " x " + std::to_string(factors.height), ""});
  const Point center = theirs.center();
  const float width = factors.width * theirs.width, height = factors.height * theirs.height;
  return {center.x + factors.x * theirs.width - width / 2, center.y + factors.y * theirs.height - height / 2, width,
          height};
}

BoxFactors fit_box_factors(std::span<const Box> theirs, std::span<const Box> ours) {
  if (theirs.size() != ours.size() || theirs.empty())
    throw ArgumentError({"fit_box_factors", "the boxes are not in pairs", "as many of both, at least one",
                         std::to_string(theirs.size()) + " and " + std::to_string(ours.size()), ""});
  std::vector<float> x, y, width, height;
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    require_size(theirs[i], "fit_box_factors"), require_size(ours[i], "fit_box_factors");
    const Point off = ours[i].center() - theirs[i].center();
    x.push_back(off.x / theirs[i].width), y.push_back(off.y / theirs[i].height);
    width.push_back(ours[i].width / theirs[i].width), height.push_back(ours[i].height / theirs[i].height);
  }
  return {median_factor(x), median_factor(y), median_factor(width), median_factor(height)};
}

BoxFactors box_factors(BoxConvention convention) {
  for (const NamedConvention& c : kConventions)
    if (c.convention == convention) return c.factors;
  throw ArgumentError({"box_factors", "there is no such convention", "one of BoxConvention",
                       std::to_string(static_cast<int>(convention)), ""});
}

BoxConvention box_convention(std::string_view name) {
  std::string names;
  for (const NamedConvention& c : kConventions) {
    if (c.name == name) return c.convention;
    names += (names.empty() ? "" : ", ") + std::string(c.name);
  }
  throw ArgumentError({"box_convention", "there is no such convention", "one of " + names, std::string(name), ""});
}

Box box_from(BoxConvention convention, const Box& theirs) {
  return box_from(box_factors(convention), theirs);
}

}  // namespace lineament
