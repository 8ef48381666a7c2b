#include "cli/run_report.hpp"

#include <algorithm>
#include <cmath>

#include "cli/console.hpp"
#include "cli/invocation.hpp"
#include "cli/machine.hpp"
#include "lineament/isa.hpp"
#include "lineament/landmarker/face_training.hpp"
#include "lineament/landmarker/overlay.hpp"
#include "lineament/threads.hpp"
#include "lineament/version.hpp"

namespace lineament::cli {
namespace {

/// The face's crop, enlarged, with true and predicted points.
Image picture_of(const FaceSamples& faces, const MeasuredFace& face) {
  const KeptFace kept = faces.face(face.index);
  constexpr int kSide = 320;  // why: shown small, and large on a click
  constexpr float kRadius = 2.4f;
  Preprocessing large = faces.preprocessing();
  large.size = kSide;
  const Affine to_image = crop_to_image(kept.box, large);
  Image picture = warp(kept.image, to_image, kSide, kSide);
  const Affine to_picture = to_image.inverse();
  Landmarks truth = kept.points;
  for (Point& p : truth) p = to_picture(p);
  draw_landmarks(picture, truth, {.points = kTruthColor, .radius = kRadius, .draw_lines = false}, faces.scheme());
  std::vector<float> values(2 * face.predicted.size());
  crop_points_to_values(face.predicted, 1, values);  // they are pixels of a crop of side 1
  draw_landmarks(picture, values_to_crop_points(values, kSide), {.radius = kRadius, .draw_lines = false},
                 faces.scheme());
  return picture;
}

/// `measured` are the faces that the errors are of.
void add_pictures(Report& report, const FaceSamples& faces, const std::vector<MeasuredFace>& measured) {
  constexpr std::size_t kShown = 12;
  const std::vector<double>& errors = report.held_out->errors;
  std::vector<std::size_t> order(errors.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return errors[a] < errors[b]; });
  const auto add = [&](std::vector<ReportFace>& list, std::size_t i) {
    const std::size_t face = measured[i].index;
    list.push_back({Path(faces.name(face)).filename().string(), errors[i], picture_of(faces, measured[i])});
  };
  for (std::size_t k = 0; k < std::min(kShown, order.size()); ++k) {
    add(report.best, order[k]);
    add(report.worst, order[order.size() - 1 - k]);
  }
}

std::string held_out(const TrainOptions& o, const Sets& sets) {
  if (!sets.held_out) return "none";
  const std::size_t faces = sets.held_out->size();
  if (o.data.empty())
    return counted(faces, "face") + text(" drawn besides, %g %% of those trained on", 100 * o.val_split);
  return text("%g %% by photo, ", 100 * o.val_split) + counted(faces, "face");
}

std::string training_time(const std::vector<EpochReport>& epochs) {
  double seconds = 0;
  for (const EpochReport& e : epochs)  // of a run that was resumed some may stand in the log as no numbers
    if (std::isfinite(e.seconds + e.validation_seconds)) seconds += e.seconds + e.validation_seconds;
  return clock_text(seconds) + " for " + counted(epochs.size(), "epoch") + ", measuring included";
}

std::vector<std::pair<std::string, std::string>> facts(const TrainOptions& o, const Sets& sets,
                                                       const std::vector<EpochReport>& epochs, const Network& network) {
  std::vector<std::pair<std::string, std::string>> rows{
      {"date", date_text()},
      {"version", "lineament " + std::string(version())},
      {"command", command_line()},
      {"trained on", sets.about},
      {"held out", held_out(o, sets)},
      {"network",
       text("%s: %.2f M weights, %.2f M multiply-adds", o.network.c_str(),
            static_cast<double>(network.weight_count()) / 1e6, static_cast<double>(network.multiply_adds()) / 1e6)},
      {"loss", o.loss},
      {"optimizer", o.optimizer + text(", learning rate %g, %s, batch %d", o.lr, o.schedule.c_str(), o.batch)},
      {"augmentation", o.augment + text(", %d cop%s of each face in an epoch", o.copies, o.copies == 1 ? "y" : "ies")},
      {"box", o.box + text(", margin %.2f", o.margin)},
      {"precision", o.precision},
      {"seed", std::to_string(o.seed)},
      {"training time", training_time(epochs)},
      {"machine", machine_name()},
      {"threads", std::to_string(Threads(o.threads).count())},
      {"instruction set", current_isa()}};
  if (sets.drawn)
    rows.insert(rows.begin() + 4, {"drawn faces", text("%g %% of each batch, none from %g %% of the epochs on",
                                                       100 * o.mix, 100 * o.mix_until[1])});
  if (sets.negatives)
    rows.insert(rows.begin() + 4, {"crops without a face", text("%g %% of each batch", 100 * o.negatives)});
  if (o.ema > 0) rows.insert(rows.begin() + 6, {"average of weights", text("decay %g", o.ema)});
  if (!o.from.empty()) rows.insert(rows.begin() + 6, {"started from", o.from.string()});
  std::string frozen;
  for (const std::string& names : o.freeze) frozen += (frozen.empty() ? "" : ", ") + names;
  if (!frozen.empty()) rows.insert(rows.begin() + 6, {"frozen", frozen});
  return rows;
}

}  // namespace

Report run_report(const TrainOptions& o, const Sets& sets, const std::vector<EpochReport>& epochs, const Model& best) {
  Report report;
  report.title = "Training of the network '" + o.network + "'";
  report.epochs = epochs;
  report.augmented = o.augment != "none";
  const FaceSamples& judged = sets.held_out ? *sets.held_out : *sets.train;
  std::vector<MeasuredFace> measured =
      measure_faces(best.network, judged, {.inference = {.threads = o.threads}}, best.scheme);
  for (MeasuredFace& face : measured) face.side = static_cast<double>(judged.side(face.index));
  report.held_out = evaluation_of(measured, best.scheme);
  report.details = details_of(measured, best.scheme);
  report.scheme = best.scheme;
  report.held_out_name = counted(judged.size(), sets.held_out ? "held-out face" : "training face");
  add_pictures(report, judged, measured);
  report.facts = facts(o, sets, epochs, best.network);
  return report;
}

}  // namespace lineament::cli
