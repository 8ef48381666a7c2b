// Every kernel, in order of preference. A new kernel is its file and a line in registry.cpp.
#pragma once
#include <span>

#include "kernels/conv/conv.hpp"
#include "kernels/kernel.hpp"

namespace lineament {

/// The kernels for a layer, the best first; the last is its definition in Eigen, which runs everything. In double there
/// is that one alone.
template <class T>
std::span<const Kernel<T>* const> kernels_for(const Layer&);

/// Kernels of convolutions and dense layers, for who walks them one by one (benches, tests).
std::span<const ConvKernel* const> conv_kernels();

}  // namespace lineament
