// Packing: what is read from shards is what was packed, a stopped pack is gone on with to the same bytes, and a pack of
// something else is refused.
#include "lineament/landmarker/pack_faces.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

#include "lineament/file.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "shards_support.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

/// Names and contents of all files.
std::map<std::string, std::string> files_in(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    files[entry.path().filename().string()] = content(entry.path());
  return files;
}

std::map<std::string, std::size_t> by_name(const FaceSamples& samples) {
  std::map<std::string, std::size_t> names;
  for (std::size_t i = 0; i < samples.size(); ++i) names[samples.name(i)] = i;
  return names;
}

}  // namespace

TEST_CASE("raw shards hold the samples of a face store, to the bit") {
  const Folder photos("pack_photos"), out("pack_raw");
  std::vector<Face> faces = photos_in(photos, 24);
  faces[3].points[40] = kUnknownPoint;
  const PackOptions options = small_pack();
  const FaceStore store = FaceStore::load(faces, options.store);
  const PackResult result = pack_faces(out.path, faces, options);
  CHECK(result.samples == 24);
  CHECK(result.shards >= 3);
  CHECK(result.found == 0);
  const FaceShards shards = FaceShards::open(out.path);
  REQUIRE(shards.size() == 24);
  CHECK(shards.shards() == result.shards);
  CHECK(shards.file_bytes() == result.bytes);
  CHECK(shards.weighted());
  CHECK(shards.preprocessing() == options.store.preprocessing);
  CHECK(shards.rejected().empty());
  const auto places = by_name(shards);
  for (std::size_t i = 0; i < store.size(); ++i) {
    const std::size_t k = places.at(store.name(i));
    CHECK(shards.print(k).content == store.print(i).content);
    CHECK(shards.print(k).look == store.print(i).look);
    CHECK(shards.side(k) == store.side(i));
    CHECK(shards.photos()[k] == faces[i].photo);
    for (const bool augmented : {false, true}) {
      Prepared a, b;
      for (auto [source, at, to] :
           {std::tuple<const SampleSource*, std::size_t, Prepared*>{&store, i, &a}, {&shards, k, &b}}) {
        to->pixels.resize(32 * 32 * 3), to->values.resize(136), to->weights.resize(136);
        source->prepare(at, Random(7, i), augmented, {to->pixels, to->values, to->weights});
      }
      CHECK(a == b);
    }
  }
  // Neighbours in the data are none in the pack.
  std::size_t in_order = 0;
  for (std::size_t i = 1; i < shards.size(); ++i) in_order += shards.name(i) == faces[i].image.string();
  CHECK(in_order < 8);
}

TEST_CASE("shards of JPEG hold nearly the same pixels and the same points, in a fraction of the bytes") {
  const Folder photos("pack_photos"), raw("pack_raw"), out("pack_jpeg");
  const std::vector<Face> faces = photos_in(photos, 8);
  PackOptions options = small_pack();
  options.store.preprocessing.size = 64;
  const PackResult large = pack_faces(raw.path, faces, options);
  options.quality = 95;
  const PackResult result = pack_faces(out.path, faces, options);
  CHECK(result.bytes < large.bytes / 2);
  const FaceStore store = FaceStore::load(faces, options.store);
  const FaceShards shards = FaceShards::open(out.path);
  const auto places = by_name(shards);
  for (std::size_t i = 0; i < store.size(); ++i) {
    const std::size_t k = places.at(store.name(i));
    const Prepared a = prepared(store, i, false), b = prepared(shards, k, false);
    CHECK(a.values == b.values);
    double square = 0;
    for (std::size_t p = 0; p < a.pixels.size(); ++p) square += std::pow(a.pixels[p] - b.pixels[p], 2);
    CHECK(std::sqrt(square / static_cast<double>(a.pixels.size())) < 3.0 / 255);
    CHECK(square > 0);
  }
}

TEST_CASE("drawn faces are packed as they are drawn") {
  const Folder out("pack_drawn");
  PackOptions options = small_pack();
  const PackResult result = pack_drawn(out.path, 4, 9, options);
  const FaceStore store = FaceStore::draw(4, 9, options.store);
  const FaceShards shards = FaceShards::open(out.path);
  REQUIRE(shards.size() == 9);
  CHECK_FALSE(shards.weighted());
  CHECK(shards.info().source == "drawn");
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK(shards.name(i) == store.name(i));
    CHECK(shards.print(i).file.empty());
    CHECK(prepared(shards, i) == prepared(store, i));
  }
  CHECK(result.rejected.empty());
}

