// Activations without options: one pass over memory.
#include "kernels/elementwise/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/activation.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/math-inl.hpp"
#include "kernels/elementwise/map-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {
using Function = ActivationKernel::Function;

HWY_ATTR void ActivationForward(Function function, const float* x, float* y, std::size_t size, Threads& threads) {
  const Floats d;
  switch (function) {
    case Function::relu:
      return MapAll(x, x, y, size, threads, [d](Vector v, Vector) HWY_ATTR { return AtLeast(hn::Zero(d), v); });
    case Function::silu:
      return MapAll(x, x, y, size, threads, [](Vector v, Vector) HWY_ATTR { return hn::Mul(v, SigmoidOf(v)); });
    case Function::hard_swish:
      return MapAll(x, x, y, size, threads, [](Vector v, Vector) HWY_ATTR { return HardSwishOf(v); });
    case Function::sigmoid:
      return MapAll(x, x, y, size, threads, [](Vector v, Vector) HWY_ATTR { return SigmoidOf(v); });
    case Function::tanh:
      return MapAll(x, x, y, size, threads, [](Vector v, Vector) HWY_ATTR { return TanhOf(v); });
  }
}

HWY_ATTR void ActivationBackward(Function function, const float* kept, const float* dy, float* dx, std::size_t size,
                                 Threads& threads) {
  const Floats d;
  switch (function) {
    case Function::relu:
      return MapAll(kept, dy, dx, size, threads,
                    [d](Vector y, Vector g) HWY_ATTR { return hn::IfThenElseZero(hn::Gt(y, hn::Zero(d)), g); });
    case Function::silu:
      return MapAll(kept, dy, dx, size, threads, [d](Vector x, Vector g) HWY_ATTR {
        const Vector s = SigmoidOf(x), one = hn::Set(d, 1.0f);
        return hn::Mul(hn::Mul(g, s), hn::MulAdd(x, hn::Sub(one, s), one));
      });
    case Function::hard_swish:
      return MapAll(kept, dy, dx, size, threads,
                    [](Vector x, Vector g) HWY_ATTR { return hn::Mul(g, HardSwishSlope(x)); });
    case Function::sigmoid:
      return MapAll(kept, dy, dx, size, threads,
                    [d](Vector y, Vector g) HWY_ATTR { return hn::Mul(hn::Mul(g, y), hn::Sub(hn::Set(d, 1.0f), y)); });
    case Function::tanh:
      return MapAll(kept, dy, dx, size, threads,
                    [d](Vector y, Vector g) HWY_ATTR { return hn::Mul(g, hn::NegMulAdd(y, y, hn::Set(d, 1.0f))); });
  }
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(ActivationForward);
HWY_EXPORT(ActivationBackward);

void ActivationKernel::forward(const OpProblem&, const KernelForward<float>& f) const {
  HWY_DYNAMIC_DISPATCH(ActivationForward)(function_, f.input().data, f.output.data, f.output.size(), *f.threads);
}

void ActivationKernel::backward(const OpProblem& p, const KernelBackward<float>& b) const {
  if (b.input_gradient().data == nullptr) return;
  const float* kept = traits_of(p.layer).backward_reads_output ? b.output.data : b.input().data;
  HWY_DYNAMIC_DISPATCH(ActivationBackward)
  (function_, kept, b.output_gradient.data, b.input_gradient().data, b.output.size(), *b.threads);
}

}  // namespace lineament
#endif
