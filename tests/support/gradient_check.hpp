// Gradients of a whole network against differences, in double. The loss is a random linear function of the output, so
// that every output counts, and differently.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "lineament/nn/session.hpp"
#include "support/values.hpp"

namespace lineament::testing {

class GradientCheck {
 public:
  struct Gradients {
    std::vector<double> input, params;  ///< params: laid out like the network's weights
  };
  struct Report {
    double worst = 0;   ///< largest relative error
    std::string where;  ///< "conv2d_1.weight[7]: backward 0.31, differences 0.30"
  };

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
    scale_ = 1e-12;
    for (const auto* list : {&claimed.input, &claimed.params})
      for (const double g : *list) scale_ = std::max(scale_, std::abs(g));
    for (std::size_t i = 0; i < input_.size(); ++i) compare(input_[i], claimed.input[i], "input", i, report);
    for (const ParamInfo& p : network_.params()) {
      if (!p.trainable) continue;
      for (std::size_t i = 0; i < p.size; ++i)
        compare(network_.values(p)[i], claimed.params[p.offset + i], p.name, i, report);
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
  /// Central difference of fourth order.
  double slope(double& x, double step) {
    const double at = x;
    const auto loss_at = [&](double offset) {
      x = at + offset;
      return loss();
    };
    const double near = loss_at(step) - loss_at(-step), far = loss_at(2 * step) - loss_at(-2 * step);
    x = at;
    return (8 * near - far) / (12 * step);
  }

  /// A kink within reach of a step spoils that step only: a smaller one stays on this side of it. A wrong gradient is
  /// wrong for every step.
  void compare(double& x, double claimed, const std::string& name, std::size_t index, Report& report) {
    double error = 0, measured = 0;
    for (const double step : {1e-3, 1e-4, 1e-5}) {
      measured = slope(x, step);
      // Values far below the largest gradient drown in the rounding of the loss.
      error = std::abs(claimed - measured) / std::max({std::abs(claimed), std::abs(measured), 1e-3 * scale_});
      if (std::isnan(error)) error = std::numeric_limits<double>::infinity();
      if (error <= kTolerance) break;
    }
    if (error >= report.worst)
      report = {error, name + "[" + std::to_string(index) + "]: backward " + std::to_string(claimed) +
                           ", differences " + std::to_string(measured)};
  }

 public:
  static constexpr double kTolerance = 1e-6;

 private:
  BasicNetwork<double>& network_;
  BasicTrainingSession<double> session_;
  std::vector<double> input_, factors_;
  double scale_ = 1;
};

}  // namespace lineament::testing
