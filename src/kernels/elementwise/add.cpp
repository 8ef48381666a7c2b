// Sums: one pass over memory for each input after the first.
#include "kernels/elementwise/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/add.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/elementwise/map-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

HWY_ATTR void AddArrays(const float* a, const float* b, float* y, std::size_t size, Threads& threads) {
  MapAll(a, b, y, size, threads, [](Vector u, Vector v) HWY_ATTR { return hn::Add(u, v); });
}
HWY_ATTR void CopyArray(const float* x, float* y, std::size_t size, Threads& threads) {
  MapAll(x, x, y, size, threads, [](Vector u, Vector) HWY_ATTR { return u; });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(AddArrays);
HWY_EXPORT(CopyArray);

void AddKernel::forward(const OpProblem&, const KernelForward<float>& f) const {
  for (std::size_t i = 1; i < f.inputs.size(); ++i) HWY_DYNAMIC_DISPATCH(AddArrays)
  (i == 1 ? f.inputs[0].data : f.output.data, f.inputs[i].data, f.output.data, f.output.size(), *f.threads);
}

void AddKernel::backward(const OpProblem&, const KernelBackward<float>& b) const {
  for (const View<float>& dx : b.input_gradients)
    if (dx.data != nullptr) HWY_DYNAMIC_DISPATCH(CopyArray)(b.output_gradient.data, dx.data, dx.size(), *b.threads);
}

}  // namespace lineament
#endif
