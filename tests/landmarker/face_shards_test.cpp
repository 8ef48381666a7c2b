// Reading shards: damage is named and never taken for a face, memory stays bounded, an epoch's order depends on its
// numbers alone.
#include "lineament/landmarker/face_shards.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <thread>

#include "landmarker/shard_file.hpp"
#include "lineament/faces/split.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "lineament/train/batches.hpp"
#include "shards_support.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

std::string shard(int number) {
  return "faces_0000" + std::to_string(number) + ".shard";
}

/// 40 drawn faces in shards of about nine.
PackResult pack_forty(const Folder& folder, std::uint64_t seed = 3) {
  return pack_drawn(folder.path, seed, 40, small_pack());
}

std::vector<std::size_t> epoch(const FaceShards& shards, std::uint64_t number, std::size_t copies = 1) {
  std::vector<std::size_t> order(shards.size() * copies);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i % shards.size();
  shards.shuffle_epoch(order, Random(1, number));
  return order;
}

}  // namespace

TEST_CASE("a shard that was cut short loses the samples beyond the cut, by name") {
  const Folder folder("shards_cut");
  pack_forty(folder);
  const FaceShards whole = FaceShards::open(folder.path);
  std::filesystem::resize_file(folder / shard(1), std::filesystem::file_size(folder / shard(1)) - 100);
  const FaceShards shards = FaceShards::open(folder.path);
  CHECK(shards.size() == 39);
  REQUIRE(shards.rejected().size() == 1);
  CHECK(shards.rejected()[0].file.find(shard(1) + ": drawn ") == 0);
  CHECK(shards.rejected()[0].reason.find("cut short") != std::string::npos);
  std::set<std::string> names;
  for (std::size_t i = 0; i < shards.size(); ++i) names.insert(shards.name(i));
  CHECK(names.size() == 39);
  CHECK_FALSE(names.contains(shards.rejected()[0].file.substr(shard(1).size() + 2)));
  for (std::size_t i = 0; i < shards.size(); ++i) prepared(shards, i);
  CHECK(shards.rejected().size() == 1);

  // In the index: nothing of it can be believed.
  std::filesystem::resize_file(folder / shard(1), 600);
  const FaceShards rest = FaceShards::open(folder.path);
  CHECK(rest.size() < 39);
  REQUIRE(rest.rejected().size() == 1);
  CHECK(rest.rejected()[0].file == shard(1));
  std::filesystem::resize_file(folder / shard(1), 20);
  CHECK(FaceShards::open(folder.path).size() == rest.size());
  std::filesystem::remove(folder / shard(1));
  const FaceShards without = FaceShards::open(folder.path);
  CHECK(without.size() == rest.size());
  REQUIRE(without.rejected().size() == 1);
  CHECK(without.rejected()[0].reason.find("missing") != std::string::npos);
}

TEST_CASE("any byte that changes is noticed: no sample is ever another than the one packed") {
  const Folder folder("shards_flip");
  pack_forty(folder);
  std::map<std::string, Prepared> good;
  const FaceShards whole = FaceShards::open(folder.path);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Prepared p = prepared(whole, i, false);
    good[whole.name(i)] = std::move(p);
  }
  const std::string bytes = content(folder / shard(0));
  std::size_t named = 0;
  for (std::size_t at = 0; at < bytes.size(); at += at < 64 ? 7 : 1999) {
    INFO("byte " << at);
    change_byte(folder / shard(0), at);
    const FaceShards shards = FaceShards::open(folder.path);
    for (std::size_t i = 0; i < shards.size(); ++i) {
      const KeptFace face = shards.face(i);
      const bool replaced = face.name != shards.name(i);
      CHECK(prepared(shards, i, false) == good.at(face.name));
      if (replaced) CHECK(shards.rejected().size() == 1);
    }
    CHECK(shards.rejected().size() == 1);
    named += shards.rejected().size();
    // Read as a whole, the sample is left out before anybody asks.
    CHECK(FaceShards::open(folder.path, {.verify = true}).size() < 40);
    write_content(folder / shard(0), bytes);
  }
  CHECK(named > 20);
}

TEST_CASE("a sample found damaged while training is replaced by the next of its own set, always the same") {
  const Folder folder("shards_late");
  pack_forty(folder);
  const FaceShards opened = FaceShards::open(folder.path, {.memory = 0});
  const std::vector<std::size_t> even{0, 2, 4, 6, 8};
  const FaceShards set = opened.pick(even);
  change_byte(folder / shard(0), static_cast<std::size_t>(shards::ShardFile(folder / shard(0)).entry(2).offset) + 700);
  std::map<std::size_t, std::string> replaced;
  for (std::size_t i = 0; i < set.size(); ++i)
    if (set.face(i).name != set.name(i)) replaced[i] = set.face(i).name;
  for (std::size_t i = 0; i < opened.size(); ++i) prepared(opened, i);
  REQUIRE(opened.rejected().size() == 1);
  const FaceSamples& any = set;  // as those see it that do not know where faces come from
  CHECK(any.rejected().size() == 1);
  REQUIRE(replaced.size() == 1);
  CHECK(replaced.at(1) == set.name(2));  // sample 2 of all is the second of these
  for (int again = 0; again < 2; ++again)
    for (const auto& [i, by] : replaced) CHECK(set.face(i).name == by);
  // All gone: no endless search.
  for (const auto& entry : std::filesystem::directory_iterator(folder.path))
    if (entry.path().extension() == ".shard") std::filesystem::resize_file(entry.path(), 100);
  CHECK_THROWS_AS(prepared(opened, 0), FormatError);
}

