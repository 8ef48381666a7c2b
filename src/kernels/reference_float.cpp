#include "kernels/reference-inl.hpp"

namespace lineament {
template const Kernel<float>& reference_kernel<float>(const Layer&);
}
