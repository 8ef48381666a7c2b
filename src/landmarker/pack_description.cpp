#include "landmarker/pack_description.hpp"

#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "landmarker/json_text.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/photo.hpp"

namespace lineament::shards {
namespace {

using Json = nlohmann::ordered_json;

/// A digest of many things, in their order.
class Digest {
 public:
  void add(const void* from, std::size_t size) {
    const auto* first = static_cast<const std::uint8_t*>(from);
    bytes_.insert(bytes_.end(), first, first + size);
    constexpr std::size_t kMany = 1 << 20;
    if (bytes_.size() > kMany) shorten();
  }
  void add(const std::string& text) {
    add(text.data(), text.size());
    add("\0", 1);
  }
  std::string text() {
    constexpr const char* kDigits = "0123456789abcdef";
    std::string text;
    for (std::uint64_t digest = content_digest(bytes_), i = 0; i < 16; ++i)
      text += kDigits[digest >> (60 - 4 * i) & 15];
    return text;
  }

 private:
  void shorten() {
    const std::uint64_t digest = content_digest(bytes_);
    bytes_.resize(sizeof digest);
    std::memcpy(bytes_.data(), &digest, sizeof digest);
  }
  std::vector<std::uint8_t> bytes_;
};

const char* name_of(BoxSource box) {
  switch (box) {
    case BoxSource::points:
      return "points";
    case BoxSource::file:
      return "file";
    case BoxSource::whole_image:
      return "image";
  }
  return "";
}

void add_options(Json& json, const PackOptions& options) {
  const StoreOptions& store = options.store;
  json["size"] = store.preprocessing.size;
  json["margin"] = store.preprocessing.margin;
  json["box"] = name_of(store.box);
  json["region"] = store.region;
  json["detail"] = store.detail;
  json["quality"] = options.quality;
  json["shard_size"] = options.shard_bytes;
  json["max_pixels"] = store.limits.pixels;
  json["scheme"] = Json::parse(scheme_to_json(store.scheme));
}

}  // namespace

std::string describe_photos(std::span<const Face> faces, const PackOptions& options) {
  Digest digest;
  for (const Face& face : faces) {
    digest.add(face.image.string());
    digest.add(face.photo);
    for (const Point& p : face.points) digest.add(&p, sizeof p);
    if (face.box) digest.add(&*face.box, sizeof *face.box);
  }
  Json json{{"source", "photos"}, {"faces", faces.size()}, {"data", digest.text()}, {"seed", options.seed}};
  add_options(json, options);
  return json_text(json);
}

std::string describe_drawn(std::uint64_t seed, std::size_t count, const DrawOptions& d, const PackOptions& options) {
  Json json{{"source", "drawn"}, {"faces", count}, {"seed", seed}};
  add_options(json, options);
  json["drawing"] = {{"size", d.size},
                     {"smallest_face", d.smallest_face},
                     {"largest_face", d.largest_face},
                     {"max_yaw", d.max_yaw},
                     {"max_pitch", d.max_pitch},
                     {"max_roll", d.max_roll},
                     {"shift", d.shift},
                     {"expression", d.expression},
                     {"variety", d.variety},
                     {"accessories", d.accessories},
                     {"masks", d.masks}};
  if (d.backgrounds && !d.backgrounds->empty()) {
    Digest digest;
    for (const Image& image : *d.backgrounds) digest.add(image.pixels().data(), image.pixels().size());
    json["backgrounds"] = digest.text();
  }
  return json_text(json);
}

Difference difference(const std::string& first, const std::string& second) {
  const Json a = Json::parse(first), b = Json::parse(second);
  const auto text = [](const Json& json, const std::string& key) {
    constexpr std::size_t kLongest = 60;
    const std::string all = json.contains(key) ? json_text(json.at(key)) : "none";
    return all.size() <= kLongest ? all : all.substr(0, kLongest) + " …";
  };
  for (const Json* json : {&a, &b})
    for (const auto& [key, value] : json->items())
      if (text(a, key) != text(b, key) || !a.contains(key) || !b.contains(key) || a.at(key) != b.at(key))
        return {key, text(a, key), text(b, key)};
  return {"the version", "", ""};
}

}  // namespace lineament::shards
