// Activations and sums: one pass over memory.
#include "kernels/elementwise.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/targets.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef LINEAMENT_ELEMENTWISE_PLAN
#define LINEAMENT_ELEMENTWISE_PLAN
namespace lineament {
namespace {
constexpr std::size_t kBlock = std::size_t{1} << 14;  // values a task
constexpr std::size_t kPixelBlock = 4096;             // pixels whose PReLU slope gradients are summed up together

int blocks(std::size_t size, std::size_t block) {
  return static_cast<int>((size + block - 1) / block);
}
}  // namespace
}  // namespace lineament
#endif

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;

/// exp(x), relative error below 3e-7: 2^n by the exponent bits, the rest by a polynomial (Cephes' expf).
HWY_ATTR HWY_INLINE Vector Exp(Vector x) {
  const Floats d;
  const hn::RebindToSigned<Floats> di;
  x = hn::Min(hn::Max(x, hn::Set(d, -87.0f)), hn::Set(d, 88.0f));
  const Vector n = hn::Round(hn::Mul(x, hn::Set(d, 1.44269504f)));
  Vector r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  Vector p = hn::Set(d, 1.9875691500e-4f);
  for (const float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    p = hn::MulAdd(p, r, hn::Set(d, c));
  p = hn::Add(hn::MulAdd(p, hn::Mul(r, r), r), hn::Set(d, 1.0f));
  const auto power = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127)));
  return hn::Mul(p, hn::BitCast(d, power));
}
HWY_ATTR HWY_INLINE Vector SigmoidOf(Vector x) {
  const Floats d;
  return hn::Div(hn::Set(d, 1.0f), hn::Add(hn::Set(d, 1.0f), Exp(hn::Neg(x))));
}
HWY_ATTR HWY_INLINE Vector ClampedShare(Vector x) {  // clamp(x + 3, 0, 6) / 6
  const Floats d;
  return hn::Mul(hn::Min(hn::Max(hn::Add(x, hn::Set(d, 3.0f)), hn::Zero(d)), hn::Set(d, 6.0f)), hn::Set(d, 1.0f / 6));
}

/// y = f(a, b) over a block; the last, incomplete vector goes through a buffer.
template <class F>
HWY_ATTR HWY_INLINE void Map(const float* a, const float* b, float* y, std::size_t size, F&& f) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) hn::StoreU(f(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, y + i);
  if (i == size) return;
  HWY_ALIGN float last_a[HWY_MAX_BYTES / 4] = {}, last_b[HWY_MAX_BYTES / 4] = {};
  const std::size_t bytes = sizeof(float) * (size - i);
  std::memcpy(last_a, a + i, bytes);
  std::memcpy(last_b, b + i, bytes);
  hn::Store(f(hn::Load(d, last_a), hn::Load(d, last_b)), d, last_a);
  std::memcpy(y + i, last_a, bytes);
}

/// The same for all blocks of a large array.
template <class F>
HWY_ATTR HWY_INLINE void MapAll(const float* a, const float* b, float* y, std::size_t size, Threads& threads,
                                const F& f) {
  threads.run(blocks(size, kBlock), [&](int task, int) HWY_ATTR {
    const std::size_t begin = static_cast<std::size_t>(task) * kBlock;
    Map(a + begin, b + begin, y + begin, std::min(kBlock, size - begin), f);
  });
}

HWY_ATTR void ActivationForward(Activation activation, const float* x, float* y, std::size_t size, Threads& threads) {
  const Floats d;
  switch (activation) {
    case Activation::relu:
      return MapAll(x, x, y, size, threads, [d](Vector v, Vector) HWY_ATTR { return hn::Max(v, hn::Zero(d)); });
    case Activation::silu:
      return MapAll(x, x, y, size, threads, [](Vector v, Vector) HWY_ATTR { return hn::Mul(v, SigmoidOf(v)); });
    case Activation::hard_swish:
      return MapAll(x, x, y, size, threads, [](Vector v, Vector) HWY_ATTR { return hn::Mul(v, ClampedShare(v)); });
    case Activation::sigmoid:
      return MapAll(x, x, y, size, threads, [](Vector v, Vector) HWY_ATTR { return SigmoidOf(v); });
  }
}

