// Schemes from JSON and back, and the distances that errors are divided by.
#include "lineament/faces/scheme.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "lineament/faces/box.hpp"
#include "lineament/file.hpp"
#include "text.hpp"

namespace lineament {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kMostPoints = 10000;

/// Of those that are known.
Point mean_of(const Landmarks& points, const std::vector<int>& of) {
  Point sum;
  int known = 0;
  for (const int i : of) {
    const Point p = points[static_cast<std::size_t>(i)];
    if (!is_known(p)) continue;
    sum = sum + p;
    ++known;
  }
  return known > 0 ? sum * (1 / static_cast<float>(known)) : kUnknownPoint;
}

class Reader {
 public:
  Reader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  Scheme read() {
    if (!json_.is_object()) reject("it is not a scheme of landmarks", "an object", json_.type_name());
    for (const auto& [key, value] : json_.items())
      if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end())
        reject("there is no entry of this name",
               "scheme, points, names, mirror, eye_corners, eyes, regions, lines, "
               "mean_shape",
               text::in_quotes(key));
    Scheme s;
    s.name = member("scheme").is_string() ? member("scheme").get<std::string>() : "";
    if (s.name.empty()) reject("it has no name", "\"scheme\": a text", member("scheme").type_name());
    const Json& count = member("points");
    if (!count.is_number_integer() || count < 2 || count > kMostPoints)
      reject("the number of points makes no sense", "\"points\": 2 to " + std::to_string(kMostPoints), count.dump());
    points_ = s.points = count.get<int>();
    s.names = names();
    s.mirror = mirror();
    const std::vector<int> corners = list(member("eye_corners"), "eye_corners");
    if (corners.size() != 2 || corners[0] == corners[1])
      reject("there are no two eye corners", "\"eye_corners\": [left, right]", member("eye_corners").dump());
    s.eye_corners = {corners[0], corners[1]};
    s.eyes = {{{corners[0]}, {corners[1]}}};
    if (const Json& eyes = member("eyes"); !eyes.is_null()) {
      if (!eyes.is_array() || eyes.size() != 2) reject("there are no two eyes", "\"eyes\": [[…], […]]", eyes.dump());
      for (std::size_t i = 0; i < 2; ++i) s.eyes[i] = list(eyes[i], "eyes");
    }
    if (const Json& regions = member("regions"); !regions.is_null()) {
      if (!regions.is_object()) reject("the regions are no object", "\"regions\": {\"mouth\": […]}", regions.dump());
      for (const auto& [name, points] : regions.items()) s.regions.push_back({name, list(points, "regions")});
    }
    if (const Json& lines = member("lines"); !lines.is_null()) {
      if (!lines.is_array()) reject("the lines are no list", "\"lines\": [[…], …]", lines.dump());
      for (const Json& line : lines) s.lines.push_back(list(line, "lines"));
    }
    s.mean_shape = mean_shape();
    check_mirror(s);
    if (s.name == ibug_68().name && scheme_to_json(s) != scheme_to_json(ibug_68()))
      reject("the name is that of the scheme that is built in", "another name", text::in_quotes(s.name));
    return s;
  }

 private:
  static constexpr std::array<std::string_view, 9> kKeys{"scheme", "points",  "names", "mirror",    "eye_corners",
                                                         "eyes",   "regions", "lines", "mean_shape"};

  [[noreturn]] void reject(const std::string& what, const std::string& wanted, const std::string& got) const {
    throw FormatError({where_, what, wanted, got.substr(0, 60), "see docs/data.md"});
  }

  const Json& member(const char* key) const {
    static const Json none;
    const auto found = json_.find(key);
    return found == json_.end() ? none : *found;
  }

  /// Points by number or by name.
  int point(const Json& json, const char* key) const {
    if (json.is_string()) {
      const auto& names = member("names");
      const auto found = std::find(names.begin(), names.end(), json);
      if (found != names.end()) return static_cast<int>(found - names.begin());
    }
    if (!json.is_number_integer() || json < 0 || json >= points_)
      reject(std::string("there is no such point in \"") + key + "\"", "0 to " + std::to_string(points_ - 1),
             json.dump());
    return json.get<int>();
  }
  std::vector<int> list(const Json& json, const char* key) const {
    if (!json.is_array() || json.empty())
      reject(std::string("\"") + key + "\" lacks its points", "a list of points", json.dump());
    std::vector<int> points;
    for (const Json& one : json) points.push_back(point(one, key));
    return points;
  }

  std::vector<std::string> names() const {
    const Json& json = member("names");
    if (json.is_null()) return {};
    std::vector<std::string> names;
    if (json.is_array())
      for (const Json& name : json)
        if (name.is_string()) names.push_back(name.get<std::string>());
    if (std::set<std::string>(names.begin(), names.end()).size() != static_cast<std::size_t>(points_))
      reject("the names do not fit the points", std::to_string(points_) + " different texts",
             std::to_string(names.size()));
    return names;
  }

