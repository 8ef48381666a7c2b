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
      const auto points_in = [](const std::vector<int>& eye) { return std::set<int>(eye.begin(), eye.end()); };
      if (points_in(s.eyes[0]) == points_in(s.eyes[1]))
        reject("both eyes have the same points", "the points of one eye, and those of the other", eyes.dump());
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
    const auto count = static_cast<std::size_t>(points_);
    if (json.is_array())
      for (const Json& name : json)
        if (name.is_string()) names.push_back(name.get<std::string>());
    const std::size_t different = std::set<std::string>(names.begin(), names.end()).size();
    if (json.size() != count || names.size() != count || different != count)
      reject("the names do not fit the points", std::to_string(points_) + " different texts",
             std::to_string(json.size()) + " entries, " + std::to_string(different) + " different texts");
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
    const auto is_number = [](const Json& n) { return n.is_number() && text::is_coordinate(n.get<double>()); };
    if (!json.is_array() || json.size() != static_cast<std::size_t>(points_))
      reject("the mean shape does not fit the points", std::to_string(points_) + " times [x, y]",
             json.is_array() ? std::to_string(json.size()) : json.type_name());
    for (const Json& p : json) {
      if (!p.is_array() || p.size() != 2 || !is_number(p[0]) || !is_number(p[1]))
        reject("a point of the mean shape is no point", "[x, y]", p.dump());
      shape.push_back({p[0].get<float>(), p[1].get<float>()});
    }
    const Box box = bounding_box(shape);
    if (!(std::max(box.width, box.height) > 0)) reject("the mean shape has no size", "points that lie apart", "");
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

void require_valid(const Scheme& s) {
  const auto fail = [&](const char* what, const std::string& wanted, const std::string& got) {
    throw ArgumentError({"scheme " + s.name, what, wanted, got, "see docs/data.md"});
  };
  const std::string count = std::to_string(s.points);
  const auto is_point = [&](int i) { return i >= 0 && i < s.points; };
  const auto are_points = [&](const auto& list) { return std::all_of(list.begin(), list.end(), is_point); };
  const auto fits = [&](std::size_t n) { return n == static_cast<std::size_t>(s.points); };
  if (s.points < 2 || s.points > kMostPoints)
    fail("the number of points makes no sense", "2 to " + std::to_string(kMostPoints), count);
  if (!fits(s.mirror.size()) || !are_points(s.mirror))
    fail("the mirror does not fit the points", count + " numbers of points", std::to_string(s.mirror.size()));
  for (std::size_t i = 0; i < s.mirror.size(); ++i)
    if (s.mirror[static_cast<std::size_t>(s.mirror[i])] != static_cast<int>(i))
      fail("the mirror is not made of pairs", "each point the twin of its twin", std::to_string(i));
  if (!s.names.empty() && !fits(s.names.size()))
    fail("the names do not fit the points", count, std::to_string(s.names.size()));
  if (!s.mean_shape.empty() && !fits(s.mean_shape.size()))
    fail("the mean shape does not fit the points", count, std::to_string(s.mean_shape.size()));
  bool lists = are_points(s.eye_corners);
  for (const auto& eye : s.eyes) lists = lists && !eye.empty() && are_points(eye);
  for (const Region& region : s.regions) lists = lists && are_points(region.points);
  for (const auto& line : s.lines) lists = lists && are_points(line);
  if (!lists)
    fail("an eye, a region or a line has a point that is not there", "0 to " + std::to_string(s.points - 1), "");
}

void require_points(const Landmarks& points, const Scheme& s, const char* where) {
  if (points.size() == static_cast<std::size_t>(s.points)) return;
  throw ArgumentError({where, "the points are of another scheme", std::to_string(s.points) + " points of " + s.name,
                       std::to_string(points.size()), "pass the points' own scheme"});
}

std::string Scheme::point_name(int i) const {
  if (i < 0 || i >= points)
    throw ArgumentError(
        {"scheme " + name, "there is no such point", "0 to " + std::to_string(points - 1), std::to_string(i), ""});
  return names.empty() ? std::to_string(i) : names[static_cast<std::size_t>(i)];
}

Scheme scheme_from_json(std::string_view text, std::string_view name) {
  const std::string where(name), utf8 = text::as_utf8(std::string(text), where);
  text::require_shallow_json(utf8, where);
  try {
    return Reader(Json::parse(utf8), where).read();
  } catch (const Json::parse_error& error) {
    text::fail_json(utf8, error.byte, where, "a scheme of landmarks");
  } catch (const Json::exception& error) {
    throw FormatError({where, "the file is not JSON", "a scheme of landmarks", error.what(), "see docs/data.md"});
  }
}

std::string scheme_to_json(const Scheme& s) {
  require_valid(s);
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
  require_points(points, scheme, "distance of the eye corners");
  return distance(points[static_cast<std::size_t>(scheme.eye_corners[0])],
                  points[static_cast<std::size_t>(scheme.eye_corners[1])]);
}

float inter_pupil(const Landmarks& points, const Scheme& scheme) {
  require_points(points, scheme, "distance of the eyes");
  return distance(mean_of(points, scheme.eyes[0]), mean_of(points, scheme.eyes[1]));
}

}  // namespace lineament
