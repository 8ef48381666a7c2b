#include "cli/shard_report.hpp"

#include <cstdio>
#include <string>
#include <vector>

#include "cli/console.hpp"
#include "cli/json_text.hpp"
#include "lineament/landmarker/face_shards.hpp"

namespace lineament::cli {
namespace {

double megabytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / 1e6;
}

std::size_t order_bytes(const FaceShards& shards) {
  return shards.size() * sizeof(std::size_t);
}

void print_table(const Path& folder, const FaceShards& shards, bool verified) {
  const PackInfo& info = shards.info();
  const auto print = [](const std::string& line) { std::printf("%s\n", one_line(line).c_str()); };
  print(folder.string() + ": " + counted(shards.size(), info.source == "drawn" ? "drawn face" : "face") + " in " +
        counted(shards.shards(), "shard") + text(", %.1f MB", megabytes(shards.file_bytes())));
  print(text("  scheme %s, %d points%s", info.scheme.name.c_str(), info.scheme.points,
             shards.weighted() ? ", some of them not known" : ""));
  print(text("  crop %d x %d, margin %.2f of the box, boxes from: %s", info.preprocessing.size, info.preprocessing.size,
             static_cast<double>(info.preprocessing.margin), info.box.c_str()));
  print(text("  kept: %.1f crop sides around it, %.2f pixels for each of the crop, ", static_cast<double>(info.region),
             static_cast<double>(info.detail)) +
        (info.quality == 0 ? std::string("raw pixels") : text("JPEG of quality %d", info.quality)));
  print(text("  memory of training: %.1f MB of index, %.1f MB of order for each loader thread,",
             megabytes(shards.index_bytes()), megabytes(order_bytes(shards))));
  print(text("    and decoded faces as --memory allows: all of them take %.1f MB", megabytes(shards.decoded_bytes())));
  for (const Rejected& r : shards.rejected()) print("damaged: " + r.file + ": " + r.reason);
  if (verified && shards.rejected().empty()) print("  all of it was read, and nothing is damaged");
}

void print_json(const Path& folder, const FaceShards& shards, bool verified) {
  const PackInfo& info = shards.info();
  nlohmann::ordered_json json;
  json["path"] = folder.string();
  json["source"] = info.source;
  json["samples"] = shards.size();
  json["shards"] = shards.shards();
  json["bytes"] = shards.file_bytes();
  json["scheme"] = info.scheme.name;
  json["points"] = info.scheme.points;
  json["crop"] = {{"size", info.preprocessing.size}, {"margin", info.preprocessing.margin}, {"box", info.box}};
  json["region"] = info.region;
  json["detail"] = info.detail;
  json["quality"] = info.quality;
  json["memory"] = {{"index", shards.index_bytes()},
                    {"order_of_a_loader_thread", order_bytes(shards)},
                    {"all_decoded", shards.decoded_bytes()}};
  json["verified"] = verified;
  json["damaged"] = nlohmann::ordered_json::array();
  for (const Rejected& r : shards.rejected()) json["damaged"].push_back({{"file", r.file}, {"reason", r.reason}});
  std::printf("%s\n", json_text(json, 2).c_str());
}

}  // namespace

int inspect_shards(const Path& folder, bool verify, bool json) {
  const FaceShards shards = FaceShards::open(folder, {.verify = verify});
  if (json)
    print_json(folder, shards, verify);
  else
    print_table(folder, shards, verify);
  return shards.rejected().empty() ? 0 : 2;
}

}  // namespace lineament::cli
