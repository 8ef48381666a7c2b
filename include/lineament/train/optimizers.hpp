// The step from gradients to weights, on flat buffers: one pass over memory, whole or in chunks on several threads.
// Adam: Kingma and Ba, ICLR 2015. AdamW: Loshchilov and Hutter, ICLR 2019. Nesterov momentum: Sutskever et al., ICML
// 2013.
#pragma once
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/threads.hpp"

namespace LINEAMENT_API lineament {

/// Which optimiser, and its constants; the learning rate is given at every step. A plain value.
///
/// The update is PyTorch's, with g the scaled gradient, w the weight, d the weight decay (0 outside the decayed ranges)
/// and t = 1, 2, … the step:
/// - sgd:   g += d w;  v = momentum v + g;  w -= rate (nesterov ? g + momentum v : v)
/// - adam:  g += d w;  m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;
///          w -= rate / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
/// - adamw: w -= rate d w;  then as adam without decay.
struct OptimizerOptions {
  enum class Kind { sgd, adam, adamw };
  Kind kind = Kind::adam;
  double momentum = 0.9;      ///< sgd: 0 … below 1; 0 keeps no state
  bool nesterov = false;      ///< sgd
  double beta1 = 0.9;         ///< adam, adamw: 0 … below 1
  double beta2 = 0.999;       ///< adam, adamw: 0 … below 1
  double epsilon = 1e-8;      ///< adam, adamw: above 0
  double weight_decay = 0.0;  ///< 0 or more
  friend bool operator==(const OptimizerOptions&, const OptimizerOptions&) = default;
};

inline constexpr std::array<std::string_view, 3> kOptimizerNames{"sgd", "adam", "adamw"};

/// "sgd", "adam" or "adamw": what optimizer_by_name() reads.
std::string_view name(const OptimizerOptions& options);
/// The optimiser of that name with its default constants (adamw: weight decay 0.01). Throws ArgumentError, listing
/// names.
OptimizerOptions optimizer_by_name(std::string_view name);

/// A range of the flat weight buffer.
struct WeightRange {
  std::size_t offset = 0, size = 0;
};

/// How a flat buffer is cut: a function of its size alone, so that the bits do not depend on the number of threads.
struct ChunkPlan {
  static constexpr std::size_t kMaxChunks = 256;
  static constexpr std::size_t kMinSize = 16384;  ///< values; smaller chunks cost more to hand out than to work on

  std::size_t size = kMinSize;  ///< values in every chunk but the last; a multiple of 16 (a cache line of floats)
  std::size_t count = 0;

  static constexpr ChunkPlan of(std::size_t values) {
    constexpr std::size_t grain = 16;
    const std::size_t share = (values + kMaxChunks - 1) / kMaxChunks;
    const std::size_t size = share <= kMinSize ? kMinSize : (share + grain - 1) / grain * grain;
    return {size, (values + size - 1) / size};
  }
};

/// A way of running chunks: f(0) … f(chunks - 1), each exactly once, in any order, all done on return. This one, the
/// default, runs them one after the other on the calling thread.
struct InTurn {
  template <class F>
  void operator()(std::size_t chunks, F&& f) const {
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) f(chunk);
  }
};

/// The same on a team of threads, with the same bits.
struct OnThreads {
  Threads& team;

  template <class F>
  void operator()(std::size_t chunks, F&& f) const {
    team.run(static_cast<int>(chunks), [&f](int chunk, int) { f(static_cast<std::size_t>(chunk)); });
  }
};

namespace detail {
double sum_of_squares(std::span<const float> values);
}

/// Euclidean length of all gradients together. Sums in double and in an order fixed by the size alone.
template <class Parallel = InTurn>
double gradient_norm(std::span<const float> gradients, Parallel&& parallel = {}) {
  const ChunkPlan plan = ChunkPlan::of(gradients.size());
  std::array<double, ChunkPlan::kMaxChunks> partial{};
  parallel(plan.count, [&](std::size_t chunk) {
    const std::size_t first = chunk * plan.size;
    const std::size_t n = gradients.size() - first < plan.size ? gradients.size() - first : plan.size;
    partial[chunk] = detail::sum_of_squares(gradients.subspan(first, n));
  });
  double sum = 0;
  for (std::size_t chunk = 0; chunk < plan.count; ++chunk) sum += partial[chunk];
  return std::sqrt(sum);
}

/// The factor that brings gradients of length `norm` down to at most `limit`: min(1, limit / (norm + 1e-6)), as
/// PyTorch's clip_grad_norm_. Pass it on as gradient_scale. A norm that is not finite gives a factor that is no help:
/// test it first.
float clip_scale(double norm, double limit);

class Optimizer {
 public:
  /// For a flat buffer of `parameters` weights. Weight decay applies to the ranges `decayed`: weights, not biases and
  /// normalisations. Weights in the ranges `frozen` keep their bits, whatever their gradients. Throws ArgumentError: a
  /// constant out of range, a range beyond the buffer.
  Optimizer(const OptimizerOptions& options, std::size_t parameters, const std::vector<WeightRange>& decayed = {},
            const std::vector<WeightRange>& frozen = {});

  /// One step. All gradients are first multiplied by `gradient_scale` (clipping, or 1 / number of accumulated batches).
  /// Allocates nothing. Throws ArgumentError when the spans are not of the size given at construction.
  template <class Parallel = InTurn>
  void step(std::span<float> weights, std::span<const float> gradients, float learning_rate, float gradient_scale = 1,
            Parallel&& parallel = {}) {
    const Factors factors = begin_step(weights.size(), gradients.size(), learning_rate, gradient_scale);
    parallel(chunks_.count, [&](std::size_t chunk) { update_chunk(chunk, weights.data(), gradients.data(), factors); });
  }

  const OptimizerOptions& options() const { return options_; }
  /// sgd: the velocities (nothing without momentum); adam, adamw: all first moments, then all second moments.
  std::span<float> state() { return state_; }
  std::span<const float> state() const { return state_; }
  /// Steps done: with state(), all that has to be stored to go on later.
  std::uint64_t steps() const { return steps_; }
  /// Goes on from a stored state. Throws ArgumentError when the state's size does not fit.
  void restore(std::span<const float> state, std::uint64_t steps);

 private:
  /// What is the same for all weights in one step.
  struct Factors {
    float scale = 1, rate = 0;
    float corrected_rate = 0;  ///< rate / (1 - beta1^t)
    float second_scale = 1;    ///< 1 / sqrt(1 - beta2^t)
  };

  /// A range in which all weights decay, or none.
  struct Piece {
    std::size_t offset = 0, end = 0;
    bool decays = false;
  };

  Factors begin_step(std::size_t weights, std::size_t gradients, float learning_rate, float gradient_scale);
  void update_chunk(std::size_t chunk, float* weights, const float* gradients, const Factors& factors);
  void update(std::size_t first, std::size_t n, float* weights, const float* gradients, const Factors& factors,
              float decay);

  OptimizerOptions options_;
  std::size_t parameters_;
  std::vector<Piece> pieces_;  ///< all that is not frozen, in order
  ChunkPlan chunks_;
  std::vector<float> state_;
  std::uint64_t steps_ = 0;
};

}  // namespace lineament
