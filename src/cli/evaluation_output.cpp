#include "cli/evaluation_output.hpp"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/console.hpp"
#include "cli/invocation.hpp"
#include "cli/json_text.hpp"
#include "cli/models.hpp"
#include "cli/report.hpp"
#include "lineament/file.hpp"

namespace lineament::cli {
namespace {

using Json = nlohmann::ordered_json;

Json groups_json(const std::vector<FaceGroup>& groups) {
  Json json = Json::object();
  for (const FaceGroup& g : groups)
    json[g.name] = {{"faces", g.faces}, {"nme", g.faces > 0 ? Json(g.nme) : Json(nullptr)}};
  return json;
}

void add_details(Json& json, const FaceDetails& details) {
  json["nme_by_point"] = Json::array();
  for (const double error : details.by_point)
    json["nme_by_point"].push_back(std::isnan(error) ? Json(nullptr) : Json(error));
  if (!details.by_turn.empty()) json["nme_by_pose"] = groups_json(details.by_turn);
  if (!details.by_side.empty()) json["nme_by_size"] = groups_json(details.by_side);
  for (const CalibrationGroup& g : details.calibration)
    json["calibration"].push_back({{"points", g.points}, {"expected", g.predicted}, {"measured", g.measured}});
}

void print_groups(const std::vector<FaceGroup>& groups) {
  for (const FaceGroup& g : groups)
    if (g.faces > 0) std::printf("  %-19s %6.2f %%  %zu faces\n", g.name.c_str(), g.nme, g.faces);
}

}  // namespace

void print_json(const EvaluationResults& r, const EvaluateOptions& o) {
  const Evaluation& e = r.means;
  Json json;
  if (o.predictions.empty()) {
    json["model"] = shown_name(o.model);
    json["precision"] = o.precision;
  } else {
    json["predictions"] = o.predictions.string();
    json["faces_without_prediction"] = r.without_prediction;
  }
  if (o.mirror) json["mirror"] = true;
  if (o.jitter) json["jitter"] = true;
  json["faces"] = e.faces;
  json["nme"] = {
      {"inter_ocular", e.nme_inter_ocular}, {"inter_pupil", e.nme_inter_pupil}, {"box_diagonal", e.nme_box_diagonal}};
  if (r.change) json["nme_change_from_fp32"] = *r.change;
  for (std::size_t i = 0; i < e.regions.size(); ++i) json["nme_by_region"][e.regions[i]] = e.region_nme[i];
  json["pck_0.1"] = e.pck;
  json["auc_8"] = e.auc;
  json["fr_8"] = e.failure_rate;
  add_details(json, r.details);
  if (r.scores)
    json["score_above_half"] = {{"faces", r.scores->faces},
                                {"of_faces", r.scores->of_faces},
                                {"crops_without_face", r.scores->crops},
                                {"of_crops_without_face", r.scores->of_crops}};
  if (r.seen)
    json["photos"] = {{"measured", r.seen->photos},
                      {"trained_on", r.seen->trained},
                      {"held_out_in_training", r.seen->held_out},
                      {"look_like_trained", r.seen->alike}};
  std::printf("%s\n", json_text(json, 2).c_str());
}

void print_table(const EvaluationResults& r, const EvaluateOptions& o) {
  const Evaluation& e = r.means;
  std::printf("faces                 %zu\n", e.faces);
  std::printf("NME, inter-ocular     %6.2f %%\n", e.nme_inter_ocular);
  if (r.change) std::printf("  %s against fp32    %+8.4f\n", o.precision.c_str(), *r.change);
  std::printf("NME, inter-pupil      %6.2f %%\n", e.nme_inter_pupil);
  std::printf("NME, box diagonal     %6.2f %%\n", e.nme_box_diagonal);
  for (std::size_t i = 0; i < e.regions.size(); ++i)
    std::printf("  %-19s %s\n", e.regions[i].c_str(),
                std::isnan(e.region_nme[i]) ? "     -" : text("%6.2f %%", e.region_nme[i]).c_str());
  print_groups(r.details.by_turn);
  print_groups(r.details.by_side);
  std::printf("PCK@0.1               %6.3f\n", e.pck);
  std::printf("AUC@8                 %6.3f\n", e.auc);
  std::printf("FR@8                  %6.3f\n", e.failure_rate);
  if (r.scores)
    std::printf("taken for a face      %6.2f %% of the faces, %.2f %% of %zu crops without one\n",
                100 * r.scores->of_faces, 100 * r.scores->of_crops, r.scores->crops);
  if (r.details.calibration.empty()) return;
  const CalibrationGroup &surest = r.details.calibration.front(), &least = r.details.calibration.back();
  std::printf("expected and measured error, %%: surest tenth of points %.2f and %.2f, least sure %.2f and %.2f\n",
              surest.predicted, surest.measured, least.predicted, least.measured);
}

void write_report(const EvaluationResults& r, const EvaluateOptions& o) {
  Report report;
  const std::string of = o.predictions.empty() ? shown_name(o.model) : o.predictions.string();
  report.title = "Evaluation of " + utf8(of);
  report.held_out = r.means;
  report.held_out_name = counted(r.means.faces, "face");
  report.measured_note = "measured";
  report.details = r.details;
  report.scheme = r.scheme;
  std::string data;
  for (const Path& path : o.data) data += (data.empty() ? "" : ", ") + path.string();
  report.facts = {{"date", date_text()},
                  {"faces", o.synthetic > 0 ? counted(static_cast<std::size_t>(o.synthetic), "drawn face") : data},
                  {"box", o.box + (o.jitter ? ", moved and scaled by a tenth" : "")},
                  {"mirror", o.mirror ? "averaged with the mirrored face" : "no"}};
  if (r.seen && r.seen->trained > 0)
    report.facts.push_back({"photos trained on", text("%zu of %zu: the result says nothing about other photos",
                                                      r.seen->trained, r.seen->photos)});
  if (r.scores)
    report.facts.push_back(
        {"taken for a face", text("%.2f %% of the faces, %.2f %% of %zu crops without one", 100 * r.scores->of_faces,
                                  100 * r.scores->of_crops, r.scores->crops)});
  write_file(o.report, std::string_view(report_html(report)));
  say("report: " + o.report.string());
}

}  // namespace lineament::cli
