#include "landmarker/shard_format.hpp"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstdio>
#include <type_traits>
#include <utility>

#include "lineament/error.hpp"
#include "lineament/image/file.hpp"

namespace lineament::shards {
namespace {

void put(FileBytes& to, auto number) {
  using Number = decltype(number);
  using Word = std::conditional_t<sizeof(Number) == 8, std::uint64_t, std::uint32_t>;
  const auto word = std::bit_cast<Word>(number);
  for (std::size_t i = 0; i < sizeof(Word); ++i) to.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
}

void put_text(FileBytes& to, std::string_view text) {
  put(to, static_cast<std::uint32_t>(text.size()));
  to.insert(to.end(), text.begin(), text.end());
}

/// Reads what put() wrote.
class Reader {
 public:
  Reader(std::span<const std::uint8_t> bytes, const std::string& name, std::size_t at = 0)
      : bytes_(bytes), name_(name), at_(at) {}

  template <class Number>
  Number get() {
    using Word = std::conditional_t<sizeof(Number) == 8, std::uint64_t, std::uint32_t>;
    Word word = 0;
    const auto part = take(sizeof(Word));
    for (std::size_t i = 0; i < sizeof(Word); ++i) word |= static_cast<Word>(part[i]) << (8 * i);
    return std::bit_cast<Number>(word);
  }
  std::string_view text() {
    const auto part = take(get<std::uint32_t>());
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  std::span<const std::uint8_t> take(std::size_t size) {
    if (size > bytes_.size() - at_) throw FormatError({name_, "it ends too early", "", "", "pack the faces again"});
    at_ += size;
    return bytes_.subspan(at_ - size, size);
  }
  std::span<const std::uint8_t> rest() { return take(bytes_.size() - at_); }
  std::size_t at() const { return at_; }

 private:
  std::span<const std::uint8_t> bytes_;
  const std::string& name_;
  std::size_t at_;
};

constexpr const char* kDamaged = "the file is damaged; pack the faces again";

}  // namespace

FileBytes encode(const Header& header) {
  FileBytes bytes(kMagic.begin(), kMagic.end());
  put(bytes, kVersion);
  put(bytes, header.number);
  put(bytes, header.samples);
  put(bytes, header.about_bytes);
  put(bytes, header.index_bytes);
  put(bytes, header.checksum);
  put(bytes, content_digest(bytes));
  return bytes;
}

Header decode_header(std::span<const std::uint8_t> bytes, const std::string& name) {
  const std::size_t begun = std::min(bytes.size(), kMagic.size());  // of one that was cut short to fewer
  if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(begun), kMagic.begin()))
    throw FormatError({name, "not a shard of packed faces", "a file written by 'lineament pack'", "another file", ""});
  if (bytes.size() < kHeaderSize)
    throw FormatError({name, "it has been cut short", "", std::to_string(bytes.size()) + " bytes", kDamaged});
  Reader reader(bytes, name, kMagic.size());
  if (const auto version = reader.get<std::uint32_t>(); version != kVersion)
    throw FormatError({name, "it is of another version", std::to_string(kVersion), std::to_string(version),
                       "read it with the program that wrote it, or pack the faces again"});
  Header header;
  header.number = reader.get<std::uint32_t>();
  header.samples = reader.get<std::uint32_t>();
  header.about_bytes = reader.get<std::uint32_t>();
  header.index_bytes = reader.get<std::uint64_t>();
  header.checksum = reader.get<std::uint64_t>();
  const std::size_t before = reader.at();
  if (reader.get<std::uint64_t>() != content_digest(bytes.first(before)))
    throw FormatError({name, "the checksum of its first bytes differs", "", "", kDamaged});
  return header;
}

void append(FileBytes& index, const Entry& entry) {
  put(index, entry.offset);
  put(index, entry.size);
  put(index, entry.flags);
  put(index, entry.checksum);
  put(index, entry.content);
  for (const std::uint64_t word : entry.look) put(index, word);
  put(index, entry.side);
  put_text(index, entry.name);
  put_text(index, entry.photo);
}

