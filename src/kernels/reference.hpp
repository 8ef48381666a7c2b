// The kernel that every layer has: its definition in Eigen.
#pragma once
#include "kernels/kernel.hpp"

namespace lineament {

template <class T>
const Kernel<T>& reference_kernel(const Layer&);

}  // namespace lineament
