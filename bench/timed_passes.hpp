// For benches that time a session's passes. `forward` works in the memory of its input: over what a pass has left there
// the next one is over no picture, and after some it is over NaN. So the input is filled before each, outside the time.
#pragma once
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <span>
#include <vector>

#include "lineament/nn/session.hpp"
#include "lineament/random.hpp"

namespace lineament {

template <class Session>
class Refill {
 public:
  explicit Refill(Session& session) : session_(session), values_(session.input().size()) {
    Random random(1);
    for (float& v : values_) v = random.uniform();
  }
  void operator()() const { std::copy(values_.begin(), values_.end(), session_.input().begin()); }

 private:
  Session& session_;
  std::vector<float> values_;
};

inline bool finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}
/// What the last pass gave.
inline bool finite(const Network& network, const InferenceSession& session) {
  for (std::size_t i = 0; i < network.outputs().size(); ++i)
    if (!finite(session.output(i))) return false;
  return true;
}
/// Of the pass back: it works in the memory of the outputs.
inline bool finite(const Network&, TrainingSession& session) {
  return finite(session.gradients());
}

/// Times `step`, which runs a pass. For a bench with UseManualTime().
template <class Session, class Step>
void time_passes(benchmark::State& state, const Network& network, Session& session, Step&& step) {
  using Clock = std::chrono::steady_clock;
  const Refill<Session> refill(session);
  for (auto _ : state) {
    refill();
    const Clock::time_point start = Clock::now();
    step();
    state.SetIterationTime(std::chrono::duration<double>(Clock::now() - start).count());
  }
  if (!finite(network, session)) state.SkipWithError("what it computes is not finite");
}

}  // namespace lineament
