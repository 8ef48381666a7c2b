// What becomes of the kernels that ops chose by themselves, once the whole network was timed with them.
#pragma once
#include "lineament/nn/tuning.hpp"

namespace lineament {

/// From `ops` and the two times: every op goes back to its usual kernel unless the network is faster without, and
/// `tuning` names what each has chosen. why: what is fast by itself may take the caches from its neighbours.
void settle(TuneResult& result);

}  // namespace lineament
