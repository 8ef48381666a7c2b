// The page that `lineament train` leaves beside its model: report.html, one file that needs no network and no scripts.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lineament/faces/metrics.hpp"
#include "lineament/image/image.hpp"
#include "lineament/landmarker/face_results.hpp"
#include "lineament/train/fit.hpp"

namespace lineament::cli {

struct ReportFace {
  std::string name;
  double nme = 0;  ///< inter-ocular, %
  Image picture;   ///< crop with the true (kTruthColor) and predicted points (OverlayStyle's default) drawn
};

struct Report {
  std::string title{};
  std::vector<std::pair<std::string, std::string>> facts{};  ///< settings, data, machine, network: a row each
  std::vector<EpochReport> epochs{};
  bool augmented = true;                               ///< whether training saw faces moved and recoloured
  std::optional<Evaluation> held_out{};                ///< of the best model
  std::string held_out_name{};                         ///< "201 held-out faces (10 % of the photos)"
  std::string measured_note = "held out of training";  ///< of the faces measured
  std::optional<FaceDetails> details{};                ///< of the same faces
  Scheme scheme = ibug_68();
  std::vector<ReportFace> best{}, worst{};  ///< shown in this order
};

/// The page as UTF-8. Anything may be missing, and any number may be NaN: it is shown as a dash or a gap.
std::string report_html(const Report& report);

}  // namespace lineament::cli
