// Question: where do annotators put points otherwise than a model does? For each point the mean of annotated less found
// place, in the face's own frame, in % of the eyes' distance, and how it grows as the face turns and nods: a place that
// moves more than the model's lies deeper in the head, or less deep. Left and right are averaged. For a network that
// has learnt from drawn faces alone that is what src/synthetic/convention.hpp lacks (docs/decisions/020).
#include <CLI/CLI.hpp>
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "lineament/faces/dataset.hpp"
#include "lineament/faces/split.hpp"
#include "lineament/landmarker/face_results.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "lineament/model/model.hpp"

using namespace lineament;

namespace {

constexpr int kFacePoints = 68;
using Offsets =
    Eigen::Matrix<double, Eigen::Dynamic, 2 * kFacePoints>;  // of each face x, y, ...; 1 is the eyes' distance
using Turns = Eigen::Matrix<double, Eigen::Dynamic, 3>;      // 1, nose to the right, nose down

/// Of one point beside the middle of the found eyes, along their line and across it; their distance is 1.
struct Frame {
  Point middle, along;

  explicit Frame(const Landmarks& found) : middle((found[36] + found[45]) * 0.5f), along(found[45] - found[36]) {}
  Point of(Point p) const {
    const float square = along.x * along.x + along.y * along.y;
    return {(p.x * along.x + p.y * along.y) / square, (p.y * along.x - p.x * along.y) / square};
  }
};

/// Distances of points, averaged, in %.
double error(const Offsets& offsets) {
  double sum = 0;
  for (int k = 0; k < kFacePoints; ++k) sum += offsets.middleCols<2>(2 * k).rowwise().norm().mean();
  return 100 * sum / kFacePoints;
}

/// Least squares, in which no face counts for much.
Eigen::Matrix<double, 3, 2 * kFacePoints> fit(const Turns& turns, const Offsets& offsets, int columns) {
  Eigen::Matrix<double, 3, 2 * kFacePoints> slopes;
  slopes.setZero();
  slopes.topRows(columns) = turns.leftCols(columns).colPivHouseholderQr().solve(offsets.cwiseMax(-0.15).cwiseMin(0.15));
  return slopes;
}

struct Measured {
  Offsets offsets;
  Turns turns;
};

Measured measure(const Model& model, const std::filesystem::path& data, double split, std::uint64_t seed) {
  const Dataset dataset = read_dataset(data, {.part = Part::train});
  std::vector<Face> faces;
  for (const std::size_t i : split_by_photo(dataset.faces, split, seed).train) faces.push_back(dataset.faces[i]);
  StoreOptions store;
  store.preprocessing = model.preprocessing;
  store.threads = 0;
  const std::vector<MeasuredFace> results =
      measure_faces(model.network, FaceStore::load(faces, store), {.inference = {.threads = 0}}, model.scheme);
  const auto rows = static_cast<Eigen::Index>(results.size());
  Measured m{Offsets(rows, 2 * kFacePoints), Turns(rows, 3)};
  for (Eigen::Index row = 0; row < rows; ++row) {
    const auto& [index, found, truth, spread, side] = results[static_cast<std::size_t>(row)];
    const Frame frame(found);
    for (std::size_t k = 0; k < kFacePoints; ++k) {
      const Point p = frame.of(truth[k] - found[k]);
      m.offsets.row(row).segment<2>(2 * static_cast<Eigen::Index>(k)) << static_cast<double>(p.x),
          static_cast<double>(p.y);
    }
    const Point nose = frame.of(found[30] - frame.middle);
    m.turns.row(row) << 1, static_cast<double>(nose.x), static_cast<double>(nose.y);
  }
  for (int c = 1; c < 3; ++c) m.turns.col(c).array() -= m.turns.col(c).mean();
  return m;
}

/// The error that is left, each half of the faces less what was fitted to the other.
double left_over(const Measured& m, int columns) {
  const Eigen::Index half = m.offsets.rows() / 2, rest = m.offsets.rows() - half;
  Offsets left = m.offsets;
  left.topRows(half) -= m.turns.topRows(half) * fit(m.turns.bottomRows(rest), m.offsets.bottomRows(rest), columns);
  left.bottomRows(rest) -= m.turns.bottomRows(rest) * fit(m.turns.topRows(half), m.offsets.topRows(half), columns);
  return error(left);
}

void print(const Measured& m, const Scheme& scheme) {
  std::printf(
      "%lld faces: %.2f %% of the eyes' distance; less an offset of each point %.2f; less what grows as the "
      "face turns, too, %.2f, and nods %.2f\n",
      static_cast<long long>(m.offsets.rows()), error(m.offsets), left_over(m, 1), left_over(m, 2), left_over(m, 3));
  const auto slopes = fit(m.turns, m.offsets, 3);
  double shift = 0;
  for (int k = 0; k < kFacePoints; ++k) shift += 100 * slopes(0, 2 * k) / kFacePoints;
  std::printf(
      "all points together: %.2f to the picture's right\n"
      "point: outwards, down; across as the nose goes aside by a tenth, down as it goes down by one\n",
      shift);
  for (int k = 0; k < kFacePoints; ++k) {
    const int other = scheme.mirror[static_cast<std::size_t>(k)];
    if (other < k) continue;
    const auto mean = [&](int row, int axis, double sign) {
      return 50 * (slopes(row, 2 * k + axis) + sign * slopes(row, 2 * other + axis));
    };
    std::printf("%2d  %6.2f %6.2f  %6.2f %6.2f\n", k, -mean(0, 0, -1), mean(0, 1, 1), mean(1, 0, 1) / 10,
                mean(2, 1, 1) / 10);
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Where annotators put points otherwise than a model does: on the faces that training would not hold out"};
  std::filesystem::path file, data;
  double split = 0.1;
  std::uint64_t seed = 1;
  app.add_option("MODEL", file, "A .safetensors file of 68 points")->required();
  app.add_option("--data", data, "As for training")->required();
  app.add_option("--val-split", split)->capture_default_str();
  app.add_option("--seed", seed)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    const Model model = load_model(file);
    print(measure(model, data, split, seed), model.scheme);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
