#include "lineament/landmarker/pack_faces.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "landmarker/pack_description.hpp"
#include "landmarker/pack_folder.hpp"
#include "landmarker/shard_file.hpp"
#include "landmarker/shard_format.hpp"
#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "lineament/random.hpp"
#include "lineament/threads.hpp"

namespace lineament {
namespace {

using shards::Entry;
using shards::FileBytes;

/// Where the faces of a pack come from. `keep`, `name` and `photo` are called from several threads at once.
struct Source {
  std::size_t count = 0;
  std::function<KeptFace(std::size_t)> keep;
  std::function<std::string(std::size_t)> name;
  std::function<std::string(std::size_t)> photo;  ///< its id
  /// PhotoPrint::content, as its file is now; from one thread. Empty: no photos.
  std::function<std::uint64_t(std::size_t)> content;
};

/// A face, ready to be written, or why there is none.
struct Packed {
  FileBytes record{};
  Entry entry{};
  std::string name{}, photo{};
  std::string problem{};
};

void encode_face(const Source& source, std::size_t i, int quality, Packed& to) {
  to.name = source.name(i);
  to.photo = source.photo(i);
  const KeptFace face = source.keep(i);
  to.record = shards::encode_record(face, quality);
  Entry& entry = to.entry;
  entry.size = static_cast<std::uint32_t>(to.record.size());
  entry.checksum = content_digest(to.record);
  entry.side = face.side;
  if (!std::all_of(face.points.begin(), face.points.end(), is_known)) entry.flags |= Entry::kUnknownPoints;
  if (face.print.file.empty()) return;
  entry.flags |= Entry::kOfPhoto;
  entry.content = face.print.content;
  entry.look = face.print.look;
}

/// The shard that is being filled.
class Shard {
 public:
  Shard(std::size_t number, const std::string& pack, std::uint64_t first)
      : number_(number), about_{pack, first, std::numeric_limits<std::uint64_t>::max()} {
    bytes_ += shards::encode(about_).size();  // at most: the end has fewer digits
  }

  bool has_samples() const { return !samples_.empty(); }
  bool is_empty() const { return samples_.empty() && about_.rejected.empty(); }
  std::size_t size() const { return samples_.size(); }
  bool has_room(const Packed& face, std::uint64_t limit) const {
    return bytes_ + face.record.size() + index_size_of(face) <= limit;
  }
  void add(Packed face) {
    bytes_ += face.record.size() + index_size_of(face);
    samples_.push_back(std::move(face));
  }
  void reject(const std::string& name, const std::string& reason) {
    about_.rejected.push_back({name, reason});
    bytes_ += shards::encode(shards::About{"{}", 0, 0, {about_.rejected.back()}}).size();  // somewhat more than it is
  }

  /// All bytes of the file; `end` is the first source that is not in it.
  FileBytes bytes(std::uint64_t end) {
    about_.end = end;
    const std::string about = shards::encode(about_);
    FileBytes index;
    for (const Packed& face : samples_) append_entry(index, face, 0);  // its size does not depend on the places
    std::uint64_t offset = shards::kHeaderSize + about.size() + index.size();
    index.clear();
    for (const Packed& face : samples_) {
      append_entry(index, face, offset);
      offset += face.record.size();
    }
    FileBytes body(about.begin(), about.end());
    body.insert(body.end(), index.begin(), index.end());
    FileBytes all =
        shards::encode(shards::Header{static_cast<std::uint32_t>(number_), static_cast<std::uint32_t>(samples_.size()),
                                      static_cast<std::uint32_t>(about.size()), index.size(), content_digest(body)});
    all.reserve(static_cast<std::size_t>(offset));
    all.insert(all.end(), body.begin(), body.end());
    for (const Packed& face : samples_) all.insert(all.end(), face.record.begin(), face.record.end());
    return all;
  }

 private:
  static void append_entry(FileBytes& index, const Packed& face, std::uint64_t offset) {
    Entry entry = face.entry;
    entry.offset = offset;
    entry.name = face.name;
    entry.photo = face.photo;
    shards::append(index, entry);
  }
  static std::size_t index_size_of(const Packed& face) {
    FileBytes index;
    append_entry(index, face, 0);
    return index.size();
  }

