// Which instruction set the fast kernels run on.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "lineament/api.hpp"

namespace LINEAMENT_API lineament {

/// Sets this machine can run, best first: "amx", "avx512", "avx2", "sse4", "scalar" (or the platform's own names in
/// lower case). "amx" is AVX-512 with registers that multiply blocks of int8 and bfloat16 (AMX). "avx512" has the
/// instructions for sums of short products (VNNI, BF16) that the processor has; if it has any, "avx512f" is the set
/// without them; bfloat16 is left out where vectors multiply it more slowly than floats, as on most of Intel's. So are
/// "neon" (SDOT) and "neon_base", and "avx2_vnni" (AVX-VNNI) and "avx2".
///
/// Linux is asked for AMX's registers at the first call, for the whole process. A thread whose signal stack
/// (sigaltstack) has less than some 11 KB makes it refuse; afterwards it refuses such stacks.
std::vector<std::string> available_isas();
/// The one in use. At first the best, or what the environment variable LINEAMENT_ISA names.
std::string current_isa();
/// Uses another one from now on; not while a session runs. Whatever else in the process uses Highway is switched, too,
/// as it is by LINEAMENT_ISA. Throws ArgumentError listing what there is.
void force_isa(std::string_view name);

/// Whether the set in use multiplies and adds up several int8 (VNNI, SDOT, AMX) or bfloat16 (AMX, AVX512_BF16) at a
/// time. Of bfloat16 only where that is faster than floats: vectors of most of Intel's processors take twice as long.
bool has_int8_products();
bool has_bf16_products();

}  // namespace lineament
