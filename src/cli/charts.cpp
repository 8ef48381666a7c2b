#include "cli/charts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cli/html.hpp"

namespace lineament::cli {
namespace {

constexpr double kWidth = 520;
constexpr double kTop = 14, kBottom = 44, kLeft = 50, kRight = 84;
constexpr double kNotes = 16;             // height of the notes of marks, above the plot
constexpr double kHalfLetter = 3.6;       // why: half the width of a mean one of 13 pixels' height, generously
constexpr std::size_t kMostMarkers = 60;  // why: more would touch each other

std::string px(double v) {
  return number(v, std::chars_format::fixed, 1);
}

std::string attribute(std::string_view name, double value) {
  return " " + std::string(name) + "='" + px(value) + "'";
}

/// The step of 1, 2 or 5 x 10^n that cuts `range` into at most `most` parts.
double nice_step(double range, int most) {
  const double least = range / most;
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double s : {1.0, 2.0, 5.0})
    if (s * power >= least * (1 - 1e-9)) return s * power;
  return 10 * power;
}

struct Tick {
  double value;
  std::string label;
};

/// Where values lie on the page.
struct Scale {
  double low = 0, high = 1;
  double from = 0, to = 1;  // in SVG units
  bool log = false;
  std::vector<Tick> ticks{};

  double at(double v) const {
    const double share =
        log ? (std::log(v) - std::log(low)) / (std::log(high) - std::log(low)) : (v - low) / (high - low);
    return from + std::clamp(share, -0.01, 1.01) * (to - from);
  }
};

std::vector<Tick> linear_ticks(double low, double high, double step) {
  std::vector<Tick> ticks;
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
  const bool plain = decimals <= 4 && std::max(std::abs(low), std::abs(high)) < 1e5;
  for (double i = std::ceil(low / step - 1e-6); i <= high / step + 1e-6; ++i) {
    const double value = i * step + 0.0;  // Adding 0 makes -0 a 0.
    ticks.push_back({value, plain ? fixed(value, decimals) : number(value, std::chars_format::general, 3)});
  }
  return ticks;
}

/// 1, 2, 5 in each decade, or powers of ten only where these would be too many.
std::vector<Tick> log_ticks(double low, double high) {
  std::vector<Tick> ticks;
  const double first = std::floor(std::log10(low)), last = std::ceil(std::log10(high));
  const double stride = std::max(1.0, std::ceil((last - first) / 6));
  for (double p = first; p <= last; p += stride) {
    for (const double m : {1.0, 2.0, 5.0}) {
      const double v = m * std::pow(10, p);
      if ((m > 1 && last - first > 3) || v < low * (1 - 1e-9) || v > high * (1 + 1e-9)) continue;
      ticks.push_back({v, number(v, std::chars_format::general, 6)});
    }
  }
  return ticks;
}

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void add(double v) {
    if (!std::isfinite(v)) return;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  bool empty() const { return !(low <= high); }
};

bool drawable(const ChartPoint& p, bool log) {
  return std::isfinite(p.x) && std::isfinite(p.y) && (!log || p.y > 0);
}

Range x_range(const LineChart& chart) {
  Range range;
  for (const Series& s : chart.series)
    for (const ChartPoint& p : s.points) range.add(p.x);
  return range;
}

Range y_range(const LineChart& chart) {
  Range range;
  for (const Series& s : chart.series)
    for (const ChartPoint& p : s.points) range.add(p.y);
  return range;
}

Scale x_scale(const LineChart& chart) {
  Range range = x_range(chart);
  if (range.empty()) range = {0, 1};
  Scale x{.low = chart.x_low.value_or(range.low),
          .high = chart.x_high.value_or(range.high),
          .from = kLeft,
          .to = kWidth - (chart.end_labels ? kRight : 18)};
  if (!(x.high > x.low)) {  // A single epoch stands in the middle.
    x.ticks = linear_ticks(x.low, x.low, 1);
    x.low -= 0.5;
    x.high = x.low + 1;
    return x;
  }
  const double step = std::max(1.0, nice_step(x.high - x.low, chart.x_parts));
  x.ticks = linear_ticks(x.low, x.high, step);
  if (!x.ticks.empty() && x.ticks.front().value - x.low >= 0.5 * step)
    x.ticks.insert(x.ticks.begin(), {x.low, fixed(x.low, 0)});
  return x;
}

Scale y_scale(const LineChart& chart) {
  Range range = y_range(chart);
  if (range.empty()) range = {0, 1};
  const int most = chart.height > 220 ? 6 : 4;
  Scale y{.from = chart.height - kBottom, .to = kTop + (chart.marks.empty() ? 0 : kNotes), .log = is_log(chart)};
  if (y.log) {
    y.low = range.low / 1.15;
    y.high = range.high * 1.15;
    y.ticks = log_ticks(y.low, y.high);
    return y;
  }
  y.low = chart.y_low.value_or(std::min(0.0, range.low));
  y.high = chart.y_high.value_or(range.high);
  if (!(y.high > y.low)) y.high = y.low + (y.low != 0 ? std::abs(y.low) : 1);
  const double step = nice_step(y.high - y.low, most);
  if (!chart.y_low) y.low = step * std::floor(y.low / step + 1e-6);
  if (!chart.y_high) y.high = step * std::ceil(y.high / step - 1e-6);
  y.ticks = linear_ticks(y.low, y.high, step);
  return y;
}

std::string text_at(double x, double y, std::string_view css, std::string_view content) {
  return "<text" + attribute("x", x) + attribute("y", y) + " class='" + std::string(css) + "'>" + escape_html(content) +
         "</text>";
}

std::string line(double x1, double y1, double x2, double y2, std::string_view css) {
  return "<line" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) + attribute("y2", y2) + " class='" +
         std::string(css) + "'/>";
}

