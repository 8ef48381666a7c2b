// The passes; make_plan (plan.cpp) has their order. Each that has a name in `Pass` (nn/session.hpp) can be left out,
// and tests/plan runs networks without it.
#pragma once
#include "plan/plan.hpp"

namespace lineament {

/// Inferring a batch: ops that have many pixels, or few weights, are for one image at a time, so that what lies between
/// them stays in a core's cache.
void partition_images(Plan&);
/// int8: which ops multiply in it, and the range of their inputs. Throws ArgumentError where a range is missing.
void set_precision(Plan&);
/// The first kernel in each op's list that does not refuse.
template <class T>
void choose_kernels(Plan&);
/// A sum, a ReLU and a 2x2 max-pool go into the op before them, as far as its kernel can.
void fuse_epilogues(Plan&);
/// int8: values lie as bytes where all that read them would round them to the same.
void quantise(Plan&);
/// Inferring one image on several threads: ops that read the rows they write, for some rows a thread.
void partition_rows(Plan&);
/// Training: batch norms whose output or gradient the convolutions around them make while they read.
void defer_norms(Plan&);
/// Training: inputs that backward recomputes from batch norms' inputs, residual sums and gates instead of keeping them.
void recompute(Plan&);
/// Training: 1x1 convolutions of few channels that run again before backward instead of keeping their outputs.
void rematerialise(Plan&);
/// Every value, gradient, workspace: when it is needed, and where it lies.
void plan_memory(Plan&);

}  // namespace lineament
