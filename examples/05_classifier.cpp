// A classifier of the ten digits, on samples of the program's own: no data, digits drawn from a 5x7 font, moved, scaled
// and buried in noise.
// Build: cmake --preset release && cmake --build --preset release
// Run: build/release/examples/05_classifier [EPOCHS]
#include <array>
#include <cstdio>
#include <stdexcept>
#include <string_view>

#include "lineament/lineament.hpp"
#include "number.hpp"

using namespace lineament;

constexpr Shape kInput{16, 16, 1};
constexpr std::size_t kClasses = 10;
constexpr std::array<std::string_view, kClasses> kFont{
    ".###.#...##..###.#.###..##...#.###.", "..#...##....#....#....#....#...###.", ".###.#...#....#...#...#...#...#####",
    ".###.#...#....#..##.....##...#.###.", "...#...##..#.#.#..#.#####...#....#.", "######....####.....#....##...#.###.",
    ".###.#....#....####.#...##...#.###.", "#####....#...#...#...#....#....#...", ".###.#...##...#.###.#...##...#.###.",
    ".###.#...##...#.####....#....#.###."};

/// Any number of digits; sample i is the same whenever it is asked for.
class Digits : public SampleSource {
 public:
  Digits(std::size_t count, std::uint64_t seed) : count_(count), seed_(seed) {}
  std::size_t size() const override { return count_; }
  std::size_t pixels_per_sample() const override { return kInput.size(); }
  std::size_t values_per_sample() const override { return kClasses; }  // a 1 for the digit, 0 for the others

  void prepare(std::size_t index, Random, bool, const Sample& to) const override {
    Random random(seed_, index);
    const std::size_t digit = random.below(kClasses);
    for (std::size_t c = 0; c < kClasses; ++c) to.values[c] = c == digit ? 1.0f : 0.0f;
    const float width = random.uniform(7, 11), height = random.uniform(10, 14);
    const float left = random.uniform(0, 16 - width), top = random.uniform(0, 16 - height);
    for (int y = 0; y < 16; ++y)
      for (int x = 0; x < 16; ++x) {
        const float column = (static_cast<float>(x) - left) / width * 5,
                    row = (static_cast<float>(y) - top) / height * 7;
        const bool inside = column >= 0 && column < 5 && row >= 0 && row < 7;
        const bool ink =
            inside && kFont[digit][static_cast<std::size_t>(row) * 5 + static_cast<std::size_t>(column)] == '#';
        to.pixels[static_cast<std::size_t>(16 * y + x)] = (ink ? 1.0f : 0.0f) + random.normal(0, 0.2f);
      }
  }

 private:
  std::size_t count_;
  std::uint64_t seed_;
};

int main(int argc, char** argv) try {
  Spec net;
  net << Conv2d{.channels = 16} << ReLU{} << MaxPool{} << Conv2d{.channels = 32} << ReLU{} << MaxPool{};
  net << Flatten{} << Dense{.features = 64} << ReLU{} << Dense{.features = static_cast<int>(kClasses)};
  Network network(net, kInput, 1);
  const Digits train(4000, 1), held_out(1000, 2);

  FitOptions options;
  options.epochs = number(argc, argv, 1, 5);
  options.loss = CrossEntropy{};  // of the softmax of the ten outputs
  options.schedule.rate = 3e-3f;
  options.metric = class_accuracy;  // any function of output and truth; the best epoch is chosen by it
  FitCallbacks callbacks;
  callbacks.on_epoch = [](const EpochReport& r, const Network&, const TrainingState&) {
    std::printf("epoch %zu  loss %.4f  accuracy %.1f %%  held out %.1f %%\n", r.epoch, r.train.loss,
                100 * r.train.metric("accuracy"), 100 * r.validation->metric("accuracy"));
    return true;
  };
  fit(network, train, &held_out, options, callbacks);
  return 0;
} catch (const std::invalid_argument&) {  // of a word where a number is due
  std::fputs("usage: 05_classifier [EPOCHS]\n", stderr);
  return 2;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