TEST_CASE("a stopped pack is gone on with to the same bytes, by any number of threads") {
  const Folder photos("pack_photos"), whole("pack_whole"), stopped("pack_stopped");
  std::vector<Face> faces = photos_in(photos, 30);
  write_file(faces[11].image, std::string_view("no picture"));
  PackOptions options = small_pack();
  options.store.threads = 1;
  const PackResult all = pack_faces(whole.path, faces, options);
  CHECK(all.samples == 29);
  REQUIRE(all.rejected.size() == 1);
  CHECK(all.rejected[0].file == faces[11].image.string());
  REQUIRE(all.shards >= 4);

  PackOptions more = options;
  for (const std::size_t until : {9u, 22u}) {
    more.store.threads = 3;
    more.store.progress = [&](std::size_t done, std::size_t total) {
      CHECK(total == 30);
      if (done == until) throw std::runtime_error("enough");
    };
    CHECK_THROWS_WITH(pack_faces(stopped.path, faces, more), "enough");
    CHECK_THROWS_WITH(FaceShards::open(stopped.path), Catch::Contains("not finished"));
  }
  write_content(stopped / "faces_00002.shard.tmp77", "half written");
  more.store.progress = {};
  const PackResult rest = pack_faces(stopped.path, faces, more);
  CHECK(rest.found > 0);
  CHECK(rest.shards == all.shards);
  CHECK(rest.samples == all.samples);
  CHECK(rest.bytes == all.bytes);
  CHECK(rest.rejected.size() == 1);
  CHECK(files_in(stopped.path) == files_in(whole.path));

  // Once more: there is nothing to do.
  more.store.progress = [](std::size_t, std::size_t) { FAIL("a face was packed again"); };
  const PackResult again = pack_faces(stopped.path, faces, more);
  CHECK(again.found == all.shards);
  CHECK(again.samples == all.samples);

  // A shard that was lost or damaged since is written anew.
  more.store.progress = {};
  std::filesystem::remove(stopped / "faces_00001.shard");
  pack_faces(stopped.path, faces, more);
  CHECK(files_in(stopped.path) == files_in(whole.path));
  std::filesystem::resize_file(stopped / "faces_00002.shard", 5000);
  pack_faces(stopped.path, faces, more);
  CHECK(files_in(stopped.path) == files_in(whole.path));
  std::string shard = content(stopped / "faces_00001.shard");
  shard[shard.size() - 100] ^= 1;  // within a record
  write_content(stopped / "faces_00001.shard", shard);
  pack_faces(stopped.path, faces, more);
  CHECK(files_in(stopped.path) == files_in(whole.path));
}

TEST_CASE("shards say themselves what they are: a pack whose description is lost is gone on with") {
  const Folder photos("pack_photos"), whole("pack_whole"), stopped("pack_stopped");
  const std::vector<Face> faces = photos_in(photos, 16);
  const PackOptions options = small_pack();
  pack_faces(whole.path, faces, options);
  pack_faces(stopped.path, faces, options);
  std::filesystem::remove(stopped / "pack.json");
  CHECK(pack_faces(stopped.path, faces, options).found > 0);
  CHECK(files_in(stopped.path) == files_in(whole.path));
  write_content(stopped / "pack.json", "{");
  std::filesystem::remove(stopped / "faces_00000.shard");
  pack_faces(stopped.path, faces, options);
  CHECK(files_in(stopped.path) == files_in(whole.path));
}

TEST_CASE("what could not be packed is known to later calls, also where no face after it could") {
  const Folder photos("pack_photos"), out("pack_last"), finished("pack_finished");
  const std::vector<Face> faces = photos_in(photos, 24);
  PackOptions options = small_pack();
  options.store.progress = [](std::size_t done, std::size_t) {
    if (done == 20) throw std::runtime_error("enough");
  };
  CHECK_THROWS_WITH(pack_faces(out.path, faces, options), "enough");
  for (const auto& [name, bytes] : files_in(out.path))
    if (name != "pack.json") write_content(finished / name, bytes);
  std::size_t packed = 0;
  {
    const FaceShards shards = FaceShards::open(finished.path);
    packed = shards.size();
    const auto names = by_name(shards);
    for (const Face& face : faces)
      if (!names.contains(face.image.string())) write_content(face.image, "no picture");
  }
  REQUIRE(packed < 24);
  options.store.progress = {};
  const PackResult first = pack_faces(out.path, faces, options), again = pack_faces(out.path, faces, options);
  CHECK(first.rejected.size() == 24 - packed);
  CHECK(again.rejected.size() == 24 - packed);
  CHECK(again.found == first.shards);
  CHECK(again.samples == packed);
  CHECK(FaceShards::open(out.path).size() == packed);
  CHECK(FaceShards::open(out.path).rejected().empty());
}

