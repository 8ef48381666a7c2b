// Pass: a kernel for every op. Left out, every op runs its definition in Eigen.
#include <algorithm>

#include "kernels/registry.hpp"
#include "lineament/nn/tuning.hpp"
#include "plan/op_key.hpp"
#include "plan/passes/passes.hpp"

namespace lineament {
namespace {

/// The kernel that was the fastest for the op on this machine; nullptr where none is known.
template <class T>
const Kernel<T>* tuned_kernel(const Op& op, const Tuning* tuning, std::span<const Kernel<T>* const> list) {
  if (tuning == nullptr) return nullptr;
  const auto known = tuning->kernels.find(op_key(op.problem));
  if (known == tuning->kernels.end()) return nullptr;
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const Kernel<T>* kernel) { return kernel->name() == known->second; });
  return found == list.end() || (*found)->refuses(op.problem) != nullptr ? nullptr : *found;
}

}  // namespace

template <class T>
void choose_kernels(Plan& plan) {
  const Tuning* tuning = plan.options.tuning;
  if (tuning != nullptr && tuning->machine != tuning_machine()) tuning = nullptr;
  for (Op& op : plan.ops) {
    const std::span<const Kernel<T>* const> list = kernels_for<T>(op.problem.layer);
    op.kernel = list.back();
    if (!plan.runs(Pass::choose_kernels)) continue;
    const Kernel<T>* tuned = tuned_kernel<T>(op, tuning, list);
    for (const Kernel<T>* kernel : list) {
      const char* reason = kernel->refuses(op.problem);
      op.kernel = kernel;
      if (reason == nullptr && (tuned == nullptr || tuned == kernel)) break;
      op.refused.push_back({kernel->name(), reason != nullptr ? reason : "slower here: tuned"});
    }
  }
}

template void choose_kernels<float>(Plan&);
template void choose_kernels<double>(Plan&);

}  // namespace lineament
