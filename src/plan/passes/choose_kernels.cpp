// Pass: a kernel for every op. Left out, every op runs its definition in Eigen.
#include "kernels/registry.hpp"
#include "plan/passes/passes.hpp"

namespace lineament {

template <class T>
void choose_kernels(Plan& plan) {
  for (Op& op : plan.ops) {
    const std::span<const Kernel<T>* const> list = kernels_for<T>(op.problem.layer);
    op.kernel = list.back();
    if (!plan.runs(Pass::choose_kernels)) continue;
    for (const Kernel<T>* kernel : list) {
      const char* reason = kernel->refuses(op.problem);
      op.kernel = kernel;
      if (reason == nullptr) break;
      op.refused.push_back({kernel->name(), reason});
    }
  }
}

template void choose_kernels<float>(Plan&);
template void choose_kernels<double>(Plan&);

}  // namespace lineament
