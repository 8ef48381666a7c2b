// Small packs for tests: photos drawn into a folder, packed into shards of a few faces each.
#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/image/file.hpp"
#include "lineament/landmarker/face_shards.hpp"
#include "lineament/landmarker/pack_faces.hpp"
#include "support/folder.hpp"

namespace lineament::testing {

/// Drawn pictures as photos: `folder`/face_3.png. Two in a row are faces of one photo id.
inline std::vector<Face> photos_in(const Folder& folder, std::size_t count) {
  std::vector<Face> faces;
  DrawOptions drawing;
  drawing.size = 64;
  for (std::size_t i = 0; i < count; ++i) {
    DrawnFace drawn = draw_face(9, i, drawing);
    Face face;
    face.image = folder / ("face_" + std::to_string(i) + ".png");
    write_png(face.image, drawn.image);
    face.points = drawn.points;
    face.photo = "photo" + std::to_string(i / 2);
    faces.push_back(face);
  }
  return faces;
}

/// Crops of 32 pixels, in the smallest shards there are.
inline PackOptions small_pack() {
  PackOptions options;
  options.store.preprocessing.size = 32;
  options.quality = 0;
  options.shard_bytes = 1 << 16;
  return options;
}

inline std::string content(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void write_content(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

/// One more than it was.
inline void change_byte(const std::filesystem::path& file, std::size_t at) {
  std::string bytes = content(file);
  REQUIRE(at < bytes.size());
  bytes[at] = static_cast<char>(bytes[at] + 1);
  write_content(file, bytes);
}

struct Prepared {
  std::vector<float> pixels, values, weights;
  friend bool operator==(const Prepared&, const Prepared&) = default;
};

inline Prepared prepared(const SampleSource& source, std::size_t i, bool augmented = true) {
  Prepared p;
  p.pixels.resize(source.pixels_per_sample());
  p.values.resize(source.values_per_sample());
  if (source.weighted()) p.weights.resize(p.values.size());
  source.prepare(i, Random(5, i), augmented, {p.pixels, p.values, p.weights});
  return p;
}

}  // namespace lineament::testing
