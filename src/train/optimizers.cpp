// The optimisers' loops. They are plain, without calls, so that the compiler makes vector code of them; for the square
// root it does so because CMakeLists.txt compiles this file with -fno-math-errno.
#include "lineament/train/optimizers.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "lineament/error.hpp"

namespace lineament {
namespace {

// What a loop needs, as floats: conversions stay out of it.
struct Constants {
  float scale, decay, rate, a, b, c, d, epsilon;
};

void sgd(std::size_t n, float* __restrict w, const float* __restrict gradient, const Constants& k) {
  const float scale = k.scale, decay = k.decay, rate = k.rate;
  for (std::size_t i = 0; i < n; ++i) w[i] -= rate * (scale * gradient[i] + decay * w[i]);
}

void sgd_momentum(std::size_t n, float* __restrict w, const float* __restrict gradient, float* __restrict velocity,
                  const Constants& k) {
  // The step is a v + b g: classic a = 1, b = 0; Nesterov a = momentum, b = 1.
  const float scale = k.scale, decay = k.decay, rate = k.rate, a = k.a, b = k.b, momentum = k.c;
  for (std::size_t i = 0; i < n; ++i) {
    const float g = scale * gradient[i] + decay * w[i];
    const float v = momentum * velocity[i] + g;
    velocity[i] = v;
    w[i] -= rate * (a * v + b * g);
  }
}

// `keep` is what decoupled decay leaves of a weight (AdamW), `decay` is added to the gradient (Adam); one is neutral.
void adam(std::size_t n, float* __restrict w, const float* __restrict gradient, float* __restrict first,
          float* __restrict second, float keep, float second_scale, const Constants& k) {
  const float scale = k.scale, decay = k.decay, rate = k.rate, epsilon = k.epsilon;
  const float beta1 = k.a, rest1 = k.b, beta2 = k.c, rest2 = k.d;
  for (std::size_t i = 0; i < n; ++i) {
    const float g = scale * gradient[i] + decay * w[i];
    const float m = beta1 * first[i] + rest1 * g;
    const float v = beta2 * second[i] + rest2 * (g * g);
    first[i] = m;
    second[i] = v;
    w[i] = keep * w[i] - rate * (m / (std::sqrt(v) * second_scale + epsilon));
  }
}

void check(const OptimizerOptions& o) {
  const auto wrong = [&](std::string what, std::string wanted, double got) {
    throw ArgumentError({.where = "optimizer " + std::string(name(o)),
                         .what = std::move(what),
                         .wanted = std::move(wanted),
                         .got = std::to_string(got),
                         .fix = ""});
  };
  const auto is_share = [](double x) { return x >= 0 && x < 1; };
  if (!is_share(o.momentum)) wrong("momentum is out of range", "0 or more, below 1", o.momentum);
  if (!is_share(o.beta1)) wrong("beta1 is out of range", "0 or more, below 1", o.beta1);
  if (!is_share(o.beta2)) wrong("beta2 is out of range", "0 or more, below 1", o.beta2);
  if (!(o.epsilon > 0 && std::isfinite(o.epsilon))) wrong("epsilon is out of range", "above 0", o.epsilon);
  if (!(o.weight_decay >= 0 && std::isfinite(o.weight_decay)))
    wrong("weight decay is out of range", "0 or more", o.weight_decay);
}

void check_ranges(const std::vector<WeightRange>& ranges, const char* which, std::size_t parameters) {
  for (const WeightRange& range : ranges) {
    if (range.offset <= parameters && range.size <= parameters - range.offset) continue;
    throw ArgumentError({.where = "optimizer",
                         .what = std::string("a range of ") + which + " goes beyond the weights",
                         .wanted = "at most " + std::to_string(parameters),
                         .got = std::to_string(range.offset) + " + " + std::to_string(range.size),
                         .fix = ""});
  }
}

bool within(const std::vector<WeightRange>& ranges, std::size_t weight) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [weight](const WeightRange& r) { return weight >= r.offset && weight - r.offset < r.size; });
}

std::size_t values_of_state(const OptimizerOptions& options, std::size_t parameters) {
  if (options.kind != OptimizerOptions::Kind::sgd) return 2 * parameters;
  return options.momentum > 0 ? parameters : 0;
}

}  // namespace

std::string_view name(const OptimizerOptions& options) {
  return kOptimizerNames[static_cast<std::size_t>(options.kind)];
}

OptimizerOptions optimizer_by_name(std::string_view wanted) {
  for (std::size_t i = 0; i < kOptimizerNames.size(); ++i) {
    if (kOptimizerNames[i] != wanted) continue;
    OptimizerOptions options{.kind = static_cast<OptimizerOptions::Kind>(i)};
    // AdamW without decay is Adam: 0.01 is PyTorch's default.
    if (options.kind == OptimizerOptions::Kind::adamw) options.weight_decay = 0.01;
    return options;
  }
  throw ArgumentError({.where = "optimizer",
                       .what = "there is no optimizer of this name",
                       .wanted = "sgd, adam or adamw",
                       .got = "'" + std::string(wanted) + "'",
                       .fix = ""});
}

