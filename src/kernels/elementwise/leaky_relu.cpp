// LeakyReLU: one pass over memory.
#include "kernels/elementwise/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/leaky_relu.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/elementwise/map-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// y = v where `sign` is positive, otherwise slope * v.
HWY_ATTR void LeakyReLUPass(float slope, const float* sign, const float* v, float* y, std::size_t size,
                            Threads& threads) {
  const Floats d;
  MapAll(sign, v, y, size, threads, [d, slope](Vector s, Vector u) HWY_ATTR {
    return hn::IfThenElse(hn::Gt(s, hn::Zero(d)), u, hn::Mul(u, hn::Set(d, slope)));
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(LeakyReLUPass);

void LeakyReLUKernel::forward(const OpProblem& p, const KernelForward<float>& f) const {
  const auto slope = static_cast<float>(std::get<LeakyReLU>(p.layer).slope);
  const float* x = f.input().data;
  HWY_DYNAMIC_DISPATCH(LeakyReLUPass)(slope, x, x, f.output.data, f.output.size(), *f.threads);
}

/// The output has the input's sign.
void LeakyReLUKernel::backward(const OpProblem& p, const KernelBackward<float>& b) const {
  if (b.input_gradient().data == nullptr) return;
  const auto slope = static_cast<float>(std::get<LeakyReLU>(p.layer).slope);
  HWY_DYNAMIC_DISPATCH(LeakyReLUPass)
  (slope, b.output.data, b.output_gradient.data, b.input_gradient().data, b.output.size(), *b.threads);
}

}  // namespace lineament
#endif
