// Winograd's F(4x4, 3x3): Y = A^T [(G w G^T) * (B^T x B)] A for each 4x4 tile of outputs and each pair of channels,
// where the product in the middle, over all tiles and channels, is 36 matrix products. The weight gradient is the same
// formula's derivative, G^T [(A dy A^T) * (B^T x B)] G, and the data gradient the convolution with the weights turned
// round.
#include "lineament/kernels/winograd.hpp"

#include <algorithm>
#include <cstring>

#include "kernels/targets.hpp"
#include "lineament/kernels/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/winograd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/max_pool-inl.hpp"
#include "kernels/rows-inl.hpp"
#include "kernels/tile-inl.hpp"
#include "kernels/winograd-inl.hpp"

#ifndef LINEAMENT_WINOGRAD_PLAN
#define LINEAMENT_WINOGRAD_PLAN
namespace lineament {
namespace {

constexpr int kProducts = 36;

/// A task is `tiles` tiles in a row, counted through all pictures, whose transforms stay in the second-level cache, and
/// a group of output channels: several where there are too few tiles to give every thread enough of them.
struct WinogradPlan {
  ConvGeometry g;
  int tiles_x, tiles_y, total, tiles;
  int channels;  ///< of a group
  std::size_t x_stride, y_stride;  ///< floats from one of the 36 matrices to the next: not a multiple of 4 KB, which
                                   ///< the first-level cache would keep in one and the same place
  std::size_t x_size() const { return kProducts * x_stride; }
  std::size_t y_size() const { return kProducts * y_stride; }
  std::size_t room = 0;  ///< floats of the rows that a gradient makes for one row of tiles
  std::size_t own_size() const { return x_size() + y_size() + room; }  ///< scratch of a thread
  int tasks() const { return (total + tiles - 1) / tiles; }
  int channel_groups() const { return (g.out_c + channels - 1) / channels; }
};

WinogradPlan plan_tiles(const ConvGeometry& g, int budget_bytes, int threads) {
  WinogradPlan p{};
  p.g = g;
  p.tiles_x = (g.out_w + 3) / 4;
  p.tiles_y = (g.out_h + 3) / 4;
  p.total = g.batch * p.tiles_x * p.tiles_y;
  const int most = std::clamp(budget_bytes / (kProducts * 4 * (g.in_c + g.out_c)) / 12 * 12, 12, 96);
  const int rounds = (p.total + most * threads - 1) / (most * threads);  // as many tasks for every thread
  p.tiles = std::min(most, (p.total + rounds * threads - 1) / (rounds * threads));
  p.channels = g.out_c;
  // Every task reads all the weights of its channels: for a few tiles that takes longer than the products.
  constexpr int kEnoughTiles = 12, kChannels = 32;
  if (p.tiles < kEnoughTiles && g.out_c >= threads * kChannels) {
    p.tiles = std::min(p.total, most);
    p.channels = (g.out_c / kChannels + threads - 1) / threads * kChannels;
  }
  p.x_stride = static_cast<std::size_t>(p.tiles) * static_cast<std::size_t>(g.in_c) + 16;
  p.y_stride = static_cast<std::size_t>(p.tiles) * static_cast<std::size_t>(g.out_c) + 16;
  return p;
}

WinogradPlan plan_forward(const ConvGeometry& g, int threads) {
  return plan_tiles(g, 768 * 1024, threads);
}

/// Six rows of the output's gradient.
std::size_t gradient_room(const ConvGeometry& g) {
  return std::size_t{6} * static_cast<std::size_t>(g.out_w) * static_cast<std::size_t>(g.out_c);
}

/// The convolution that takes dy to dx.
WinogradPlan plan_data_gradient(const ConvGeometry& g, int threads) {
  ConvGeometry t = g;
  std::swap(t.in_h, t.out_h);
  std::swap(t.in_w, t.out_w);
  std::swap(t.in_c, t.out_c);
  t.pad_top = 2 - g.pad_top;
  t.pad_left = 2 - g.pad_left;
  WinogradPlan p = plan_forward(t, threads);
  p.room = gradient_room(g);
  return p;
}

/// Weight gradients are summed up in parts of the batch; how many, depends on sizes alone. A part is a run of tasks.
struct GradientPlan {
  WinogradPlan tiles;
  int parts;
  std::size_t part_size;  ///< floats: 36 matrices and the bias's sums
};

GradientPlan plan_weight_gradient(const ConvGeometry& g) {
  WinogradPlan p = plan_tiles(g, 400 * 1024, 1);
  p.room = gradient_room(g);
  const std::size_t size = winograd_weights_size(g) + static_cast<std::size_t>(g.out_c);
  constexpr std::size_t kMost = std::size_t{4} << 20;  // floats
  return {p, std::min(p.tasks(), static_cast<int>(std::clamp<std::size_t>(kMost / size, 2, 8))), size};
}

std::size_t plain_weights_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(9 * g.in_c) * static_cast<std::size_t>(g.out_c);
}

/// Where a tile lies.
struct Tile4 {
  int image, y, x;  ///< of its first output pixel
};
Tile4 tile_at(const WinogradPlan& p, int index) {
  const int a_picture = p.tiles_x * p.tiles_y;
  return {index / a_picture, index % a_picture / p.tiles_x * 4, index % p.tiles_x * 4};
}

}  // namespace
}  // namespace lineament
#endif  // LINEAMENT_WINOGRAD_PLAN

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// Columns of the weights that lie together: what one register tile reads.
inline HWY_ATTR int PanelWidth() {
  return 2 * static_cast<int>(hn::Lanes(Floats()));
}

