// The points that dlib's trees find (Kazemi and Sullivan, "One millisecond face alignment with an ensemble of
// regression trees", CVPR 2014), as .pts files that 'lineament evaluate --predictions' measures with our ruler.
// Its trees expect the boxes of dlib's own detector: where that does not find an annotated face, a box lies as the
// others do around theirs, on average.
#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dlib_pixels.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/faces/dataset.hpp"
#include "lineament/faces/pts.hpp"

using namespace lineament;

namespace {

double side_of(const Box& box) {
  return static_cast<double>(std::max(box.width, box.height));
}

/// A detector's box in units of the annotated one's larger side, from its centre.
struct Place {
  double x = 0, y = 0, side = 0;

  dlib::rectangle around(const Box& box) const {
    const double unit = side_of(box), half = 0.5 * side * unit;
    const double cx = static_cast<double>(box.center().x) + x * unit,
                 cy = static_cast<double>(box.center().y) + y * unit;
    return dlib::rectangle(std::lround(cx - half), std::lround(cy - half), std::lround(cx + half),
                           std::lround(cy + half));
  }
};

/// The detection that is this face, if there is one.
std::optional<dlib::rectangle> found(const std::vector<dlib::rectangle>& boxes, const Box& face) {
  const auto at = [](float v) { return std::lround(v); };
  const dlib::rectangle truth(at(face.x), at(face.y), at(face.x + face.width), at(face.y + face.height));
  std::optional<dlib::rectangle> best;
  double most = 0.3;
  for (const dlib::rectangle& box : boxes) {
    const double common = static_cast<double>(box.intersect(truth).area());
    const double share = common / (static_cast<double>(box.area() + truth.area()) - common);
    if (share > most) most = share, best = box;
  }
  return best;
}

/// "folder/photo.pts" below `out`, as --predictions looks for it.
void write(const std::filesystem::path& out, const Face& face, const dlib::full_object_detection& shape) {
  Landmarks points;
  for (unsigned long k = 0; k < shape.num_parts(); ++k)
    points.push_back({static_cast<float>(shape.part(k).x()), static_cast<float>(shape.part(k).y())});
  const std::filesystem::path folder = out / face.image.parent_path().relative_path();
  std::filesystem::create_directories(folder);
  write_pts(folder / (face.image.stem().string() + ".pts"), points);
}

void run(const std::string& trees, const std::filesystem::path& data, const std::filesystem::path& out) {
  dlib::shape_predictor predictor;
  dlib::deserialize(trees) >> predictor;
  dlib::frontal_face_detector detector = dlib::get_frontal_face_detector();
  const Dataset dataset = read_dataset(data, {.part = Part::train});
  std::vector<std::size_t> missed;
  Place mean;
  for (std::size_t i = 0; i < dataset.faces.size(); ++i) {
    const auto pixels = pixels_of(dataset.faces[i].image);
    const Box box = bounding_box(dataset.faces[i].points);
    const auto detection = found(detector(pixels), box);
    if (!detection) {
      missed.push_back(i);
      continue;
    }
    const dlib::point center = dlib::center(*detection);
    mean.x += (static_cast<double>(center.x()) - static_cast<double>(box.center().x)) / side_of(box);
    mean.y += (static_cast<double>(center.y()) - static_cast<double>(box.center().y)) / side_of(box);
    mean.side += static_cast<double>(detection->width()) / side_of(box);
    write(out, dataset.faces[i], predictor(pixels, *detection));
  }
  const auto count = static_cast<double>(dataset.faces.size() - missed.size());
  mean.x /= count, mean.y /= count, mean.side /= count;
  for (const std::size_t i : missed) {
    const Face& face = dataset.faces[i];
    write(out, face, predictor(pixels_of(face.image), mean.around(bounding_box(face.points))));
  }
  std::printf("%zu faces, of which dlib's detector did not find %zu\n", dataset.faces.size(), missed.size());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Points of dlib's trees on annotated photos"};
  std::string trees, data, out;
  app.add_option("TREES", trees, "shape_predictor_68_face_landmarks.dat (Debian: libdlib-data)")->required();
  app.add_option("DATA", data, "Folder of photos with .pts files")->required();
  app.add_option("OUT", out, "Where .pts files are to be written")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    run(trees, data, out);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
