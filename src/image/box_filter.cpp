// First down over the rows near, then across. Sums of 16 bits for 64 values at a time stay in registers.
#include "image/box_filter.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "image/lanes.hpp"

namespace lineament {
namespace {

/// A box this little wider than a pixel is not worth a pass.
constexpr float kSmoothFrom = 1.02f;

/// A box of `width` >= 1 pixels as weights that sum to exactly 256, whole pixels in the middle and a part of one at
/// each end: [0] is the middle one's, [k] that of both pixels at the distance k.
std::vector<std::uint16_t> box(float width) {
  const int reach = width < kSmoothFrom ? 0 : static_cast<int>(std::ceil((width - 1) / 2));
  std::vector<std::uint16_t> weights(static_cast<std::size_t>(reach + 1));
  int left = 256;
  for (int k = reach; k > 0; --k) {
    const float covered = std::min(1.0f, width / 2 - (static_cast<float>(k) - 0.5f));
    const int w = static_cast<int>(std::lround(256 * covered / width));
    weights[static_cast<std::size_t>(k)] = static_cast<std::uint16_t>(w);
    left -= 2 * w;
  }
  weights[0] = static_cast<std::uint16_t>(left);
  return weights;
}

/// Rows to be averaged, or one row at several places.
/// rows[0] is the middle one, rows[2 k - 1] and rows[2 k] are those at the distance k.
template <class In>
struct Neighbours {
  const std::vector<const In*>& rows;
  const std::vector<std::uint16_t>& weights;
};

/// Eight values for each v, from `at` on: weighted sums of the neighbours, shifted.
template <int kShift, class In, std::size_t... v>
void average(const Neighbours<In>& from, std::ptrdiff_t at, std::uint16_t* out, std::index_sequence<v...>) {
  const In* const middle = from.rows[0] + at;
  const std::uint16_t weight = from.weights[0];
  constexpr std::uint16_t kHalf = kShift == 0 ? 0 : 1 << (kShift - 1);
  std::array<Short8, sizeof...(v)> sum{(load_eight(middle + 8 * v) * weight + kHalf)...};
  for (std::size_t k = 1; k < from.weights.size(); ++k) {
    const In *const a = from.rows[2 * k - 1] + at, *const b = from.rows[2 * k] + at;
    const std::uint16_t w = from.weights[k];
    ((sum[v] += (load_eight(a + 8 * v) + load_eight(b + 8 * v)) * w), ...);
  }
  ((sum[v] >>= std::uint16_t{kShift}), ...);
  (std::memcpy(out + at + 8 * v, &sum[v], sizeof sum[v]), ...);
}

/// A row of `n` values. The last vectors overlap, so that no value beyond is read or written.
template <int kShift, class In>
void average(const Neighbours<In>& from, int n, std::uint16_t* out) {
  constexpr std::make_index_sequence<8> kLong;
  constexpr std::make_index_sequence<1> kShort;
  int i = 0;
  for (; i + 64 <= n; i += 64) average<kShift>(from, i, out, kLong);
  if (i < n && n >= 64) return average<kShift>(from, n - 64, out, kLong);
  for (; i + 8 <= n; i += 8) average<kShift>(from, i, out, kShort);
  if (i < n && n >= 8) return average<kShift>(from, n - 8, out, kShort);
  for (; i < n; ++i) {
    int sum = from.rows[0][i] * from.weights[0] + (kShift == 0 ? 0 : 1 << kShift >> 1);
    for (std::size_t k = 1; k < from.weights.size(); ++k)
      sum += (from.rows[2 * k - 1][i] + from.rows[2 * k][i]) * from.weights[k];
    out[i] = static_cast<std::uint16_t>(static_cast<std::uint16_t>(sum) >> kShift);  // as the vectors do
  }
}

}  // namespace

BoxFilter::BoxFilter(float across, float down, int width)
    : weights_x_(box(across)),
      weights_y_(box(down)),
      rows_near_(2 * weights_y_.size() - 1),
      places_near_(2 * weights_x_.size() - 1),
      padded_(3 * static_cast<std::size_t>(width) + 6 * (weights_x_.size() - 1)) {}

void BoxFilter::apply(RgbRows& rows, int y, std::uint16_t* out) {
  const int n = 3 * rows.width();
  const int reach_x = static_cast<int>(weights_x_.size()) - 1, reach_y = static_cast<int>(weights_y_.size()) - 1;
  rows_near_[0] = rows.row(y);
  for (int k = 1; k <= reach_y; ++k) {
    rows_near_[static_cast<std::size_t>(2 * k - 1)] = rows.row(y - k);
    rows_near_[static_cast<std::size_t>(2 * k)] = rows.row(y + k);
  }
  std::uint16_t* const middle = padded_.data() + std::ptrdiff_t{3} * reach_x;
  average<8>(Neighbours<std::uint8_t>{rows_near_, weights_y_}, n, middle);
  // The end pixels are repeated on both sides.
  for (int i = 1; i <= 3 * reach_x; ++i) {
    middle[-i] = middle[2 - (i - 1) % 3];
    middle[n - 1 + i] = middle[n - 3 + (i - 1) % 3];
  }
  places_near_[0] = middle;
  for (int k = 1; k <= reach_x; ++k) {
    places_near_[static_cast<std::size_t>(2 * k - 1)] = middle - std::ptrdiff_t{3} * k;
    places_near_[static_cast<std::size_t>(2 * k)] = middle + std::ptrdiff_t{3} * k;
  }
  average<0>(Neighbours<std::uint16_t>{places_near_, weights_x_}, n, out);
}

}  // namespace lineament
