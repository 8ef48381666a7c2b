// Pixels are packed two at a time as the low six bytes of a 64-bit word: plain x86-64 has no instruction that moves
// single bytes about in a vector, and the two bytes too many are overwritten by the next pair. Luma and chroma become
// colours sixteen pixels at a time, in vectors of 16-bit numbers with five bits behind the point.
#include "image/pixel_rows.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "image/lanes.hpp"

namespace lineament {
namespace {

using Word = std::uint64_t;
using Signed8 = std::int16_t __attribute__((vector_size(16)));

constexpr Word kColor = 0xFFFFFF;

template <class T>
T load(const std::uint8_t* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

void store(std::uint8_t* p, Word two_pixels) {
  std::memcpy(p, &two_pixels, sizeof two_pixels);
}

/// `Unit` is what is read for two pixels, and `two` makes their six bytes of it. The last pixels are read byte by byte:
/// nothing behind them may be touched.
template <class Unit, int kBytes, int kRed, int kGreen, int kBlue, class Two>
void read_packed(const std::uint8_t* in, int count, std::uint8_t* out, Two two) {
  for (; count > 2; count -= 2, in += 2 * kBytes, out += 6) store(out, two(load<Unit>(in)));
  for (; count > 0; --count, in += kBytes, out += 3) {
    out[0] = in[kRed];
    out[1] = in[kGreen];
    out[2] = in[kBlue];
  }
}

/// A factor times 32 = whole + part / 256, so that it times a number from -128 to 127 is worked out in 16 bits.
struct Factor {
  std::int16_t whole, part;

  constexpr Factor(double factor) : whole(0), part(0) {
    const double all = factor * (32 * 256) + (factor < 0 ? -0.5 : 0.5);
    const auto rounded = static_cast<int>(all);
    whole = static_cast<std::int16_t>(rounded >> 8);
    part = static_cast<std::int16_t>(rounded & 255);
  }

  template <class T>
  T times(T v) const {
    return v * whole + ((v * part) >> 8);
  }
};

struct YuvFactors {
  Factor luma, red_v, green_u, green_v, blue_u;
  std::int16_t bias;  // luma's zero, a half to round by, and the mean of what the shifts of Factor cut off

  /// `red` and `blue` are their parts of luma.
  constexpr YuvFactors(double red, double blue, bool full)
      : luma(full ? 1 : 255.0 / 219),
        red_v(2 * (1 - red) * (full ? 1 : 255.0 / 224)),
        green_u(-2 * (1 - blue) * blue / (1 - red - blue) * (full ? 1 : 255.0 / 224)),
        green_v(-2 * (1 - red) * red / (1 - red - blue) * (full ? 1 : 255.0 / 224)),
        blue_u(2 * (1 - blue) * (full ? 1 : 255.0 / 224)),
        bias(static_cast<std::int16_t>((full ? 128.0 : (128 - 16) * 255.0 / 219) * 32 + 0.5 + 16 + 1)) {}
};

constexpr std::array<YuvFactors, 4> kYuvFactors{YuvFactors{0.299, 0.114, false}, YuvFactors{0.299, 0.114, true},
                                                YuvFactors{0.2126, 0.0722, false}, YuvFactors{0.2126, 0.0722, true}};

int to_byte(int v) {
  return std::clamp(v >> 5, 0, 255);
}

Signed8 to_byte(Signed8 v) {
  const Signed8 none{}, most = none + std::int16_t{255};
  v >>= 5;
  v = v > none ? v : none;
  return v < most ? v : most;
}

/// What chroma adds to each channel; T is int or Signed8, u and v go from -128 to 127.
template <class T>
struct Chroma {
  T red, green, blue;

  Chroma(T u, T v, const YuvFactors& f)
      : red(f.red_v.times(v)), green(f.green_u.times(u) + f.green_v.times(v)), blue(f.blue_u.times(u)) {}
};

/// Where a row's chroma is: `kStep` bytes from one value of u, or of v, to the next; of pairs with v first if
/// `kSwapped`.
template <int kStep, bool kSwapped = false>
struct ChromaRow {
  const std::uint8_t *u, *v;

  Chroma<int> at(int column, const YuvFactors& f) const {
    return {u[kStep * column] - 128, v[kStep * column] - 128, f};
  }
  /// Of eight columns.
  Chroma<Signed8> eight_at(int column, const YuvFactors& f) const {
    constexpr std::int16_t kZero = 128;
    if constexpr (kStep == 2) {
      const auto pairs = load<Signed8>((kSwapped ? v : u) + std::ptrdiff_t{2} * column);
      const Signed8 first = (pairs & std::int16_t{255}) - kZero, second = ((pairs >> 8) & std::int16_t{255}) - kZero;
      return kSwapped ? Chroma<Signed8>{second, first, f} : Chroma<Signed8>{first, second, f};
    } else {
      return {(Signed8)load_eight(u + column) - kZero, (Signed8)load_eight(v + column) - kZero, f};
    }
  }
};

void read_yuv_pixel(int luma, const Chroma<int>& chroma, const YuvFactors& f, std::uint8_t* out) {
  luma = f.luma.times(luma - 128) + f.bias;
  out[0] = static_cast<std::uint8_t>(to_byte(luma + chroma.red));
  out[1] = static_cast<std::uint8_t>(to_byte(luma + chroma.green));
  out[2] = static_cast<std::uint8_t>(to_byte(luma + chroma.blue));
}

/// 16 pixels, the first of an even column; writes two bytes more than they have.
void read_yuv_pixels(const std::uint8_t* in, const Chroma<Signed8>& chroma, const YuvFactors& f, std::uint8_t* out) {
  constexpr std::int16_t kZero = 128;
  const auto luma = load<Signed8>(in);
  const Signed8 even = f.luma.times((luma & std::int16_t{255}) - kZero) + f.bias;
  const Signed8 odd = f.luma.times(((luma >> 8) & std::int16_t{255}) - kZero) + f.bias;
  // r g, b r, g b of two pixels.
  const Signed8 parts[3] = {to_byte(even + chroma.red) | to_byte(even + chroma.green) << 8,
                            to_byte(even + chroma.blue) | to_byte(odd + chroma.red) << 8,
                            to_byte(odd + chroma.green) | to_byte(odd + chroma.blue) << 8};
  std::uint16_t values[3][8];
  std::memcpy(values, parts, sizeof values);
  for (int i = 0; i < 8; ++i, out += 6)
    store(out, Word{values[0][i]} | Word{values[1][i]} << 16 | Word{values[2][i]} << 32);
}

template <class ChromaRow>
void read_yuv(const std::uint8_t* luma, ChromaRow chroma, int x, int count, const YuvFactors& f, std::uint8_t* out) {
  const int end = x + count;
  const auto read_one = [&] {
    read_yuv_pixel(luma[x], chroma.at(x / 2, f), f, out);
    ++x;
    out += 3;
  };
  if (x % 2 != 0) read_one();
  for (; x + 16 < end; x += 16, out += 48) read_yuv_pixels(luma + x, chroma.eight_at(x / 2, f), f, out);
  while (x < end) read_one();
}

}  // namespace

void read_rgb(const ImageView& view, int x, int y, int count, std::uint8_t* out) {
  const std::uint8_t* const row = view.data + y * view.stride;
  const std::ptrdiff_t chroma = y / 2 * view.chroma_stride;
  const auto& factors = kYuvFactors[static_cast<std::size_t>(view.colors)];
  switch (view.format) {
    case PixelFormat::rgb:
      std::copy_n(row + std::ptrdiff_t{3} * x, std::ptrdiff_t{3} * count, out);
      break;
    case PixelFormat::bgr:
      read_packed<Word, 3, 2, 1, 0>(row + std::ptrdiff_t{3} * x, count, out, [](Word v) {
        v = __builtin_bswap64(v);
        return v >> 40 | (v >> 16 & kColor) << 24;
      });
      break;
    case PixelFormat::rgba:
      read_packed<Word, 4, 0, 1, 2>(row + std::ptrdiff_t{4} * x, count, out,
                                    [](Word v) { return (v & kColor) | (v >> 32 & kColor) << 24; });
      break;
    case PixelFormat::bgra:
      read_packed<Word, 4, 2, 1, 0>(row + std::ptrdiff_t{4} * x, count, out, [](Word v) {
        v = __builtin_bswap64(v);
        return v >> 40 | (v >> 8 & kColor) << 24;
      });
      break;
    case PixelFormat::grey:
      read_packed<std::uint16_t, 1, 0, 0, 0>(row + x, count, out,
                                             [](Word v) { return ((v & 255) | v >> 8 << 24) * 0x010101; });
      break;
    case PixelFormat::nv12:
      read_yuv(row, ChromaRow<2>{view.chroma + chroma, view.chroma + chroma + 1}, x, count, factors, out);
      break;
    case PixelFormat::nv21:
      read_yuv(row, ChromaRow<2, true>{view.chroma + chroma + 1, view.chroma + chroma}, x, count, factors, out);
      break;
    case PixelFormat::i420:
      read_yuv(row, ChromaRow<1>{view.chroma + chroma, view.chroma_v + chroma}, x, count, factors, out);
      break;
  }
}

}  // namespace lineament
