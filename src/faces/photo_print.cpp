// Digest and perceptual hash of photos.
#include <bit>

#include "lineament/faces/photo.hpp"
#include "lineament/image/resize.hpp"

namespace lineament {

std::uint64_t content_digest(std::span<const std::uint8_t> bytes) {
  constexpr std::uint64_t kFactor =
      0x9E3779B97F4A7C15ull;  // odd, of the golden ratio: every bit reaches the upper ones
  std::uint64_t h = bytes.size() * kFactor;
  const auto mix = [&](std::uint64_t word) {
    h = (h ^ word) * kFactor;
    h ^= h >> 29;
  };
  while (!bytes.empty()) {  // the same on every machine: the first byte is the lowest
    const std::size_t n = std::min<std::size_t>(8, bytes.size());
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < n; ++i) word |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
    mix(word);
    bytes = bytes.subspan(n);
  }
  mix(h >> 32);
  return h;
}

PerceptualHash perceptual_hash(const Image& image) {
  constexpr int kCells = 8;
  const Image small = resize(image, kCells + 1, kCells + 1);
  const auto brightness = [&](int x, int y) {
    const Color c = small.at(x, y);
    return 299 * c.r + 587 * c.g + 114 * c.b;  // ITU-R BT.601
  };
  PerceptualHash hash{};
  for (int y = 0; y < kCells; ++y)
    for (int x = 0; x < kCells; ++x) {
      const std::uint64_t bit = std::uint64_t{1} << (y * kCells + x);
      if (brightness(x + 1, y) > brightness(x, y)) hash[0] |= bit;
      if (brightness(x, y + 1) > brightness(x, y)) hash[1] |= bit;
    }
  return hash;
}

int hamming_distance(const PerceptualHash& a, const PerceptualHash& b) {
  return std::popcount(a[0] ^ b[0]) + std::popcount(a[1] ^ b[1]);
}

std::optional<std::vector<std::pair<const PhotoPrint*, const PhotoPrint*>>> similar_pairs(
    std::span<const PhotoPrint> a, std::span<const PhotoPrint> b) {
  const bool same = a.data() == b.data();
  const double compared = static_cast<double>(a.size()) * static_cast<double>(b.size()) * (same ? 0.5 : 1.0);
  if (compared > kMostCompared) return std::nullopt;
  std::vector<std::pair<const PhotoPrint*, const PhotoPrint*>> pairs;
  const auto is_flat = [](const PhotoPrint& p) { return hamming_distance(p.look, {}) <= 2 * kSameLook; };
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t k = same ? i + 1 : 0; k < b.size(); ++k)
      if (a[i].content != b[k].content && hamming_distance(a[i].look, b[k].look) <= kSameLook && !is_flat(a[i]))
        pairs.emplace_back(&a[i], &b[k]);
  return pairs;
}

}  // namespace lineament
