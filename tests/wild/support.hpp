// Data sets as people have them, made of drawn faces.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "cli/program.hpp"
#include "faces/dataset_support.hpp"
#include "lineament/faces/dataset.hpp"
#include "lineament/faces/synthetic.hpp"

namespace test {

using lineament::test::Outcome;
using lineament::test::Place;
using lineament::test::Words;

/// A list of faces: file names and points.
struct Listed {
  std::string file;
  Landmarks points;
};

/// Draws `count` faces into folder/face_N.png.
inline std::vector<Listed> draw_into(const fs::path& folder, int count, std::uint64_t seed = 11) {
  fs::create_directories(folder);
  std::vector<Listed> list;
  for (int i = 0; i < count; ++i) {
    const DrawnFace face = draw_face(seed, static_cast<std::uint64_t>(i), {.size = 96});
    list.push_back({"face_" + std::to_string(i) + ".png", face.points});
    write_png(folder / list.back().file, face.image);
  }
  return list;
}

/// "name,x0,y0,…" without a header.
inline std::string csv_of(const std::vector<Listed>& list) {
  std::string csv;
  for (const Listed& face : list) {
    csv += face.file;
    for (const Point& p : face.points) csv += "," + std::to_string(p.x) + "," + std::to_string(p.y);
    csv += "\n";
  }
  return csv;
}

inline std::string imglab_of(const std::vector<Listed>& list, const std::string& attributes = "") {
  std::string images;
  for (const Listed& face : list) {
    images += "<image file='" + face.file + "'" + attributes + ">\n<box top='1' left='1' width='94' height='94'>";
    for (std::size_t i = 0; i < face.points.size(); ++i)
      images += "<part name='" + std::to_string(i) + "' x='" + std::to_string(face.points[i].x) + "' y='" +
                std::to_string(face.points[i].y) + "'/>";
    images += "</box></image>\n";
  }
  return sample_imglab(images);
}

inline std::vector<Listed> changed(std::vector<Listed> list, const std::function<Landmarks(const Landmarks&)>& by) {
  for (Listed& face : list) face.points = by(face.points);
  return list;
}

inline std::string reasons(const Dataset& data) {
  std::string all;
  for (const Rejected& r : data.rejected) all += r.file + ": " + r.reason + "\n";
  return all;
}

}  // namespace test
