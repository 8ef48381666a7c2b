// T x T^T of a tile: a transform in one dimension T, for the columns and then for the rows. Compiled once for each
// instruction set.
#if defined(LINEAMENT_WINOGRAD_PASSES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_WINOGRAD_PASSES_INL
#undef LINEAMENT_WINOGRAD_PASSES_INL
#else
#define LINEAMENT_WINOGRAD_PASSES_INL
#endif

#include "kernels/common/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// a + factor * b
HWY_INLINE Vector Plus(Vector a, float factor, Vector b) {
  return hn::MulAdd(hn::Set(Floats(), factor), b, a);
}
HWY_INLINE Vector Times(float factor, Vector a) {
  return hn::Mul(hn::Set(Floats(), factor), a);
}

/// {kIn, kIn} vectors to {kOut, kOut}. What lies between is in memory, and neither loop is unrolled: up to 64 vectors
/// are more than there are registers, and unrolled as a whole compilers move them to and fro.
template <class T>
class TwoPasses {
 public:
  /// The columns, of what `load(row, column)` gives.
  template <class Load>
  HWY_INLINE void columns(const Load& load) {
#pragma GCC unroll 1
    for (int c = 0; c < T::kIn; ++c) {
      Vector in[T::kIn], out[T::kOut];
#pragma GCC unroll 8
      for (int r = 0; r < T::kIn; ++r) in[r] = load(r, c);
      T::apply(in, out);
#pragma GCC unroll 8
      for (int r = 0; r < T::kOut; ++r) hn::Store(out[r], d_, at(r, c));
    }
  }
  /// Row r of the result.
  HWY_INLINE void row(int r, Vector* out) {
    Vector in[T::kIn];
#pragma GCC unroll 8
    for (int c = 0; c < T::kIn; ++c) in[c] = hn::Load(d_, at(r, c));
    T::apply(in, out);
  }
  /// Both passes, to store(row, column, result).
  template <class Load, class Store>
  HWY_INLINE void run(const Load& load, const Store& store) {
    columns(load);
#pragma GCC unroll 1
    for (int r = 0; r < T::kOut; ++r) {
      Vector out[T::kOut];
      row(r, out);
#pragma GCC unroll 8
      for (int c = 0; c < T::kOut; ++c) store(r, c, out[c]);
    }
  }

 private:
  HWY_INLINE float* at(int r, int c) {
    return half_ + static_cast<std::size_t>(r * T::kIn + c) * hn::Lanes(d_);
  }
  static constexpr Floats d_{};
  HWY_ALIGN float half_[T::kOut * T::kIn * hn::MaxLanes(Floats())];
};

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
