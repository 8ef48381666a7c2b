// The bytes of a shard, a file of packed faces; docs/data.md shows them as a table. Numbers are little-endian. A shard
// says by itself what is in it, and its index lies before its samples: of one that was cut short the rest can be used.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lineament/faces/face.hpp"
#include "lineament/faces/photo.hpp"
#include "lineament/landmarker/face_shards.hpp"
#include "lineament/landmarker/kept_face.hpp"

namespace lineament::shards {

using FileBytes = std::vector<std::uint8_t>;

inline constexpr std::string_view kMagic = "lnmshard";
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::size_t kHeaderSize = 48;

/// The first bytes of a shard. Then come the description, the index, and the records.
struct Header {
  std::uint32_t number = 0;  ///< of the shard in its pack, from 0
  std::uint32_t samples = 0;
  std::uint32_t about_bytes = 0;  ///< of the description
  std::uint64_t index_bytes = 0;
  std::uint64_t checksum = 0;  ///< content_digest() of description and index
};
FileBytes encode(const Header& header);
/// `name` is the file's, for messages. Throws FormatError for what is no shard, is of a newer version, or is damaged.
Header decode_header(std::span<const std::uint8_t> bytes, const std::string& name);

/// What a shard says of itself, as JSON.
struct About {
  std::string pack;         ///< what all shards of a pack have in common: JSON, see pack_description.hpp
  std::uint64_t first = 0;  ///< the shard holds what could be used of the pack's sources first … end - 1
  std::uint64_t end = 0;
  std::vector<Rejected> rejected{};  ///< of these sources
};
std::string encode(const About& about);
/// Throws FormatError.
About decode_about(std::string_view json, const std::string& name);

/// The part of About::pack that says what the samples are. Throws FormatError.
PackInfo decode_pack(const std::string& pack, const std::string& name);

/// A sample's line in the index. `name` and `photo` point into the bytes that it was decoded from.
struct Entry {
  enum : std::uint32_t { kUnknownPoints = 1, kOfPhoto = 2 };
  std::uint64_t offset = 0;  ///< of the record in the file
  std::uint32_t size = 0;    ///< of the record
  std::uint32_t flags = 0;
  std::uint64_t checksum = 0;  ///< content_digest() of the record
  std::uint64_t content = 0;   ///< of its photo, as the next one: see PhotoPrint
  PerceptualHash look{};
  float side = 0;                ///< see KeptFace
  std::string_view name, photo;  ///< the photo's path, and its id (Face::photo)
};
void append(FileBytes& index, const Entry& entry);
/// The entry at `at`, which becomes the place of the next one. Throws FormatError where the bytes end before it does.
Entry decode_entry(std::span<const std::uint8_t> index, std::size_t& at, const std::string& name);

/// A face without its name and print, which are in the index. `quality` 0: the pixels as they are, else a JPEG's.
FileBytes encode_record(const KeptFace& face, int quality);
/// Throws FormatError for what is no record with so many points.
KeptFace decode_record(std::span<const std::uint8_t> bytes, const Entry& entry, int points, bool raw);

/// "faces_00003.shard".
std::string file_name(std::size_t number);
bool is_file_name(const std::string& name);
inline constexpr const char* kPackFile = "pack.json";

/// What lies in pack.json beside the shards.
struct PackState {
  std::string pack;  ///< see About
  bool finished = false;
  std::size_t shards = 0, samples = 0;  ///< once it is finished
};
std::string encode(const PackState& state);
/// Throws FormatError.
PackState decode_state(std::string_view json, const std::string& name);

}  // namespace lineament::shards
