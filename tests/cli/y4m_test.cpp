// Y4M's colours and sizes, against values that are printed in the standard.
#include "cli/y4m.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "../support/folder.hpp"
#include "catch.hpp"
#include "cli/film_input.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/file.hpp"
#include "lineament/image/view.hpp"

namespace lineament::test {
namespace {

using cli::Y4mReader;
using lineament::testing::Folder;

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using MemoryFile = std::unique_ptr<std::FILE, Close>;

MemoryFile file_of(std::string& bytes) {
  return MemoryFile(::fmemopen(bytes.data(), bytes.size(), "rb"));
}
std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int v : values) text += static_cast<char>(static_cast<unsigned char>(v));
  return text;
}
void check_near(Color got, Color wanted, int most) {
  INFO(int(got.r) << " " << int(got.g) << " " << int(got.b));
  CHECK(std::abs(got.r - wanted.r) <= most);
  CHECK(std::abs(got.g - wanted.g) <= most);
  CHECK(std::abs(got.b - wanted.b) <= most);
}
Image first_frame(std::string film) {
  const MemoryFile file = file_of(film);
  Y4mReader reader(file.get(), "film");
  Image frame;
  REQUIRE(reader.next(frame));
  CHECK_FALSE(reader.next(frame));
  return frame;
}

}  // namespace

TEST_CASE("y4m: colours of BT.601, in the range of television and in full") {
  // White, black, red, green, blue.
  const Image tv = first_frame("YUV4MPEG2 W5 H1 F25:1 C444\nFRAME\n" + bytes({235, 16, 81, 145, 41}) +
                               bytes({128, 128, 90, 54, 240}) + bytes({128, 128, 240, 34, 110}));
  const Image full =
      first_frame("YUV4MPEG2 W5 H1 F25:1 C444 XCOLORRANGE=FULL\nFRAME Ip\n" + bytes({255, 0, 76, 150, 29}) +
                  bytes({128, 128, 85, 44, 255}) + bytes({128, 128, 255, 21, 107}));
  for (const Image* image : {&tv, &full}) {
    check_near(image->at(0, 0), {255, 255, 255}, 0);
    check_near(image->at(1, 0), {0, 0, 0}, 0);
    check_near(image->at(2, 0), {255, 0, 0}, 2);
    check_near(image->at(3, 0), {0, 255, 0}, 2);
    check_near(image->at(4, 0), {0, 0, 255}, 2);
  }
}

TEST_CASE("y4m: which pixels share a colour, at odd sizes") {
  // 3 x 3: the last column and row have colours of their own.
  const std::string grey(9, static_cast<char>(126));
  const Image of_420 = first_frame("YUV4MPEG2 W3 H3 F25:1 C420mpeg2\nFRAME\n" + grey + bytes({128, 128, 128, 128}) +
                                   bytes({240, 128, 128, 16}));
  CHECK(of_420.at(0, 0).r > 200);
  CHECK(of_420.at(1, 1) == of_420.at(0, 0));
  CHECK(of_420.at(2, 1).r == of_420.at(2, 1).g);
  CHECK(of_420.at(0, 2) == of_420.at(2, 0));
  CHECK(of_420.at(2, 2).r < 60);
  const Image of_422 = first_frame("YUV4MPEG2 W3 H3 F25:1 C422\nFRAME\n" + grey +
                                   std::string(6, static_cast<char>(128)) + bytes({240, 128, 128, 128, 128, 16}));
  CHECK(of_422.at(1, 0).r > 200);
  CHECK(of_422.at(0, 1).r == of_422.at(0, 1).g);
  CHECK(of_422.at(2, 2).r < 60);
  const Image mono = first_frame("YUV4MPEG2 W2 H1 Cmono\nFRAME\n" + bytes({235, 16}));
  CHECK(mono.at(0, 0) == Color{255, 255, 255});
  CHECK(mono.at(1, 0) == Color{0, 0, 0});
  // Without a word for it, colours are 4:2:0.
  CHECK(first_frame("YUV4MPEG2 W2 H2\nFRAME\n" + bytes({235, 235, 16, 16, 128, 128})).at(1, 1) == Color{0, 0, 0});
}

