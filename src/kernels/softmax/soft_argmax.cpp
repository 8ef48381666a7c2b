// Coordinates from heat maps: an image and a vector of points are a task. Nothing is kept for the backward pass, which
// computes the softmax again.
#include "kernels/softmax/kernels.hpp"

#include "kernels/common/memory.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax/soft_argmax.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/math-inl.hpp"
#include "kernels/common/sums-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// The maps of some points of one image.
class HeatMaps {
 public:
  HWY_ATTR HeatMaps(const Shape& in, const float* maps, std::size_t lanes, float temperature)
      : height_(in[0]),
        width_(in[1]),
        points_(static_cast<std::size_t>(in[2])),
        lanes_(lanes),
        maps_(maps),
        temperature_(hn::Set(Floats(), temperature)) {
    centre_ = Read(maps_, lanes_);
    largest_ = hn::Mul(centre_, temperature_);
    each([&](const float* at, Vector, Vector) HWY_ATTR {
      const Vector v = scaled(at);
      centre_ = hn::IfThenElse(hn::Gt(v, largest_), Read(at, lanes_), centre_);
      largest_ = hn::Max(largest_, v);
    });
  }

  /// Calls f(where the values of a pixel lie, x and y of its centre).
  template <class F>
  HWY_ATTR void each(const F& f) const {
    const Floats d;
    const float* at = maps_;
    for (int row = 0; row < height_; ++row) {
      const Vector y = hn::Set(d, (static_cast<float>(row) + 0.5f) / static_cast<float>(height_));
      for (int column = 0; column < width_; ++column, at += points_)
        f(at, hn::Set(d, (static_cast<float>(column) + 0.5f) / static_cast<float>(width_)), y);
    }
  }
  /// exp(temperature * value), the largest of a map being 1.
  HWY_ATTR HWY_INLINE Vector weight(const float* at) const { return Exp(hn::Sub(scaled(at), largest_)); }
  /// Counted from the value whose weight is the largest: what is summed up with weights then cancels least.
  HWY_ATTR HWY_INLINE Vector value(const float* at) const { return hn::Sub(Read(at, lanes_), centre_); }

 private:
  HWY_ATTR HWY_INLINE Vector scaled(const float* at) const { return hn::Mul(Read(at, lanes_), temperature_); }

  int height_, width_;
  std::size_t points_, lanes_;
  const float* maps_;
  Vector temperature_, centre_, largest_;
};

/// Calls f(task, image, first point, lanes wanted).
template <class F>
HWY_ATTR void EachPoints(const OpProblem& p, Threads& threads, const F& f) {
  const auto points = static_cast<std::size_t>(p.inputs[0][2]), most = hn::Lanes(Floats());
  const std::size_t vectors = (points + most - 1) / most;
  threads.run(p.batch * static_cast<int>(vectors), [&](int task, int) HWY_ATTR {
    const std::size_t number = static_cast<std::size_t>(task), first = number % vectors * most;
    f(number, number / vectors, first, std::min(most, points - first));
  });
}

HWY_ATTR void SoftArgmaxForward(const OpProblem& p, const KernelForward<float>& f) {
  const Shape& in = p.inputs[0];
  EachPoints(p, *f.threads, [&](std::size_t, std::size_t image, std::size_t first, std::size_t lanes) HWY_ATTR {
    const HeatMaps maps(in, f.input().data + image * in.size() + first, lanes, f.params[0][0]);
    Vector sum = hn::Zero(Floats()), sum_x = sum, sum_y = sum;
    maps.each([&](const float* at, Vector x, Vector y) HWY_ATTR {
      const Vector e = maps.weight(at);
      sum = hn::Add(sum, e);
      sum_x = hn::MulAdd(e, x, sum_x);
      sum_y = hn::MulAdd(e, y, sum_y);
    });
    HWY_ALIGN float xs[HWY_MAX_BYTES / sizeof(float)], ys[HWY_MAX_BYTES / sizeof(float)];
    hn::Store(hn::Div(sum_x, sum), Floats(), xs);
    hn::Store(hn::Div(sum_y, sum), Floats(), ys);
    float* to = f.output.data + image * p.output.size() + 2 * first;
    for (std::size_t i = 0; i < lanes; ++i) to[2 * i] = xs[i], to[2 * i + 1] = ys[i];
  });
}

