// Maximum over square windows.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/geometry.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

struct MaxPool {
  static constexpr std::string_view kType = "max_pool";
  static constexpr Traits kTraits{.saves = true, .per_image = true, .light = true};

  int kernel = 2;  ///< side of the window, at most 15
  int stride = 2;

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("kernel", self.kernel);
    visit("stride", self.stride);
  }

  constexpr PoolGeometry geometry(const Shape& in, int batch) const {
    return {batch, in[0], in[1], in[2], (in[0] - kernel) / stride + 1, (in[1] - kernel) / stride + 1, kernel, stride};
  }

  /// {h, w, c} -> {(h - kernel) / stride + 1, …, c}: windows that would leave the image are left out.
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    return pool_shape(inputs[0], kernel, stride, 15);
  }
  static constexpr Shape pool_shape(const Shape& in, int kernel, int stride, int largest) {
    if (kernel < 1 || kernel > largest) option_error("kernel", "1 or more (a max_pool at most 15)", kernel);
    require_at_least("stride", stride, 1);
    if (in.rank() != 3) shape_error("height x width x channels", in);
    if (in[0] < kernel || in[1] < kernel) shape_error("at least as large as the window", in);
    return {(in[0] - kernel) / stride + 1, (in[1] - kernel) / stride + 1, in[2]};
  }

  /// One byte an output value: which position of the window held the maximum (the first one of equals).
  constexpr std::size_t saved_bytes(std::span<const Shape> inputs, int batch, std::size_t) const {
    return output_shape(inputs).size() * static_cast<std::size_t>(batch);
  }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

}  // namespace lineament
