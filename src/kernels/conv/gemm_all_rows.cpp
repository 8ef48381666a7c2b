#include "kernels/conv/gemm_plan.hpp"
#include "kernels/conv/kernels.hpp"

namespace lineament {

const char* GemmAllRows::unfit(const ConvProblem& p) const {
  if (const char* reason = Gemm::unfit(p)) return reason;
  return GemmPlan(p.g).leaves_out_zeros() && !p.training() ? nullptr : "gemm reads all rows, too";
}

void GemmAllRows::run(const ConvProblem& p, const ConvForward& f) const {
  GemmPlan plan(p.g);
  plan.all_rows = true;
  run_gemm(plan, f);
}

}  // namespace lineament