  std::size_t number_;
  shards::About about_;
  std::vector<Packed> samples_;
  std::uint64_t bytes_ = shards::kHeaderSize;
};

/// What an earlier call has packed has to be what is there now: a pack of two states of the data is of neither.
void require_unchanged(const std::filesystem::path& folder, std::size_t count, const Source& source) {
  for (std::size_t s = 0; s < count; ++s) {
    const shards::ShardFile shard(folder / shards::file_name(s));
    auto i = static_cast<std::size_t>(shard.about().first);
    for (std::size_t k = 0; k < shard.size() && i < shard.about().end; ++i) {
      const Entry entry = shard.entry(k);
      if (source.name(i) != entry.name) continue;  // that one could not be used
      ++k;
      if (source.content(i) != entry.content)
        throw ArgumentError({std::string(entry.name), "the photo is another than the one that was packed before", "",
                             "a pack of it in " + folder.string(), "choose another folder, or remove that one"});
    }
  }
}

PackResult pack(const std::filesystem::path& path, const Source& source, const std::string& description,
                const PackOptions& options) {
  shards::PackFolder folder(path, description);
  PackResult result = folder.found();
  if (source.content) require_unchanged(path, result.shards, source);
  if (folder.is_finished()) return result;
  std::size_t next = folder.next_source();
  Shard shard(result.shards, description, next);
  const auto finish_shard = [&](std::size_t end) {
    result.bytes += folder.write(result.shards, shard.bytes(end));
    result.samples += shard.size();
    shard = Shard(++result.shards, description, end);
  };
  Threads threads(options.store.threads);
  // Some at a time, so that no more than these and a shard are in memory; added in their order, whoever made them.
  const std::size_t chunk = 8 * static_cast<std::size_t>(threads.count());
  std::vector<Packed> made;
  while (next < source.count) {
    made.assign(std::min(chunk, source.count - next), Packed{});
    threads.run(static_cast<int>(made.size()), [&](int task, int) {
      const auto k = static_cast<std::size_t>(task);
      made[k].problem = problem_of([&] { encode_face(source, next + k, options.quality, made[k]); });
    });
    for (Packed& face : made) {
      if (!face.problem.empty()) {
        result.rejected.push_back({face.name, face.problem});
        shard.reject(face.name, face.problem);
      } else {
        if (shard.has_samples() && !shard.has_room(face, options.shard_bytes)) finish_shard(next);
        shard.add(std::move(face));
      }
      ++next;
      if (options.store.progress) options.store.progress(next, source.count);
    }
  }
  if (result.samples + shard.size() == 0)
    throw FormatError(
        {"data", "no usable face is left", "at least one", "none", "run 'lineament validate' on the data"});
  // After a shard of an earlier call there may have been no face that can be used: later calls ask the shards for
  // these.
  if (!shard.is_empty()) finish_shard(next);
  folder.finish(result);
  return result;
}

void check(const PackOptions& options) {
  check(options.store);
  const auto refuse = [](const char* what, const char* wanted, const std::string& got) {
    throw ArgumentError({"pack", what, wanted, got, ""});
  };
  if (options.quality != 0 && (options.quality < 91 || options.quality > 100))
    refuse("the quality is out of range", "91 to 100, or 0 for pixels as they are", std::to_string(options.quality));
  if (options.shard_bytes < (1u << 16) || options.shard_bytes > (1u << 30))
    refuse("the size of a shard is out of range", "64 KB to 1 GB", std::to_string(options.shard_bytes));
  if (options.store.jitter != 0) refuse("boxes cannot be moved", "jitter 0", std::to_string(options.store.jitter));
}

}  // namespace

PackResult pack_faces(const std::filesystem::path& folder, std::span<const Face> faces, const PackOptions& options) {
  check(options);
  if (faces.empty()) throw ArgumentError({"pack", "there are no faces", "at least one", "none", ""});
  std::vector<std::size_t> order(faces.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffle(order, Random(options.seed ^ 0x7061636Bu));
  const auto face = [&](std::size_t i) -> const Face& { return faces[order[i]]; };
  std::unordered_map<std::string, std::uint64_t> contents;
  const auto content = [&](std::size_t i) {
    const auto [known, is_new] = contents.try_emplace(face(i).image.string());
    if (is_new) known->second = content_digest(read_file(face(i).image));
    return known->second;
  };
  const Source source{faces.size(), [&](std::size_t i) { return keep_photo(face(i), i, options.store); },
                      [&](std::size_t i) { return face(i).image.string(); },
                      [&](std::size_t i) { return face(i).photo.empty() ? face(i).image.string() : face(i).photo; },
                      content};
  return pack(folder, source, shards::describe_photos(faces, options), options);
}

PackResult pack_drawn(const std::filesystem::path& folder, std::uint64_t seed, std::size_t count,
                      const PackOptions& options, const DrawOptions& drawing) {
  check(options);
  check_drawn(options.store);
  if (count == 0) throw ArgumentError({"pack", "there are no faces", "at least one", "none", ""});
  draw_face(seed, 0, drawing);  // throws for options out of range
  const auto name = [](std::size_t i) { return "drawn " + std::to_string(i); };
  const Source source{
      count, [&](std::size_t i) { return keep_drawn(seed, i, i, options.store, drawing); }, name, name, {}};
  return pack(folder, source, shards::describe_drawn(seed, count, drawing, options), options);
}

}  // namespace lineament
