#include "cli/report_details.hpp"

#include <algorithm>
#include <vector>

#include "cli/charts.hpp"
#include "cli/html.hpp"

namespace lineament::cli {
namespace {

std::string group_figure(const std::string& heading, const std::string& explanation,
                         const std::vector<FaceGroup>& groups, double nme) {
  std::vector<Bar> bars;
  std::string counts;
  for (const FaceGroup& g : groups) {
    bars.push_back({g.name, g.nme});
    counts += (counts.empty() ? "" : ", ") + std::to_string(g.faces);
  }
  return figure(heading, explanation + "; faces in each: " + counts + ".",
                bar_chart(heading, bars, nme, "all faces " + fixed(nme, 2) + " %"));
}

std::string point_figure(const FaceDetails& details, double nme, const Scheme& scheme) {
  Series curve{.name = "points", .color = 0, .points = {}};
  for (std::size_t i = 0; i < details.by_point.size(); ++i)
    curve.points.push_back({static_cast<double>(i), details.by_point[i]});
  std::string worst;
  std::vector<std::size_t> order(details.by_point.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return details.by_point[a] > details.by_point[b]; });
  for (std::size_t i = 0; i < std::min<std::size_t>(5, order.size()); ++i)
    worst += (worst.empty() ? "" : ", ") + escape_html(scheme.point_name(static_cast<int>(order[i])));
  const LineChart chart{.description = "Error of each point",
                        .x_name = "point",
                        .y_unit = " %",
                        .y_low = 0,
                        .x_parts = 17,
                        .end_labels = false,
                        .series = {curve}};
  return figure(
      "Error by point",
      "Mean error, % of the inter-ocular distance; over all points " + fixed(nme, 2) + ". Largest at " + worst + ".",
      line_chart(chart));
}

std::string calibration_figure(const std::vector<CalibrationGroup>& groups) {
  Series measured{.name = "measured", .color = 0, .points = {}}, wanted{.name = "expected", .color = 1, .points = {}};
  for (const CalibrationGroup& g : groups) {
    measured.points.push_back({g.predicted, g.measured});
    wanted.points.push_back({g.predicted, g.predicted});
  }
  const LineChart chart{.description = "Measured against expected errors",
                        .x_name = "expected error, %",
                        .y_unit = " %",
                        .y_low = 0,
                        .series = {measured, wanted}};
  return figure(
      "Does the model know where it errs?",
      "A tenth of all points each, by how far the model expects them to be off: mean of that, and mean error, % "
      "of the inter-ocular distance. Both would be the same for a model that knows.",
      line_chart(chart));
}

}  // namespace

std::string details_figures(const FaceDetails& details, double nme, const Scheme& scheme) {
  std::string html = point_figure(details, nme, scheme);
  if (!details.by_turn.empty())
    html += group_figure("Error by pose",
                         "Mean NME of faces by how far they are turned to a side: the middle of the face beside the "
                         "middle of the eyes, ends at 0.05, 0.1 and 0.2 of their distance",
                         details.by_turn, nme);
  if (!details.by_side.empty())
    html +=
        group_figure("Error by size", "Mean NME of faces by the side of their box in the photo", details.by_side, nme);
  if (!details.calibration.empty()) html += calibration_figure(details.calibration);
  return html;
}

}  // namespace lineament::cli
