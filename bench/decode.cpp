// Question: how long does it take to decode a JPEG: by stb, by libjpeg-turbo, and by this at a half, a quarter and an
// eighth of the sides? Photos are drawn: faces side by side, 480 x 480 and 4000 x 3000. What was not built in
// (LINEAMENT_JPEG=turbo) has no row.
//
// decode [--rounds 9] [--quality 90]
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "image/jpeg_pixels.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/image/draw.hpp"
#include "lineament/image/photo_file.hpp"

using namespace lineament;

namespace {

struct Way {
  std::string name;
  std::function<void()> decode;
  std::vector<double> ms{};
};

std::vector<std::uint8_t> photo_of(int width, int height, int quality) {
  Image photo(width, height);
  const int face = std::min(std::min(width, height), 1000);
  std::uint64_t number = 0;
  for (int y = 0; y < height; y += face)
    for (int x = 0; x < width; x += face) paste(photo, draw_face(7, number++, {.size = face}).image, x, y);
  return encode_jpeg(photo, quality);
}

double ms_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

void time_photo(int width, int height, int quality, int rounds) {
  const std::vector<std::uint8_t> bytes = photo_of(width, height, quality);
  const PhotoFile file(bytes, "drawn");
  const detail::Header header{static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height)};
  std::vector<Way> ways{{"stb, pixels alone", [&] { detail::stb_decode(bytes, 3, std::size_t{1} << 30); }}};
  const bool turbo = detail::decode_jpeg_by_turbo(bytes, header).pixels != nullptr;
  for (const int reduce : {1, 2, 4, 8}) {
    if (!turbo && reduce > 1) continue;
    const std::string part = reduce == 1 ? "whole" : "1/" + std::to_string(reduce);
    if (turbo)
      ways.push_back(
          {"turbo, pixels alone, " + part, [&, reduce] { detail::decode_jpeg_by_turbo(bytes, header, reduce); }});
    ways.push_back({"PhotoFile, " + part, [&, reduce] { PhotoFile(bytes, "drawn").decode(reduce); }});
  }
  for (int round = 0; round < rounds; ++round)  // in turn: what slows the machine down slows all
    for (Way& way : ways) way.ms.push_back(ms_of(way.decode));
  std::printf("\n%d x %d, quality %d, %zu KB\n\n| | ms, median | fastest |\n|---|---|---|\n", file.size().width,
              file.size().height, quality, bytes.size() / 1024);
  for (Way& way : ways) {
    std::sort(way.ms.begin(), way.ms.end());
    std::printf("| %s | %.2f | %.2f |\n", way.name.c_str(), way.ms[way.ms.size() / 2], way.ms.front());
  }
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Times the decoding of JPEG");
  int rounds = 9, quality = 90;
  app.add_option("--rounds", rounds)->capture_default_str()->check(CLI::Range(1, 1000));
  app.add_option("--quality", quality)->capture_default_str()->check(CLI::Range(1, 100));
  CLI11_PARSE(app, argc, argv);
  time_photo(480, 480, quality, rounds);
  time_photo(4000, 3000, quality, rounds);
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "decode: %s\n", e.what());
  return 1;
}
