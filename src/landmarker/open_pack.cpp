#include "landmarker/open_pack.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "lineament/error.hpp"
#include "lineament/file.hpp"

namespace lineament {
namespace fs = std::filesystem;
namespace shards {
namespace {

/// Names of the shards in a folder, sorted.
std::set<std::string> shards_in(const fs::path& folder) {
  std::set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (const std::string name = entry->path().filename().string(); is_file_name(name)) names.insert(name);
  if (error) throw FileError({folder.string(), "the folder cannot be listed", "", error.message(), "check the path"});
  return names;
}

std::optional<PackState> state_of(const fs::path& folder, OpenedPack& pack) {
  std::error_code error;
  if (!fs::exists(folder / kPackFile, error)) return std::nullopt;  // shards say by themselves what they are
  try {
    return decode_state(read_text(folder / kPackFile), (folder / kPackFile).string());
  } catch (const FormatError& e) {
    pack.rejected.push_back({kPackFile, reason_of(e)});
    return std::nullopt;
  }
}

void require_finished(const std::optional<PackState>& state, const fs::path& folder) {
  if (state && !state->finished)
    throw FormatError({folder.string(), "the pack is not finished", "", "",
                       "start the same 'lineament pack' again: it goes on where it was stopped"});
}

std::string number(double value) {
  std::string text = std::to_string(value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string text_of(const Preprocessing& p) {
  return std::to_string(p.size) + " pixels, margin " + number(static_cast<double>(p.margin));
}

}  // namespace

OpenedPack open_pack(const fs::path& folder) {
  OpenedPack pack;
  const std::set<std::string> names = shards_in(folder);
  const std::optional<PackState> state = state_of(folder, pack);
  require_finished(state, folder);
  std::size_t count = state ? state->shards : 0;
  std::optional<std::string> common = state ? std::optional(state->pack) : std::nullopt;
  std::map<std::size_t, ShardFile> by_number;
  std::set<std::string> missing;
  for (const std::string& name : names) {
    try {
      ShardFile shard(folder / name);
      const std::size_t its_number = shard.header().number;
      if (file_name(its_number) != name)
        throw FormatError({name, "it is another shard under this name", "", file_name(its_number), "rename it"});
      if (!common) common = shard.about().pack;
      if (shard.about().pack != *common)
        throw ArgumentError({(folder / name).string(), "it belongs to another pack than the other shards here", "", "",
                             "give each pack a folder of its own"});
      count = std::max(count, its_number + 1);
      by_number.emplace(its_number, std::move(shard));
    } catch (const ArgumentError&) {
      throw;
    } catch (const Error& e) {
      pack.rejected.push_back({name, reason_of(e)});
    }
  }
  for (std::size_t i = 0; i < count; ++i)
    if (!names.contains(file_name(i))) pack.rejected.push_back({file_name(i), "the shard is missing"});
  if (by_number.empty() || !common)
    throw FormatError({folder.string(), "no shard of packed faces in it can be read", "",
                       pack.rejected.empty() ? "none" : pack.rejected.front().reason, "pack the faces again"});
  pack.info = decode_pack(*common, folder.string());
  for (auto& [its_number, shard] : by_number) {
    shard.forget_about();
    pack.shards.push_back(std::move(shard));
  }
  return pack;
}

void require_alike(const PackInfo& first, const PackInfo& other, const fs::path& folder) {
  const auto refuse = [&](const char* what, const std::string& wanted, const std::string& got) {
    throw ArgumentError({folder.string(), std::string("its faces differ from those of the other packs: ") + what,
                         wanted, got, "pack them with the same options"});
  };
  if (scheme_to_json(first.scheme) != scheme_to_json(other.scheme))
    refuse("the scheme", first.scheme.name, other.scheme.name);
  if (first.preprocessing != other.preprocessing)
    refuse("the crop", text_of(first.preprocessing), text_of(other.preprocessing));
  if (first.box != other.box) refuse("the box", first.box, other.box);
}

void require_within(const Preprocessing& packed, const Preprocessing& wanted, const fs::path& folder) {
  check(wanted);
  if (wanted.size <= packed.size && wanted.margin <= packed.margin) return;
  throw ArgumentError({folder.string(), "the network wants a larger crop than was packed", text_of(wanted),
                       text_of(packed),
                       "pack the faces again with --size " + std::to_string(wanted.size) + " --margin " +
                           number(static_cast<double>(wanted.margin))});
}

}  // namespace shards

bool holds_shards(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return false;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (shards::is_file_name(name)) return true;
    if (name != shards::kPackFile) continue;
    try {
      shards::decode_state(read_text(entry->path()), name);
      return true;
    } catch (const Error&) {  // somebody else's file of this name
    }
  }
  return false;
}

}  // namespace lineament
