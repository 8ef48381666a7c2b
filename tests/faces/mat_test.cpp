// MAT files of level 5, written here byte by byte.
#include "lineament/faces/mat.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "dataset_support.hpp"
#include "lineament/error.hpp"
#include "lineament/random.hpp"
#include "small_scheme.hpp"

using namespace lineament;
using namespace test;

namespace {

/// Writes numbers in one of the two byte orders.
class Writer {
 public:
  explicit Writer(bool big = false) : big_(big) {}

  template <class T>
  std::string number(T value) const {
    std::string s(reinterpret_cast<const char*>(&value), sizeof value);
    if (big_ == (std::endian::native == std::endian::little)) std::reverse(s.begin(), s.end());
    return s;
  }
  template <class T>
  std::string numbers(const std::vector<double>& values) const {
    std::string s;
    for (const double v : values) s += number(static_cast<T>(v));
    return s;
  }
  std::string element(std::uint32_t type, const std::string& data) const {
    const std::string padding(type == 15 ? 0 : (8 - data.size() % 8) % 8, '\0');
    return number(type) + number(static_cast<std::uint32_t>(data.size())) + data + padding;
  }
  std::string small(std::uint32_t type, std::string data) const {
    const std::string tag = number(static_cast<std::uint32_t>(data.size()) << 16 | type);
    data.resize(4);
    return tag + data;
  }
  std::string matrix(const std::string& name, std::vector<double> dimensions, const std::string& data,
                     std::uint32_t kind = 6) const {
    const std::string name_element = name.size() <= 4 ? small(1, name) : element(1, name);
    return element(14, element(6, number(kind) + number(std::uint32_t{0})) +
                           element(5, numbers<std::int32_t>(dimensions)) + name_element + data);
  }
  std::string file(const std::string& elements) const {
    std::string head = "MATLAB 5.0 MAT-file, made up";
    head.resize(124, ' ');
    return head + number(std::uint16_t{0x0100}) + (big_ ? "MI" : "IM") + elements;
  }

