// Enlarging by a whole factor: every pixel is made of four (nearest: one) of the smaller image, and its gradient is
// added to theirs. Forward a row of the larger image is a task, backward an image.
#include <algorithm>

#include "kernels/pool/kernels.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool/upsample.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/vectors-inl.hpp"

#ifndef LINEAMENT_UPSAMPLE_PLACE
#define LINEAMENT_UPSAMPLE_PLACE
namespace lineament {
namespace {

/// Where pixel `out` of a row or column of size * factor lies between two of `size`.
struct Place {
  int before, after;
  float share;  ///< of the second

  Place(const Upsample& layer, int size, int out) : before(out / layer.factor), after(before), share(0) {
    if (layer.mode == Interpolation::nearest) return;
    const float at = std::max(0.0f, (static_cast<float>(out) + 0.5f) / static_cast<float>(layer.factor) - 0.5f);
    before = static_cast<int>(at);
    after = std::min(before + 1, size - 1);
    share = at - static_cast<float>(before);
  }
};

/// The four pixels around a pixel of the larger image, and their shares.
struct Around {
  std::size_t at[4];
  float share[4];

  Around(const Place& y, const Place& x, const Shape& in) {
    const auto place = [&](int row, int column) {
      return static_cast<std::size_t>(row * in[1] + column) * static_cast<std::size_t>(in[2]);
    };
    at[0] = place(y.before, x.before), share[0] = (1 - y.share) * (1 - x.share);
    at[1] = place(y.before, x.after), share[1] = (1 - y.share) * x.share;
    at[2] = place(y.after, x.before), share[2] = y.share * (1 - x.share);
    at[3] = place(y.after, x.after), share[3] = y.share * x.share;
  }
};

}  // namespace
}  // namespace lineament
#endif

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

HWY_ATTR void UpsampleForward(const OpProblem& p, const float* x, float* y, Threads& threads) {
  const auto& layer = std::get<Upsample>(p.layer);
  const Shape &in = p.inputs[0], &out = p.output;
  const auto channels = static_cast<std::size_t>(in[2]);
  threads.run(p.batch * out[0], [&](int task, int) HWY_ATTR {
    const float* image = x + static_cast<std::size_t>(task / out[0]) * in.size();
    float* to = y + static_cast<std::size_t>(task) * static_cast<std::size_t>(out[1]) * channels;
    const Place row(layer, in[0], task % out[0]);
    for (int column = 0; column < out[1]; ++column, to += channels) {
      const Around around(row, Place(layer, in[1], column), in);
      if (layer.mode == Interpolation::nearest) {
        std::copy_n(image + around.at[0], channels, to);
        continue;
      }
      EachVectorOf(channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
        Vector sum = hn::Zero(Floats());
        for (int i = 0; i < 4; ++i)
          sum = hn::MulAdd(Read(image + around.at[i] + c, lanes), hn::Set(Floats(), around.share[i]), sum);
        Write(sum, to + c, lanes);
      });
    }
  });
}

HWY_ATTR void UpsampleBackward(const OpProblem& p, const float* dy, float* dx, Threads& threads) {
  const auto& layer = std::get<Upsample>(p.layer);
  const Shape &in = p.inputs[0], &out = p.output;
  const auto channels = static_cast<std::size_t>(in[2]);
  const int taps = layer.mode == Interpolation::nearest ? 1 : 4;
  threads.run(p.batch, [&](int task, int) HWY_ATTR {
    float* image = dx + static_cast<std::size_t>(task) * in.size();
    const float* from = dy + static_cast<std::size_t>(task) * out.size();
    std::fill_n(image, in.size(), 0.0f);
    for (int row = 0; row < out[0]; ++row)
      for (int column = 0; column < out[1]; ++column, from += channels) {
        const Around around(Place(layer, in[0], row), Place(layer, in[1], column), in);
        EachVectorOf(channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
          const Vector gradient = Read(from + c, lanes);
          for (int i = 0; i < taps; ++i) {
            float* to = image + around.at[i] + c;
            Write(hn::MulAdd(gradient, hn::Set(Floats(), around.share[i]), Read(to, lanes)), to, lanes);
          }
        });
      }
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(UpsampleForward);
HWY_EXPORT(UpsampleBackward);

void UpsampleKernel::forward(const OpProblem& p, const KernelForward<float>& f) const {
  HWY_DYNAMIC_DISPATCH(UpsampleForward)(p, f.input().data, f.output.data, *f.threads);
}

void UpsampleKernel::backward(const OpProblem& p, const KernelBackward<float>& b) const {
  if (b.input_gradient().data == nullptr) return;
  HWY_DYNAMIC_DISPATCH(UpsampleBackward)(p, b.output_gradient.data, b.input_gradient().data, *b.threads);
}

}  // namespace lineament
#endif
