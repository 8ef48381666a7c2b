// Runs the last layer of a network alone, on one kernel of the registry and memory of exactly the sizes that this asked
// for. All of it is NaN at first, so that a value which is read before it is written, or not written at all, shows;
// guards on both sides show what is written outside (with a sanitizer there are none: it sees reads, too).
#pragma once
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "kernels/registry.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/threads.hpp"
#include "support/values.hpp"

namespace lineament::testing {

struct RunOptions {
  Mode mode = Mode::infer;
  int batch = 1, threads = 1;
  Precision precision = Precision::fp32;
  std::string kernel = {};  ///< its name; empty: the first that does not refuse
  Epilogue epilogue = {};   ///< the sum's other value is then the last input
  Range range = {};         ///< of the input: int8
  int row_parts = 0;        ///< inferring: rows of the output are made in so many parts, as by as many threads
};

/// The last layer of a network, as kernels are asked about it.
template <class T>
OpProblem last_layer(const BasicNetwork<T>& network, const RunOptions& o) {
  const Spec& spec = network.spec();
  OpProblem p{.layer = spec[spec.last()].layer,
              .inputs = {},
              .output = network.output_shape(),
              .batch = o.batch,
              .mode = o.mode,
              .threads = o.row_parts > 0 ? o.row_parts : o.threads,
              .precision = o.precision,
              .range = o.range,
              .epilogue = o.epilogue};
  for (const NodeId input : spec[spec.last()].input_ids()) p.inputs.push_back(network.shapes()[input]);
  return p;
}

/// Those that run it, the best first.
template <class T>
std::vector<const Kernel<T>*> fitting_kernels(const OpProblem& p) {
  std::vector<const Kernel<T>*> list;
  for (const Kernel<T>* kernel : kernels_for<T>(p.layer))
    if (kernel->refuses(p) == nullptr) list.push_back(kernel);
  return list;
}

/// Throws std::out_of_range if there is none of that name.
template <class T>
const Kernel<T>& find_kernel(const OpProblem& p, const std::string& name) {
  for (const Kernel<T>* kernel : fitting_kernels<T>(p))
    if (name.empty() || kernel->name() == name) return *kernel;
  throw std::out_of_range("no kernel " + name);
}

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
#if LINEAMENT_SANITIZED
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
  LayerRun(const BasicNetwork<T>& network, const RunOptions& options)
      : problem_(last_layer(network, options)),
        kernel_(find_kernel<T>(problem_, options.kernel)),
        needs_(kernel_.needs(problem_)),
        threads_(options.row_parts > 0 ? 1 : options.threads),
        row_parts_(options.row_parts),
        out_shape_(options.epilogue.max_pool
                       ? Shape{problem_.output.height() / 2, problem_.output.width() / 2, problem_.output.channels()}
                       : problem_.output),
        output_(batch_size(out_shape_)),
        output_gradient_(batch_size(out_shape_)),
        saved_(needs_.saved),
        packed_(needs_.packed),
        scratch_(needs_.scratch) {
    for (const Shape& shape : problem_.inputs) {
      inputs_.emplace_back(batch_size(shape));
      input_gradients_.emplace_back(batch_size(shape));
    }
    if (options.epilogue.add) inputs_.emplace_back(batch_size(problem_.output));
    const Node& node = network.spec()[network.spec().last()];
    for (const ParamSpec& p : params_of(problem_.layer, problem_.inputs)) {
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
  std::string_view kernel() const { return kernel_.name(); }
  void set_seed(std::uint64_t seed) { seed_ = seed; }
  /// Nobody asks for the input gradients from now on.
  void leave_out_input_gradients() { input_gradients_wanted_ = false; }

  void forward() {
    const auto views = input_views();
    std::vector<std::span<const T>> params(params_.begin(), params_.end());
    std::vector<std::span<T>> statistics(params_.begin(), params_.end());
    if (needs_.packed > 0) kernel_.pack(problem_, params, packed_.span(), threads_);
    KernelForward<T> f;
    f.inputs = views;
    f.output = {output().data(), problem_.batch, out_shape_};
    // Parameters that are packed are all that some kernels read.
    const bool packed_only = problem_.mode == Mode::infer && kernel_.abilities(problem_).reads_packed_only;
    if (!packed_only) f.params = params;
    if (problem_.mode == Mode::train) f.statistics = statistics;
    f.saved = saved_.span();
    f.mode = problem_.mode;
    f.seed = seed_;
    f.packed = packed_.span();
    f.scratch = scratch_.span();
    f.threads = &threads_;
    const int height = problem_.output.height();
    for (int part = 0; part < row_parts_; ++part) {
      const std::size_t size = scratch_.span().size() / static_cast<std::size_t>(row_parts_);
      f.rows = {part * height / row_parts_, (part + 1) * height / row_parts_};
      f.scratch = scratch_.span().subspan(static_cast<std::size_t>(part) * size, size);
      if (f.rows.begin < f.rows.end) kernel_.forward(problem_, f);
    }
    if (row_parts_ == 0) kernel_.forward(problem_, f);
  }

  void backward() {
    const auto views = input_views();
    std::vector<View<T>> gradients;
    for (std::size_t i = 0; i < inputs(); ++i)
      gradients.push_back(
          {input_gradients_wanted_ ? input_gradient(i).data() : nullptr, problem_.batch, problem_.inputs[i]});
    std::vector<std::span<const T>> params(params_.begin(), params_.end());
    std::vector<std::span<T>> param_gradients(param_gradients_.begin(), param_gradients_.end());
    KernelBackward<T> b;
    b.inputs = views;
    b.output = {output().data(), problem_.batch, out_shape_};
    b.output_gradient = {output_gradient().data(), problem_.batch, out_shape_};
    b.input_gradients = gradients;
    b.params = params;
    b.param_gradients = param_gradients;
    b.saved = saved_.span();
    b.seed = seed_;
    scratch_.spoil();  // its content means nothing in between
    b.scratch = scratch_.span();
    b.threads = &threads_;
    kernel_.backward(problem_, b);
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
  std::size_t batch_size(const Shape& shape) const { return static_cast<std::size_t>(problem_.batch) * shape.size(); }
  std::vector<View<const T>> input_views() {
    std::vector<View<const T>> views;
    const auto shape = [&](std::size_t i) { return i < problem_.inputs.size() ? problem_.inputs[i] : problem_.output; };
    for (std::size_t i = 0; i < inputs(); ++i) views.push_back({input(i).data(), problem_.batch, shape(i)});
    return views;
  }

  OpProblem problem_;
  const Kernel<T>& kernel_;
  Needs needs_;
  Threads threads_;
  int row_parts_;
  Shape out_shape_;
  std::deque<Guarded<T>> inputs_, input_gradients_;
  Guarded<T> output_, output_gradient_;
  Guarded<std::byte> saved_, packed_, scratch_;
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
