// Batch normalisation in two passes over memory each way: see windows-inl.hpp.
#include <cmath>
#include <functional>
#include <utility>

#include "kernels/common/memory.hpp"
#include "kernels/norm/batch_norm.hpp"
#include "kernels/norm/blocks.hpp"
#include "kernels/norm/channel_sums.hpp"
#include "kernels/norm/parts.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/norm/batch_norm.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/norm/windows-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

HWY_ATTR void Moments(const NormBlocks& blocks, const float* x, std::size_t channels, Threads& threads) {
  threads.run(static_cast<int>(blocks.count()), [&](int task, int) HWY_ATTR {
    const auto block = static_cast<std::size_t>(task);
    BlockMoments(x + block * blocks.pixels * channels, blocks.pixels_of(block), channels, blocks.of(block, channels));
  });
}

HWY_ATTR void NormForward(const Blocks& blocks, const NormFactors& f, const float* x, float* y, Threads& threads) {
  WithFlags(f.activation, blocks.pool, [&]<NormActivation kActivation, bool kPool>() HWY_ATTR {
    Apply<kActivation, kPool>(blocks, f, x, y, threads);
  });
}
HWY_ATTR void NormGradientSums(const Blocks& blocks, const NormFactors& f, const float* x, const float* dy, float* sums,
                               Threads& threads) {
  WithFlags(f.activation, blocks.pool, [&]<NormActivation kActivation, bool kPool>() HWY_ATTR {
    GradientSums<kActivation, kPool>(blocks, f, x, dy, sums, threads);
  });
}
HWY_ATTR void NormInputGradient(const Blocks& blocks, const NormFactors& f, const float* x, const float* dy, float* dx,
                                Threads& threads) {
  WithFlags(f.activation, blocks.pool, [&]<NormActivation kActivation, bool kPool>() HWY_ATTR {
    InputGradient<kActivation, kPool>(blocks, f, x, dy, dx, threads);
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(Moments);
HWY_EXPORT(NormForward);
HWY_EXPORT(NormGradientSums);
HWY_EXPORT(NormInputGradient);

bool BatchNormKernel::fuses(const OpProblem& p, const Epilogue& e) const {
  const bool even = p.output.height() % 2 == 0 && p.output.width() % 2 == 0;
  return p.mode == Mode::train && !e.add && (!e.max_pool || (even && !e.hard_swish));
}

Needs BatchNormKernel::needs(const OpProblem& p) const {
  const auto channels = static_cast<std::size_t>(p.output.channels());
  if (p.mode == Mode::infer) return {.scratch = float_bytes(channels)};
  const int blocks = std::max(Blocks(p, false).count(), p.epilogue.max_pool ? Blocks(p, true).count() : 0);
  // Saved: mean, 1 / standard deviation, factor, slope and offset.
  return {.saved = float_bytes(5 * channels), .scratch = float_bytes(static_cast<std::size_t>(2 * blocks) * channels)};
}

NormFactors BatchNormKernel::norm_factors(const OpProblem& p, std::span<const std::byte> memory,
                                          std::span<const float> shift) const {
  const float* saved = as<float>(memory);
  const std::size_t n = shift.size();
  const NormActivation activation = p.epilogue.relu         ? NormActivation::relu
                                    : p.epilogue.hard_swish ? NormActivation::hard_swish
                                                            : NormActivation::none;
  return {saved, saved + 2 * n, shift.data(), saved + 3 * n, saved + 4 * n, activation};
}

void BatchNormKernel::forward(const OpProblem& p, const KernelForward<float>& f) const {
  const BatchNorm& layer = std::get<BatchNorm>(p.layer);
  const Blocks blocks(p, p.epilogue.max_pool);
  const std::size_t channels = blocks.channels;
  const float *x = f.input().data, *scale = f.params[0].data();
  const auto epsilon = static_cast<float>(layer.epsilon), momentum = static_cast<float>(layer.momentum);
  if (p.mode == Mode::infer) {
    float* factor = as<float>(f.scratch);
    for (std::size_t c = 0; c < channels; ++c) factor[c] = scale[c] / std::sqrt(f.params[3][c] + epsilon);
    const NormFactors factors{.mean = f.params[2].data(), .factor = factor, .shift = f.params[1].data()};
    HWY_DYNAMIC_DISPATCH(NormForward)(blocks, factors, x, f.output.data, *f.threads);
    return;
  }
  const double n = static_cast<double>(blocks.pixels());
  NormBlocks moments = f.moments;
  if (!moments) {
    moments = {as<float>(f.scratch), 1, blocks.pixels(), kNormPixels};
    HWY_DYNAMIC_DISPATCH(Moments)(moments, x, channels, *f.threads);
  }
  WholeMoments own(moments, channels);
  PairsOfParts* parts = f.parts;
  if (parts != nullptr) parts->gather(channels, std::ref(own));
  const double all = n * (parts ? static_cast<double>(parts->count()) : 1.0), unbiased = all > 1 ? all / (all - 1) : 1;
  float *saved = as<float>(f.saved), *running_mean = f.statistics[2].data(), *running_var = f.statistics[3].data();
  for (std::size_t c = 0; c < channels; ++c) {
    const auto [mean, variance] = parts ? parts->moments(c) : own(c);
    const double inverse = 1 / std::sqrt(variance + static_cast<double>(epsilon));
    saved[c] = static_cast<float>(mean);
    saved[channels + c] = static_cast<float>(inverse);
    running_mean[c] += momentum * (static_cast<float>(mean) - running_mean[c]);
    running_var[c] += momentum * (static_cast<float>(variance * unbiased) - running_var[c]);
    saved[2 * channels + c] = saved[channels + c] * scale[c];
  }
  if (f.output.data != nullptr) HWY_DYNAMIC_DISPATCH(NormForward)
  (blocks, norm_factors(p, f.saved, f.params[1]), x, f.output.data, *f.threads);
}

void BatchNormKernel::backward(const OpProblem& p, const KernelBackward<float>& b) const {
  const Blocks blocks(p, p.epilogue.max_pool);
  const std::size_t channels = blocks.channels;
  const float *x = b.input().data, *dy = b.output_gradient.data;
  const std::size_t count = b.sums ? b.sums.count() : static_cast<std::size_t>(blocks.count());
  const NormFactors f = norm_factors(p, b.saved, b.params[1]);
  const float* sums = b.sums ? b.sums.sums : as<float>(b.scratch);
  if (!b.sums) HWY_DYNAMIC_DISPATCH(NormGradientSums)(blocks, f, x, dy, as<float>(b.scratch), *b.threads);
  // dx = factor * (dy - mean(dy) - normal * mean(dy * normal)), normal = (x - mean) * inverse, sorted by dy and x.
  float *saved = as<float>(b.saved), *dscale = b.param_gradients[0].data(), *dshift = b.param_gradients[1].data();
  // The gradients of scale and shift are this part's own; those of the input are by the sums of the whole batch.
  Totals own(sums, count, channels);
  PairsOfParts* parts = b.parts;
  if (parts != nullptr) parts->gather(channels, std::ref(own));
  const double n = static_cast<double>(blocks.pixels()) * (parts ? static_cast<double>(parts->count()) : 1.0);
  for (std::size_t c = 0; c < channels; ++c) {
    const auto [own_sum, own_product] = own(c);
    const auto [sum, sum_of_products] = parts ? parts->sums(c) : std::pair(own_sum, own_product);
    const double inverse = static_cast<double>(saved[channels + c]), factor = static_cast<double>(f.factor[c]);
    const double product = sum_of_products * inverse;
    dshift[c] += static_cast<float>(own_sum);
    dscale[c] += static_cast<float>(own_product * inverse);
    saved[3 * channels + c] = static_cast<float>(-factor * inverse * product / n);
    saved[4 * channels + c] = static_cast<float>(-factor * sum / n);
  }
  float* dx = b.input_gradient().data;
  if (dx != nullptr) HWY_DYNAMIC_DISPATCH(NormInputGradient)(blocks, f, x, dy, dx, *b.threads);
}

}  // namespace lineament
#endif