TEST_CASE("files of others in the folder do not matter; shards of another pack do") {
  const Folder folder("shards_foreign"), other("shards_other");
  pack_forty(folder);
  write_content(folder / "notes.txt", "what these are");
  write_content(folder / "faces_1.shard", "not a name of ours");
  write_content(folder / "faces_00000.shard.tmp12", "half");
  FaceShards shards = FaceShards::open(folder.path);
  CHECK(shards.size() == 40);
  CHECK(shards.rejected().empty());
  write_content(folder / "faces_00099.shard", "a text under our name");
  shards = FaceShards::open(folder.path);
  CHECK(shards.size() == 40);
  REQUIRE_FALSE(shards.rejected().empty());
  CHECK(shards.rejected()[0].reason.find("not a shard") != std::string::npos);
  std::filesystem::remove(folder / "faces_00099.shard");

  pack_forty(other, 4);
  const std::string mine = content(folder / shard(2));
  write_content(folder / shard(2), content(other / shard(2)));
  CHECK_THROWS_WITH(FaceShards::open(folder.path), Catch::Contains("another pack"));
  write_content(folder / shard(2), content(folder / shard(1)));
  CHECK(FaceShards::open(folder.path).rejected()[0].reason.find("under this name") != std::string::npos);
  write_content(folder / shard(2), mine);
  std::string newer = mine;
  newer[8] = 2;
  write_content(folder / shard(2), newer);
  CHECK(FaceShards::open(folder.path).rejected()[0].reason.find("another version") != std::string::npos);
  write_content(folder / shard(2), mine);

  std::filesystem::remove(folder / "pack.json");  // a shard says by itself what it is
  CHECK(FaceShards::open(folder.path).size() == 40);
  CHECK(holds_shards(folder.path));
  CHECK_FALSE(holds_shards(folder.path / "nowhere"));
  const Folder empty("shards_none");
  CHECK_FALSE(holds_shards(empty.path));
  CHECK_THROWS_AS(FaceShards::open(empty.path), FormatError);
  CHECK_THROWS_AS(FaceShards::open(empty.path / "nowhere"), FileError);
}

TEST_CASE("several packs are one set, if they are of one kind") {
  const Folder a("shards_a"), b("shards_b"), c("shards_c");
  pack_forty(a);
  pack_forty(b, 4);
  const std::vector<std::filesystem::path> both{a.path, b.path};
  const FaceShards shards = FaceShards::open(both);
  CHECK(shards.size() == 80);
  PackOptions other = small_pack();
  other.store.preprocessing.size = 40;
  pack_drawn(c.path, 1, 3, other);
  const std::vector<std::filesystem::path> mixed{a.path, c.path};
  CHECK_THROWS_WITH(FaceShards::open(mixed), Catch::Contains("the crop"));
  // A network may want less than was packed, and not more.
  CHECK(FaceShards::open(c.path, {.preprocessing = Preprocessing{32, 0.1f}}).pixels_per_sample() == 32 * 32 * 3);
  CHECK_THROWS_WITH(FaceShards::open(a.path, {.preprocessing = Preprocessing{64, 0.15f}}),
                    Catch::Contains("larger crop"));
  CHECK_THROWS_WITH(FaceShards::open(a.path, {.preprocessing = Preprocessing{32, 0.3f}}),
                    Catch::Contains("larger crop"));
}

TEST_CASE("decoded faces take no more memory than they may, from any number of threads") {
  const Folder folder("shards_memory");
  pack_forty(folder);
  const FaceShards all = FaceShards::open(folder.path);
  for (std::size_t i = 0; i < all.size(); ++i) prepared(all, i);
  const std::size_t bytes = all.cached_bytes();
  CHECK(bytes > 40 * 40 * 40 * 3);
  CHECK(all.decoded_bytes() == Approx(bytes).epsilon(0.1));
  CHECK(all.index_bytes() < 40 * 200 + 8 * 100);
  const FaceShards few = FaceShards::open(folder.path, {.memory = bytes / 4});
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t k = 0; k < 80; ++k) (void)few.face((7 * k + t) % 40);
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(few.cached_bytes() <= bytes / 4);
  CHECK(few.cached_bytes() > bytes / 8);
  const FaceShards none = FaceShards::open(folder.path, {.memory = 0});
  for (std::size_t i = 0; i < 40; ++i) {
    CHECK(prepared(none, i) == prepared(all, i));
    CHECK(prepared(few, i) == prepared(all, i));
  }
  CHECK(none.cached_bytes() == 0);
}

