#include "kernels/reference-inl.hpp"

namespace lineament {
template const Kernel<double>& reference_kernel<double>(const Layer&);
}
