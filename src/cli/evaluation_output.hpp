// What 'lineament evaluate' says of the faces it has measured: a table, JSON, or a page.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/options.hpp"
#include "lineament/faces/metrics.hpp"
#include "lineament/landmarker/face_results.hpp"

namespace lineament::cli {

struct EvaluateOptions {
  Path model;
  std::vector<Path> data;
  int synthetic = 0;
  Path predictions, report;
  std::string scheme = "ibug-68";
  bool mirror = false, jitter = false;
  std::string part;
  ReadingOptions reading;
  std::string box = "points";
  std::string precision = "fp32";
  std::uint64_t seed = 1;
  int threads = 0;
  bool json = false;
  double val_split = 0;  ///< 0: no split
  Path negatives;
};

/// Photos of the measured faces that had a part in making the model.
struct Seen {
  std::size_t photos = 0, trained = 0, held_out = 0;
  std::size_t alike = 0;  ///< others that look like a photo trained on
};

/// How often the model's score is above a half.
struct ScoreCheck {
  std::size_t faces = 0, crops = 0;  ///< these show no face
  double of_faces = 0, of_crops = 0;
};

/// What there is to say of the faces measured.
struct EvaluationResults {
  std::vector<MeasuredFace> faces{};
  Scheme scheme{};
  std::size_t without_prediction = 0;
  std::optional<double> change{};      ///< of the NME against fp32, in points of per cent
  std::optional<Seen> seen{};          ///< none for predictions: nobody knows what their program was trained on
  std::optional<ScoreCheck> scores{};  ///< none where the model gives no score
  Evaluation means{};
  FaceDetails details{};
};

void print_json(const EvaluationResults& results, const EvaluateOptions& options);
void print_table(const EvaluationResults& results, const EvaluateOptions& options);
/// Writes options.report. Throws FileError.
void write_report(const EvaluationResults& results, const EvaluateOptions& options);

}  // namespace lineament::cli
