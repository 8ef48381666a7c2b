// How the matrix products of dense layers are cut.
#pragma once
#include <algorithm>

#include "kernels/common/budgets.hpp"
#include "kernels/common/memory.hpp"
#include "kernels/conv/conv.hpp"
#include "kernels/conv/row_reading.hpp"

namespace lineament {

/// {batch, in} times {in, out}, for what sees_all. The inputs are cut into parts whose products are summed up in order,
/// whatever the number of threads.
struct GemmPlan {
  int batch, in, out;

  explicit GemmPlan(const ConvGeometry& g) : batch(g.batch), in(g.in_h * g.in_w * g.in_c), out(g.out_c) {}
  bool leaves_out_zeros() const { return batch == 1 && parts() > 1; }
  /// At most 64 parts, since each has its sums in scratch; bits.
  int part() const { return std::max(kInputPart, (in + 63) / 64); }
  int parts() const { return (in + part() - 1) / part(); }
  std::size_t weights() const { return static_cast<std::size_t>(in) * static_cast<std::size_t>(out); }
  std::size_t size() const { return static_cast<std::size_t>(batch) * static_cast<std::size_t>(out); }
  /// Several samples, and weights that come from memory.
  bool reads_rows() const { return batch > 1 && parts() > 1 && sizeof(float) * weights() > cached_gemm_weights(); }
  RowReadingLayer row_reading_layer(bool by_sample, std::size_t weight_bytes, int threads) const {
    return {by_sample ? kSampleReadings : kBatchReadings, batch, in, out, weight_bytes, threads};
  }
  std::size_t parts_size() const { return static_cast<std::size_t>(parts()) * size(); }  ///< floats of scratch
};

}  // namespace lineament
