// Charts as inline SVG for the training report: no scripts and no fonts of their own; colours come from the page's CSS
// (report_style.hpp), so that they follow its light, dark and print modes.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace lineament::cli {

struct ChartPoint {
  double x = 0, y = 0;
};

/// A line that is broken where y is NaN or infinite, with its name and last value written at its end.
struct Series {
  std::string name;
  int color = 0;  ///< 0: training, 1: held-out
  std::vector<ChartPoint> points;
};

/// A vertical line with a note above the plot, where no curve passes.
struct ChartMark {
  double x = 0;
  std::string note;
};

struct LineChart {
  std::string description{};  ///< for screen readers
  std::string x_name{};
  std::string y_unit{};                                        ///< with its space, as in " %"
  int decimals = 2;                                            ///< of written y values
  int height = 280;                                            ///< of a width of 520
  std::optional<double> x_low{}, x_high{}, y_low{}, y_high{};  ///< else from the points; y_low at most 0
  int x_parts = 8;                                             ///< most steps between ticks
  bool log_if_wide = false;                                    ///< log scale of y if it spans more than a factor of 10
  bool end_labels = true;
  std::optional<double> fill_below{};  ///< shade the area under the first series up to this x
  std::vector<ChartMark> marks{};
  std::vector<Series> series{};
};

/// Whether line_chart draws y on a log scale, for the caption to say so.
bool is_log(const LineChart& chart);

std::string line_chart(const LineChart& chart);

struct Bar {
  std::string name;
  double value = 0;
};

/// Horizontal bars from zero, in %, with a dashed line at `mean`.
std::string bar_chart(const std::string& description, const std::vector<Bar>& bars, double mean,
                      const std::string& mean_note);

}  // namespace lineament::cli