TEST_CASE("an epoch has each sample once a pass, shard after shard, by its random numbers alone") {
  const Folder folder("shards_order");
  const PackResult packed = pack_forty(folder);
  REQUIRE(packed.shards >= 4);
  const FaceShards shards = FaceShards::open(folder.path, {.window = 1});
  const FaceShards other = FaceShards::open(folder.path, {.memory = 0, .window = 1});
  const auto order = epoch(shards, 1, 2);
  for (std::size_t pass = 0; pass < 2; ++pass) {
    const std::set<std::size_t> seen(order.begin() + static_cast<std::ptrdiff_t>(40 * pass),
                                     order.begin() + static_cast<std::ptrdiff_t>(40 * pass + 40));
    CHECK(seen.size() == 40);
    std::vector<std::size_t> numbers;
    for (std::size_t i = 40 * pass; i < 40 * pass + 40; ++i) numbers.push_back(shards.shard(order[i]));
    const auto last = std::unique(numbers.begin(), numbers.end());
    CHECK(static_cast<std::size_t>(last - numbers.begin()) == packed.shards);  // each is read once
  }
  CHECK(epoch(other, 1, 2) == order);
  CHECK(epoch(shards, 2, 2) != order);
  CHECK_FALSE(std::equal(order.begin(), order.begin() + 40, order.begin() + 40));
  // With a window over all shards, neighbours are of different ones.
  const auto mixed = epoch(FaceShards::open(folder.path), 1);
  std::size_t changes = 0;
  for (std::size_t i = 1; i < mixed.size(); ++i) changes += shards.shard(mixed[i]) != shards.shard(mixed[i - 1]);
  CHECK(changes > 2 * packed.shards);
}

TEST_CASE("batches of shards: the same bits for any number of threads, and from any batch on") {
  const Folder folder("shards_batches");
  pack_forty(folder);
  const FaceShards shards = FaceShards::open(folder.path, {.memory = 100000});
  const auto take = [&](int threads, std::size_t first_epoch, std::size_t first_batch, int count) {
    Batches batches(shards,
                    {.batch_size = 6, .seed = 7, .threads = threads, .epoch = first_epoch, .batch = first_batch});
    std::vector<float> seen;
    for (int i = 0; i < count; ++i) {
      const Batch& batch = batches.next();
      seen.insert(seen.end(), batch.pixels.begin(), batch.pixels.end());
      seen.insert(seen.end(), batch.values.begin(), batch.values.end());
    }
    return seen;
  };
  const std::vector<float> whole = take(1, 0, 0, 20);
  CHECK(take(4, 0, 0, 20) == whole);
  const std::vector<float> rest = take(2, 1, 4, 9);  // 7 batches an epoch
  CHECK(std::equal(rest.begin(), rest.end(), whole.end() - static_cast<std::ptrdiff_t>(rest.size())));
}

TEST_CASE("a split by photo is that of the photos themselves, and no photo is on both sides") {
  const Folder photos("shards_photos"), out("shards_split"), copies("shards_copies"), more("shards_more");
  std::vector<Face> faces = photos_in(photos, 24);
  pack_faces(out.path, faces, small_pack());
  const FaceShards shards = FaceShards::open(out.path);
  const Split split = split_photo_ids(shards.photos(), 0.3, 5), original = split_by_photo(faces, 0.3, 5);
  std::set<std::string> held_out, wanted;
  for (const std::size_t i : split.held_out) held_out.insert(shards.name(i));
  for (const std::size_t i : original.held_out) wanted.insert(faces[i].image.string());
  CHECK(held_out == wanted);
  const FaceShards left = shards.pick(split.train), right = shards.pick(split.held_out);
  CHECK(left.size() + right.size() == 24);
  for (const std::string& photo : right.photos()) {
    const std::vector<std::string> others = left.photos();
    CHECK(std::find(others.begin(), others.end(), photo) == others.end());
  }
  CHECK_THROWS_AS(shards.pick(std::vector<std::size_t>{24}), ArgumentError);

  // Copies of the photos under other names, in another pack: their bytes tell.
  std::vector<Face> others = photos_in(copies, 24);
  for (std::size_t i = 0; i < others.size(); ++i) others[i].photo = "a copy " + std::to_string(i);
  pack_faces(more.path, others, small_pack());
  const std::vector<std::filesystem::path> both{out.path, more.path};
  const FaceShards all = FaceShards::open(both);
  const std::vector<std::string> ids = all.photos();
  std::map<std::uint64_t, std::set<std::string>> by_content;
  for (std::size_t i = 0; i < all.size(); ++i) by_content[all.print(i).content].insert(ids[i]);
  for (const auto& [bytes, names] : by_content) CHECK(names.size() == 1);
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 12);  // two faces were of one photo by its name
}
