// Which instruction sets the kernels are compiled for: AVX-512, AVX2 with FMA, SSE4 or the platform's own (NEON, …),
// and plain scalar code. The others would lengthen the build for a few old or special processors, which run the next
// lower set. Included before any Highway header.
#pragma once
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#endif
