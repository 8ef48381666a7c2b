// A user's layer that throws: the exception comes out of the session, whichever thread it was thrown on.
#include <algorithm>
#include <atomic>
#include <stdexcept>

#include "catch.hpp"
#include "lineament/nn/layers.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/session.hpp"

using namespace lineament;

namespace {

std::atomic<bool> failing{false};

/// x, or an exception.
struct Fragile {
  static constexpr std::string_view kType = "fragile";
  static constexpr Traits kTraits{.per_image = true, .light = true};

  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return inputs[0]; }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }

  template <class T>
  void forward(const Forward<T>& f) const {
    if (failing) throw std::runtime_error("it broke");
    std::copy_n(f.input().data, f.output.size(), f.output.data);
  }
  template <class T>
  void backward(const Backward<T>& b) const {
    if (failing) throw std::runtime_error("it broke");
    std::copy_n(b.output_gradient.data, b.output.size(), b.input_gradient().data);
  }
};

const Spec kSpec = Spec() << Conv2d{.channels = 4} << custom(Fragile{}) << Flatten{} << Dense{.features = 2};

template <class Session>
void fails_once(Session& session) {
  const auto forward = [&] {
    std::fill(session.input().begin(), session.input().end(), 0.5f);
    session.forward();
  };
  forward();
  const std::vector<float> before(session.output().begin(), session.output().end());
  failing = true;
  CHECK_THROWS_AS(forward(), std::runtime_error);
  failing = false;
  forward();
  CHECK(std::equal(before.begin(), before.end(), session.output().begin()));
}

}  // namespace

TEST_CASE("a user's layer may throw, on any thread, and the session goes on") {
  const Network network(kSpec, {6, 6, 3});
  for (const int threads : {1, 2, 4})
    for (const int batch : {1, 8}) {
      INFO(threads << " threads, batch " << batch);
      InferenceSession inference(network, {.batch = batch, .threads = threads});
      fails_once(inference);
      Network trained = network;
      TrainingSession training(trained, {.batch = batch, .threads = threads});
      fails_once(training);
      failing = true;
      CHECK_THROWS_AS(training.backward(), std::runtime_error);
      failing = false;
    }
}