double detail::sum_of_squares(std::span<const float> values) {
  // Lanes of their own let the compiler use vectors without changing the order of any sum.
  constexpr std::size_t lanes = 8;
  std::array<double, lanes> sums{};
  std::size_t i = 0;
  for (; i + lanes <= values.size(); i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const double x = static_cast<double>(values[i + lane]);
      sums[lane] += x * x;
    }
  }
  double sum = 0;
  for (const double s : sums) sum += s;
  for (; i < values.size(); ++i) sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  return sum;
}

float clip_scale(double norm, double limit) {
  return static_cast<float>(std::min(1.0, limit / (norm + 1e-6)));
}

Optimizer::Optimizer(const OptimizerOptions& options, std::size_t parameters, const std::vector<WeightRange>& decayed,
                     const std::vector<WeightRange>& frozen)
    : options_(options), parameters_(parameters), chunks_(ChunkPlan::of(parameters)) {
  check(options);
  check_ranges(decayed, "weight decay", parameters);
  check_ranges(frozen, "frozen weights", parameters);
  std::vector<std::size_t> cuts{0, parameters};
  for (const auto* ranges : {&decayed, &frozen})
    for (const WeightRange& r : *ranges) cuts.insert(cuts.end(), {r.offset, r.offset + r.size});
  std::sort(cuts.begin(), cuts.end());
  // Neighbours of a kind are joined, so that a chunk is worked on in as few pieces as there can be.
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    if (cuts[i] == cuts[i + 1] || within(frozen, cuts[i])) continue;
    const bool decays = within(decayed, cuts[i]);
    if (!pieces_.empty() && pieces_.back().end == cuts[i] && pieces_.back().decays == decays)
      pieces_.back().end = cuts[i + 1];
    else
      pieces_.push_back({cuts[i], cuts[i + 1], decays});
  }
  state_.assign(values_of_state(options, parameters), 0.0f);
}

void Optimizer::restore(std::span<const float> state, std::uint64_t steps) {
  if (state.size() != state_.size()) {
    throw ArgumentError({.where = "optimizer " + std::string(name(options_)),
                         .what = "the stored state is of another network or optimizer",
                         .wanted = std::to_string(state_.size()) + " values",
                         .got = std::to_string(state.size()),
                         .fix = "resume with the options the run was started with"});
  }
  std::copy(state.begin(), state.end(), state_.begin());
  steps_ = steps;
}

Optimizer::Factors Optimizer::begin_step(std::size_t weights, std::size_t gradients, float learning_rate,
                                         float gradient_scale) {
  if (weights != parameters_ || gradients != parameters_) {
    throw ArgumentError({.where = "optimizer " + std::string(name(options_)),
                         .what = "weights or gradients are not of the size the optimizer was made for",
                         .wanted = std::to_string(parameters_),
                         .got = std::to_string(weights) + " and " + std::to_string(gradients),
                         .fix = ""});
  }
  ++steps_;
  Factors factors{.scale = gradient_scale, .rate = learning_rate, .corrected_rate = learning_rate, .second_scale = 1};
  if (options_.kind != OptimizerOptions::Kind::sgd) {
    const double t = static_cast<double>(steps_);
    factors.corrected_rate = static_cast<float>(learning_rate / (1 - std::pow(options_.beta1, t)));
    factors.second_scale = static_cast<float>(1 / std::sqrt(1 - std::pow(options_.beta2, t)));
  }
  return factors;
}

void Optimizer::update_chunk(std::size_t chunk, float* weights, const float* gradients, const Factors& factors) {
  const std::size_t begin = chunk * chunks_.size, end = std::min(begin + chunks_.size, parameters_);
  auto piece = std::partition_point(pieces_.begin(), pieces_.end(), [begin](const Piece& p) { return p.end <= begin; });
  for (; piece != pieces_.end() && piece->offset < end; ++piece) {
    const std::size_t first = std::max(begin, piece->offset), last = std::min(end, piece->end);
    update(first, last - first, weights, gradients, factors,
           piece->decays ? static_cast<float>(options_.weight_decay) : 0.0f);
  }
}

void Optimizer::update(std::size_t first, std::size_t n, float* weights, const float* gradients, const Factors& factors,
                       float decay) {
  float* w = weights + first;
  const float* g = gradients + first;
  Constants k{
      .scale = factors.scale, .decay = decay, .rate = factors.rate, .a = 1, .b = 0, .c = 0, .d = 0, .epsilon = 0};
  if (options_.kind == OptimizerOptions::Kind::sgd) {
    if (state_.empty()) return sgd(n, w, g, k);
    k.c = static_cast<float>(options_.momentum);
    if (options_.nesterov) k.a = k.c, k.b = 1;
    return sgd_momentum(n, w, g, state_.data() + first, k);
  }
  k.rate = factors.corrected_rate;
  k.a = static_cast<float>(options_.beta1);
  k.b = static_cast<float>(1 - options_.beta1);
  k.c = static_cast<float>(options_.beta2);
  k.d = static_cast<float>(1 - options_.beta2);
  k.epsilon = static_cast<float>(options_.epsilon);
  const bool decoupled = options_.kind == OptimizerOptions::Kind::adamw;
  if (decoupled) k.decay = 0;
  adam(n, w, g, state_.data() + first, state_.data() + parameters_ + first, decoupled ? 1 - factors.rate * decay : 1.0f,
       factors.second_scale, k);
}

}  // namespace lineament