Entry decode_entry(std::span<const std::uint8_t> index, std::size_t& at, const std::string& name) {
  Reader reader(index, name, at);
  Entry entry;
  entry.offset = reader.get<std::uint64_t>();
  entry.size = reader.get<std::uint32_t>();
  entry.flags = reader.get<std::uint32_t>();
  entry.checksum = reader.get<std::uint64_t>();
  entry.content = reader.get<std::uint64_t>();
  for (std::uint64_t& word : entry.look) word = reader.get<std::uint64_t>();
  entry.side = reader.get<float>();
  entry.name = reader.text();
  entry.photo = reader.text();
  at = reader.at();
  return entry;
}

FileBytes encode_record(const KeptFace& face, int quality) {
  FileBytes bytes;
  put(bytes, static_cast<std::uint32_t>(face.image.width()));
  put(bytes, static_cast<std::uint32_t>(face.image.height()));
  for (const float side : {face.box.x, face.box.y, face.box.width, face.box.height}) put(bytes, side);
  put(bytes, static_cast<std::uint32_t>(face.points.size()));
  for (const Point& p : face.points) {
    put(bytes, p.x);
    put(bytes, p.y);
  }
  if (quality == 0) {
    bytes.insert(bytes.end(), face.image.pixels().begin(), face.image.pixels().end());
  } else {
    const FileBytes picture = encode_jpeg(face.image, quality);
    bytes.insert(bytes.end(), picture.begin(), picture.end());
  }
  return bytes;
}

KeptFace decode_record(std::span<const std::uint8_t> bytes, const Entry& entry, int points, bool raw) {
  const std::string name(entry.name);
  Reader reader(bytes, name);
  constexpr std::uint32_t kLongest = 1u << 16;
  const auto width = reader.get<std::uint32_t>(), height = reader.get<std::uint32_t>();
  KeptFace face;
  for (float* side : {&face.box.x, &face.box.y, &face.box.width, &face.box.height}) *side = reader.get<float>();
  const auto count = reader.get<std::uint32_t>();
  if (count != static_cast<std::uint32_t>(points) || width == 0 || height == 0 || width > kLongest || height > kLongest)
    throw FormatError({name, "not a packed face of this scheme", "", "", kDamaged});
  face.points.resize(count);
  for (Point& p : face.points) {
    p.x = reader.get<float>();
    p.y = reader.get<float>();
  }
  const auto picture = reader.rest();
  if (raw) {
    if (picture.size() != std::size_t{width} * height * 3)
      throw FormatError({name, "the number of its pixels is wrong", "", "", kDamaged});
    face.image = Image(static_cast<int>(width), static_cast<int>(height));
    std::copy(picture.begin(), picture.end(), face.image.pixels().begin());
  } else {
    face.image = decode_image(picture, name);
    if (face.image.width() != static_cast<int>(width) || face.image.height() != static_cast<int>(height))
      throw FormatError({name, "its picture has another size", "", "", kDamaged});
  }
  face.name = name;
  face.side = entry.side;
  if ((entry.flags & Entry::kOfPhoto) != 0) face.print = {name, entry.content, entry.look};
  return face;
}

std::string file_name(std::size_t number) {
  std::string digits = std::to_string(number);
  constexpr std::size_t kDigits = 5;
  digits.insert(0, kDigits - std::min(kDigits, digits.size()), '0');
  return "faces_" + digits + ".shard";
}

bool is_file_name(const std::string& name) {
  constexpr std::string_view kBegin = "faces_", kEnd = ".shard";
  if (name.size() < kBegin.size() + 5 + kEnd.size() || !name.starts_with(kBegin) || !name.ends_with(kEnd)) return false;
  return std::all_of(name.begin() + kBegin.size(), name.end() - kEnd.size(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace lineament::shards