TEST_CASE("no shard is larger than it may be") {
  const Folder photos("pack_photos"), out("pack_sizes");
  std::vector<Face> faces = photos_in(photos, 24);
  write_file(faces[5].image, std::string_view("no picture"));
  PackOptions options = small_pack();
  REQUIRE(pack_faces(out.path, faces, options).shards > 2);
  for (const auto& [name, bytes] : files_in(out.path)) CHECK(bytes.size() <= options.shard_bytes);
}

TEST_CASE("a pack is not gone on with where a photo has changed since") {
  const Folder photos("pack_photos"), out("pack_changed");
  const std::vector<Face> faces = photos_in(photos, 12);
  const PackOptions options = small_pack();
  pack_faces(out.path, faces, options);
  const auto before = files_in(out.path);
  write_content(faces[4].image, content(faces[4].image) + "x");
  CHECK_THROWS_WITH(pack_faces(out.path, faces, options), Catch::Contains(faces[4].image.string()) &&
                                                              Catch::Contains("another than the one that was packed"));
  CHECK(files_in(out.path) == before);
}

TEST_CASE("a pack of something else is not gone on with, and nothing of it is touched") {
  const Folder photos("pack_photos"), out("pack_other"), foreign("pack_foreign");
  std::vector<Face> faces = photos_in(photos, 4);
  const PackOptions options = small_pack();
  pack_faces(out.path, faces, options);
  const auto before = files_in(out.path);
  PackOptions other = options;
  other.quality = 95;
  CHECK_THROWS_WITH(pack_faces(out.path, faces, other), Catch::Contains("'quality' differs (wanted 0, got 95)"));
  other = options;
  other.store.preprocessing.margin = 0.2f;
  CHECK_THROWS_WITH(pack_faces(out.path, faces, other), Catch::Contains("'margin' differs"));
  other = options;
  other.seed = 2;
  CHECK_THROWS_WITH(pack_faces(out.path, faces, other), Catch::Contains("'seed' differs"));
  CHECK_THROWS_WITH(pack_drawn(out.path, 1, 4, options), Catch::Contains("'source' differs"));
  faces[2].points[7].x += 1;
  CHECK_THROWS_WITH(pack_faces(out.path, faces, options), Catch::Contains("the photos or their points differ"));
  CHECK(files_in(out.path) == before);

  std::filesystem::copy_file(out / "faces_00000.shard", foreign / "faces_00000.shard");
  CHECK_THROWS_WITH(pack_faces(foreign.path, faces, options), Catch::Contains("the photos or their points differ"));
  std::filesystem::rename(foreign / "faces_00000.shard", foreign / "faces_00001.shard");
  CHECK_THROWS_WITH(pack_faces(foreign.path, faces, options), Catch::Contains("the photos or their points differ"));
  write_content(foreign / "faces_00001.shard", "not ours");
  CHECK_THROWS_WITH(pack_faces(foreign.path, faces, options), Catch::Contains("would replace"));
  std::filesystem::remove(foreign / "faces_00001.shard");
  write_content(foreign / "pack.json", "{\"name\": \"something else\"}");
  CHECK_THROWS_WITH(pack_faces(foreign.path, faces, options), Catch::Contains("choose another folder"));
}

TEST_CASE("options out of range and data without a face are refused") {
  const Folder photos("pack_photos"), out("pack_refused");
  std::vector<Face> faces = photos_in(photos, 2);
  const auto with = [](auto change) {
    PackOptions options = small_pack();
    change(options);
    return options;
  };
  for (const PackOptions& bad :
       {with([](PackOptions& o) { o.quality = 90; }), with([](PackOptions& o) { o.quality = 101; }),
        with([](PackOptions& o) { o.shard_bytes = 1000; }),
        with([](PackOptions& o) { o.shard_bytes = std::uint64_t{1} << 40; }),
        with([](PackOptions& o) { o.store.jitter = 0.1f; }), with([](PackOptions& o) { o.store.region = 0.5f; })})
    CHECK_THROWS_AS(pack_faces(out.path, faces, bad), ArgumentError);
  CHECK_THROWS_AS(pack_faces(out.path, {}, small_pack()), ArgumentError);
  CHECK_THROWS_AS(pack_drawn(out.path, 1, 2, with([](PackOptions& o) { o.store.box = BoxSource::file; })),
                  ArgumentError);
  CHECK(out.files() == 0);
  for (const Face& face : faces) std::filesystem::remove(face.image);
  CHECK_THROWS_WITH(pack_faces(out.path, faces, small_pack()), Catch::Contains("no usable face"));
}
