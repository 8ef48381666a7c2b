#include "lineament/faces/validate.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/data.hpp"
#include "cli/json_text.hpp"
#include "cli/options.hpp"

namespace lineament::cli {
namespace {

struct ValidateOptions {
  std::vector<Path> data;
  std::string scheme = "ibug-68";
  ReadingOptions reading;
  bool json = false;
};

void add_options(CLI::App& c, ValidateOptions& o) {
  c.add_option("DIR", o.data, "As --data of training; several are checked as one data set")->required();
  c.add_option("--scheme", o.scheme, "ibug-68, or a JSON file that describes another scheme")->capture_default_str();
  add_reading(c, o.reading);
  c.add_flag("--json", o.json, "Print JSON");
}

void print_table(const std::string& name, const ValidationReport& r) {
  const auto print = [](const std::string& line) { std::printf("%s\n", one_line(line).c_str()); };
  print(name + ": " + counted(r.faces, "face") + " in " + counted(r.images, "image") + " can be used, " +
        std::to_string(r.rejected.size()) + " cannot");
  for (const auto& [folder, count] : r.folders)
    print(text("  %-24s %6zu face%s", folder.empty() ? "." : folder.c_str(), count, count == 1 ? "" : "s"));
  if (r.images > 0) {
    print(text("  images %d to %d pixels wide, %d to %d high", r.width.low, r.width.high, r.height.low, r.height.high));
    print(text("  faces %.0f to %.0f pixels", static_cast<double>(r.face_size.low),
               static_cast<double>(r.face_size.high)));
  }
  for (const std::string& note : r.notes) print("note: " + note);
  for (const auto& [a, b] : r.alike) print("look the same: " + a + " and " + b);
  for (const Rejected& rejected : r.rejected) print("rejected: " + rejected.file + ": " + rejected.reason);
}

nlohmann::ordered_json to_json(const ValidateOptions& o, const ValidationReport& r) {
  nlohmann::ordered_json json;
  json["paths"] = nlohmann::ordered_json::array();
  for (const Path& path : o.data) json["paths"].push_back(path.string());
  json["faces"] = r.faces;
  json["images"] = r.images;
  json["folders"] = r.folders;
  json["notes"] = r.notes;
  json["look_the_same"] = r.alike;
  json["rejected"] = nlohmann::ordered_json::array();
  for (const Rejected& rejected : r.rejected)
    json["rejected"].push_back({{"file", rejected.file}, {"reason", rejected.reason}});
  return json;
}

int validate(const ValidateOptions& o) {
  require_no_shards(o.data);
  Progress progress("checking");
  const ValidationReport report = lineament::validate(
      o.data,
      [&](std::size_t done, std::size_t total) { progress.update(done, total, text("%zu of %zu", done, total)); },
      {.part = Part::all,
       .missing = missing_by_name(o.reading.missing),
       .group = o.reading.group,
       .scheme = scheme_by_name(o.scheme),
       .limits = decode_limits(o.reading.max_megapixels)});
  progress.clear();
  std::string name;
  for (const Path& path : o.data) name += (name.empty() ? "" : ", ") + path.string();
  if (o.json)
    std::printf("%s\n", json_text(to_json(o, report), 2).c_str());
  else
    print_table(name, report);
  return report.rejected.empty() && report.faces > 0 ? 0 : 2;
}

}  // namespace

Command validate_command() {
  const auto o = std::make_shared<ValidateOptions>();
  return {.name = "validate",
          .about = "Read whole data sets and list every file that cannot be used, with the reason",
          .footer =
              "Examples:\n  lineament validate 300w\n  lineament validate my_photos more.xml --json\nThe exit "
              "code is 2 if anything is rejected, or there is nothing.",
          .options = [o](CLI::App& c) { add_options(c, *o); },
          .run = [o] { return validate(*o); }};
}

}  // namespace lineament::cli
