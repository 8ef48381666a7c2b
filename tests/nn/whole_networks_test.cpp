// The named networks whole: gradients of the fast kernels, on every instruction set, against the definitions in double.
#include <functional>

#include "catch.hpp"
#include "lineament/isa.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/zoo/networks.hpp"
#include "support/networks.hpp"
#include "support/values.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

constexpr int kBatch = 5;  // batch norm of fewer samples leaves so little of a gradient that rounding shows

template <class T>
std::vector<double> gradients(BasicNetwork<T> network, PassSet without, int threads) {
  BasicTrainingSession<T> session(network, {.batch = kBatch, .threads = threads, .without = without});
  put(session.input(), random_values<double>(session.input().size(), 1, 0, 1));
  session.forward();
  put_output_gradients(session, network.outputs().size());
  session.zero_gradients();
  session.backward();
  const std::span<T> values = session.gradients();
  return {values.begin(), values.end()};
}

double length(std::span<const double> values) {
  double sum = 0;
  for (const double v : values) sum += v * v;
  return std::sqrt(sum);
}

/// The length of the difference as a share of the length of `wanted`, but at least of a ten-thousandth of the whole
/// gradient: what stands before a batch norm may have a bias whose gradient is 0.
double distance(std::span<const double> got, std::span<const double> wanted, double whole) {
  std::vector<double> apart(got.size());
  std::transform(got.begin(), got.end(), wanted.begin(), apart.begin(), std::minus<>());
  return length(apart) / std::max(length(wanted), 1e-4 * whole);
}

/// ReLU and HardSwish have kinks, over which rounding pushes a few of a million pixels; SiLU has none.
Spec with_smooth_activations(const Spec& spec) {
  Spec smooth;
  for (NodeId id = 1; id <= spec.size(); ++id) {
    const std::span<const NodeId> inputs = spec[id].input_ids();
    const bool kinked =
        std::holds_alternative<ReLU>(spec[id].layer) || std::holds_alternative<HardSwish>(spec[id].layer);
    const Layer layer = kinked ? Layer(SiLU{}) : spec[id].layer;
    smooth.add(layer, std::vector<NodeId>(inputs.begin(), inputs.end()), spec[id].name.view());
  }
  if (spec.has_marked_outputs())
    for (const NodeId id : spec.outputs()) smooth.mark_output(id);
  return smooth;
}

/// Compares on every instruction set but the last, plain code, which would take minutes and which tests of single
/// layers cover. `limit`: what may be between the gradients of a parameter.
void check_gradients(const Network& network, double limit) {
  const std::vector<double> wanted = gradients(BasicNetwork<double>(network), {Pass::choose_kernels}, 1);
  const std::string before = current_isa();
  std::vector<std::string> isas = available_isas();
  if (isas.size() > 1) isas.pop_back();
  for (const std::string& isa : isas) {
    force_isa(isa);
    INFO(isa);
    const std::vector<double> got = gradients(network, {}, 1);
    for (const ParamInfo& p : network.params()) {
      if (!p.trainable) continue;
      INFO(p.name);
      const auto of = [&](const std::vector<double>& all) { return std::span(all).subspan(p.offset, p.size); };
      CHECK(distance(of(got), of(wanted), length(wanted)) < limit);
    }
    CHECK(gradients(network, {}, 2) == got);
  }
  force_isa(before);
}

}  // namespace

TEST_CASE("named networks: gradients of the fast kernels are those of the definitions in double") {
  for (const NamedNetwork& named : tested_networks())
    for (const bool kinks : {false, true}) {
      INFO(named.name << (kinks ? "" : " without kinks"));
      const Spec spec = named.spec(true, kValues);
      const Network network(kinks ? spec : with_smooth_activations(spec), named.input, 1);
      // A pixel that rounding pushes over a kink changes the gradients in front of it by a share of its own: with them
      // this sees wrong code, which is off by tenths, and without them wrong digits.
      check_gradients(network, kinks ? 0.03 : 1e-4);
    }
}
