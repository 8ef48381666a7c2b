// Compiles the file that HWY_TARGET_INCLUDE names once for each instruction set. No include guard: Highway's own
// headers know what to do in each of these rounds.
#include "kernels/common/targets.hpp"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>