  std::vector<int> mirror() const {
    std::vector<int> mirror(static_cast<std::size_t>(points_));
    std::iota(mirror.begin(), mirror.end(), 0);
    const Json& pairs = member("mirror");
    if (!pairs.is_array()) reject("the mirror pairs are missing", "\"mirror\": [[left, right], …]", pairs.dump());
    std::set<int> seen;
    for (const Json& json : pairs) {
      const std::vector<int> pair = list(json, "mirror");
      if (pair.size() != 2 || !seen.insert(pair[0]).second || !seen.insert(pair[1]).second)
        reject("\"mirror\" is not made of pairs", "[left, right], each point in one pair at most", json.dump());
      mirror[static_cast<std::size_t>(pair[0])] = pair[1];
      mirror[static_cast<std::size_t>(pair[1])] = pair[0];
    }
    return mirror;
  }

  Landmarks mean_shape() const {
    const Json& json = member("mean_shape");
    if (json.is_null()) return {};
    Landmarks shape;
    if (json.is_array())
      for (const Json& p : json)
        if (p.is_array() && p.size() == 2 && p[0].is_number() && p[1].is_number())
          shape.push_back({p[0].get<float>(), p[1].get<float>()});
    const Box box = bounding_box(shape);
    if (!(std::max(box.width, box.height) > 0)) reject("the mean shape has no size", "points that lie apart", "");
    if (shape.size() != static_cast<std::size_t>(points_))
      reject("the mean shape does not fit the points", std::to_string(points_) + " times [x, y]",
             std::to_string(shape.size()));
    return shape;
  }

  /// The mean shape, mirrored and renumbered by the pairs, must be itself again.
  void check_mirror(const Scheme& s) const {
    constexpr float kMost = 0.25f;  // why: a mean shape may lean to one side; parts that change places differ by more
    if (s.mean_shape.empty()) return;
    Landmarks mirrored(s.mean_shape.size());
    for (std::size_t i = 0; i < mirrored.size(); ++i) {
      const Point p = s.mean_shape[i];
      mirrored[static_cast<std::size_t>(s.mirror[i])] = {-p.x, p.y};
    }
    // Moved, but not turned: a mirror turns nothing upside down.
    const Point center = mean_of(s.mean_shape, all_points()), other = mean_of(mirrored, all_points());
    float difference = 0, size = 0;
    for (std::size_t i = 0; i < mirrored.size(); ++i) {
      const Point p = s.mean_shape[i] - center, q = mirrored[i] - other, d = p - q;
      difference += d.x * d.x + d.y * d.y;
      size += p.x * p.x + p.y * p.y;
    }
    if (difference > kMost * kMost * size)
      reject("\"mirror\" does not fit \"mean_shape\": mirrored by these pairs, it is another shape",
             "pairs of points that change places in a mirror",
             "a difference of " + text::shortest(std::sqrt(difference / size)) + " of its size");
  }

  std::vector<int> all_points() const {
    std::vector<int> all(static_cast<std::size_t>(points_));
    std::iota(all.begin(), all.end(), 0);
    return all;
  }

  const Json& json_;
  std::string where_;
  int points_ = 0;
};

}  // namespace

std::string Scheme::point_name(int i) const {
  return names.empty() ? std::to_string(i) : names[static_cast<std::size_t>(i)];
}

Scheme scheme_from_json(std::string_view text, std::string_view name) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded())
    throw FormatError({std::string(name), "the file is not JSON", "a scheme of landmarks", "", "see docs/data.md"});
  return Reader(json, std::string(name)).read();
}

std::string scheme_to_json(const Scheme& s) {
  Json json;
  json["scheme"] = s.name;
  json["points"] = s.points;
  if (!s.names.empty()) json["names"] = s.names;
  json["mirror"] = Json::array();
  for (int i = 0; i < s.points; ++i)
    if (const int twin = s.mirror[static_cast<std::size_t>(i)]; i < twin) json["mirror"].push_back({i, twin});
  json["eye_corners"] = s.eye_corners;
  json["eyes"] = s.eyes;
  json["regions"] = Json::object();
  for (const Region& region : s.regions) json["regions"][region.name] = region.points;
  json["lines"] = s.lines;
  if (!s.mean_shape.empty()) json["mean_shape"] = Json::array();
  for (const Point& p : s.mean_shape)
    json["mean_shape"].push_back({*text::number(text::shortest(p.x)), *text::number(text::shortest(p.y))});
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Scheme scheme_by_name(const std::string& name) {
  if (name == ibug_68().name) return ibug_68();
  if (text::lower(name).ends_with(".json")) return scheme_from_json(read_text(name), name);
  throw ArgumentError({"scheme", "there is no scheme of this name", "ibug-68, or a file ending in .json", name,
                       "docs/data.md shows how a scheme is described"});
}

float inter_ocular(const Landmarks& points, const Scheme& scheme) {
  return distance(points[static_cast<std::size_t>(scheme.eye_corners[0])],
                  points[static_cast<std::size_t>(scheme.eye_corners[1])]);
}

float inter_pupil(const Landmarks& points, const Scheme& scheme) {
  return distance(mean_of(points, scheme.eyes[0]), mean_of(points, scheme.eyes[1]));
}

}  // namespace lineament