TEST_CASE("y4m: the rate and the pixels' shape are the film's") {
  const auto format = [](std::string header) {
    const MemoryFile file = file_of(header);
    return Y4mReader(file.get(), "film").format();
  };
  const cli::Y4mFormat ntsc = format("YUV4MPEG2 W8 H6 F30000:1001 It A10:11 C422\n");
  CHECK(ntsc.fps() == Approx(29.97).margin(0.001));
  CHECK(ntsc.aspect == "10:11");
  CHECK(ntsc.bytes() == 96);
  CHECK(format("YUV4MPEG2 W8 H6 F0:0\n").fps() == 25);
  CHECK(format("YUV4MPEG2 W8 H6 A0:0\n").aspect == "1:1");
}

TEST_CASE("y4m: what is written is read as the same picture") {
  for (const int side : {32, 33}) {
    const Image image = draw_face(2, 3, {.size = side}).image;
    std::vector<std::uint8_t> frame;
    cli::y4m_frame(image, frame);
    std::string film = cli::y4m_header({.width = side, .height = side, .rate = 30000, .per = 1001});
    CHECK(film.find(" F30000:1001 ") != std::string::npos);
    const Image again = first_frame(film + std::string(frame.begin(), frame.end()));
    REQUIRE(again.width() == side);
    double brightness = 0;
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x) {
        const Color a = image.at(x, y), b = again.at(x, y);
        brightness += std::abs(0.299 * (a.r - b.r) + 0.587 * (a.g - b.g) + 0.114 * (a.b - b.b));
      }
    }
    CHECK(brightness / (side * side) < 2.5);
  }
  const Image flat(5, 3, {200, 90, 30});
  std::vector<std::uint8_t> frame;
  cli::y4m_frame(flat, frame);
  const Image again = first_frame(cli::y4m_header({.width = 5, .height = 3}) + std::string(frame.begin(), frame.end()));
  for (int y = 0; y < 3; ++y)
    for (int x = 0; x < 5; ++x) check_near(again.at(x, y), {200, 90, 30}, 3);
}

TEST_CASE("bare pixels of every order are read as their bytes say") {
  const Folder folder("raw_film");
  const int width = 5, height = 3;
  for (const char* name : cli::kPixelOrders) {
    INFO(name);
    const std::string order = name;
    const bool yuv = order == "nv12" || order == "nv21" || order == "i420";
    const std::size_t size = yuv ? 15 + 2 * 6 : 15 * (order == "gray" ? 1 : order.size());
    std::string bytes;
    for (std::size_t i = 0; i < 2 * size; ++i) bytes += static_cast<char>(40 + 7 * i % 180);
    write_file(folder / "film", std::string_view(bytes));
    const auto film = cli::open_film({.input = folder / "film", .raw = "5x3", .pixels = order});
    Image frame;
    for (std::size_t k = 0; k < 2; ++k) {
      REQUIRE(film->next(frame));
      const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data()) + k * size;
      for (int at = 0; at < width * height && !yuv; ++at) {
        const auto part = [&](char color) {
          return order == "gray" ? data[at] : data[static_cast<std::size_t>(at) * order.size() + order.find(color)];
        };
        CHECK(frame.at(at % width, at / width) == Color{part('r'), part('g'), part('b')});
      }
      if (!yuv) continue;
      const PixelFormat format = order == "nv12"   ? PixelFormat::nv12
                                 : order == "nv21" ? PixelFormat::nv21
                                                   : PixelFormat::i420;
      const Image wanted = to_image({.data = data, .width = width, .height = height, .format = format});
      CHECK(std::equal(frame.pixels().begin(), frame.pixels().end(), wanted.pixels().begin()));
    }
    CHECK_FALSE(film->next(frame));
  }
}

}  // namespace lineament::test