/// G w G^T as 36 matrices {in, out}, each in panels of columns.
HWY_ATTR void TransformWeights(const ConvGeometry& g, const float* w, float* to, Threads& threads) {
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d)), panel = PanelWidth();
  const std::ptrdiff_t tap = static_cast<std::ptrdiff_t>(g.in_c) * g.out_c;
  threads.run((g.out_c + panel - 1) / panel, [&](int task, int) HWY_ATTR {
    const int first = task * panel, width = std::min(panel, g.out_c - first);
    for (int i = 0; i < g.in_c; ++i)
      for (int o = first; o < first + width; o += lanes) {
        Vector in[9], out[kProducts];
        for (int t = 0; t < 9; ++t) in[t] = hn::LoadU(d, w + t * tap + static_cast<std::ptrdiff_t>(i) * g.out_c + o);
        Sandwich<WeightTransform>(in, out);
        float* place =
            to + static_cast<std::ptrdiff_t>(first) * g.in_c + static_cast<std::ptrdiff_t>(i) * width + (o - first);
        for (int k = 0; k < kProducts; ++k) hn::StoreU(out[k], d, place + k * tap);
      }
  });
}

/// Pictures that tiles are cut from.
struct Pictures {
  ConvGradient values;  ///< what they hold; a gradient whose rows are made when they are read, or just dy
  int height, width, channels;
  int offset_y, offset_x;  ///< of a tile's pixels from where it lies: padding
};

/// Pointers to the kSide x kSide pixels of tiles; to zeros for those outside.
template <int kSide>
class PixelPointers {
 public:
  const float* at[kSide * kSide];

  PixelPointers(const Pictures& pictures, const float* zeros, float* room)
      : pictures_(pictures), zeros_(zeros), room_(room) {}

  HWY_ATTR void aim(const Tile4& tile) {
    const Pictures& p = pictures_;
    const int y = tile.y - p.offset_y, x = tile.x - p.offset_x;
    if (tile.image != image_ || y != y_) find_rows(tile.image, y);
    const float** to = at;
    for (int r = 0; r < kSide; ++r)
      for (int c = 0; c < kSide; ++c, ++to) {
        const bool inside = rows_[r] != nullptr && x + c >= 0 && x + c < p.width;
        *to = inside ? rows_[r] + static_cast<std::ptrdiff_t>(x + c) * p.channels : zeros_;
      }
  }

 private:
  HWY_ATTR void find_rows(int image, int y) {
    const Pictures& p = pictures_;
    image_ = image;
    y_ = y;
    for (int r = 0; r < kSide; ++r) {
      const bool inside = y + r >= 0 && y + r < p.height;
      rows_[r] = inside ? GradientRow(p.values, image, y + r, p.height, p.width, p.channels,
                                      room_ + static_cast<std::ptrdiff_t>(r) * p.width * p.channels)
                        : nullptr;
    }
  }

  const Pictures& pictures_;
  const float* zeros_;
  float* room_;
  int image_ = -1, y_ = 0;
  const float* rows_[kSide];
};

