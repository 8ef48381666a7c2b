// tune: what it prints and keeps, and that the commands which say so use it.
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "catch.hpp"
#include "lineament/threads.hpp"
#include "program.hpp"

namespace lineament::test {
namespace {

using Json = nlohmann::json;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Json tuned(const Place& place, const std::string& network, const Words& more = {}) {
  Words words{"tune", network, "--seconds", "0.3", "--batch", "1", "--json"};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome o = place.run(words);
  INFO(o.err);
  REQUIRE(o.code == 0);
  return Json::parse(o.out);
}

/// The file of a tuning.
Json file_of(const std::string& machine, const Json& kernels) {
  return {{"machines", {{machine, kernels}}}};
}

/// For each op of the result another kernel, of other bits where there is one.
Json other_kernels(const Json& result) {
  Json kernels;
  for (const Json& op : result.at("ops"))
    for (const auto& [kernel, same] : op.at("same_bits").items())
      if (!same.get<bool>()) kernels[op.at("op").get<std::string>()] = kernel;
  REQUIRE(!kernels.empty());
  return kernels;
}

/// Both have numbers in the same places, and these differ, by less than `most`.
void require_other_digits(const Json& a, const Json& b, double most) {
  const Json one = a.flatten(), other = b.flatten();
  REQUIRE(one.size() == other.size());
  bool differ = false;
  for (const auto& [place, value] : one.items()) {
    if (!value.is_number()) continue;
    INFO(place);
    CHECK(std::abs(value.get<double>() - other.at(place).get<double>()) < most);
    differ = differ || value != other.at(place);
  }
  CHECK(differ);
}

}  // namespace

TEST_CASE("tune times one thread and all cores, and keeps every op for this machine") {
  const Place place;
  const Outcome o = place.run({"tune", "tiny", "--seconds", "0.3", "--batch", "1", "--json"});
  REQUIRE(o.code == 0);
  const Json json = Json::parse(o.out);
  const std::string machine = json.at("machine");
  CHECK(contains(machine, "lineament "));
  std::set<int> threads;
  std::set<std::string> ops;
  for (const Json& result : json.at("results")) {
    CHECK(result.at("batch") == 1);
    CHECK(threads.insert(result.at("threads").get<int>()).second);
    CHECK(result.at("seconds").get<double>() > 0);
    CHECK(result.at("seconds_tuned").get<double>() > 0);
    CHECK_FALSE(result.at("ops").empty());
    const Json kept = Json::parse(place.read("tuning.json")).at("machines").at(machine);
    for (const Json& op : result.at("ops")) {
      CHECK(kept.at(op.at("op").get<std::string>()) == op.at("chosen"));
      CHECK(ops.insert(op.at("op").get<std::string>()).second);
    }
  }
  CHECK(threads == std::set<int>{1, Threads(0).count()});
  CHECK(contains(o.err, std::to_string(ops.size()) + " ops, "));
  CHECK(contains(o.err, " of them on another kernel than usual: tuning.json, for " + machine));
  require_refused(place.run({"tune", "nothing"}), {"nothing"});
  require_refused(place.run({"tune", "tiny", "--seconds", "0"}), {"--seconds"});
  require_refused(place.run({"tune", "tiny", "--threads", "-1"}), {"--threads"});
}

TEST_CASE("tune says batch and threads of each result, each number of threads once") {
  const Place place;
  const std::string out = place
                              .run({"tune", "--seconds", "0.3", "--batch", "1", "--batch", "2", "--threads", "1",
                                    "--threads", "3", "--threads", "1", "tiny"})
                              .out;
  Words settings;
  for (const std::string& line : lines_of(out))
    if (line.starts_with("batch ")) settings.push_back(line.substr(0, line.find(':')));
  CHECK(settings == Words{"batch 1, 1 thread", "batch 2, 1 thread", "batch 1, 3 threads", "batch 2, 3 threads"});
}

TEST_CASE("tuning again takes an older choice back, and leaves other machines and networks alone") {
  const Place place;
  const Json json = tuned(place, "tiny", {"--threads", "1"});
  const std::string machine = json.at("machine");
  Json file = Json::parse(place.read("tuning.json"));
  file["machines"][machine] = other_kernels(json.at("results")[0]);
  file["machines"][machine]["an op of another network"] = "direct";
  file["machines"]["an abacus"]["a"] = "beads";
  place.write("tuning.json", file.dump(1));
  const Json again = tuned(place, "tiny", {"--threads", "1"});
  const Json machines = Json::parse(place.read("tuning.json")).at("machines");
  for (const Json& op : again.at("results")[0].at("ops"))
    CHECK(machines.at(machine).at(op.at("op").get<std::string>()) == op.at("chosen"));
  CHECK(machines.at(machine).at("an op of another network") == "direct");
  CHECK(machines.at("an abacus") == Json{{"a", "beads"}});
}

TEST_CASE("predict runs one photo on all cores, and track a film on one, with the kernels of the file") {
  const Place place;
  make_faces(place, "faces", 1);
  REQUIRE(place.run({"faces", "--film", "10", "--size", "96", "--out", "film"}).code == 0);
  const auto predicted = [&] {
    const Outcome o = place.run({"predict", "tiny", "faces/face_00000.png", "--whole"});
    REQUIRE(o.code == 0);
    CHECK_FALSE(contains(o.err, "ignored"));
    return Json::parse(o.out);
  };
  const auto tracked = [&] {  // three decimals, but of many points
    const Outcome o = place.run({"track", "tiny", "film", "--box", "20,20,60,60", "--no-smooth"});
    REQUIRE(o.code == 0);
    Json frames;
    for (const std::string& line : lines_of(o.out)) frames.push_back(Json::parse(line));
    REQUIRE(frames.size() == 10);
    REQUIRE(frames.back().at("faces").size() == 1);
    return frames;
  };
  const Json photo = predicted(), frame = tracked();
  const Json json = tuned(place, "tiny");
  const std::string machine = json.at("machine");
  const Json &one = json.at("results").front(), &all = json.at("results").back();
  REQUIRE(one.at("threads") == 1);
  REQUIRE(all.at("threads") == Threads(0).count());
  place.write("tuning.json", file_of(machine, other_kernels(all)).dump());
  require_other_digits(predicted(), photo, 0.05);
  place.write("tuning.json", file_of(machine, other_kernels(one)).dump());
  require_other_digits(tracked(), frame, 0.05);
  // Kernels of the same bits change nothing, the usual ones among them.
  Json same_bits;
  for (const Json& result : json.at("results"))
    for (const Json& op : result.at("ops"))
      for (const auto& [kernel, same] : op.at("same_bits").items())
        if (same.get<bool>()) same_bits[op.at("op").get<std::string>()] = kernel;
  place.write("tuning.json", file_of(machine, same_bits).dump());
  CHECK(predicted() == photo);
  CHECK(tracked() == frame);
}

TEST_CASE("a file of another machine, or with another cache, is named and ignored") {
  const Place place;
  make_faces(place, "faces", 1);
  const Words predict{"predict", "tiny", "faces/face_00000.png", "--whole"};
  place.write("tuning.json", file_of("an abacus", {{"a", "beads"}}).dump());
  const Outcome foreign = place.run(predict);
  CHECK(foreign.code == 0);
  CHECK(contains(foreign.err, "note: tuning.json is ignored: it was made for an abacus, and this is "));
  place.write("tuning.json", R"({"machine": "an abacus", "kernels": {}})");
  CHECK(contains(place.run(predict).err, "note: tuning.json is ignored: it is not what 'lineament tune' writes"));

  place.write("tuning.json", "");
  ::setenv("LINEAMENT_CACHE", "512", 1);
  const Json json = tuned(place, "tiny", {"--threads", "1"});
  ::setenv("LINEAMENT_CACHE", "256", 1);
  const Outcome other = place.run(predict);
  ::unsetenv("LINEAMENT_CACHE");
  CHECK(contains(json.at("machine"), "second-level cache 512 KB"));
  CHECK(contains(other.err, "note: tuning.json is ignored: it was made for " + json.at("machine").get<std::string>()));
  CHECK(contains(other.err, "and this is "));
  CHECK(contains(other.err, "second-level cache 256 KB"));
}

TEST_CASE("inspect --why shows the kernels of the file, and names in it that mean nothing") {
  const Place place;
  const Json json = tuned(place, "reference", {"--threads", "1"});
  const auto why_with = [&](const std::string& kernel) {
    Json kernels;
    for (const Json& op : json.at("results")[0].at("ops")) kernels[op.at("op").get<std::string>()] = kernel;
    place.write("tuning.json", file_of(json.at("machine"), kernels).dump());
    return place.run({"inspect", "reference", "--why"}).out;
  };
  CHECK(contains(why_with("direct"), "not winograd: slower here: tuned"));
  CHECK(contains(why_with("fastest"), "not fastest: in the tuning, but: there is no such kernel for it"));
  CHECK(contains(why_with("depthwise"), "not depthwise: in the tuning, but: needs one channel a group"));
}

TEST_CASE("what tune says of each setting is what it keeps, also of images that threads go through alone") {
  const Place place;
  const Outcome o = place.run({"tune", "tiny", "--batch", "1", "--batch", "2", "--threads", "1", "--threads", "2",
                               "--seconds", "0.5", "--json"});
  REQUIRE(o.code == 0);
  const Json json = Json::parse(o.out);
  REQUIRE(json.at("results").size() == 4);
  const Json kept = Json::parse(place.read("tuning.json")).at("machines").at(json.at("machine").get<std::string>());
  std::size_t ops = 0;
  for (const Json& result : json.at("results"))
    for (const Json& op : result.at("ops")) {
      CHECK(kept.at(op.at("op").get<std::string>()) == op.at("chosen"));
      ++ops;
    }
  CHECK(ops == kept.size());  // each is timed once
}

TEST_CASE("tune writes over no file that it did not write") {
  const Place place;
  place.write("points.json", "[1, 2]");
  require_refused(place.run({"tune", "tiny", "--out", "points.json"}), {"points.json", "did not write", "--out"});
  CHECK(place.read("points.json") == "[1, 2]");
  place.write("tuning.json", "[1, 2]");  // which LINEAMENT_TUNING names
  require_refused(place.run({"tune", "tiny"}), {"tuning.json", "did not write", "LINEAMENT_TUNING"});
  CHECK(place.read("tuning.json") == "[1, 2]");
  tuned(place, "tiny", {"--out", "mine/tuning.json"});
  tuned(place, "tiny", {"--out", "mine/tuning.json"});
  CHECK(place.list("mine") == Words{"tuning.json"});
}

TEST_CASE("tune says which kernels give other bits than the usual one") {
  const Place place;
  const Json ops = tuned(place, "reference", {"--threads", "1"}).at("results")[0].at("ops");
  std::set<std::string> marked;  // "layer kernel~"
  for (const Json& op : ops) {
    CHECK(op.at("same_bits").size() == op.at("seconds").size());
    for (const auto& [kernel, same] : op.at("same_bits").items())
      if (!same.get<bool>()) marked.insert(op.at("layer").get<std::string>() + " " + kernel);
  }
  CHECK_FALSE(marked.empty());
  CHECK(marked.contains(ops[1].at("layer").get<std::string>() + " direct"));  // where Winograd's is the usual one

  const Outcome text = place.run({"tune", "reference", "--seconds", "0.3", "--batch", "1", "--threads", "1"});
  std::set<std::string> printed;
  std::istringstream lines(text.out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string layer, word;
    words >> layer;
    while (words >> word)
      if (word.back() == '~') printed.insert(layer + " " + word.substr(0, word.find_first_of("*~")));
  }
  CHECK(printed == marked);
}

}  // namespace lineament::test
