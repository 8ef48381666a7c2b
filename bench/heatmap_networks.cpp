// Question: what do the heat-map networks cost beside `mobile`, a network of coordinates of the same size? One line:
// the time of a forward pass at batch 1 on one thread, as a ratio to that of `mobile` in fp32, with the targets beside
// it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <list>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "lineament/nn/session.hpp"
#include "lineament/random.hpp"
#include "lineament/zoo/networks.hpp"

using namespace lineament;

namespace {

struct Case {
  std::string_view network, suffix;
  Precision precision;
  double target;  ///< at most; 0: none
};
constexpr Case kBase{"mobile", "", Precision::fp32, 0};
constexpr Case kCases[] = {{"compact", "", Precision::fp32, 1.5},
                           {"compact", " bf16", Precision::bf16, 0},
                           {"compact", " int8", Precision::int8, 0.8},
                           {"tiny", "", Precision::fp32, 0},
                           {"large", "", Precision::fp32, 0}};

// Networks take turns, so that a machine that slows down slows all; but not after each pass, or every one would find
// its weights gone from the caches.
constexpr int kRounds = 15, kPasses = 40, kWarmUp = 3;

Network untrained(std::string_view name) {
  for (const NamedNetwork& named : named_networks())
    if (named.name == name) return Network(named.spec(true, kValues), named.input, 1);
  throw std::runtime_error(std::string(name) + ": there is no network of this name");
}

class Run {
 public:
  explicit Run(const Case& c) : network_(untrained(c.network)), input_(network_.input_shape().size()) {
    Random random(1);
    for (float& v : input_) v = random.uniform();
    const std::vector<LayerRange> ranges = measure_ranges(network_, input_);
    session_ =
        std::make_unique<InferenceSession>(network_, InferenceOptions{.precision = c.precision, .ranges = ranges});
  }

  void round() {
    using Clock = std::chrono::steady_clock;
    for (int i = -kWarmUp; i < kPasses; ++i) {
      std::copy(input_.begin(), input_.end(), session_->input().begin());
      const Clock::time_point start = Clock::now();
      session_->forward();
      if (i >= 0) times_.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    }
  }
  double median() {
    const auto middle = times_.begin() + static_cast<std::ptrdiff_t>(times_.size() / 2);
    std::nth_element(times_.begin(), middle, times_.end());
    return *middle;
  }

 private:
  Network network_;
  std::vector<float> input_;
  std::unique_ptr<InferenceSession> session_;
  std::vector<double> times_;
};

}  // namespace

int main() {
  std::list<Run> runs;  // a session keeps the place of its network
  runs.emplace_back(kBase);
  for (const Case& c : kCases) runs.emplace_back(c);
  for (int i = 0; i < kRounds; ++i)
    for (Run& run : runs) run.round();

  auto run = runs.begin();
  const double base = run->median();
  std::printf("batch 1, 1 thread, times mobile's %.2f ms:", base);
  for (std::size_t i = 0; i < std::size(kCases); ++i) {
    const Case& c = kCases[i];
    const double ratio = (++run)->median() / base;
    std::printf("%s %s%s %.2f", i == 0 ? "" : ",", std::string(c.network).c_str(), std::string(c.suffix).c_str(),
                ratio);
    if (c.target > 0) std::printf(" (at most %.2f: %s)", c.target, ratio <= c.target ? "reached" : "MISSED");
  }
  std::printf("\n");
}
