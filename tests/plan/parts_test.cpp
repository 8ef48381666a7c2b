// A batch shared by several sessions: batch norms see all of it, and gradients of parameters add up to those of one
// session that has it whole. And which gradients are complete while a backward pass goes on.
#include <algorithm>
#include <functional>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/train/local_ranks.hpp"
#include "support/networks.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

class Parts final : public BatchParts {
 public:
  explicit Parts(Communicator& ranks) : ranks_(ranks) {}
  int count() const override { return ranks_.size(); }
  void gather(std::span<const double> mine, std::span<double> all) override {
    ranks_.gather(std::as_bytes(mine), std::as_writable_bytes(all));
  }

 private:
  Communicator& ranks_;
};

constexpr Shape kInput{12, 12, 3};

/// Norms with a pool behind them, after a strided convolution, between 1x1 convolutions, which take their sums, and
/// behind a dense layer.
Network norms_of_all_kinds() {
  Spec net;
  net << Conv2d{.channels = 16, .bias = false} << BatchNorm{} << ReLU{} << MaxPool{};
  const NodeId entry = net.last();
  net << Conv2d{.channels = 32, .kernel = 1, .bias = false} << BatchNorm{} << ReLU{};
  net << Conv2d{.channels = 16, .kernel = 1, .bias = false} << BatchNorm{};
  net.add(Add{}, {entry, net.last()});
  net << Conv2d{.channels = 17, .kernel = 1, .bias = false} << BatchNorm{} << ReLU{};
  net << Flatten{} << Dense{.features = 9, .bias = false} << BatchNorm{} << ReLU{} << Dense{.features = 5};
  return Network(net, kInput, 3);
}

void copy_to(const std::vector<float>& from, std::span<float> to) {
  std::copy(from.begin(), from.end(), to.begin());
}

/// After one step.
struct Result {
  std::vector<float> output, gradients, weights;
};

Result step(Network& network, int batch, std::size_t first, const TrainingOptions& options) {
  TrainingSession session(network, options);
  const auto part = [&](std::size_t size, std::uint64_t stream) {
    const std::vector<float> all = random_values<float>(8 * size, stream);
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first * size);
    return std::vector<float>(begin, begin + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(batch) * size));
  };
  copy_to(part(kInput.size(), 1), session.input());
  Result result;
  const auto output = session.forward();
  result.output.assign(output.begin(), output.end());
  copy_to(part(5, 2), session.output_gradient());
  session.backward();
  result.gradients.assign(session.gradients().begin(), session.gradients().end());
  result.weights.assign(std::as_const(network).weights().begin(), std::as_const(network).weights().end());
  return result;
}

}  // namespace

TEST_CASE("sessions that share a batch are as one that has it whole") {
  for (const PassSet without : {PassSet{}, PassSet{Pass::defer_norms}, PassSet{Pass::fuse_epilogues}}) {
    Network network = norms_of_all_kinds();
    const Result whole = step(network, 8, 0, {.batch = 8, .without = without});
    for (const int size : {2, 4}) {
      std::vector<Result> parts(static_cast<std::size_t>(size));
      LocalRanks(size).run([&](Communicator& ranks) {
        Parts others(ranks);
        Network own = norms_of_all_kinds();
        const int batch = 8 / size;
        const auto rank = static_cast<std::size_t>(ranks.rank());
        parts[rank] = step(own, batch, rank * static_cast<std::size_t>(batch),
                           {.batch = batch, .without = without, .parts = &others});
      });
      Result together{{}, std::vector<float>(whole.gradients.size()), parts[0].weights};
      for (const Result& part : parts) {
        together.output.insert(together.output.end(), part.output.begin(), part.output.end());
        for (std::size_t i = 0; i < part.gradients.size(); ++i) together.gradients[i] += part.gradients[i];
        CHECK(part.weights == parts[0].weights);  // running statistics
      }
      CHECK(difference(together.output, whole.output) < 1e-4);
      CHECK(difference(together.gradients, whole.gradients) < 1e-4);
      CHECK(difference(together.weights, whole.weights) < 1e-5);
    }
    // Alone, a share is another batch.
    Network other = norms_of_all_kinds();
    CHECK(difference(step(other, 4, 0, {.batch = 4}).output, std::span(whole.output).first(20)) > 1e-2);
  }
}

TEST_CASE("a batch in parts needs the fast kernels") {
  LocalRanks ranks(1);
  Parts parts(ranks.rank(0));
  Network network = norms_of_all_kinds();
  CHECK_THROWS_AS(TrainingSession(network, {.without = {Pass::choose_kernels}, .parts = &parts}), ArgumentError);
}

TEST_CASE("gradients that are said to be complete are, and in the end all") {
  for (Network network : {norms_of_all_kinds(), Network(reference_network(), {32, 32, 3}, 1)}) {
    TrainingSession session(network, {.batch = 2});
    copy_to(random_values<float>(session.input().size(), 1), session.input());
    const std::span<const float> gradients = session.gradients();
    std::vector<std::vector<float>> said;
    std::vector<std::size_t> firsts;
    session.forward();
    put_output_gradients(session, 1);
    session.zero_gradients();
    session.backward([&](std::size_t first) {
      firsts.push_back(first);
      said.emplace_back(gradients.begin() + static_cast<std::ptrdiff_t>(first), gradients.end());
    });
    CHECK(std::is_sorted(firsts.begin(), firsts.end(), std::greater<>()));
    CHECK(firsts.back() == 0);
    CHECK(firsts.front() > 0);  // before the end there is something to do
    for (std::size_t i = 0; i < firsts.size(); ++i)
      CHECK(std::equal(said[i].begin(), said[i].end(), gradients.begin() + static_cast<std::ptrdiff_t>(firsts[i])));
  }
}
