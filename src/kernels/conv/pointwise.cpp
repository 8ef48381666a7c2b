// 1x1 convolutions in fp32: see pointwise-inl.hpp, and tile-inl.hpp for the inner loop.
#include "kernels/conv/kernels.hpp"
#include "kernels/conv/pointwise_plan.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/pointwise.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/tail-inl.hpp"
#include "kernels/conv/pointwise-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

struct FloatPanels {
  static HWY_INLINE void Pack(const Matrix& w, const float*, float* to) { PackPanelsAndTail(w, to); }
  static HWY_INLINE void Multiply(const Product& m, int rows, int columns, float*) {
    MultiplyPanelsAndTail(m, rows, columns);
  }
};

HWY_ATTR void PackPointwise(const ConvGeometry& g, const float* w, float* to) {
  PackPanelsAndTail({w, g.in_c, g.out_c, g.out_c, 1}, to);
}
HWY_ATTR void RunPointwise(const ConvGeometry& g, const ConvForward& f) {
  PointwiseForward<FloatPanels>(g, false, f);
}
HWY_ATTR void RunPointwiseGradients(const ConvGeometry& g, const ConvBackward& b) {
  PointwiseGradients<FloatPanels>(g, weights_size(g), b);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(PackPointwise);
HWY_EXPORT(RunPointwise);
HWY_EXPORT(RunPointwiseGradients);

const char* Pointwise::unfit(const ConvProblem& p) const {
  return is_pointwise(p.g) ? nullptr : "needs a 1x1 window, stride 1, no padding, one group";
}

Needs Pointwise::memory(const ConvProblem& p) const {
  const std::size_t weights = weights_size(p.g);
  return {.packed = float_bytes(weights), .scratch = pointwise_scratch(p, weights)};
}

NormBlocks Pointwise::blocks(const ConvProblem& p, Side) const {
  return {nullptr, 1, pixels_of(p.g), kPixelRun};
}

void Pointwise::pack_weights(const ConvProblem& p, const float* w, const float*, std::span<std::byte> to,
                             Threads&) const {
  HWY_DYNAMIC_DISPATCH(PackPointwise)(p.g, w, as<float>(to));
}
void Pointwise::run(const ConvProblem& p, const ConvForward& f) const {
  HWY_DYNAMIC_DISPATCH(RunPointwise)(p.g, f);
}
void Pointwise::gradients(const ConvProblem& p, const ConvBackward& b) const {
  HWY_DYNAMIC_DISPATCH(RunPointwiseGradients)(p.g, b);
}

}  // namespace lineament
#endif
