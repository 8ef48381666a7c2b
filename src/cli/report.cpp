#include "cli/report.hpp"

#include <algorithm>
#include <cmath>

#include "cli/charts.hpp"
#include "cli/html.hpp"
#include "cli/report_details.hpp"
#include "cli/report_style.hpp"
#include "lineament/image/file.hpp"
#include "lineament/image/resize.hpp"
#include "lineament/landmarker/face_training.hpp"

namespace lineament::cli {
namespace {

constexpr double kFailed = 8;        // %: AUC@8, FR@8
constexpr double kCedEnd = 15;       // %; why: beyond it the points no longer sit on the face's parts
constexpr int kPictureSide = 320;    // why: shown at 140 to 220 CSS pixels, on screens of up to two dots each
constexpr int kPictureQuality = 86;  // why: half the bytes of 92, and of this size the points are as clear

std::string percent(double fraction, int decimals) {
  return fixed(100 * fraction, decimals);
}

/// NaN where it was not measured.
double metric(const Means& means, std::string_view name) {
  for (const NamedValue& m : means.metrics)
    if (m.name == name) return m.value;
  return std::nan("");
}
double held_out_metric(const EpochReport& e, std::string_view name) {
  return e.validation ? metric(*e.validation, name) : std::nan("");
}

/// Values of the epochs, one point each.
template <typename Value>
Series series(const Report& report, const std::string& name, int color, Value value) {
  Series s{.name = name, .color = color, .points = {}};
  for (const EpochReport& e : report.epochs) s.points.push_back({static_cast<double>(e.epoch), value(e)});
  return s;
}

bool validated(const Report& report) {
  return std::any_of(report.epochs.begin(), report.epochs.end(),
                     [](const EpochReport& e) { return e.validation.has_value(); });
}

/// A run without held-out faces may still show an evaluation: then of training faces.
bool trained_on_shown(const Report& report) {
  return !report.epochs.empty() && !validated(report);
}

const EpochReport* best_epoch(const Report& report) {
  const auto best =
      std::find_if(report.epochs.rbegin(), report.epochs.rend(), [](const EpochReport& e) { return e.best; });
  return best == report.epochs.rend() ? nullptr : &*best;
}

std::string tile(const std::string& value, const std::string& unit, const std::string& what, const std::string& more) {
  return "<div class='tile'><b>" + value + "<small>" + unit + "</small></b><span class='what'>" + what +
         "</span><span>" + more + "</span></div>\n";
}

std::string headline(const Report& report) {
  const std::string warning =
      "<p><b>No faces were held out.</b> These are numbers of faces the network was trained on: they do not say how "
      "good it "
      "is on others.</p>\n";
  if (report.held_out) {
    const Evaluation& e = *report.held_out;
    return "<p class='soft'>Best model on " + escape_html(report.held_out_name) + "</p>\n" +
           (trained_on_shown(report) ? warning : "") + "<div class='tiles'>" +
           tile(std::to_string(e.faces), "", e.faces == 1 ? "face" : "faces",
                trained_on_shown(report) ? "trained on" : report.measured_note) +
           tile(fixed(e.nme_inter_ocular, 2), "&nbsp;%", "NME",
                "inter-pupil " + fixed(e.nme_inter_pupil, 2) + "&nbsp;%, box diagonal " + fixed(e.nme_box_diagonal, 2) +
                    "&nbsp;%") +
           tile(percent(e.pck, 1), " %", "PCK@0.1", "of points within a tenth of the eye distance") +
           tile(fixed(e.auc, 3), "", "AUC@8", "area under the error curve, 1 is perfect") +
           tile(percent(e.failure_rate, 1), " %", "FR@8", "of faces with an NME above 8&nbsp;%") + "</div>\n";
  }
  if (report.epochs.empty()) return {};
  const EpochReport& last = report.epochs.back();
  return warning + "<div class='tiles'>" +
         tile(std::to_string(last.epoch), "", last.epoch == 1 ? "epoch" : "epochs", "of training") +
         tile(fixed(metric(last.train, kNme), 2), " %", "training NME", "mean over the last epoch") +
         tile(percent(metric(last.train, kPck), 1), " %", "training PCK@0.1", "mean over the last epoch") + "</div>\n";
}

std::string ced_figure(const Evaluation& e) {
  constexpr int kSteps = 300;
  std::vector<double> thresholds;
  for (int i = 0; i <= kSteps; ++i) thresholds.push_back(kCedEnd * i / kSteps);
  const std::vector<double> shares = ced(e.errors, thresholds);
  Series curve{.name = "faces", .color = 0, .points = {}};
  for (std::size_t i = 0; i < shares.size(); ++i) curve.points.push_back({thresholds[i], 100 * shares[i]});
  const std::string below = percent(1 - failure_rate(e.errors, kFailed), 1),
                    beyond = percent(failure_rate(e.errors, kCedEnd), 1);
  const LineChart chart{
      .description = "Cumulative error distribution: " + below + " % of faces have an NME of 8 % or less",
      .x_name = "NME, %",
      .y_unit = " %",
      .x_low = 0,
      .x_high = kCedEnd,
      .y_low = 0,
      .y_high = 100,
      .x_parts = 15,
      .end_labels = false,
      .fill_below = kFailed,
      .marks = {{kFailed, below + " % within 8 %"}},
      .series = {curve}};
  return figure("Cumulative error distribution (CED)",
                "Share of faces, %, with at most this NME. AUC@8 = " + fixed(e.auc, 3) +
                    " is the shaded part of the area left of 8&nbsp;%; " + beyond +
                    "&nbsp;% of faces lie beyond 15&nbsp;%.",
                line_chart(chart));
}

std::string region_figure(const Evaluation& e) {
  std::vector<Bar> bars;
  for (std::size_t r = 0; r < e.regions.size(); ++r) bars.push_back({e.regions[r], e.region_nme[r]});
  return figure("Error by part of the face",
                "Mean NME of each part's points, % of the inter-ocular distance; left and right as in the picture.",
                bar_chart("Mean NME of each part of the face", bars, e.nme_inter_ocular,
                          "all points " + fixed(e.nme_inter_ocular, 2) + " %"));
}

std::string scale_note(const LineChart& chart) {
  return is_log(chart) ? ", log scale" : "";
}

/// Why held-out faces may do better than those trained on, if the last epoch's do.
std::string better_than_trained(const Report& report) {
  if (!validated(report)) return {};
  const EpochReport& last = report.epochs.back();
  if (!(held_out_metric(last, kNme) < metric(last.train, kNme))) return {};
  return std::string(". Held-out faces do better here because training values are ") +
         (report.augmented ? "of augmented, harder faces and " : "") +
         "means over an epoch in which the network still changes";
}

std::string nme_figure(const Report& report) {
  LineChart chart{.description = "NME by epoch", .x_name = "epoch", .y_unit = " %", .log_if_wide = true};
  chart.series.push_back(series(report, "training", 0, [](const EpochReport& e) { return metric(e.train, kNme); }));
  if (validated(report)) {
    chart.series.push_back(
        series(report, "held-out", 1, [](const EpochReport& e) { return held_out_metric(e, kNme); }));
  }
  if (const EpochReport* best = best_epoch(report); best && report.epochs.size() > 1) {
    const double nme = metric(best->validation ? *best->validation : best->train, kNme);
    chart.marks = {
        {static_cast<double>(best->epoch), "best: " + fixed(nme, 2) + " % in epoch " + std::to_string(best->epoch)}};
  }
  return figure("Normalised mean error (NME)",
                "% of the inter-ocular distance, mean over faces" + scale_note(chart) + better_than_trained(report),
                line_chart(chart));
}

std::string pck_figure(const Report& report) {
  LineChart chart{
      .description = "PCK@0.1 by epoch", .x_name = "epoch", .y_unit = " %", .decimals = 1, .y_low = 0, .y_high = 100};
  chart.series.push_back(
      series(report, "training", 0, [](const EpochReport& e) { return 100 * metric(e.train, kPck); }));
  if (validated(report)) {
    chart.series.push_back(
        series(report, "held-out", 1, [](const EpochReport& e) { return 100 * held_out_metric(e, kPck); }));
  }
  return figure("Percentage of correct keypoints (PCK@0.1)", "% of points within a tenth of the inter-ocular distance",
                line_chart(chart));
}

std::string loss_figure(const Report& report) {
  LineChart chart{.description = "Loss by epoch", .x_name = "epoch", .decimals = 4, .height = 210, .log_if_wide = true};
  chart.series.push_back(series(report, "training", 0, [](const EpochReport& e) { return e.train.loss; }));
  return figure("Loss", "what training minimises, mean over each epoch" + scale_note(chart), line_chart(chart));
}

std::string rate_figure(const Report& report) {
  double highest = 0;
  for (const EpochReport& e : report.epochs)
    if (std::isfinite(e.learning_rate)) highest = std::max(highest, e.learning_rate);
  const int power = highest > 0 ? static_cast<int>(std::floor(std::log10(highest) + 1e-6)) : 0;
  const double unit = std::pow(10, power);
  LineChart chart{.description = "Learning rate by epoch", .x_name = "epoch", .decimals = 3, .height = 210};
  chart.series.push_back(series(report, "rate", 0, [&](const EpochReport& e) { return e.learning_rate / unit; }));
  return figure("Learning rate", "at the end of each epoch, in units of 10<sup>" + std::to_string(power) + "</sup>",
                line_chart(chart));
}

/// A click on a picture makes its figure the page's target, and CSS shows that one large; a second click ends it, since
/// nothing has the name that it leads to.
std::string face_sheet(const std::vector<ReportFace>& faces, const std::string& kind) {
  std::string html = "<div class='faces'>\n";
  for (std::size_t i = 0; i < faces.size(); ++i) {
    const ReportFace& f = faces[i];
    const std::string name = escape_html(f.name), error = fixed(f.nme, 2) + " %", id = kind + std::to_string(i + 1);
    html += "<figure id='" + id + "'>";
    const int side = std::max(f.picture.width(), f.picture.height());
    if (f.picture.empty()) {
      html += "<div class='none'>no picture</div>";
    } else {
      const auto shrunk = [&](int length) { return std::max(1, length * kPictureSide / side); };
      const Image picture =
          side > kPictureSide ? resize(f.picture, shrunk(f.picture.width()), shrunk(f.picture.height())) : f.picture;
      html += "<a href='#" + id + "' title='enlarge'><img width='" + std::to_string(picture.width()) + "' height='" +
              std::to_string(picture.height()) + "' alt='" + name + ", NME " + error +
              "' src='data:image/jpeg;base64," + base64(encode_jpeg(picture, kPictureQuality)) +
              "'></a><a class='close' href='#none' title='close'></a>";
    }
    html += "<figcaption><b>" + error + "</b> <span title='" + name + "'>" + name + "</span></figcaption></figure>\n";
  }
  return html + "</div>\n";
}

std::string faces_section(const Report& report) {
  if (report.best.empty() && report.worst.empty()) return {};
  const std::string legend =
      "<p class='soft'><span class='key truth'></span>true points<span class='key predicted next'></span>predicted "
      "points</p>\n";
  std::string html;
  if (!report.best.empty()) {
    html += "<h2>Faces with the smallest error</h2>\n" + legend + face_sheet(report.best, "best");
  }
  if (!report.worst.empty()) {
    html += "<h2>Faces with the largest error</h2>\n" + legend + face_sheet(report.worst, "worst");
  }
  return html;
}

std::string facts_table(const Report& report) {
  if (report.facts.empty()) return {};
  std::string html = "<h2>How it was made</h2>\n<table class='facts'>\n";
  for (const auto& [key, value] : report.facts)
    html += "<tr><th scope='row'>" + escape_html(key) + "</th><td>" + escape_html(value) + "</td></tr>\n";
  return html + "</table>\n";
}

std::string epoch_table(const Report& report) {
  if (report.epochs.empty()) return {};
  const EpochReport* best = best_epoch(report);
  const bool held_out = validated(report);
  std::string html =
      "<details><summary>Table of epochs</summary>\n<div class='scroll'><table "
      "class='epochs'>\n<thead><tr><th>epoch<th>loss"
      "<th>training<br>NME, %<th>training<br>PCK@0.1, %";
  if (held_out) html += "<th>held-out<br>NME, %<th>held-out<br>PCK@0.1, %<th>AUC@8<th>FR@8, %<th>validation, s";
  html += "<th>learning<br>rate<th>images/s<th>training, s<th>of it waiting<br>for samples, s</tr></thead>\n<tbody>\n";
  for (const EpochReport& e : report.epochs) {
    const auto cell = [&](const std::string& value) { html += "<td>" + value; };
    html += &e == best ? "<tr class='best'>" : "<tr>";
    cell(std::to_string(e.epoch) + (&e == best ? " (best)" : ""));
    cell(fixed(e.train.loss, 5));
    cell(fixed(metric(e.train, kNme), 3));
    cell(percent(metric(e.train, kPck), 2));
    if (held_out) {
      cell(fixed(held_out_metric(e, kNme), 3));
      cell(percent(held_out_metric(e, kPck), 2));
      cell(fixed(held_out_metric(e, kAuc), 4));
      cell(percent(held_out_metric(e, kFailureRate), 2));
      cell(fixed(e.validation_seconds, 1));
    }
    cell(fixed(e.learning_rate, 7));
    cell(fixed(e.images_per_second, 0));
    cell(fixed(e.seconds, 1));
    cell(fixed(e.waited_seconds, 1));
    html += "</tr>\n";
  }
  return html + "</tbody></table></div></details>\n";
}

constexpr const char* kTerms =
    "<h2>Terms</h2>\n<dl>"
    "<dt>NME</dt><dd>Normalised mean error: mean distance between predicted and true points, divided by the distance "
    "of the outer "
    "eye corners (inter-ocular) unless said otherwise.</dd>"
    "<dt>PCK@0.1</dt><dd>Percentage of correct keypoints: share of points with an error below 0.1 of the inter-ocular "
    "distance.</dd>"
    "<dt>AUC@8</dt><dd>Area under the cumulative error distribution from 0 to 8 % NME, divided by 8 %.</dd>"
    "<dt>FR@8</dt><dd>Failure rate: share of faces with an NME above 8 %.</dd>"
    "<dt>Training</dt><dd>Training values are means over an epoch in which the network changes, on augmented faces if "
    "augmentation is on; held-out values are taken at its end, without augmentation.</dd></dl>\n";

}  // namespace

std::string report_html(const Report& report) {
  std::string html =
      "<!DOCTYPE html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
      "<meta name='viewport' content='width=device-width, initial-scale=1'>\n<title>" +
      escape_html(report.title) + "</title>\n<style>" + kReportStyle + "</style>\n</head>\n<body>\n<h1>" +
      escape_html(report.title) + "</h1>\n" + headline(report);
  if (report.held_out && !report.held_out->errors.empty()) {
    html += "<h2>Best model</h2>\n<div class='grid'>\n" + ced_figure(*report.held_out) +
            (report.held_out->regions.empty() ? "" : region_figure(*report.held_out)) +
            (report.details ? details_figures(*report.details, report.held_out->nme_inter_ocular, report.scheme) : "") +
            "</div>\n";
  }
  if (!report.epochs.empty()) {
    html += "<h2>Training</h2>\n<div class='grid'>\n" + nme_figure(report) + pck_figure(report) + loss_figure(report) +
            rate_figure(report) + "</div>\n";
  }
  html += epoch_table(report) + faces_section(report) + facts_table(report) + kTerms;
  return html + "</body>\n</html>\n";
}

}  // namespace lineament::cli