HWY_ATTR void ActivationBackward(Activation activation, const float* kept, const float* dy, float* dx, std::size_t size,
                                 Threads& threads) {
  const Floats d;
  switch (activation) {
    case Activation::relu:
      return MapAll(kept, dy, dx, size, threads,
                    [d](Vector y, Vector g) HWY_ATTR { return hn::IfThenElseZero(hn::Gt(y, hn::Zero(d)), g); });
    case Activation::silu:
      return MapAll(kept, dy, dx, size, threads, [d](Vector x, Vector g) HWY_ATTR {
        const Vector s = SigmoidOf(x), one = hn::Set(d, 1.0f);
        return hn::Mul(hn::Mul(g, s), hn::MulAdd(x, hn::Sub(one, s), one));
      });
    case Activation::hard_swish:
      return MapAll(kept, dy, dx, size, threads, [d](Vector x, Vector g) HWY_ATTR {
        const Vector three = hn::Set(d, 3.0f);
        const Vector inner = hn::MulAdd(x, hn::Set(d, 1.0f / 3), hn::Set(d, 0.5f));
        const Vector upper = hn::IfThenElse(hn::Ge(x, three), hn::Set(d, 1.0f), inner);
        return hn::Mul(g, hn::IfThenElseZero(hn::Gt(x, hn::Neg(three)), upper));
      });
    case Activation::sigmoid:
      return MapAll(kept, dy, dx, size, threads,
                    [d](Vector y, Vector g) HWY_ATTR { return hn::Mul(hn::Mul(g, y), hn::Sub(hn::Set(d, 1.0f), y)); });
  }
}

HWY_ATTR void AddArrays(const float* a, const float* b, float* y, std::size_t size, Threads& threads) {
  MapAll(a, b, y, size, threads, [](Vector u, Vector v) HWY_ATTR { return hn::Add(u, v); });
}

HWY_ATTR void PReLUForward(const float* x, const float* slope, float* y, std::size_t pixels, int channels,
                           Threads& threads) {
  threads.run(blocks(pixels, kPixelBlock), [&](int task, int) HWY_ATTR {
    const std::size_t begin = static_cast<std::size_t>(task) * kPixelBlock, end = std::min(pixels, begin + kPixelBlock);
    const auto offset = begin * static_cast<std::size_t>(channels);
    const float* from = x + offset;
    float* to = y + offset;
    for (std::size_t p = begin; p < end; ++p, from += channels, to += channels)
      for (int c = 0; c < channels; ++c) to[c] = from[c] > 0 ? from[c] : from[c] * slope[c];
  });
}

HWY_ATTR void PReLUBackward(const float* x, const float* slope, const float* dy, float* dx, float* dslope,
                            std::size_t pixels, int channels, float* scratch, Threads& threads) {
  const auto count = static_cast<std::size_t>(channels);
  const int tasks = blocks(pixels, kPixelBlock);
  threads.run(tasks, [&](int task, int) HWY_ATTR {
    const std::size_t begin = static_cast<std::size_t>(task) * kPixelBlock, end = std::min(pixels, begin + kPixelBlock);
    float* HWY_RESTRICT sums = scratch + static_cast<std::size_t>(task) * count;
    std::memset(sums, 0, sizeof(float) * count);
    for (std::size_t p = begin; p < end; ++p) {
      const float* from = x + p * count;
      const float* g = dy + p * count;
      for (std::size_t c = 0; c < count; ++c) sums[c] += from[c] > 0 ? 0.0f : from[c] * g[c];
      if (dx == nullptr) continue;
      float* to = dx + p * count;
      for (std::size_t c = 0; c < count; ++c) to[c] = from[c] > 0 ? g[c] : g[c] * slope[c];
    }
  });
  for (int task = 0; task < tasks; ++task)
    for (std::size_t c = 0; c < count; ++c) dslope[c] += scratch[static_cast<std::size_t>(task) * count + c];
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(ActivationForward);
HWY_EXPORT(ActivationBackward);
HWY_EXPORT(AddArrays);
HWY_EXPORT(PReLUForward);
HWY_EXPORT(PReLUBackward);

void activation_forward(Activation a, const float* x, float* y, std::size_t size, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(ActivationForward)(a, x, y, size, threads);
}
void activation_backward(Activation a, const float* kept, const float* dy, float* dx, std::size_t size,
                         Threads& threads) {
  HWY_DYNAMIC_DISPATCH(ActivationBackward)(a, kept, dy, dx, size, threads);
}
void add(const float* a, const float* b, float* y, std::size_t size, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(AddArrays)(a, b, y, size, threads);
}
void add_to(const float* a, float* y, std::size_t size, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(AddArrays)(a, y, y, size, threads);
}
void copy(const float* x, float* y, std::size_t size, Threads& threads) {
  threads.run(blocks(size, kBlock), [&](int task, int) {
    const std::size_t begin = static_cast<std::size_t>(task) * kBlock;
    std::copy_n(x + begin, std::min(kBlock, size - begin), y + begin);
  });
}
std::size_t prelu_scratch(std::size_t pixels, int channels) {
  return static_cast<std::size_t>(blocks(pixels, kPixelBlock)) * static_cast<std::size_t>(channels);
}
void prelu_forward(const float* x, const float* slope, float* y, std::size_t pixels, int channels, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(PReLUForward)(x, slope, y, pixels, channels, threads);
}
void prelu_backward(const float* x, const float* slope, const float* dy, float* dx, float* dslope, std::size_t pixels,
                    int channels, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(PReLUBackward)(x, slope, dy, dx, dslope, pixels, channels, scratch, threads);
}
}  // namespace lineament
#endif
