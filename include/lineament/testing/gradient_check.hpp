// Gradient check for layers, also of a user's own: what `backward` gives against differences of `forward`, in double.
//   const auto report = lineament::testing::check_gradients(ChannelGain{.scale = 2}, {Shape{3, 2, 4}});
//   if (!report.passed()) std::puts(report.where.c_str());
// The loss is a random linear function of the output, so that every output counts, and differently.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/nn/layers.hpp"
#include "lineament/random.hpp"

namespace LINEAMENT_API lineament {
namespace testing {

/// How far a gradient is from differences at the value where it is worst.
struct GradientReport {
  static constexpr double kTolerance = 1e-6;
  double worst = 0;   ///< relative error; infinite for NaN
  std::string where;  ///< "gain[7]: backward 0.31, differences 0.30", or the rule of `backward` that was broken
  bool passed() const { return worst <= kTolerance; }
};

namespace detail {

/// Central difference of fourth order of `loss` with respect to `x`.
inline double slope(const std::function<double()>& loss, double& x, double step) {
  const double at = x;
  const auto loss_at = [&](double offset) {
    x = at + offset;
    return loss();
  };
  const double near = loss_at(step) - loss_at(-step), far = loss_at(2 * step) - loss_at(-2 * step);
  x = at;
  return (8 * near - far) / (12 * step);
}

/// Compares one claimed derivative. A kink within reach of a step spoils that step only: a smaller one stays on this
/// side of it. A wrong gradient is wrong for every step. `scale` is the largest derivative of all: values far below it
/// drown in the rounding of the loss.
inline void compare(const std::function<double()>& loss, double& x, double claimed, double scale,
                    const std::string& name, std::size_t index, GradientReport& report) {
  double error = 0, measured = 0;
  for (const double step : {1e-3, 1e-4, 1e-5}) {
    measured = slope(loss, x, step);
    error = std::abs(claimed - measured) / std::max({std::abs(claimed), std::abs(measured), 1e-3 * scale});
    if (std::isnan(error)) error = std::numeric_limits<double>::infinity();
    if (error <= GradientReport::kTolerance) break;
  }
  if (error < report.worst) return;
  report.worst = error;
  report.where = name + "[" + std::to_string(index) + "]: backward " + std::to_string(claimed) + ", differences " +
                 std::to_string(measured);
}

/// One layer alone, with memory of its own for everything it reads and writes.
template <class L>
class LayerAlone {
 public:
  using Values = std::vector<double>;

  LayerAlone(const L& layer, const std::vector<Shape>& inputs, int batch, std::uint64_t seed)
      : layer_(layer),
        shapes_(inputs),
        batch_(batch),
        out_(layer.output_shape(shapes_)),
        params_(layer.params(shapes_)) {
    for (std::size_t i = 0; i < shapes_.size(); ++i) x.push_back(spaced(size_of(shapes_[i]), Random(seed, i)));
    for (std::size_t i = 0; i < params_.size(); ++i) p.push_back(drawn(params_[i].shape.size(), Random(seed, 100 + i)));
    y.resize(size_of(out_));
    dy = drawn(y.size(), Random(seed, 200));
    saved_.resize(saved_bytes(layer_, shapes_, batch, sizeof(double)));
  }

  double loss() {
    statistics_ = p;
    const auto in = views<const double>(x);
    const std::vector<std::span<const double>> params(p.begin(), p.end());
    const std::vector<std::span<double>> statistics(statistics_.begin(), statistics_.end());
    Forward<double> f;
    f.inputs = in;
    f.output = {y.data(), batch_, out_};
    f.params = params;
    f.statistics = statistics;
    f.saved = saved_;
    f.mode = Mode::train;
    f.seed = 1;
    if constexpr (requires { layer_.forward(f); })
      layer_.forward(f);
    else
      Reference<L>::forward(layer_, f);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += dy[i] * y[i];
    return sum;
  }

  /// Gradients are added to `dp` and written to `dx`; an empty list of `dx` is one that nobody asks for.
  void backward(std::vector<Values>& dx, std::vector<Values>& dp) {
    loss();
    const auto in = views<const double>(x);
    const auto gradients = views<double>(dx);
    const std::vector<std::span<const double>> params(p.begin(), p.end());
    std::vector<std::span<double>> param_gradients(dp.begin(), dp.end());
    for (std::size_t i = 0; i < params_.size(); ++i)
      if (!trainable(i)) param_gradients[i] = {};
    Backward<double> b;
    b.inputs = in;
    b.output = {y.data(), batch_, out_};
    b.output_gradient = {dy.data(), batch_, out_};
    b.input_gradients = gradients;
    b.params = params;
    b.param_gradients = param_gradients;
    b.saved = saved_;
    b.seed = 1;
    if constexpr (requires { layer_.backward(b); })
      layer_.backward(b);
    else
      Reference<L>::backward(layer_, b);
  }

