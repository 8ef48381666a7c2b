// Mean over square windows.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/geometry.hpp"
#include "lineament/nn/layer.hpp"
#include "lineament/nn/layers/max_pool.hpp"

namespace LINEAMENT_API lineament {

struct AvgPool {
  static constexpr std::string_view kType = "avg_pool";
  static constexpr Traits kTraits{.per_image = true, .light = true};

  int kernel = 2;
  int stride = 2;

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("kernel", self.kernel);
    visit("stride", self.stride);
  }

  constexpr PoolGeometry geometry(const Shape& in, int batch) const {
    return {batch, in[0], in[1], in[2], (in[0] - kernel) / stride + 1, (in[1] - kernel) / stride + 1, kernel, stride};
  }

  /// {h, w, c} -> {(h - kernel) / stride + 1, …, c}.
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    return MaxPool::pool_shape(inputs[0], kernel, stride, 1 << 15);
  }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

}  // namespace lineament