std::string open_svg(double height, const std::string& description) {
  return "<svg viewBox='0 0 " + px(kWidth) + " " + px(height) + "' role='img' aria-label='" + escape_html(description) +
         "'>";
}

std::string axes(const LineChart& chart, const Scale& x, const Scale& y) {
  std::string svg;
  for (const Tick& t : y.ticks)
    svg += line(x.from, y.at(t.value), x.to, y.at(t.value), "grid") +
           text_at(x.from - 7, y.at(t.value) + 4, "tick end", t.label);
  for (const Tick& t : x.ticks)
    svg += line(x.at(t.value), y.from, x.at(t.value), y.from + 4, "axis") +
           text_at(x.at(t.value), y.from + 18, "tick middle", t.label);
  return svg + line(x.from, y.from, x.to, y.from, "axis") +
         text_at((x.from + x.to) / 2, y.from + 36, "name middle", chart.x_name);
}

/// The area under the first series, up to chart.fill_below.
std::string fill(const LineChart& chart, const Scale& x, const Scale& y) {
  if (!chart.fill_below || chart.series.empty()) return {};
  std::string path;
  double last = x.from;
  for (const ChartPoint& p : chart.series.front().points) {
    if (!drawable(p, y.log) || p.x > *chart.fill_below + 1e-9) continue;
    path += (path.empty() ? "M" + px(x.at(p.x)) + " " + px(y.from) + "L" : "L") + px(x.at(p.x)) + " " + px(y.at(p.y));
    last = x.at(p.x);
  }
  return path.empty() ? path : "<path class='fill' d='" + path + "L" + px(last) + " " + px(y.from) + "Z'/>";
}

std::string curve(const LineChart& chart, const Series& s, const Scale& x, const Scale& y) {
  std::string path, markers;
  const std::string color = s.color == 0 ? "train" : "held";
  bool pen_down = false;
  for (const ChartPoint& p : s.points) {
    if (!drawable(p, y.log)) {
      pen_down = false;
      continue;
    }
    path += (pen_down ? "L" : "M") + px(x.at(p.x)) + " " + px(y.at(p.y));
    pen_down = true;
    if (!chart.end_labels || s.points.size() > kMostMarkers) continue;
    markers += "<circle" + attribute("cx", x.at(p.x)) + attribute("cy", y.at(p.y)) + " r='" +
               (s.points.size() > 30 ? "1.8" : "2.8") + "' class='dot " + color + "'><title>" +
               escape_html(chart.x_name + " " + fixed(p.x, p.x == std::round(p.x) ? 0 : 2) + ", " + s.name + ": " +
                           fixed(p.y, chart.decimals) + chart.y_unit) +
               "</title></circle>";
  }
  const std::string_view weight = s.points.size() > 200 ? " thin" : "";
  return "<path class='line " + color + std::string(weight) + "' d='" + path + "'/>" + markers;
}

