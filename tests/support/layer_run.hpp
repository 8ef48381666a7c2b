// Runs the last layer of a network alone, on memory of exactly the sizes its kernel asked for. All of it is NaN at
// first, so that a value which is read before it is written, or not written at all, shows; guards on both sides show
// what is written outside (with AddressSanitizer there are none: it sees reads, too).
#pragma once
#include <cstring>
#include <deque>
#include <vector>

#include "../../src/plan/steps.hpp"
#include "lineament/nn/session.hpp"
#include "support/values.hpp"

namespace lineament::testing {

template <class T>
class Guarded {
 public:
  explicit Guarded(std::size_t size) : size_(size), values_(size + 2 * kGuard) { spoil(); }
  /// Everything becomes NaN.
  void spoil() {
    if (!values_.empty()) std::memset(values_.data(), 0xFF, values_.size() * sizeof(T));
  }
  std::span<T> span() { return size_ == 0 ? std::span<T>() : std::span<T>(values_).subspan(kGuard, size_); }
  bool intact() const {
    const auto untouched = [](const T& v) {
      unsigned char bytes[sizeof(T)];
      std::memcpy(bytes, &v, sizeof(T));
      return std::all_of(bytes, bytes + sizeof(T), [](unsigned char b) { return b == 0xFF; });
    };
    const auto guard = static_cast<std::ptrdiff_t>(kGuard);
    return std::all_of(values_.begin(), values_.begin() + guard, untouched) &&
           std::all_of(values_.end() - guard, values_.end(), untouched);
  }

 private:
#if defined(__SANITIZE_ADDRESS__)
  static constexpr std::size_t kGuard = 0;
#else
  static constexpr std::size_t kGuard = 64;
#endif
  std::size_t size_;
  std::vector<T> values_;
};

template <class T>
class LayerRun {
 public:
  LayerRun(const BasicNetwork<T>& network, const SessionOptions& options)
      : layer_(network.spec()[network.spec().last()].layer),
        batch_(options.batch),
        mode_(options.mode),
        threads_(options.threads),
        step_(make_steps(network, options).back()),
        in_shapes_(shapes_of_inputs(network)),
        out_shape_(network.output_shape()),
        output_(batch_size(out_shape_)),
        output_gradient_(batch_size(out_shape_)),
        saved_(step_.kernel.saved_bytes),
        packed_(step_.kernel.packed_size),
        scratch_(step_.kernel.scratch_size) {
    for (const Shape& shape : in_shapes_) {
      inputs_.emplace_back(batch_size(shape));
      input_gradients_.emplace_back(batch_size(shape));
    }
    const Node& node = network.spec()[network.spec().last()];
    for (const ParamSpec& p : params_of(layer_, InputShapes(node, network.shapes()))) {
      const auto values = network.values(network.param(node.name.str() + "." + std::string(p.name)));
      params_.emplace_back(values.begin(), values.end());
      param_gradients_.emplace_back(p.trainable ? p.shape.size() : 0, T(0));
    }
  }

  std::span<T> input(std::size_t i = 0) { return inputs_[i].span(); }
  std::span<T> output() { return output_.span(); }
  std::span<T> output_gradient() { return output_gradient_.span(); }
  std::span<T> input_gradient(std::size_t i = 0) { return input_gradients_[i].span(); }
  std::vector<T>& param(std::size_t i) { return params_[i]; }
  std::vector<T>& param_gradient(std::size_t i) { return param_gradients_[i]; }
  std::size_t inputs() const { return inputs_.size(); }
  std::size_t params() const { return params_.size(); }
  std::string_view kernel() const { return step_.kernel.name; }
  void set_seed(std::uint64_t seed) { seed_ = seed; }
  /// Nobody asks for the input gradients from now on.
  void leave_out_input_gradients() { input_gradients_wanted_ = false; }

  void forward() {
    const auto views = input_views();
    std::vector<std::span<const T>> params(params_.begin(), params_.end());
    std::vector<std::span<T>> statistics(params_.begin(), params_.end());
    Forward<T> f;
    f.inputs = views;
    f.output = {output().data(), batch_, out_shape_};
    f.params = params;
    if (mode_ == Mode::train) f.statistics = statistics;
    f.saved = saved_.span();
    f.mode = mode_;
    f.seed = seed_;
    if (step_.kernel.pack != nullptr)
      step_.kernel.pack(layer_, step_.kernel.kernel, {views[0], params, {}, packed_.span(), &threads_});
    f.packed = packed_.span();
    f.scratch = scratch_.span();
    f.threads = &threads_;
    step_.kernel.forward(layer_, step_.kernel.kernel, f);
  }

  void backward() {
    const auto views = input_views();
    std::vector<View<T>> gradients;
    for (std::size_t i = 0; i < inputs(); ++i)
      gradients.push_back({input_gradients_wanted_ ? input_gradient(i).data() : nullptr, batch_, in_shapes_[i]});
    std::vector<std::span<const T>> params(params_.begin(), params_.end());
    std::vector<std::span<T>> param_gradients(param_gradients_.begin(), param_gradients_.end());
    Backward<T> b;
    b.inputs = views;
    b.output = {output().data(), batch_, out_shape_};
    b.output_gradient = {output_gradient().data(), batch_, out_shape_};
    b.input_gradients = gradients;
    b.params = params;
    b.param_gradients = param_gradients;
    b.saved = saved_.span();
    b.seed = seed_;
    scratch_.spoil();  // its content means nothing in between
    b.scratch = scratch_.span();
    b.threads = &threads_;
    step_.kernel.backward(layer_, step_.kernel.kernel, b);
  }

  /// Nothing was written outside the memory that was given.
  bool intact() const {
    const auto all = [](const auto& list) {
      return std::all_of(list.begin(), list.end(), [](const auto& g) { return g.intact(); });
    };
    return all(inputs_) && all(input_gradients_) && output_.intact() && output_gradient_.intact() && saved_.intact() &&
           packed_.intact() && scratch_.intact();
  }

 private:
  static std::vector<Shape> shapes_of_inputs(const BasicNetwork<T>& network) {
    const InputShapes shapes(network.spec()[network.spec().last()], network.shapes());
    const std::span<const Shape> list = shapes;
    return {list.begin(), list.end()};
  }
  std::size_t batch_size(const Shape& shape) const { return static_cast<std::size_t>(batch_) * shape.size(); }
  std::vector<View<const T>> input_views() {
    std::vector<View<const T>> views;
    for (std::size_t i = 0; i < inputs(); ++i) views.push_back({input(i).data(), batch_, in_shapes_[i]});
    return views;
  }

  Layer layer_;
  int batch_;
  Mode mode_;
  Threads threads_;
  Step<T> step_;
  std::vector<Shape> in_shapes_;
  Shape out_shape_;
  std::deque<Guarded<T>> inputs_, input_gradients_;
  Guarded<T> output_, output_gradient_;
  Guarded<std::byte> saved_;
  Guarded<T> packed_, scratch_;
  std::vector<std::vector<T>> params_, param_gradients_;
  std::uint64_t seed_ = 0;
  bool input_gradients_wanted_ = true;
};

/// A network whose last layer is `layer`, fed by `inputs` copies of the input.
inline Spec one_layer(const Layer& layer, int inputs = 1) {
  Spec spec;
  if (inputs == 1) return spec << layer;
  std::vector<NodeId> from;
  for (int i = 0; i < inputs; ++i) from.push_back(spec.add(Dropout{.rate = 0}, Spec::kInput));
  spec.add(layer, from, "layer");
  return spec;
}

}  // namespace lineament::testing
