// menpo's .ljson through nlohmann/json. Its facts: points are [y, x], 0-based; a missing point is [null, null].
#include "lineament/faces/ljson.hpp"

#include <nlohmann/json.hpp>
#include <vector>

#include "json_kinds.hpp"
#include "lineament/file.hpp"
#include "text.hpp"

namespace lineament {
namespace {

using nlohmann::json;

using json_kinds::member;

json parse_json(std::string_view text, const std::string& name) {
  if (text.size() > text::kLargestFaceFile)
    throw FormatError({name, "the file is too large for the points of a face", "at most 1 MiB",
                       std::to_string(text.size()) + " bytes", "check what file this is"});
  return json_kinds::parse(text, name, "a menpo .ljson file");
}

Landmarks points_of(const json& list, const std::string& name, const Scheme& scheme) {
  const auto count = static_cast<std::size_t>(scheme.points);
  if (!list.is_array() || list.size() != count)
    throw FormatError({name, "the number of points is wrong", std::to_string(count) + " points",
                       list.is_array() ? std::to_string(list.size()) + " points" : "no list of points",
                       text::fix_points(scheme)});
  Landmarks points(count);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::string what = "point " + std::to_string(i) + " (of 0 to " + std::to_string(count - 1) + ")";
    const json& p = list[i];
    if (!p.is_array() || p.size() != 2)
      throw FormatError(
          {name, what + " is not a point", "[y, x]", text::in_quotes(p.type_name()), "correct the point"});
    if (p[0].is_null() || p[1].is_null()) {
      points[i] = kUnknownPoint;
      continue;
    }
    if (!p[0].is_number() || !p[1].is_number() || !text::is_coordinate(p[0].get<double>()) ||
        !text::is_coordinate(p[1].get<double>()))
      throw FormatError({name, what + " is not a point", "two finite numbers", "", "correct the point"});
    points[i] = {p[1].get<float>(), p[0].get<float>()};  // menpo writes rows first
  }
  return points;
}

/// Version 1: the points of all groups, one group after the other.
Landmarks version_1(const json& file, const std::string& name, const Scheme& scheme) {
  json all = json::array();
  const json& groups = member(file, "groups");
  if (groups.is_array())
    for (const json& group : groups) {
      const json& landmarks = member(group, "landmarks");
      if (landmarks.is_array())
        for (const json& landmark : landmarks) all.push_back(member(landmark, "point"));
    }
  return points_of(all, name, scheme);
}

/// Version 3: {"groups": {NAME: {"landmarks": {"points": [...]}}}}.
Landmarks version_3(const json& file, const std::string& name, std::string_view wanted, const Scheme& scheme) {
  const auto count = static_cast<std::size_t>(scheme.points);
  const json& groups = member(file, "groups");
  std::vector<const json*> fitting;
  std::string names;
  if (groups.is_object())
    for (const auto& [group, content] : groups.items()) {
      const json& points = member(member(content, "landmarks"), "points");
      if (wanted.empty() ? points.is_array() && points.size() == count : group == wanted) fitting.push_back(&points);
      names += (names.empty() ? "" : ", ") + text::in_quotes(group);
    }
  if (names.size() > 200) names = names.substr(0, 200) + "…";
  if (fitting.empty())
    throw FormatError({name, "the wanted group of points is missing",
                       wanted.empty() ? "a group of " + std::to_string(count) + " points" : text::in_quotes(wanted),
                       names.empty() ? "no group" : "groups " + names, text::fix_points(scheme)});
  if (fitting.size() > 1)
    throw FormatError({name, "several groups have " + std::to_string(count) + " points", "one", "groups " + names,
                       "choose one with --group (DatasetOptions::group)"});
  return points_of(*fitting[0], name, scheme);
}

}  // namespace

Landmarks parse_ljson(std::string_view text, std::string_view name, std::string_view group, const Scheme& scheme) {
  const std::string where(name);
  const json file = parse_json(text::as_utf8(std::string(text), where), where);
  const json& version = member(file, "version");
  if ((version == 1 || version == 2) && !group.empty())
    throw FormatError({where, "files of this version have no groups to choose from", "version 3",
                       "version " + version.dump(), "leave --group (DatasetOptions::group) out"});
  if (version == 1) return version_1(file, where, scheme);
  if (version == 2) return points_of(member(member(file, "landmarks"), "points"), where, scheme);
  if (version == 3) return version_3(file, where, group, scheme);
  throw FormatError({where, "the version is unknown", "a menpo .ljson file of version 1, 2 or 3",
                     version.is_number_integer() ? version.dump() : "no version number", "export it again from menpo"});
}

Landmarks read_ljson(const std::filesystem::path& path, std::string_view group, const Scheme& scheme) {
  return parse_ljson(read_text(path), path.string(), group, scheme);
}

}  // namespace lineament
