// A network with two outputs, each with a loss of its own: where a shape lies, and which one it is. The samples are
// drawn by the program.
// Build: cmake --preset release && cmake --build --preset release
//
// Run: build/release/examples/06_two_outputs [EPOCHS]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "lineament/lineament.hpp"
#include "number.hpp"

using namespace lineament;

constexpr Shape kInput{24, 24, 1};
constexpr std::size_t kKinds = 3;  // disc, square, cross

/// The values of a sample are those of all outputs, one after the other: x, y, and a 1 for the kind.
struct Drawn : SampleSource {
  std::size_t count;
  std::uint64_t seed;
  Drawn(std::size_t n, std::uint64_t s) : count(n), seed(s) {}
  std::size_t size() const override { return count; }
  std::size_t pixels_per_sample() const override { return kInput.size(); }
  std::size_t values_per_sample() const override { return 2 + kKinds; }

  void prepare(std::size_t index, Random, bool, const Sample& to) const override {
    Random random(seed, index);
    const std::size_t kind = random.below(kKinds);
    const float x = random.uniform(0.25f, 0.75f), y = random.uniform(0.25f, 0.75f), r = random.uniform(0.15f, 0.25f);
    std::fill(to.values.begin(), to.values.end(), 0.0f);
    to.values[0] = x, to.values[1] = y, to.values[2 + kind] = 1;
    for (int i = 0; i < 24 * 24; ++i) {
      const float dx = std::abs((static_cast<float>(i % 24) + 0.5f) / 24 - x),
                  dy = std::abs((static_cast<float>(i / 24) + 0.5f) / 24 - y);
      const bool inside = kind == 0   ? std::hypot(dx, dy) < r
                          : kind == 1 ? std::max(dx, dy) < r
                                      : std::max(dx, dy) < r && std::min(dx, dy) < r / 3;
      to.pixels[static_cast<std::size_t>(i)] = (inside ? 1.0f : 0.0f) + random.normal(0, 0.1f);
    }
  }
};

/// Any numbers of a sample, by name; the first chooses the best epoch.
std::vector<NamedValue> measure(std::span<const float> output, std::span<const float> truth, std::span<const float>) {
  const double error = static_cast<double>(std::hypot(output[0] - truth[0], output[1] - truth[1]));
  std::vector<NamedValue> values = class_accuracy(output.subspan(2), truth.subspan(2), {});
  values.insert(values.begin(), {"error, pixels", 24 * error});
  return values;
}

int main(int argc, char** argv) try {
  Spec net = Spec() << Conv2d{.channels = 16} << ReLU{} << MaxPool{} << Conv2d{.channels = 32} << ReLU{} << MaxPool{}
                    << Flatten{} << Dense{.features = 64} << ReLU{};
  const NodeId features = net.last();
  net.mark_output(net.add(Dense{.features = 2}, features, "place"));
  net.mark_output(net.add(Dense{.features = static_cast<int>(kKinds)}, features, "kind"));
  Network network(net, kInput, 1);
  const Drawn train(3000, 1), held_out(500, 2);

  FitOptions options;
  options.epochs = number(argc, argv, 1, 8);
  options.losses = {{"place", L1{}}, {"kind", CrossEntropy{}, 0.1}};  // the second counts a tenth
  options.schedule.rate = 3e-3f;
  options.metric = measure;
  FitCallbacks callbacks;
  callbacks.on_epoch = [](const EpochReport& r, const Network&, const TrainingState&) {
    std::printf("epoch %zu  loss %.4f  held out: %.2f pixels off, %.1f %% of the kinds right\n", r.epoch, r.train.loss,
                r.validation->metric("error, pixels"), 100 * r.validation->metric("accuracy"));
    return true;
  };
  fit(network, train, &held_out, options, callbacks);
  return 0;
} catch (const std::invalid_argument&) {  // of a word where a number is due
  std::fputs("usage: 06_two_outputs [EPOCHS]\n", stderr);
  return 2;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