/// Transforms tiles first … first + count - 1 of pictures into 36 matrices {tile, channel}: B^T x B from 6x6 pixels of
/// the input, A dy A^T from 4x4 of the output's gradient. `sums`, if not nullptr, receives the sum of all pixels.
template <class Transform>
HWY_ATTR void TransformTiles(const WinogradPlan& p, const Pictures& pictures, int first, int count, const float* zeros,
                             float* room, float* to, std::size_t stride, float* sums = nullptr) {
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  constexpr int kSide = Transform::kIn;
  PixelPointers<kSide> pixels(pictures, zeros, room);
  for (int i = 0; i < count; ++i) {
    pixels.aim(tile_at(p, first + i));
    for (int c = 0; c < pictures.channels; c += lanes) {
      Vector in[kSide * kSide], out[kProducts];
#pragma GCC unroll 36
      for (int k = 0; k < kSide * kSide; ++k) in[k] = hn::LoadU(d, pixels.at[k] + c);
      if (sums != nullptr) {
        Vector sum = hn::LoadU(d, sums + c);
#pragma GCC unroll 36
        for (int k = 0; k < kSide * kSide; ++k) sum = hn::Add(sum, in[k]);
        hn::StoreU(sum, d, sums + c);
      }
      Sandwich<Transform>(in, out);
      float* place = to + static_cast<std::ptrdiff_t>(i) * pictures.channels + c;
#pragma GCC unroll 36
      for (int k = 0; k < kProducts; ++k) hn::StoreU(out[k], d, place + static_cast<std::size_t>(k) * stride);
    }
  }
}

/// A^T m A, the bias and the epilogue, for tiles first … first + count - 1 and channels begin … end - 1.
HWY_ATTR void FinishTiles(const WinogradPlan& p, const float* from, int first, int count, int begin, int end,
                          const float* bias, ConvEpilogue epilogue, float* y) {
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const ConvGeometry& g = p.g;
  const int shrink = epilogue.max_pool ? 2 : 1, height = g.out_h / shrink, width = g.out_w / shrink;
  for (int i = 0; i < count; ++i) {
    const Tile4 tile = tile_at(p, first + i);
    const int top = tile.y / shrink, left = tile.x / shrink;
    const int rows = std::min(4 / shrink, height - top), columns = std::min(4 / shrink, width - left);
    float* corner = y + ((static_cast<std::ptrdiff_t>(tile.image) * height + top) * width + left) * g.out_c;
    for (int c = begin; c < end; c += lanes) {
      Vector in[kProducts], out[16];
      const float* place = from + static_cast<std::ptrdiff_t>(i) * g.out_c + c;
#pragma GCC unroll 36
      for (int k = 0; k < kProducts; ++k) in[k] = hn::LoadU(d, place + static_cast<std::size_t>(k) * p.y_stride);
      Sandwich<OutputTransform>(in, out);
      const Vector shift = bias == nullptr ? hn::Zero(d) : hn::LoadU(d, bias + c);
      const Vector least = epilogue.relu ? hn::Zero(d) : hn::Set(d, -hwy::HighestValue<float>());
      if (epilogue.max_pool)
        for (int r = 0; r < 2; ++r)
          for (int s = 0; s < 2; ++s) {
            const Vector* o = out + 8 * r + 2 * s;
            const Vector values[4] = {o[0], o[1], o[4], o[5]};
            const Vector largest = hn::Max(hn::Max(o[0], o[1]), hn::Max(o[4], o[5]));
            if (epilogue.winners != nullptr && r < rows && s < columns)
              StoreWinners(values, largest, hn::Add(largest, shift), epilogue.relu,
                           epilogue.winners + (corner - y) + (static_cast<std::ptrdiff_t>(r) * width + s) * g.out_c + c);
            out[4 * r + s] = largest;
          }
      for (int r = 0; r < rows; ++r)
        for (int s = 0; s < columns; ++s) {
          float* to = corner + (static_cast<std::ptrdiff_t>(r) * width + s) * g.out_c + c;
          Vector value = hn::Add(out[4 * r + s], shift);
          if (epilogue.add != nullptr) value = hn::Add(value, hn::LoadU(d, epilogue.add + (to - y)));
          hn::StoreU(hn::Max(value, least), d, to);
        }
    }
  }
}

