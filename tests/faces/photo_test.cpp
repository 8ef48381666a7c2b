// Photos told apart: digest of the content, perceptual hash of the look.
#include "lineament/faces/photo.hpp"

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/image/file.hpp"
#include "lineament/image/resize.hpp"

using namespace lineament;

TEST_CASE("a digest changes with every byte, with the length, and with nothing else") {
  std::vector<std::uint8_t> bytes(1001);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
  const std::uint64_t digest = content_digest(bytes);
  CHECK(content_digest(std::vector<std::uint8_t>(bytes)) == digest);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= 1;
    REQUIRE(content_digest(bytes) != digest);
    bytes[i] ^= 1;
  }
  bytes.push_back(0);
  CHECK(content_digest(bytes) != digest);
  CHECK(content_digest({}) == content_digest({}));
}

TEST_CASE("the same picture at another size and quality looks the same, another face does not") {
  std::vector<PerceptualHash> hashes;
  int largest = 0, beyond = 0;
  for (std::uint64_t i = 0; i < 60; ++i) {
    const Image image = draw_face(21, i, {.size = 160}).image;
    hashes.push_back(perceptual_hash(image));
    int farthest = 0;
    for (const int size : {320, 96, 64})
      for (const int quality : {40, 90}) {
        const Image again = decode_image(encode_jpeg(resize(image, size, size), quality), "again.jpg");
        farthest = std::max(farthest, hamming_distance(hashes.back(), perceptual_hash(again)));
      }
    beyond += farthest > kSameLook;
    largest = std::max(largest, farthest);
  }
  CHECK(beyond <= 1);  // a dark and even wall, whose shades JPEG turns over
  int smallest = 128;
  for (std::size_t i = 0; i < hashes.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) smallest = std::min(smallest, hamming_distance(hashes[i], hashes[k]));
  CHECK(smallest > kSameLook);
  INFO("largest distance of copies " << largest << " (" << beyond << " beyond), smallest of different pictures "
                                     << smallest);
  CHECK(largest < smallest);
}

TEST_CASE("flat pictures, which all look the same, are no pairs; nor are copies") {
  const PerceptualHash look{0x123456789ABCDEF, 0x123456789ABCDEF}, flat{1, 0};
  const std::vector<PhotoPrint> prints{{"a", 1, look}, {"b", 2, look}, {"c", 2, look}, {"d", 3, flat}, {"e", 4, flat}};
  const auto pairs = similar_pairs(prints, prints).value();
  REQUIRE(pairs.size() == 2);  // a with b and with c
  CHECK(pairs[0].first->file == "a");
  CHECK(perceptual_hash(Image(10, 10, {5, 5, 5})) == PerceptualHash{});
  CHECK_THROWS_AS(perceptual_hash(Image()), ArgumentError);
}

TEST_CASE("more pairs than seconds are enough for are not looked through") {
  const std::vector<PhotoPrint> some(1000), many(100000), others(100000);
  CHECK(similar_pairs(some, many).has_value());
  CHECK_FALSE(similar_pairs(many, many).has_value());
  CHECK_FALSE(similar_pairs(many, others).has_value());
}