/// Name and last value of each series right of the plot, moved apart where they would overlap.
std::string end_labels(const LineChart& chart, const Scale& x, const Scale& y) {
  struct Label {
    double y;
    const Series* series;
    double value;
  };
  std::vector<Label> labels;
  for (const Series& s : chart.series) {
    const auto last =
        std::find_if(s.points.rbegin(), s.points.rend(), [&](const ChartPoint& p) { return drawable(p, y.log); });
    if (last != s.points.rend()) labels.push_back({y.at(last->y), &s, last->y});
  }
  std::sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.y < b.y; });
  constexpr double kLabelHeight = 33;
  for (std::size_t i = 1; i < labels.size(); ++i) {
    const double overlap = labels[i - 1].y + kLabelHeight - labels[i].y;
    if (overlap <= 0) continue;
    labels[i - 1].y -= overlap / 2;
    labels[i].y += overlap / 2;
  }
  // The lowest label must not slide below the axis, nor push the others out at the top.
  if (!labels.empty()) {
    const double below = labels.back().y + 17 - y.from;
    if (below > 0)
      for (Label& l : labels) l.y -= below;
  }
  std::string svg;
  for (const Label& l : labels) {
    const std::string color = l.series->color == 0 ? " train" : " held";
    svg += text_at(x.to + 9, l.y, "label" + color, l.series->name) +
           text_at(x.to + 9, l.y + 15, "value" + color, fixed(l.value, chart.decimals) + chart.y_unit);
  }
  return svg;
}

std::string mark(const ChartMark& m, const Scale& x, const Scale& y) {
  if (!std::isfinite(m.x)) return {};
  const double at = x.at(m.x), half = kHalfLetter * static_cast<double>(m.note.size());
  const double middle = std::max(x.from + half, std::min(at, kWidth - half));
  return line(at, y.to - 4, at, y.from, "mark") + text_at(middle, y.to - 9, "note middle", m.note);
}

}  // namespace

bool is_log(const LineChart& chart) {
  const Range range = y_range(chart);
  return chart.log_if_wide && !range.empty() && range.low > 0 && range.high > 10 * range.low;
}

std::string line_chart(const LineChart& chart) {
  const Scale x = x_scale(chart), y = y_scale(chart);
  std::string svg = open_svg(chart.height, chart.description) + fill(chart, x, y) + axes(chart, x, y);
  for (const ChartMark& m : chart.marks) svg += mark(m, x, y);
  // Held-out values are the noisier ones: drawn last, they would hide the rest.
  for (auto s = chart.series.rbegin(); s != chart.series.rend(); ++s) svg += curve(chart, *s, x, y);
  if (chart.end_labels) svg += end_labels(chart, x, y);
  if (y_range(chart).empty()) svg += text_at((x.from + x.to) / 2, (y.from + y.to) / 2, "note middle", "no values");
  return svg + "</svg>";
}

std::string bar_chart(const std::string& description, const std::vector<Bar>& bars, double mean,
                      const std::string& mean_note) {
  constexpr double kRow = 29, kFirst = 30, kNames = 84;
  const double bottom = kFirst + kRow * static_cast<double>(bars.size());
  Range range;
  range.add(0);
  range.add(mean);
  for (const Bar& b : bars) range.add(b.value);
  Scale x{.from = kNames, .to = kWidth - 64};
  const double step = nice_step(range.high > 0 ? range.high : 1, 6);
  x.high = step * std::ceil((range.high > 0 ? range.high : 1) / step - 1e-6);
  x.ticks = linear_ticks(0, x.high, step);

  std::string svg = open_svg(bottom + 42, description);
  for (const Tick& t : x.ticks)
    svg += line(x.at(t.value), kFirst - 4, x.at(t.value), bottom, "grid") +
           text_at(x.at(t.value), bottom + 17, "tick middle", t.label);
  std::string values;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar& b = bars[i];
    const double top = kFirst + kRow * static_cast<double>(i), end = b.value > 0 ? x.at(b.value) : x.from;
    svg += text_at(kNames - 9, top + kRow / 2 + 4, "bar-name end", b.name);
    svg += "<rect class='bar'" + attribute("x", x.from) + attribute("y", top + 4) + attribute("width", end - x.from) +
           attribute("height", kRow - 9) + "/>";
    // In a column of their own: behind the bars the line of the mean would cross them.
    values += text_at(x.to + 9, top + kRow / 2 + 4, "bar-value", fixed(b.value, 2) + " %");
  }
  if (std::isfinite(mean)) {
    const bool left = x.at(mean) > (x.from + x.to) / 2;
    svg += line(x.at(mean), kFirst - 16, x.at(mean), bottom, "mark") +
           text_at(left ? x.at(mean) - 6 : x.at(mean) + 6, kFirst - 9, left ? "note end" : "note", mean_note);
  }
  svg += line(x.from, kFirst - 4, x.from, bottom, "axis") +
         text_at((x.from + x.to) / 2, bottom + 36, "name middle", "NME, %");
  return svg + values + "</svg>";
}

}  // namespace lineament::cli
