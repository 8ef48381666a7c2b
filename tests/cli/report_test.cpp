// The page itself, from made-up runs: whole and self-contained whatever is missing, no number or name does harm.
#include "cli/report.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>

#include "catch.hpp"
#include "cli/charts.hpp"
#include "cli/invocation.hpp"
#include "cli/machine.hpp"
#include "lineament/landmarker/face_training.hpp"
#include "platform/platform.hpp"

namespace lineament::test {
namespace {

using cli::Report;
using cli::report_html;
using cli::ReportFace;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN(), kInfinite = std::numeric_limits<double>::infinity();

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

/// The page without its pictures' bytes, in which any three letters may stand.
std::string without_pictures(const std::string& html) {
  return std::regex_replace(html, std::regex("base64,[A-Za-z0-9+/=]*"), "base64,");
}

/// What holds for every page.
std::string require_whole(const Report& report) {
  const std::string html = report_html(report);
  CHECK(html.starts_with("<!DOCTYPE html>"));
  CHECK(html.ends_with("</body>\n</html>\n"));
  CHECK_NOTHROW(nlohmann::json(html).dump());  // UTF-8
  const std::string text = without_pictures(html);
  CHECK_FALSE(std::regex_search(text, std::regex("\\b(nan|inf|infinity)\\b", std::regex::icase)));
  for (const char* outside : {"<script", "javascript:", "https://", "<link", "<iframe", "url(", "@import"})
    CHECK(count(text, outside) == 0);
  CHECK(count(text, "http://") == count(text, "http://www.w3.org/2000/svg"));
  for (const char* element :
       {"html", "head", "body", "style", "svg", "table", "figure", "div", "details", "dl", "h2"}) {
    INFO(element);
    CHECK(count(text, std::string("<") + element + ">") + count(text, std::string("<") + element + " ") ==
          count(text, std::string("</") + element + ">"));
  }
  return html;
}

/// With an NME in %.
EpochReport epoch(std::size_t number, double nme, bool held_out) {
  EpochReport e;
  e.epoch = number;
  e.train = {100, nme / 1000, {{std::string(kNme), nme}, {std::string(kPck), 0.5}}};
  e.learning_rate = 1e-3;
  e.seconds = 61;
  e.images_per_second = 100;
  e.best = true;
  if (held_out) {
    e.validation = e.train;
    e.validation->metrics.push_back({std::string(kAuc), 0.1});
    e.validation->metrics.push_back({std::string(kFailureRate), 0.2});
  }
  return e;
}

Evaluation evaluation(const std::vector<double>& errors) {
  Evaluation e;
  e.faces = errors.size();
  e.errors = errors;
  e.nme_inter_ocular = 7;
  for (const Region& region : ibug_68().regions) e.regions.push_back(region.name);
  e.region_nme.assign(e.regions.size(), 0);
  return e;
}

ReportFace face(const std::string& name, double nme) {
  return {name, nme, Image(20, 30, {200, 100, 50})};
}

}  // namespace

TEST_CASE("a report of one epoch without held-out faces is a whole page that says so") {
  Report report{.title = "One epoch", .facts = {{"seed", "1"}}, .epochs = {epoch(1, 20, false)}};
  std::string html = require_whole(report);
  CHECK(html.find("No faces were held out") != std::string::npos);
  CHECK(html.find("20.00<small> %</small></b><span class='what'>training NME") != std::string::npos);
  CHECK(count(html, "<img") == 0);
  // With the training faces measured instead:
  report.held_out = evaluation({5, 7, 20});
  report.best = {face("a.png", 5)};
  report.worst = {face("b.png", 20)};
  html = require_whole(report);
  CHECK(html.find("No faces were held out") != std::string::npos);
  CHECK(count(html, "<img") == 2);
  // Errors are in % throughout: 5 and 7 of 5, 7 and 20 are within 8 %.
  for (const char* part : {"66.7 % within 8 %", "33.3&nbsp;% of faces lie beyond 15&nbsp;%", "a.png, NME 5.00 %",
                           "<b>20.00 %</b>", "<td>20.000<td>50.00<td>"}) {
    INFO(part);
    CHECK(count(html, part) == 1);
  }
}

TEST_CASE("a report of nothing, and one of an empty held-out set, are whole pages") {
  require_whole(Report{});
  Report report{.title = "Empty", .epochs = {epoch(1, 20, true)}};
  report.held_out = Evaluation{};
  report.held_out->nme_inter_ocular = kNaN;
  const std::string html = require_whole(report);
  CHECK(count(html, "<img") == 0);
}

TEST_CASE("names and facts in a report are shown, not obeyed") {
  const std::string evil = "<script>alert(\"1\")</script>&'\x01\xFC.png";
  Report report{.title = evil, .facts = {{evil, evil}}, .epochs = {epoch(1, 10, true)}, .held_out_name = evil};
  report.held_out = evaluation({10});
  report.best = report.worst = {face(evil, 10), {evil, 10, Image()}};
  const std::string html = require_whole(report);
  CHECK(html.find("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;\uFFFD\uFFFD.png") != std::string::npos);
  CHECK(count(html, "alert(\"") == 0);
  CHECK(count(html, "\x01") == 0);
  CHECK(count(html, "<img") == 2);
  CHECK(count(html, "no picture") == 2);
}

TEST_CASE("numbers that are none, or beyond any chart, leave gaps and do not break the page") {
  Report report{.title = "Wild numbers"};
  for (const double value : {0.1, kNaN, kInfinite, -kInfinite, 1e300, 0.0, -0.0, 1e-300}) {
    report.epochs.push_back(epoch(report.epochs.size() + 1, value, true));
    EpochReport& e = report.epochs.back();
    e.train.loss = e.learning_rate = e.seconds = e.waited_seconds = e.images_per_second = e.validation_seconds = value;
    for (NamedValue& m : e.train.metrics) m.value = value;
    for (NamedValue& m : e.validation->metrics) m.value = value;
  }
  report.held_out = evaluation({10, kNaN, kInfinite, 1e300});
  for (double& r : report.held_out->region_nme) r = kNaN;
  report.held_out->region_nme[0] = kInfinite;
  report.held_out->pck = report.held_out->auc = report.held_out->failure_rate = kNaN;
  report.best = report.worst = {face("a", kNaN), face("b", kInfinite), face("c", 1e300)};
  const std::string html = require_whole(report);
  CHECK(count(html, "<img") == 6);
  CHECK(count(html, "–") > 10);
}

TEST_CASE("a log scale carries the smallest and the largest numbers") {
  Report report{.title = "Wide", .epochs = {epoch(1, 1e300, true), epoch(2, 1e-300, true)}};
  CHECK(require_whole(report).find("log scale") != std::string::npos);
}

TEST_CASE("a report shows as many faces as it is given, and every epoch") {
  Report report{.title = "Many"};
  for (std::size_t i = 1; i <= 300; ++i) report.epochs.push_back(epoch(i, 100.0 / static_cast<double>(i), true));
  report.held_out = evaluation(std::vector<double>(40, 3));
  for (int i = 0; i < 12; ++i) report.best.push_back(face("best " + std::to_string(i), 1));
  for (int i = 0; i < 7; ++i) report.worst.push_back(face("worst " + std::to_string(i), 50));
  const std::string html = require_whole(report);
  CHECK(count(html, "<img") == 19);
  CHECK(count(html, "src='data:image/jpeg;base64,/9j/") == 19);  // FF D8 FF
  CHECK(count(html, "<tr><td>") + count(html, "<tr class='best'><td>") == 300);
}

TEST_CASE("a click enlarges a face: the same picture, shown by the page's own address") {
  Report report{.title = "Faces", .epochs = {epoch(1, 20, true)}};
  report.held_out = evaluation({5, 7});
  report.best = {face("a.png", 5), face("b.png", 7)};
  report.worst = {face("b.png", 7)};
  const std::string html = require_whole(report);
  for (const char* id : {"best1", "best2", "worst1"}) {
    INFO(id);
    CHECK(count(html, "<figure id='" + std::string(id) + "'><a href='#" + id + "'") == 1);
  }
  CHECK(count(html, "data:image") == 3);
  CHECK(count(html, "id='none'") == 0);
}

TEST_CASE("errors that a model expects stand in the plot to a hundredth, epochs as whole numbers") {
  Report report{.title = "Sure", .epochs = {epoch(1, 20, true)}};
  report.held_out = evaluation({5, 7});
  FaceDetails& details = report.details.emplace();
  details.by_point.assign(68, 5);
  for (int i = 0; i < 10; ++i) details.calibration.push_back({10, 0.75 + 0.25 * i, 1 + 0.5 * i});
  const std::string html = require_whole(report);
  CHECK(count(html, "expected error, % 1.25, measured: 2") == 1);
  CHECK(count(html, "epoch 1.00") == 0);
}

TEST_CASE("a report says why held-out faces do better than those trained on, where they do") {
  Report report{.title = "Better", .epochs = {epoch(1, 20, true)}};
  const std::string sentence = "Held-out faces do better here";
  CHECK(count(report_html(report), sentence) == 0);
  report.epochs.back().validation->metrics[0].value = 15;
  CHECK(count(require_whole(report), sentence) == 1);
  CHECK(count(report_html(report), "of augmented, harder faces") == 1);
  report.augmented = false;
  CHECK(count(report_html(report), sentence) == 1);
  CHECK(count(report_html(report), "of augmented, harder faces") == 0);
}

TEST_CASE("the note of a mark stands above the plot, and bars' values beside it") {
  cli::LineChart chart{.marks = {{2, "best: 1.00 % in epoch 2"}}, .series = {{"training", 0, {{1, 5}, {2, 1}}}}};
  const std::string svg = cli::line_chart(chart);
  // Of the line that is the mark: where it begins. The note's foot is above that.
  std::smatch mark, note;
  REQUIRE(std::regex_search(svg, mark, std::regex("y1='([0-9.]+)' x2='[0-9.]+' y2='[0-9.]+' class='mark'")));
  REQUIRE(std::regex_search(svg, note, std::regex("y='([0-9.]+)' class='note middle'>best")));
  CHECK(std::stod(note[1]) < std::stod(mark[1]));
  const std::string bars = cli::bar_chart("bars", {{"jaw", 1}, {"nose", 9}}, 5, "mean");
  CHECK(count(bars, "class='bar-value'") == 2);
  std::smatch first;
  REQUIRE(std::regex_search(bars, first, std::regex("<text x='([0-9.]+)' y='[0-9.]+' class='bar-value'>1.00")));
  CHECK(count(bars, "<text x='" + first[1].str() + "' ") == 2);
}

TEST_CASE("a command line can be typed again") {
  const char* words[] = {"/usr/bin/lineament", "train", "--data", "my photos", "it's", "", "--lr=1e-3"};
  cli::remember_command_line(7, words);
  CHECK(cli::command_line() == "lineament train --data 'my photos' 'it'\\''s' '' --lr=1e-3");
  CHECK(std::regex_match(cli::date_text(), std::regex("20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC")));
}

TEST_CASE("the processor's name is found where the system tells it") {
  CHECK(platform::processor_name("processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD EPYC 9R14\nmodel name\t: other\n") ==
        "AMD EPYC 9R14");
  CHECK(platform::processor_name("model name : x") == "x");
  CHECK(platform::processor_name("processor\t: 0\nBogoMIPS\t: 243\n").empty());
  CHECK(platform::processor_name("model name\t:\n").empty());
  CHECK(platform::processor_name("").empty());
  // Some makers give processors of several years one name.
  CHECK(platform::processor_name("cpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n") ==
        "AMD EPYC (family 26, model 2)");
  // ARM's have numbers.
  const std::string arm = "processor\t: 0\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\n";
  CHECK(platform::processor_name(arm + "CPU part\t: 0xd0c\nCPU revision\t: 1\n") ==
        "ARM implementer 0x41, part 0xd0c (variant 0x3, revision 1)");
  CHECK(platform::processor_name(arm + "CPU part\t: 0xd0c\n") == "ARM implementer 0x41, part 0xd0c");
  CHECK(platform::processor_name(arm).empty());
  CHECK(platform::processor_name("model name\t: Cortex\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n") == "Cortex");
  CHECK(cli::machine_name().find("core") != std::string::npos);
}

}  // namespace lineament::test
