// The kernels of int8 and bfloat16 products, for every layer that is a convolution in some way.
#pragma once
#include <functional>

#include "kernels/kernel.hpp"
#include "kernels/low_precision.hpp"

namespace lineament {

constexpr Precision precision_of(Number number) {
  return number == Number::int8 ? Precision::int8 : Precision::bf16;
}

namespace detail {
template <auto kGeometry, class Layer>
ConvGeometry geometry(const Layer& l, const KernelShapes& s) {
  return std::invoke(kGeometry, l, s.inputs[0], s.batch);
}
template <auto kGeometry, class Layer>
ConvGeometry geometry(const Layer& l, const View<const float>& x) {
  return std::invoke(kGeometry, l, x.shape, x.batch);
}
}  // namespace detail

/// `kGeometry`: a member function of the layer that gives its ConvGeometry for an input's shape and a batch.
template <class Layer, Number kNumber, auto kGeometry>
constexpr Kernel<Layer, float> low_precision_kernel(std::string_view name,
                                                    bool (*fits)(const Layer&, const KernelShapes&)) {
  return {.name = name,
          .fits = fits,
          .fuses =
              [](const Layer& l, const KernelShapes& s, const Epilogue& e) {
                const ConvGeometry g = detail::geometry<kGeometry>(l, s);
                return !e.max_pool || (!e.add && g.kernel > 1);
              },
          .scratch_size =
              [](const Layer& l, const KernelShapes& s) {
                return low_precision_scratch(detail::geometry<kGeometry>(l, s), kNumber, s.threads);
              },
          .packed_size =
              [](const Layer& l, const KernelShapes& s) {
                return low_precision_weights_size(detail::geometry<kGeometry>(l, s), kNumber);
              },
          .pack =
              [](const Layer& l, const Pack<float>& p) {
                low_precision_weights(detail::geometry<kGeometry>(l, p.input), kNumber, p.params[0].data(),
                                      l.bias ? p.params[1].data() : nullptr, p.range, p.packed.data());
              },
          .can_add = true,
          .reads_bytes = kNumber == Number::int8,
          .writes_bytes = kNumber == Number::int8,
          .rows_read = [](const Layer& l, const KernelShapes& s, RowRange rows) -> std::optional<RowRange> {
            const ConvGeometry g = detail::geometry<kGeometry>(l, s);
            if (!low_precision_by_rows(g, s.threads)) return std::nullopt;
            return conv_input_rows(g, rows);
          },
          .forward =
              [](const Layer& l, const Forward<float>& f) {
                const ConvRows r(detail::geometry<kGeometry>(l, f.input()), f);
                low_precision_forward(r.g, kNumber, r.x, static_cast<bool>(f.input_bytes), f.packed.data(), r.epilogue,
                                      r.y, f.scratch.data(), *f.threads);
              }};
}

}  // namespace lineament