  bool trainable(std::size_t i) const { return params_[i].trainable; }
  std::string name(std::size_t i) const { return std::string(params_[i].name); }

  std::vector<Values> x, p;  ///< inputs, parameters
  Values y, dy;

 private:
  std::size_t size_of(const Shape& shape) const { return static_cast<std::size_t>(batch_) * shape.size(); }
  template <class T, class Lists>
  std::vector<View<T>> views(Lists& lists) const {
    std::vector<View<T>> list;
    for (std::size_t i = 0; i < lists.size(); ++i)
      list.push_back({lists[i].empty() ? nullptr : lists[i].data(), batch_, shapes_[i]});
    return list;
  }
  /// ±0.025, ±0.075, … in random order: a small step changes no winner of a maximum and crosses no kink at 0 or ±3.
  static Values spaced(std::size_t size, Random random) {
    Values values(size);
    for (std::size_t i = 0; i < size; ++i)
      values[i] = 0.05 * (static_cast<double>(i) - static_cast<double>(size / 2) + 0.5);
    shuffle(values, random);
    return values;
  }
  /// 0.3 to 1.2 of either sign.
  static Values drawn(std::size_t size, Random random) {
    Values values(size);
    for (double& v : values) {
      const double sign = random.chance(0.5f) ? 1 : -1;
      v = sign * static_cast<double>(random.uniform(0.3f, 1.2f));
    }
    return values;
  }

  L layer_;
  std::vector<Shape> shapes_;
  int batch_;
  Shape out_;
  ParamSpecs params_;
  std::vector<std::byte> saved_;
  std::vector<Values> statistics_;
};

inline GradientReport broken_rule(const std::string& rule) {
  return {std::numeric_limits<double>::infinity(), rule};
}

}  // namespace detail

/// Checks the gradients of a layer with respect to every input and every parameter, and the rules of `backward`
/// (reference/reference.hpp). `inputs`: the shapes of one sample of each. Works for structs with members `forward` and
/// `backward` and for those with a Reference<>. Throws SpecError if the layer does not take such inputs.
template <class L>
GradientReport check_gradients(const L& layer, const std::vector<Shape>& inputs, int batch = 2,
                               std::uint64_t seed = 1) {
  detail::LayerAlone<L> alone(layer, inputs, batch, seed);
  constexpr double kStart = 7, kNan = std::numeric_limits<double>::quiet_NaN();
  auto dx = alone.x, dp = alone.p;
  for (auto& list : dx) std::fill(list.begin(), list.end(), kNan);  // what is not overwritten shows
  for (auto& list : dp) std::fill(list.begin(), list.end(), kStart);
  const auto x = alone.x, p = alone.p;
  const auto dy = alone.dy;
  alone.backward(dx, dp);
  if (alone.x != x || alone.p != p || alone.dy != dy)
    return detail::broken_rule("backward changed an input, a parameter or the output's gradient");

  std::vector<std::vector<double>> nobody(dx.size()), dp2 = dp;
  alone.backward(nobody, dp2);
  double scale = 1e-12;
  for (std::size_t i = 0; i < dp.size(); ++i)
    for (std::size_t k = 0; k < dp[i].size(); ++k) {
      const double second = dp2[i][k] - dp[i][k], first = dp[i][k] - kStart;
      if (!(std::abs(second - first) <= 1e-9 * std::max(1.0, std::abs(first))))
        return detail::broken_rule("backward does not add to the gradient of " + alone.name(i));
      scale = std::max(scale, std::abs(first));
      dp[i][k] = first;
    }
  for (const auto& list : dx)
    for (const double g : list) scale = std::max(scale, std::abs(g));

  GradientReport report;
  const std::function<double()> loss = [&] { return alone.loss(); };
  for (std::size_t i = 0; i < dx.size(); ++i)
    for (std::size_t k = 0; k < dx[i].size(); ++k)
      detail::compare(loss, alone.x[i][k], dx[i][k], scale, "input " + std::to_string(i), k, report);
  for (std::size_t i = 0; i < dp.size(); ++i)
    for (std::size_t k = 0; k < (alone.trainable(i) ? dp[i].size() : 0); ++k)
      detail::compare(loss, alone.p[i][k], dp[i][k], scale, alone.name(i), k, report);
  return report;
}

}  // namespace testing
}  // namespace lineament
