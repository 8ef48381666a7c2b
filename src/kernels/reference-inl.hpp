// The kernel that runs a layer's definition in Eigen, for one scalar: compiled once for each (reference_float.cpp,
// reference_double.cpp), which takes the compiler a while.
#pragma once
#include "kernels/reference.hpp"
#include "lineament/reference/all.hpp"

namespace lineament {

template <class L, class T>
class ReferenceKernel final : public Kernel<T> {
 public:
  std::string_view name() const override { return "reference"; }
  Needs needs(const OpProblem& p) const override {
    if (p.mode != Mode::train) return {};
    return {.saved = saved_bytes(std::get<L>(p.layer), p.inputs, p.batch, sizeof(T))};
  }
  void forward(const OpProblem& p, const KernelForward<T>& f) const override {
    Reference<L>::template forward<T>(std::get<L>(p.layer), f);
  }
  void backward(const OpProblem& p, const KernelBackward<T>& b) const override {
    Reference<L>::template backward<T>(std::get<L>(p.layer), b);
  }
};

template <class T>
const Kernel<T>& reference_kernel(const Layer& layer) {
  return std::visit(
      []<class L>(const L&) -> const Kernel<T>& {
        static const ReferenceKernel<L, T> kernel;
        return kernel;
      },
      layer);
}

}  // namespace lineament
