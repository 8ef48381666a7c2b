// Weights of a matrix product in panels of columns, and products with them. Compiled once for each instruction set: no
// include guard in the usual sense.
#if defined(LINEAMENT_PANELS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_PANELS_INL
#undef LINEAMENT_PANELS_INL
#else
#define LINEAMENT_PANELS_INL
#endif

#include "kernels/common/matrix.hpp"
#include "kernels/common/tile-inl.hpp"
#include "lineament/nn/range.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// Two vectors of columns, three where that leaves none over.
HWY_INLINE int PanelWidth(int out) {
  const int lanes = static_cast<int>(hn::Lanes(Floats()));
  return out % (2 * lanes) != 0 && out % (3 * lanes) == 0 ? 3 * lanes : 2 * lanes;
}

HWY_INLINE int PanelCount(int out) {
  return (out + PanelWidth(out) - 1) / PanelWidth(out);
}

/// Panels of columns: {panel, in, columns}.
inline HWY_ATTR void PackPanels(const Matrix& w, float* to) {
  const int panel = PanelWidth(w.columns);
  for (int n = 0; n < w.columns; n += panel)
    for (int i = 0; i < w.rows; ++i)
      for (int o = n; o < std::min(n + panel, w.columns); ++o) *to++ = w.at[i * w.row + o * w.column];
}

/// `rows` of a product with `columns` columns of weights: those in some of the panels. `m.b` is where the first of all
/// panels lies.
inline HWY_ATTR void MultiplyPanels(const Product& m, int rows, int columns, RowRange panels) {
  const int panel = PanelWidth(columns);
  Product own = m;
  for (int n = panels.begin * panel; n < std::min(panels.end * panel, columns); n += panel) {
    const int width = std::min(panel, columns - n);
    own.b = {m.b.at + std::ptrdiff_t{n} * m.length, width};
    own.bias = m.bias == nullptr ? nullptr : m.bias + n;
    own.c.at = m.c.at + n;
    own.residual = m.residual == nullptr ? nullptr : m.residual + n;
    Multiply(own, rows, width);
  }
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
