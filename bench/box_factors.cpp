// Question: where do a detector's boxes lie around faces? Reads boxes, rows "photo,x,y,width,height" after that header,
// photos named as in the annotation, and annotated photos (dlib's imglab XML, 68 points a face). Prints the factors of
// box_convention.hpp, and how much of box and points' box is common (intersection over union, median over the faces
// found) before and after: "after" with factors of all faces, "held out" with those of the other half of the photos.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "lineament/error.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/faces/box_convention.hpp"
#include "lineament/faces/imglab.hpp"

using namespace lineament;

namespace {

using BoxesByPhoto = std::map<std::string, std::vector<Box>>;

BoxesByPhoto read_boxes(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line) || line != "photo,x,y,width,height")
    throw FormatError({path, "no boxes", "a first line \"photo,x,y,width,height\"", line, ""});
  BoxesByPhoto boxes;
  for (int number = 2; std::getline(file, line); ++number) {
    std::istringstream row(line);
    std::string photo;
    Box b;
    char comma[3]{};
    std::getline(row, photo, ',');
    if (!(row >> b.x >> comma[0] >> b.y >> comma[1] >> b.width >> comma[2] >> b.height))
      throw FormatError({path + ":" + std::to_string(number), "no box", "a photo and four numbers", line, ""});
    boxes[photo].push_back(b);
  }
  return boxes;
}

float common_share(const Box& a, const Box& b) {
  const float width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x),
              height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  return width * height / (a.width * a.height + b.width * b.height - width * height);
}

struct Pairs {
  std::vector<Box> theirs, ours;
  std::vector<std::size_t> photo;  ///< its number
};

/// Detections of the photo's faces: the nearest two first, as long as the centre of one is in the other and neither is
/// three times the other's size.
void pair_up(const std::vector<Box>& detections, const std::vector<Box>& faces, std::size_t photo, Pairs& pairs) {
  struct Candidate {
    float distance;
    std::size_t detection, face;
  };
  std::vector<Candidate> candidates;
  for (std::size_t d = 0; d < detections.size(); ++d)
    for (std::size_t f = 0; f < faces.size(); ++f) {
      const Box &a = detections[d], &b = faces[f];
      const Point off = a.center() - b.center();
      const float ratio = std::sqrt(a.width * a.height / (b.width * b.height));
      if (std::abs(off.x) > b.width / 2 || std::abs(off.y) > b.height / 2 || ratio < 1 / 3.0f || ratio > 3) continue;
      candidates.push_back({std::hypot(off.x, off.y) / std::sqrt(b.width * b.height), d, f});
    }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.distance < b.distance; });
  std::vector<bool> taken(detections.size()), found(faces.size());
  for (const Candidate& c : candidates) {
    if (taken[c.detection] || found[c.face]) continue;
    taken[c.detection] = found[c.face] = true;
    pairs.theirs.push_back(detections[c.detection]), pairs.ours.push_back(faces[c.face]);
    pairs.photo.push_back(photo);
  }
}

float median(std::vector<float> values) {
  if (values.empty()) return std::nanf("");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

float median_common(const Pairs& pairs, const std::vector<BoxFactors>& by_photo) {
  std::vector<float> shares;
  for (std::size_t i = 0; i < pairs.ours.size(); ++i)
    shares.push_back(
        common_share(box_from(by_photo[pairs.photo[i] % by_photo.size()], pairs.theirs[i]), pairs.ours[i]));
  return median(shares);
}

/// Of the photos whose number leaves `rest` when halved.
BoxFactors fit_half(const Pairs& pairs, std::size_t rest) {
  std::vector<Box> theirs, ours;
  for (std::size_t i = 0; i < pairs.ours.size(); ++i)
    if (pairs.photo[i] % 2 == rest) theirs.push_back(pairs.theirs[i]), ours.push_back(pairs.ours[i]);
  return fit_box_factors(theirs, ours);
}

void print_factors(const std::string& path, const BoxesByPhoto& faces) {
  const BoxesByPhoto boxes = read_boxes(path);
  Pairs pairs;
  std::size_t photo = 0, all = 0;
  for (const auto& [name, list] : faces) {
    const auto found = boxes.find(name);
    if (found != boxes.end()) pair_up(found->second, list, photo, pairs);
    ++photo, all += list.size();
  }
  const BoxFactors f = fit_box_factors(pairs.theirs, pairs.ours);
  std::string name = path.substr(path.find_last_of('/') + 1);
  name = name.substr(0, name.find_last_of('.'));
  std::printf("| %-32s | %3zu of %zu | %6.3f | %6.3f | %5.3f | %5.3f | %.2f | %.2f | %.2f |\n", name.c_str(),
              pairs.ours.size(), all, static_cast<double>(f.x), static_cast<double>(f.y), static_cast<double>(f.width),
              static_cast<double>(f.height), static_cast<double>(median_common(pairs, {BoxFactors{}})),
              static_cast<double>(median_common(pairs, {f})),
              static_cast<double>(median_common(pairs, {fit_half(pairs, 1), fit_half(pairs, 0)})));
}

void run(const std::string& xml, const std::vector<std::string>& tables) {
  BoxesByPhoto faces;
  const std::filesystem::path folder = std::filesystem::path(xml).parent_path();
  for (const Face& face : read_imglab(xml).faces)
    faces[face.image.lexically_relative(folder).string()].push_back(bounding_box(face.points));
  std::printf("| boxes of | faces found | x | y | width | height | common before | after | held out |\n");
  std::printf("|---|---|---|---|---|---|---|---|---|\n");
  for (const std::string& table : tables) print_factors(table, faces);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Where a detector's boxes lie around faces: the factors of box_convention.hpp"};
  std::string xml;
  std::vector<std::string> tables;
  app.add_option("XML", xml, "Annotated photos, dlib's imglab form")->required();
  app.add_option("BOXES", tables, "CSV files: photo,x,y,width,height")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    run(xml, tables);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