/// With w the softmax of t * x: dy/dx = t * w * (position - y), dy/dt = sum of w * x * (position - y), where a constant
/// may be taken from x.
HWY_ATTR void SoftArgmaxBackward(const OpProblem& p, const KernelBackward<float>& b) {
  const Shape& in = p.inputs[0];
  const float temperature = b.params[0][0];
  const auto points = static_cast<std::size_t>(in[2]), most = hn::Lanes(Floats());
  float* sums = as<float>(b.scratch);  // of the temperature's gradient, one a task
  EachPoints(p, *b.threads, [&](std::size_t task, std::size_t image, std::size_t first, std::size_t lanes) HWY_ATTR {
    const Floats d;
    const std::size_t begin = image * in.size() + first, coordinates = image * p.output.size() + 2 * first;
    HWY_ALIGN float parts[3][HWY_MAX_BYTES / sizeof(float)] = {};  // dy of x, of y, and both times the mean position
    for (std::size_t i = 0; i < lanes; ++i) {
      const float *y = b.output.data + coordinates + 2 * i, *dy = b.output_gradient.data + coordinates + 2 * i;
      parts[0][i] = dy[0], parts[1][i] = dy[1], parts[2][i] = dy[0] * y[0] + dy[1] * y[1];
    }
    const Vector dx = hn::Load(d, parts[0]), dy = hn::Load(d, parts[1]), mean = hn::Load(d, parts[2]);
    const HeatMaps maps(in, b.input().data + begin, lanes, temperature);
    Vector sum = hn::Zero(d), with_temperature = sum;
    maps.each([&](const float* at, Vector, Vector) HWY_ATTR { sum = hn::Add(sum, maps.weight(at)); });
    const Vector share = hn::Div(hn::Set(d, 1.0f), sum), factor = hn::Set(d, temperature);
    float* to = b.input_gradient().data == nullptr ? nullptr : b.input_gradient().data + begin;
    maps.each([&](const float* at, Vector x, Vector y) HWY_ATTR {
      const Vector along = hn::Sub(hn::MulAdd(x, dx, hn::Mul(y, dy)), mean);
      const Vector gradient = hn::Mul(hn::Mul(maps.weight(at), share), along);
      with_temperature = hn::MulAdd(gradient, maps.value(at), with_temperature);
      if (to == nullptr) return;
      Write(hn::Mul(gradient, factor), to, lanes);
      to += points;
    });
    sums[task] = SumOf(with_temperature, lanes);
  });
  const int tasks = p.batch * static_cast<int>((points + most - 1) / most);
  AddParts(sums, tasks, 1, 1, b.param_gradients[0].data(), *b.threads);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(SoftArgmaxForward);
HWY_EXPORT(SoftArgmaxBackward);

Needs SoftArgmaxKernel::needs(const OpProblem& p) const {
  if (p.mode == Mode::infer) return {};
  // As many as there are tasks if a vector holds one float.
  return {.scratch = float_bytes(static_cast<std::size_t>(p.batch) * static_cast<std::size_t>(p.inputs[0][2]))};
}

void SoftArgmaxKernel::forward(const OpProblem& p, const KernelForward<float>& f) const {
  HWY_DYNAMIC_DISPATCH(SoftArgmaxForward)(p, f);
}

void SoftArgmaxKernel::backward(const OpProblem& p, const KernelBackward<float>& b) const {
  HWY_DYNAMIC_DISPATCH(SoftArgmaxBackward)(p, b);
}

}  // namespace lineament
#endif
