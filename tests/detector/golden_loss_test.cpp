// The detector's loss against an independent implementation, written from the papers: data/golden/losses.json.
#include <string>
#include <vector>

#include "lineament/detector/detection_loss.hpp"
#include "lineament/zoo/detector_network.hpp"
#include "support/golden.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

template <class T>
struct Batch {
  explicit Batch(const Json& c) {
    for (const Json& described : c["output"]) {
      const std::vector<double> y = values_of(described);
      outputs.emplace_back(y.begin(), y.end());
      gradients.emplace_back(y.size());
    }
    // The described truth and weights become those of tools/golden_losses.py.
    const std::vector<double> t = values_of(c["truth"]), w = values_of(c["weights"]);
    truth.assign(t.begin(), t.end());
    for (std::size_t i = 0; i < truth.size(); i += kCellValues) {
      truth[i] = T(t[i] > 0 ? 1 : 0);
      const bool asked = w[i / kCellValues] > 0;
      for (std::size_t k = 0; k < kCellValues; ++k) weights.push_back(T(asked && (k == 0 || t[i] > 0) ? 1 : 0));
    }
  }

  double value(const Json& c) {
    std::vector<OutputBatch<T>> list;
    for (std::size_t i = 0; i < outputs.size(); ++i) list.push_back({kCellOutputs[i], outputs[i], gradients[i]});
    const DetectionLoss loss{.share = c["share"], .focus = c["focus"], .box = c["box"], .eyes = c["eyes"]};
    return loss.operator()<T>(list, truth, weights, c["batch"]);
  }

  std::vector<std::vector<T>> outputs, gradients;
  std::vector<T> truth, weights;
};

template <class T>
void check_case(const Json& c, double tolerance) {
  Batch<T> batch(c);
  CHECK(batch.value(c) == Approx(c["value"].get<double>()).epsilon(tolerance));
  for (std::size_t i = 0; i < kCellOutputs.size(); ++i) {
    INFO(kCellOutputs[i]);
    check_digest(batch.gradients[i], c["gradients"][std::string(kCellOutputs[i])], tolerance);
  }
}

}  // namespace

TEST_CASE("golden: value and gradients of the detector's loss") {
  int seen = 0;
  const Json file = golden("losses");
  for (const Json& c : file["cases"]) {
    if (c["loss"] != "detection") continue;
    ++seen;
    INFO(c.dump());
    check_case<double>(c, 1e-8);
    check_case<float>(c, 1e-5);
  }
  CHECK(seen == 2);
}