HWY_ATTR void RunWinograd(const WinogradPlan& p, const ConvGradient& x, const float* weights, const float* bias,
                          ConvEpilogue epilogue, float* y, float* scratch, Threads& threads) {
  const ConvGeometry& g = p.g;
  const Pictures pictures{x, g.in_h, g.in_w, g.in_c, g.pad_top, g.pad_left};
  const int panel = PanelWidth();
  std::memset(scratch, 0, sizeof(float) * static_cast<std::size_t>(g.in_c));
  const int groups = p.channel_groups();
  threads.run(p.tasks() * groups, [&](int task, int thread) HWY_ATTR {
    float* in = scratch + g.in_c + static_cast<std::size_t>(thread) * p.own_size();
    float *out = in + p.x_size(), *room = out + p.y_size();
    const int first = task / groups * p.tiles, count = std::min(p.tiles, p.total - first);
    const int begin = task % groups * p.channels, end = std::min(begin + p.channels, g.out_c);
    TransformTiles<InputTransform>(p, pictures, first, count, scratch, room, in, p.x_stride);
    Product m{};
    m.a_row = g.in_c;
    m.a_step = 1;
    m.segments = 1;
    m.length = g.in_c;
    m.c_row = g.out_c;
    for (int k = 0; k < kProducts; ++k)
      for (int n = begin; n < end; n += panel) {
        const int width = std::min(panel, g.out_c - n);
        m.a = in + static_cast<std::size_t>(k) * p.x_stride;
        m.b = weights + (static_cast<std::ptrdiff_t>(k) * g.out_c + n) * g.in_c;
        m.b_row = width;
        m.c = out + static_cast<std::size_t>(k) * p.y_stride + n;
        Multiply(m, count, width);
      }
    FinishTiles(p, out, first, count, begin, end, bias, epilogue, y);
  });
}

/// Both directions of the window reversed, channels in and out exchanged.
HWY_ATTR void TurnWeights(const ConvGeometry& g, const float* w, float* to) {
  for (int tap = 0; tap < 9; ++tap)
    for (int o = 0; o < g.out_c; ++o)
      for (int i = 0; i < g.in_c; ++i) *to++ = w[(static_cast<std::ptrdiff_t>(8 - tap) * g.in_c + i) * g.out_c + o];
}

