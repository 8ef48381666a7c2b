// What is read of a frame: memory that may not be touched lies around all that a crop needs.
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "bytes.hpp"
#include "catch.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/image/resize.hpp"
#include "lineament/image/warp.hpp"
#include "views.hpp"

using namespace lineament;
using namespace lineament::test;

namespace {

std::size_t page() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

/// Addresses without memory: touching a byte ends the program, until it has been opened.
class Closed {
 public:
  explicit Closed(std::size_t pages) : size_(pages * page()) {
    void* const memory = ::mmap(nullptr, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    data_ = static_cast<std::uint8_t*>(memory);
  }
  ~Closed() { ::munmap(data_, size_); }
  Closed(const Closed&) = delete;
  Closed& operator=(const Closed&) = delete;

  /// Opens the pages of the bytes [from, to).
  void open(std::size_t from, std::size_t to) {
    const std::size_t first = from / page() * page(), end = (to + page() - 1) / page() * page();
    REQUIRE(::mprotect(data_ + first, end - first, PROT_READ | PROT_WRITE) == 0);
  }
  std::uint8_t* data() { return data_; }

 private:
  std::size_t size_;
  std::uint8_t* data_;
};

/// The view with its bytes, `bytes` behind `view.data`, at another place.
ImageView moved(ImageView view, const Bytes& bytes, std::uint8_t* to) {
  std::memcpy(to, bytes.data(), bytes.size());
  view.data = to + (view.data - bytes.data());
  return view;
}

/// Reads the view in all ways there are; gives a sum that nothing can leave out.
double read_all(const ImageView& view) {
  double sum = 0;
  for (const Affine& map : {Affine{}, Affine{1.7f, 0, -2, 0, 1.9f, -3}, Affine{1, 0.5f, -4, -0.5f, 1, 4},
                            Affine{5, 0, -1, 0, 5, -1}, Affine{4, 3, -9, -3, 4, 2}}) {
    std::vector<float> out(40 * 10 * 3);
    warp(view, map, 40, 10, out);
    for (const float v : out) sum += v;
  }
  const Image image = to_image(view), small = resize(view, 3, 3);
  for (const std::uint8_t v : image.pixels()) sum += v;
  for (const std::uint8_t v : small.pixels()) sum += v;
  return sum;
}

}  // namespace

TEST_CASE("not a byte is read before a picture's first and behind its last") {
  Closed memory(4);
  memory.open(page(), 3 * page());
  std::uint8_t *const first = memory.data() + page(), *const end = memory.data() + 3 * page();
  for (int w = 1; w < 40; ++w)
    for (const PixelFormat format :
         {PixelFormat::rgb, PixelFormat::bgr, PixelFormat::rgba, PixelFormat::bgra, PixelFormat::grey}) {
      const PackedBytes bytes(noise(w, 5, 4), format, w % 3, w % 2 == 0);
      const double wanted = read_all(bytes.view());
      CHECK(read_all(moved(bytes.view(), bytes.bytes(), first)) == wanted);
      CHECK(read_all(moved(bytes.view(), bytes.bytes(), end - bytes.bytes().size())) == wanted);
    }
  for (int w = 1; w < 40; ++w)
    for (const PixelFormat format : {PixelFormat::nv12, PixelFormat::nv21, PixelFormat::i420}) {
      const YuvBytes bytes(w, 5, format, 0, false);
      const double wanted = read_all(bytes.view());
      CHECK(read_all(moved(bytes.view(), bytes.bytes(), first)) == wanted);
      CHECK(read_all(moved(bytes.view(), bytes.bytes(), end - bytes.bytes().size())) == wanted);
    }
}

TEST_CASE("of a frame no more is read than a crop's part of it") {
  // Two pages a row and half a gigabyte of addresses; open are pages with columns 1200 to 1799 of rows 30,100 to
  // 30,399.
  const int kWidth = static_cast<int>(2 * page() / 4), kHeight = 60000, kLeft = 1200, kTop = 30100, kSide = 300;
  for (const PixelFormat format : {PixelFormat::rgb, PixelFormat::bgr, PixelFormat::rgba, PixelFormat::bgra,
                                   PixelFormat::grey, PixelFormat::nv12, PixelFormat::nv21, PixelFormat::i420}) {
    INFO("format " << static_cast<int>(format));
    const bool yuv = format >= PixelFormat::nv12;
    const std::size_t stride = 2 * page(), bytes_of_pixel = yuv ? 1 : packed_pixel({}, format).size();
    Closed luma(2 * kHeight), chroma(yuv ? 2 * kHeight : 1);
    Image part = noise(kSide, kSide, 6);
    const auto fill = [&](Closed& plane, int top, int rows, std::size_t from, std::size_t to) {
      Random random(8);
      for (int y = top; y < top + rows; ++y) {
        const std::size_t row = static_cast<std::size_t>(y) * stride;
        plane.open(row + from, row + to);
        for (std::size_t i = from; i < to; ++i) plane.data()[row + i] = static_cast<std::uint8_t>(random.below(256));
      }
    };
    fill(luma, kTop, kSide, kLeft * bytes_of_pixel, (kLeft + kSide) * bytes_of_pixel);
    ImageView frame{.data = luma.data(),
                    .width = std::min(kWidth, 1920),
                    .height = kHeight,
                    .stride = static_cast<std::ptrdiff_t>(stride),
                    .format = format};
    ImageView same = frame;
    same.data += static_cast<std::size_t>(kTop) * stride + kLeft * bytes_of_pixel;
    same.width = same.height = kSide;
    if (yuv) {
      const std::size_t step = format == PixelFormat::i420 ? 1 : 2;
      fill(chroma, kTop / 2, kSide / 2, kLeft / 2 * step, (kLeft + kSide) / 2 * step);
      frame.chroma = frame.chroma_v = chroma.data();
      frame.chroma_stride = static_cast<std::ptrdiff_t>(stride);
      same.chroma = same.chroma_v = chroma.data() + static_cast<std::size_t>(kTop / 2) * stride + kLeft / 2 * step;
      same.chroma_stride = frame.chroma_stride;
    }
    // The faces lie well within the open part: a margin of the crop, and a few pixels that smoothing reaches beyond.
    for (const float size : {30.0f, 100.0f, 210.0f}) {
      const Box face{kLeft + 150 - size / 2, kTop + 150 - size / 2, size, size};
      const Box face_in_part{150 - size / 2, 150 - size / 2, size, size};
      std::vector<float> a(64 * 64 * 3), b(a.size());
      crop(frame, crop_to_image(face, {.size = 64}), 64, a);
      crop(same, crop_to_image(face_in_part, {.size = 64}), 64, b);
      // Coordinates of 30,000 have a few bits less behind the point.
      for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(std::abs(a[i] - b[i]) < 0.02f);
    }
  }
}
