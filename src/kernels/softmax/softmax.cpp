// Softmax over the channels of each pixel: some pixels a task.
#include "kernels/softmax/kernels.hpp"

#include "kernels/common/budgets.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax/softmax.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// Calls f(first value) for each pixel.
template <class F>
HWY_ATTR void EachPixel(std::size_t values, std::size_t channels, Threads& threads, const F& f) {
  const std::size_t pixels = values / channels, task = std::max<std::size_t>(kPassValues / channels, 1);
  threads.run(static_cast<int>((pixels + task - 1) / task), [&](int number, int) HWY_ATTR {
    const std::size_t begin = static_cast<std::size_t>(number) * task, end = std::min(pixels, begin + task);
    for (std::size_t pixel = begin; pixel < end; ++pixel) f(pixel * channels);
  });
}

/// y may be x. The largest exponent is 0, so that none overflows.
HWY_ATTR void SoftmaxForward(const float* x, float* y, std::size_t size, std::size_t channels, Threads& threads) {
  EachPixel(size, channels, threads, [=](std::size_t at) HWY_ATTR {
    float largest = kNothingCut, sum = 0;
    EachVectorOf(channels, [&](std::size_t c, std::size_t lanes)
                               HWY_ATTR { largest = std::max(LargestOf(Read(x + at + c, lanes), lanes), largest); });
    const Vector most = hn::Set(Floats(), largest);
    EachVectorOf(channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
      const Vector e = Exp(hn::Sub(Read(x + at + c, lanes), most));
      sum += SumOf(e, lanes);
      Write(e, y + at + c, lanes);
    });
    const Vector share = hn::Set(Floats(), 1 / sum);
    EachVectorOf(channels, [&](std::size_t c, std::size_t lanes)
                               HWY_ATTR { Write(hn::Mul(Read(y + at + c, lanes), share), y + at + c, lanes); });
  });
}

/// dx = y * (dy - mean of dy under y); dx may be dy.
HWY_ATTR void SoftmaxBackward(const float* y, const float* dy, float* dx, std::size_t size, std::size_t channels,
                              Threads& threads) {
  EachPixel(size, channels, threads, [=](std::size_t at) HWY_ATTR {
    float sum = 0;
    EachVectorOf(channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
      sum += SumOf(hn::Mul(Read(y + at + c, lanes), Read(dy + at + c, lanes)), lanes);
    });
    const Vector mean = hn::Set(Floats(), sum);
    EachVectorOf(channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
      Write(hn::Mul(Read(y + at + c, lanes), hn::Sub(Read(dy + at + c, lanes), mean)), dx + at + c, lanes);
    });
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(SoftmaxForward);
HWY_EXPORT(SoftmaxBackward);

void SoftmaxKernel::forward(const OpProblem& p, const KernelForward<float>& f) const {
  HWY_DYNAMIC_DISPATCH(SoftmaxForward)
  (f.input().data, f.output.data, f.output.size(), static_cast<std::size_t>(p.output.channels()), *f.threads);
}

void SoftmaxKernel::backward(const OpProblem& p, const KernelBackward<float>& b) const {
  if (b.input_gradient().data == nullptr) return;
  HWY_DYNAMIC_DISPATCH(SoftmaxBackward)
  (b.output.data, b.output_gradient.data, b.input_gradient().data, b.output.size(),
   static_cast<std::size_t>(p.output.channels()), *b.threads);
}

}  // namespace lineament
#endif