 private:
  bool big_;
};

const std::vector<double> kNumbers{11.5, 21, 31, 21, -1, -1, 13, 41, 29, 41};
const Landmarks kPlaces{{10.5f, 20}, {30, 20}, kUnknownPoint, {12, 40}, {28, 40}};

std::string five(const Writer& w, const std::string& name = "pt2d") {
  return w.matrix(name, {2, 5}, w.element(9, w.numbers<double>(kNumbers)));
}

/// A zlib stream of stored blocks.
std::string zlib(const std::string& data) {
  std::string s = "\x78\x01";
  constexpr std::size_t kBlock = 100;
  std::uint32_t a = 1, b = 0;
  for (std::size_t from = 0; from < data.size(); from += kBlock) {
    const std::string block = data.substr(from, kBlock);
    const auto size = static_cast<char>(block.size());
    s += std::string{from + kBlock >= data.size() ? '\1' : '\0', size, '\0', static_cast<char>(~size), '\xFF'} + block;
  }
  for (const char c : data) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  for (const std::uint32_t half : {b, a}) s += std::string{static_cast<char>(half >> 8), static_cast<char>(half)};
  return s;
}

Landmarks parse(const std::string& bytes) {
  return parse_mat({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, "f.mat", small_scheme());
}

}  // namespace

TEST_CASE("MAT: pt2d, from 1, with missing points; both byte orders, compressed or not") {
  const Writer w(GENERATE(false, true));
  CHECK(same(parse(w.file(five(w))), kPlaces));
  const std::string roi = w.matrix("roi", {1, 4}, w.small(2, "\1\2\3\4"));
  CHECK(same(parse(w.file(roi + five(w) + w.element(14, ""))), kPlaces));
  CHECK(same(parse(w.file(w.element(15, zlib(roi)) + w.element(15, zlib(five(w))) + roi)), kPlaces));
  CHECK(same(parse(w.file(w.element(15, zlib(five(w)) + std::string(3, '\0')))), kPlaces));  // padded by some writers
}

TEST_CASE("MAT: a stream that zlib made") {
  // python3: zlib.compress of five(Writer()), level 9
  constexpr char kStream[] =
      "\x78\xDA\xE3\x63\x60\x60\x68\x00\x62\x36\x20\xE6\x80\xD2\x20\xC0\x0A\xE5\x33\x41\xD9\x8C\x0C\x2C"
      "\x0C\x05\x25\x46\x29\x9C\x40\x76\x00\x03\x0C\xA8\x3B\x40\x68\x53\x28\x6D\x8F\xC6\xFF\xB0\x1F\x95"
      "\xD6\x82\x88\x37\xB8\x40\xE5\x6D\xE1\x7C\x00\x12\x1A\x0A\xAC";
  const Writer w;
  std::string stream(kStream, sizeof kStream - 1);
  CHECK(same(parse(w.file(w.element(15, stream))), kPlaces));
  stream.back() = static_cast<char>(stream.back() ^ 1);  // the checksum
  CHECK(contains(message<FormatError>([&] { parse(w.file(w.element(15, stream))); }), "checksum"));
}

TEST_CASE("MAT: any type of numbers") {
  const std::vector<double> values{11, 21, 31, 21, 7, 8, 13, 41, 29, 41};
  const Landmarks places{{10, 20}, {30, 20}, {6, 7}, {12, 40}, {28, 40}};
  const Writer w(GENERATE(false, true));
  const std::vector<std::pair<std::uint32_t, std::string>> stored{
      {1, w.numbers<std::int8_t>(values)},   {2, w.numbers<std::uint8_t>(values)},
      {3, w.numbers<std::int16_t>(values)},  {4, w.numbers<std::uint16_t>(values)},
      {5, w.numbers<std::int32_t>(values)},  {6, w.numbers<std::uint32_t>(values)},
      {7, w.numbers<float>(values)},         {9, w.numbers<double>(values)},
      {12, w.numbers<std::int64_t>(values)}, {13, w.numbers<std::uint64_t>(values)}};
  for (const auto& [type, data] : stored) {
    CAPTURE(type);
    CHECK(parse(w.file(w.matrix("pt2d", {2, 5}, w.element(type, data)))) == places);
  }
}

TEST_CASE("MAT: pt3d_68 goes before pt2d, where its number of points fits") {
  const Writer w;
  std::vector<double> deep, shallow(2 * kPoints, 9), other(2 * 21, -1);
  for (int i = 0; i < kPoints; ++i) deep.insert(deep.end(), {i + 1.0, i + 2.0, -50.0 * i});
  const std::string pt3d = w.matrix("pt3d_68", {3, kPoints}, w.element(7, w.numbers<float>(deep)), 7);
  const std::string pt2d = w.matrix("pt2d", {2, kPoints}, w.element(9, w.numbers<double>(shallow)));
  const std::string aflw = w.matrix("pt2d", {2, 21}, w.element(9, w.numbers<double>(other)));
  const TempFolder folder;
  for (const std::string& text : {pt2d + pt3d, pt3d + pt2d, aflw + pt3d}) {
    const Landmarks points = read_mat(folder.write("a.mat", w.file(text)));
    CHECK(points[0] == Point{0, 1});
    CHECK(points[67] == Point{67, 68});
  }
  CHECK(contains(message<FormatError>([&] { read_mat(folder.write("a.mat", w.file(aflw))); }),
                 "wanted pt3d_68 (3 x 68) or pt2d (2 x 68), got 'pt2d' (2 x 21)"));
  CHECK_THROWS_AS(read_mat(folder / "b.mat"), FileError);
}

TEST_CASE("MAT: what cannot be used is refused in one line") {
  const Writer w;
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  std::vector<double> values = kNumbers;
  values[1] = nan;
  CHECK(same({parse(w.file(w.matrix("pt2d", {2, 5}, w.element(9, w.numbers<double>(values)))))[0]}, {kUnknownPoint}));
  values[1] = infinite;
  const std::string whole = w.file(five(w)), doubles = w.numbers<double>(kNumbers);
  std::string version_7_3 = whole, no_order = whole, huge = whole;
  version_7_3.replace(0, 10, "MATLAB 7.3");
  no_order.replace(126, 2, "xx");
  huge.replace(132, 4, "\xFF\xFF\xFF\xFF");
  const auto [bytes, expected] = GENERATE_COPY(table<std::string, std::string>({
      {"", "not a MAT file of level 5 (wanted 128 bytes that end in IM or MI, got 0 bytes)"},
      {version_7_3, "save -v7"},
      {no_order, "not a MAT file"},
      {huge, "cut short (wanted an element of 4294967295 bytes"},
      {whole.substr(0, 200), "cut short"},
      {whole.substr(0, 131), "cut short"},
      {whole + "abc", "cut short"},
      {w.file(""), "got no variable"},
      {w.file(five(w, "pt2D")), "got 'pt2D' (2 x 5)"},
      {w.file(w.matrix("pt2d", {5, 2}, w.element(9, doubles))), "got 'pt2d' (5 x 2)"},
      {w.file(w.matrix("pt2d", {2, 5}, w.element(9, doubles.substr(8)))), "f.mat: pt2d: the number of bytes"},
      {w.file(w.matrix("pt2d", {2, 5}, w.element(10, doubles))), "unknown type"},
      {w.file(w.matrix("pt2d", {2, 5}, w.element(9, doubles), 4)), "no matrix of numbers"},
      {w.file(w.matrix("pt2d", {2, 5}, w.element(9, doubles), 6 | 0x800)), "no matrix of numbers"},
      {w.file(w.matrix("pt2d", {2, 5}, w.element(9, w.numbers<double>(values)))), "point 0 is not a finite"},
      {w.file(w.matrix("pt2d", {2, 5}, "")), "cut short"},
      {w.file(w.element(15, "abc")), "cannot be unpacked"},
      {w.file(w.element(15, zlib(five(w)).substr(0, 90))), "cannot be unpacked"},
      {w.file(w.element(15, zlib("abc"))), "cut short"},
      {w.file(w.element(14, w.element(5, "abcd"))), "array flags"},
      {std::string((1 << 20) + 1, ' '), "too large"},
  }));
  const std::string said = message<FormatError>([&, &text = bytes] { parse(text); });
  CAPTURE(said);
  CHECK(contains(said, expected));
  CHECK(!contains(said, "\n"));
}

TEST_CASE("MAT: a small file cannot unpack without end") {
  // One literal, then copies of it, 258 bytes for every two bits: 16 MiB and more from 17 KB.
  std::string stream = "\x78\x01";
  std::uint32_t bits = 0;
  int held = 0;
  const auto put = [&](std::uint32_t value, int count) {
    bits |= value << held;
    for (held += count; held >= 8; held -= 8, bits >>= 8) stream += static_cast<char>(bits);
  };
  put(0b011, 3);       // the last block, with the fixed codes
  put(0b00001100, 8);  // the byte 0: 00110000 from its highest bit
  for (int i = 0; i < (17 << 20) / 258; ++i) {
    put(0b10100011, 8);  // length 258: 11000101
    put(0, 5);           // distance 1
  }
  put(0, 7);  // the end
  put(0, 7);
  const Writer w;
  CHECK(contains(message<FormatError>([&] { parse(w.file(w.element(15, stream + "1234"))); }), "at most 16 MiB"));
}

TEST_CASE("MAT: any damage is refused or leaves points") {
  const Writer w;
  const std::string plain = w.file(w.matrix("roi", {1, 4}, w.small(2, "\1\2\3\4")) + five(w));
  const std::string packed = w.file(w.element(15, zlib(five(w))));
  int accepted = 0, refused = 0;
  for (std::uint64_t n = 0; n < 4000; ++n) {
    Random random(2024, 7, n);
    std::string copy = n % 2 ? plain : packed;
    for (std::uint32_t k = 0, times = 1 + random.below(3); k < times && !copy.empty(); ++k) {
      const std::size_t at = random.below(static_cast<std::uint32_t>(copy.size()));
      if (random.chance(0.1f))
        copy.resize(at);
      else
        copy[at] = static_cast<char>(copy[at] ^ (1 << random.below(8)));
    }
    try {
      const Landmarks points = parse(copy);
      REQUIRE(points.size() == 5);
      for (const Point& p : points) REQUIRE((!is_known(p) || (std::isfinite(p.x) && std::isfinite(p.y))));
      ++accepted;
    } catch (const Error& error) {
      REQUIRE(!contains(error.what(), "\n"));
      ++refused;
    }
  }
  CHECK(accepted > 20);
  CHECK(refused > 20);
}
