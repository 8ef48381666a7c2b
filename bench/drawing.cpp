// Question: how many faces does one thread draw a second?
//
// drawing [--faces 500] [--backgrounds FOLDER]
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

#include "lineament/faces/synthetic.hpp"

using namespace lineament;

int main(int argc, char** argv) {
  CLI::App app{"Faces drawn a second by one thread"};
  int faces = 500;
  std::string folder;
  app.add_option("--faces", faces)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--backgrounds", folder, "Photos without people to put behind them");
  CLI11_PARSE(app, argc, argv);
  try {
    const Backgrounds photos = folder.empty() ? nullptr : read_backgrounds(folder);
    std::printf("| side, pixels | faces a second |\n|---|---|\n");
    for (const int side : {96, 128, 192, 256}) {
      draw_face(1, 0, {.size = side, .backgrounds = photos});  // brings its memory in
      const auto begin = std::chrono::steady_clock::now();
      for (int i = 0; i < faces; ++i)
        draw_face(1, static_cast<std::uint64_t>(i), {.size = side, .backgrounds = photos});
      const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
      std::printf("| %d | %.0f |\n", side, faces / time.count());
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
