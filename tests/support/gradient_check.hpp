// Gradients of a whole network against differences, in double. The loss is a random linear function of the output, so
// that every output counts, and differently. Single layers: lineament/testing/gradient_check.hpp.
#pragma once
#include <string>
#include <vector>

#include "lineament/nn/session.hpp"
#include "lineament/testing/gradient_check.hpp"
#include "support/values.hpp"

namespace lineament::testing {

class GradientCheck {
 public:
  struct Gradients {
    std::vector<double> input, params;  ///< params: laid out like the network's weights
  };
  using Report = GradientReport;
  static constexpr double kTolerance = GradientReport::kTolerance;

  GradientCheck(BasicNetwork<double>& network, int batch, std::vector<double> input, std::uint64_t stream = 1)
      : network_(network),
        session_(network, {.batch = batch, .input_gradient = true}),
        input_(std::move(input)),
        factors_(random_values<double>(static_cast<std::size_t>(batch) * network.output_shape().size(), stream)) {}

  /// What `backward` gives. Its input gradient was full of NaN before, its parameter gradients were `start`.
  Gradients backward(double start = 0) {
    loss();
    std::copy(factors_.begin(), factors_.end(), session_.output_gradient().begin());
    std::fill(session_.gradients().begin(), session_.gradients().end(), start);
    session_.backward();
    return {copy_of(session_.input_gradient()), copy_of(session_.gradients())};
  }

  /// Compares `claimed` with differences, value by value.
  Report compare(const Gradients& claimed) {
    Report report;
    double scale = 1e-12;
    for (const auto* list : {&claimed.input, &claimed.params})
      for (const double g : *list) scale = std::max(scale, std::abs(g));
    const auto loss_now = [this] { return loss(); };
    for (std::size_t i = 0; i < input_.size(); ++i)
      detail::compare(loss_now, input_[i], claimed.input[i], scale, "input", i, report);
    for (const ParamInfo& p : network_.params()) {
      if (!p.trainable) continue;
      for (std::size_t i = 0; i < p.size; ++i)
        detail::compare(loss_now, network_.values(p)[i], claimed.params[p.offset + i], scale, p.name, i, report);
    }
    return report;
  }
  Report check() { return compare(backward()); }

  double loss() {
    std::copy(input_.begin(), input_.end(), session_.input().begin());
    session_.set_step(0);  // the same dropout mask every time
    double sum = 0;
    const auto output = session_.forward();
    for (std::size_t i = 0; i < output.size(); ++i) sum += factors_[i] * output[i];
    return sum;
  }

 private:
  BasicNetwork<double>& network_;
  BasicTrainingSession<double> session_;
  std::vector<double> input_, factors_;
};

}  // namespace lineament::testing
