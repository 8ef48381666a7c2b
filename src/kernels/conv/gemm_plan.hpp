// How the matrix products of dense layers are cut.
#pragma once
#include <algorithm>

#include "kernels/common/budgets.hpp"
#include "kernels/common/memory.hpp"
#include "kernels/conv/conv.hpp"

namespace lineament {

/// {batch, in} times {in, out}, for what sees_all. The inputs are cut into parts whose products are summed up in order,
/// whatever the number of threads.
struct GemmPlan {
  int batch, in, out;
  bool all_rows = false;  ///< also those of inputs that are zero

  explicit GemmPlan(const ConvGeometry& g) : batch(g.batch), in(g.in_h * g.in_w * g.in_c), out(g.out_c) {}
  bool leaves_out_zeros() const { return batch == 1 && parts() > 1 && !all_rows; }
  int part() const { return std::max(kInputPart, (in + 63) / 64); }
  int parts() const { return (in + part() - 1) / part(); }
  std::size_t size() const { return static_cast<std::size_t>(batch) * static_cast<std::size_t>(out); }
  std::size_t parts_size() const { return static_cast<std::size_t>(parts()) * size(); }  ///< floats of scratch
};

/// gemm.cpp's forward pass.
void run_gemm(const GemmPlan& plan, const ConvForward& f);

}  // namespace lineament
