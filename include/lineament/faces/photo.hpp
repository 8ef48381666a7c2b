// Telling photos apart: by content, and by what they look like.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/image/image.hpp"

namespace LINEAMENT_API lineament {

/// 64 bits of a file's bytes; equal for copies under other names. Not made to withstand people who want two files
/// alike.
std::uint64_t content_digest(std::span<const std::uint8_t> bytes);

/// 128 bits of what a picture looks like: whether brightness rises from one cell to the next, in an 8 x 8 grid, to the
/// right and downwards ("difference hash"). The same picture at another size or quality differs in a few bits.
using PerceptualHash = std::array<std::uint64_t, 2>;

/// Throws ArgumentError for an image without pixels.
PerceptualHash perceptual_hash(const Image& image);

/// The number of bits that differ.
int hamming_distance(const PerceptualHash& a, const PerceptualHash& b);

/// Photos that differ in at most this many bits look the same. Why 10: tests/faces/photo_test.cpp.
inline constexpr int kSameLook = 10;

/// What is known of a photo once it has been read.
struct PhotoPrint {
  std::string file;
  std::uint64_t content = 0;
  PerceptualHash look{};
};

/// Pairs of one photo of `a` and one of `b` with other bytes and the same look: near-duplicates. Flat pictures, which
/// all look the same, are left out. If both are one list, each pair once. Nothing where there are more than
/// kMostCompared pairs to look at.
std::optional<std::vector<std::pair<const PhotoPrint*, const PhotoPrint*>>> similar_pairs(
    std::span<const PhotoPrint> a, std::span<const PhotoPrint> b);
inline constexpr double kMostCompared = 2e9;  ///< some seconds

}  // namespace lineament
