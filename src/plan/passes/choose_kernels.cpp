// Pass: a kernel for every op. Left out, every op runs its definition in Eigen.
#include <algorithm>

#include "kernels/registry.hpp"
#include "lineament/nn/tuning.hpp"
#include "plan/op_key.hpp"
#include "plan/passes/passes.hpp"

namespace lineament {
namespace {

/// The name of the kernel that was the fastest for the op on this machine; empty where none is known.
std::string_view tuned_name(const Op& op, const Tuning* tuning) {
  if (tuning == nullptr) return "";
  const std::string key = op_key(op.problem);
  if (key.empty()) return "";
  const auto known = tuning->kernels.find(key);
  return known == tuning->kernels.end() ? std::string_view() : known->second;
}

/// The kernel of that name, if it runs the op: where it does not, the op says so first.
template <class T>
const Kernel<T>* tuned_kernel(Op& op, std::string_view name, std::span<const Kernel<T>* const> list) {
  if (name.empty()) return nullptr;
  const auto end = list.end() - 1;  // the definition, which is never the fastest
  const auto found = std::find_if(list.begin(), end, [&](const Kernel<T>* kernel) { return kernel->name() == name; });
  const char* reason = found == end ? "there is no such kernel for it" : (*found)->refuses(op.problem);
  if (reason == nullptr) return *found;
  op.refused.push_back({std::string(name), std::string("in the tuning, but: ") + reason});
  return nullptr;
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
    const std::string_view name = tuned_name(op, tuning);
    const Kernel<T>* tuned = tuned_kernel<T>(op, name, list);
    for (const Kernel<T>* kernel : list) {
      const char* reason = kernel->refuses(op.problem);
      op.kernel = kernel;
      if (reason == nullptr && (tuned == nullptr || tuned == kernel)) break;
      if (reason != nullptr && kernel->name() == name) continue;  // said already
      op.refused.push_back({std::string(kernel->name()), reason != nullptr ? reason : "slower here: tuned"});
    }
  }
}

template void choose_kernels<float>(Plan&);
template void choose_kernels<double>(Plan&);

}  // namespace lineament
