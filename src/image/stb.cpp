// The only unit that sees stb_image and stb_image_write: all their symbols are static, since a program may link libstb
// too.
#include "image/stb.hpp"

#include <algorithm>
#include <climits>
#include <cstring>
#include <new>

namespace {

// Zeroed memory makes what stb leaves unwritten in a damaged picture the same on every run.
thread_local std::size_t largest_block = 0;
thread_local bool out_of_memory = false;  // and not just beyond the largest block

void* block(std::size_t size) {
  if (size > largest_block) return nullptr;
  void* p = std::calloc(1, size);
  out_of_memory = out_of_memory || (p == nullptr && size > 0);
  return p;
}

void* grow(void* old, std::size_t old_size, std::size_t size) {
  if (size > largest_block) return nullptr;
  void* p = std::realloc(old, size);
  out_of_memory = out_of_memory || (p == nullptr && size > 0);
  if (p && size > old_size) std::memset(static_cast<char*>(p) + old_size, 0, size - old_size);
  return p;
}

// Stands for stb's assertions, because a library must not abort: what stb held is lost, the program goes on.
void require(bool holds) {
  if (!holds) throw std::bad_alloc();
}

}  // namespace

#define STBI_MALLOC(size) block(size)
#define STBI_REALLOC_SIZED(old, old_size, size) grow(old, old_size, size)
#define STBI_FREE(p) std::free(p)
#define STBI_ASSERT(condition) require(condition)
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBIW_ASSERT(condition) require(condition)
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 at -O3 does not see that a callback is never set.
#endif
#include "stb_image.h"
#include "stb_image_write.h"
#pragma GCC diagnostic pop

namespace lineament::detail {
namespace {

void append(void* context, void* data, int size) {
  auto& bytes = *static_cast<std::vector<std::uint8_t>*>(context);
  const auto* p = static_cast<const std::uint8_t*>(data);
  bytes.insert(bytes.end(), p, p + size);
}

/// RFC 1950's checksum.
std::uint32_t adler_32(std::span<const std::uint8_t> bytes) {
  constexpr std::uint32_t kPrime = 65521;
  std::uint32_t a = 1, b = 0;
  for (const std::uint8_t byte : bytes) {
    a = (a + byte) % kPrime;
    b = (b + a) % kPrime;
  }
  return b << 16 | a;
}

}  // namespace

Decoded stb_decode(std::span<const std::uint8_t> bytes, int channels, std::size_t largest) {
  Decoded result;
  if (bytes.size() > INT_MAX) return result;
  largest_block = largest;
  out_of_memory = false;
  int channels_in_file = 0;
  try {
    result.pixels.reset(stbi_load_from_memory(bytes.data(), static_cast<int>(bytes.size()), &result.width,
                                              &result.height, &channels_in_file, channels));
  } catch (const std::bad_alloc&) {
    result.pixels.reset();  // One of stb's assertions: damaged data.
  }
  if (out_of_memory) throw std::bad_alloc();
  return result;
}

std::optional<std::vector<std::uint8_t>> stb_inflate(std::span<const std::uint8_t> bytes, std::size_t largest) {
  constexpr int kFirstBlock = 1 << 14;
  constexpr std::size_t kShortest = 6;  // the header's 2 bytes, the checksum's 4
  if (bytes.size() > INT_MAX || bytes.size() < kShortest || largest > INT_MAX) return std::nullopt;
  largest_block = std::max<std::size_t>(largest, kFirstBlock);
  std::unique_ptr<char[], Free> unpacked;
  int size = 0;
  try {
    unpacked.reset(stbi_zlib_decode_malloc_guesssize(reinterpret_cast<const char*>(bytes.data()),
                                                     static_cast<int>(bytes.size()), kFirstBlock, &size));
  } catch (const std::bad_alloc&) {
    return std::nullopt;  // One of stb's assertions: damaged data.
  }
  if (!unpacked || static_cast<std::size_t>(size) > largest) return std::nullopt;
  std::vector<std::uint8_t> result(unpacked.get(), unpacked.get() + size);
  // stb does not look at the checksum, and damage may leave a stream that unpacks.
  constexpr std::size_t kChecksum = 4, kMostPadding = 7;
  const std::uint32_t sum = adler_32(result);
  for (std::size_t padding = 0; padding <= kMostPadding && padding + kShortest <= bytes.size(); ++padding) {
    const auto at = bytes.subspan(bytes.size() - padding - kChecksum, kChecksum);
    if ((std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3]) == sum)
      return result;
  }
  return std::nullopt;
}

std::vector<std::uint8_t> stb_encode_png(const std::uint8_t* rgb, int width, int height) {
  std::vector<std::uint8_t> bytes;
  if (!stbi_write_png_to_func(append, &bytes, width, height, 3, rgb, width * 3)) throw std::bad_alloc();
  return bytes;
}

std::vector<std::uint8_t> stb_encode_jpeg(const std::uint8_t* rgb, int width, int height, int quality) {
  std::vector<std::uint8_t> bytes;
  if (!stbi_write_jpg_to_func(append, &bytes, width, height, 3, rgb, quality)) throw std::bad_alloc();
  return bytes;
}

}  // namespace lineament::detail
