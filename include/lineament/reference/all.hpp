// The Eigen reference of every layer in the list `Layer`.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layers.hpp"
#include "lineament/reference/activations.hpp"
#include "lineament/reference/add.hpp"
#include "lineament/reference/avg_pool.hpp"
#include "lineament/reference/batch_norm.hpp"
#include "lineament/reference/concat.hpp"
#include "lineament/reference/conv2d.hpp"
#include "lineament/reference/custom.hpp"
#include "lineament/reference/dense.hpp"
#include "lineament/reference/dropout.hpp"
#include "lineament/reference/flatten.hpp"
#include "lineament/reference/global_avg_pool.hpp"
#include "lineament/reference/input.hpp"
#include "lineament/reference/leaky_relu.hpp"
#include "lineament/reference/max_pool.hpp"
#include "lineament/reference/multiply.hpp"
#include "lineament/reference/pad.hpp"
#include "lineament/reference/prelu.hpp"
#include "lineament/reference/soft_argmax.hpp"
#include "lineament/reference/softmax.hpp"
#include "lineament/reference/upsample.hpp"

namespace LINEAMENT_API lineament {
namespace detail {

template <class L>
struct CheckedReference {
  static_assert(HasReference<L, float> && HasReference<L, double>,
                "a layer needs Reference<L> in lineament/reference: static forward(const L&, const Forward<T>&) and "
                "backward(const L&, const Backward<T>&)");
  static constexpr bool value = HasReference<L, double>;
};
template <class List>
struct CheckedReferences;
template <class... L>
struct CheckedReferences<std::variant<L...>> {
  static_assert((CheckedReference<L>::value && ...));
};
template struct CheckedReferences<Layer>;

}  // namespace detail
}  // namespace lineament