HWY_ATTR void WinogradWeightGradient(const GradientPlan& plan, const float* x, const ConvGradient& dy, float* dw,
                                     float* dbias, float* scratch, Threads& threads) {
  const WinogradPlan& p = plan.tiles;
  const ConvGeometry& g = p.g;
  const Pictures inputs{{x}, g.in_h, g.in_w, g.in_c, g.pad_top, g.pad_left};
  const Pictures gradients{dy, g.out_h, g.out_w, g.out_c, 0, 0};
  const std::size_t matrix = static_cast<std::size_t>(g.in_c) * static_cast<std::size_t>(g.out_c);
  const std::size_t most_channels = static_cast<std::size_t>(std::max(g.in_c, g.out_c));
  std::memset(scratch, 0, sizeof(float) * most_channels);
  float* partial = scratch + most_channels;
  float* tiles = partial + static_cast<std::size_t>(plan.parts) * plan.part_size;
  threads.run(plan.parts, [&](int part, int thread) HWY_ATTR {
    float* sums = partial + static_cast<std::size_t>(part) * plan.part_size;
    float* in = tiles + static_cast<std::size_t>(thread) * p.own_size();
    float *out = in + p.x_size(), *room = out + p.y_size();
    const int begin = part * p.tasks() / plan.parts, end = (part + 1) * p.tasks() / plan.parts;
    std::memset(sums, 0, sizeof(float) * plan.part_size);
    for (int task = begin; task < end; ++task) {
      const int first = task * p.tiles, count = std::min(p.tiles, p.total - first);
      TransformTiles<InputTransform>(p, inputs, first, count, scratch, room, in, p.x_stride);
      TransformTiles<GradientTransform>(p, gradients, first, count, scratch, room, out, p.y_stride,
                                        dbias == nullptr ? nullptr : sums + kProducts * matrix);
      Product m{};
      m.a_row = 1;
      m.a_step = g.in_c;
      m.b_row = g.out_c;
      m.segments = 1;
      m.length = count;
      m.c_row = g.out_c;
      m.add = true;
      for (int k = 0; k < kProducts; ++k) {
        m.a = in + static_cast<std::size_t>(k) * p.x_stride;
        m.b = out + static_cast<std::size_t>(k) * p.y_stride;
        m.c = sums + static_cast<std::size_t>(k) * matrix;
        Multiply(m, g.in_c, g.out_c);
      }
    }
  });
  // The parts are added up in order, and turned into gradients of the weights: G^T u G.
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  threads.run(g.in_c, [&](int i, int) HWY_ATTR {
    const std::size_t begin = static_cast<std::size_t>(i) * static_cast<std::size_t>(g.out_c);
    for (std::size_t n = begin; n < begin + static_cast<std::size_t>(g.out_c); n += lanes) {
      Vector in[kProducts], out[9];
      for (int k = 0; k < kProducts; ++k) in[k] = hn::LoadU(d, partial + static_cast<std::size_t>(k) * matrix + n);
      for (int part = 1; part < plan.parts; ++part)
        for (int k = 0; k < kProducts; ++k)
          in[k] = hn::Add(in[k], hn::LoadU(d, partial + static_cast<std::size_t>(part) * plan.part_size +
                                                  static_cast<std::size_t>(k) * matrix + n));
      Sandwich<WeightGradientTransform>(in, out);
      for (std::size_t tap = 0; tap < 9; ++tap)
        hn::StoreU(hn::Add(hn::LoadU(d, dw + tap * matrix + n), out[tap]), d, dw + tap * matrix + n);
    }
  });
  if (dbias != nullptr)
    for (int part = 0; part < plan.parts; ++part)
      for (int c = 0; c < g.out_c; ++c)
        dbias[c] +=
            partial[static_cast<std::size_t>(part) * plan.part_size + kProducts * matrix + static_cast<std::size_t>(c)];
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(TransformWeights);
HWY_EXPORT(RunWinograd);
HWY_EXPORT(TurnWeights);
HWY_EXPORT(WinogradWeightGradient);

bool winograd_fits(const ConvGeometry& g) {
  return g.kernel == 3 && g.stride == 1 && g.groups == 1 && g.in_c % 16 == 0 && g.out_c % 16 == 0 && g.pad_top >= 0 &&
         g.pad_top <= 2 && g.pad_left >= 0 && g.pad_left <= 2;
}

std::size_t winograd_weights_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(kProducts * g.in_c) * static_cast<std::size_t>(g.out_c);
}

void winograd_weights(const ConvGeometry& g, const float* w, float* transformed, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(TransformWeights)(g, w, transformed, threads);
}

std::size_t winograd_scratch(const ConvGeometry& g, bool train, int threads) {
  const auto count = static_cast<std::size_t>(threads);
  const auto of_tiles = [&](const WinogradPlan& p) {
    return static_cast<std::size_t>(p.g.in_c) + count * p.own_size();
  };
  std::size_t size = of_tiles(plan_forward(g, threads));
  if (train) {
    const GradientPlan gradient = plan_weight_gradient(g);
    size = std::max(size, plain_weights_size(g) + winograd_weights_size(g) + of_tiles(plan_data_gradient(g, threads)));
    size = std::max(size, static_cast<std::size_t>(g.out_c) + of_tiles(gradient.tiles) +
                              static_cast<std::size_t>(gradient.parts) * gradient.part_size);
  }
  return size;
}

void winograd_forward(const ConvGeometry& g, const float* x, const float* transformed, const float* bias,
                      ConvEpilogue epilogue, float* y, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(RunWinograd)
  (plan_forward(g, threads.count()), {x}, transformed, bias, epilogue, y, scratch, threads);
}

void winograd_backward(const ConvGeometry& g, const float* x, const float* w, const ConvGradient& dy, float* dx,
                       float* dw, float* dbias, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(WinogradWeightGradient)(plan_weight_gradient(g), x, dy, dw, dbias, scratch, threads);
  if (dx == nullptr) return;
  const WinogradPlan data = plan_data_gradient(g, threads.count());
  float* turned = scratch;
  float* transformed = turned + plain_weights_size(g);
  HWY_DYNAMIC_DISPATCH(TurnWeights)(g, w, turned);
  winograd_weights(data.g, turned, transformed, threads);
  HWY_DYNAMIC_DISPATCH(RunWinograd)
  (data, dy, transformed, nullptr, {}, dx, transformed + winograd_weights_size(g), threads);
}

}  // namespace lineament
#endif
