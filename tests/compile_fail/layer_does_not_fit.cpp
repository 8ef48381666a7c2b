// expects: shape_error
#include "lineament/nn/spec.hpp"

using namespace lineament;
#ifdef FIXED
static_assert(output_shape(Spec() << Flatten{} << Dense{.features = 2}, Shape{8, 8, 3}) == Shape{2});
#else
static_assert(output_shape(Spec() << Dense{.features = 2}, Shape{8, 8, 3}) == Shape{2});
#endif
