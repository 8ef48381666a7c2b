// A network on oneDNN as a careful user would write it by hand: every primitive, layout and memory made once before the
// first run, weights in the layout the library asks for, ReLU and residual sums fused into the convolution before them.
#pragma once
#include <sys/mman.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "operations.hpp"

namespace peers {

using dnnl::algorithm;
using dnnl::memory;
using Tag = memory::format_tag;
constexpr auto kF32 = memory::data_type::f32;

/// How the library is asked for its convolutions; which is fastest depends on the network.
struct Settings {
  bool training = false;
  Tag layout = Tag::any;                                  ///< of activations; any: oneDNN chooses
  algorithm convolution = algorithm::convolution_direct;  ///< where it exists for a layer; else direct
};

class OneDnnNetwork {
 public:
  struct Parameter {
    memory value, gradient;
  };

  OneDnnNetwork(const std::string& path, int batch, const Settings& settings)
      : settings_(settings), batch_(batch), weights_(open(path + ".bin")) {
    const std::vector<Layer> layers = read_layers(path + ".txt");
    input_ = allocate({picture(layers[0]), kF32, Tag::nhwc});
    outputs_["input"] = input_;
    for (const Operation& operation : fuse(layers)) {
      if (settings_.training && operation.layer.inputs[0] != last_)
        throw std::runtime_error("training on oneDNN is written for chains of layers only");
      add(operation);
      last_ = operation.layer.name;
    }
    output_ = outputs_.at(last_);
  }

  /// `values` is batch x height x width x channels.
  void set_input(std::span<const float> values) {
    std::copy(values.begin(), values.end(), floats(input_));
    if (prepared_) convert_now(input_, prepared_);
  }
  std::span<const float> output() const { return values(output_); }
  std::span<float> output_gradient() { return values(gradients_.at(last_)); }
  std::span<const Parameter> parameters() const { return parameters_; }

  void forward() {
    for (const Step& step : forward_) execute(step);
    stream_.wait();
  }
  void backward() {
    for (auto steps = backward_.rbegin(); steps != backward_.rend(); ++steps)
      for (const Step& step : *steps) execute(step);
    stream_.wait();
  }

  static float* floats(const memory& m) { return static_cast<float*>(m.get_data_handle()); }
  static std::span<float> values(const memory& m) { return {floats(m), m.get_desc().get_size() / sizeof(float)}; }

 private:
  using Dims = memory::dims;
  struct Step {
    dnnl::primitive what;
    std::unordered_map<int, memory> arguments;
  };
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  static constexpr std::size_t kHugePage = std::size_t{2} << 20;

  void execute(const Step& step) { step.what.execute(stream_, step.arguments); }
  Dims picture(const Layer& l) const { return {batch_, l.channels, l.height, l.width}; }
  dnnl::prop_kind kind() const {
    return settings_.training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
  }

  /// Zeros, one buffer behind the other on huge pages: page faults would be counted as oneDNN's time. They are set
  /// apart so that buffers whose size is a power of two do not fall on the same lines of the cache.
  memory allocate(const memory::desc& d) {
    constexpr std::size_t kLine = 64, kApart = 5 * kLine;
    const std::size_t size = (d.get_size() + kLine - 1) / kLine * kLine + kApart;
    if (size > free_) {
      free_ = (std::max(size, 16 * kHugePage) + kHugePage - 1) / kHugePage * kHugePage;
      chunks_.emplace_back(std::aligned_alloc(kHugePage, free_));
      if (!chunks_.back()) throw std::bad_alloc();
      madvise(chunks_.back().get(), free_, MADV_HUGEPAGE);
      next_ = static_cast<std::byte*>(chunks_.back().get());
    }
    std::byte* buffer = next_;
    next_ += size;
    free_ -= size;
    std::memset(buffer, 0, size);
    return memory(d, engine_, buffer);
  }

  void convert_now(memory& from, memory& to) {
    dnnl::reorder(from, to).execute(stream_, from, to);
    stream_.wait();
  }
  /// `from` in the wanted layout: the same memory, or another one that a step of `steps` fills.
  memory convert(std::vector<Step>& steps, memory from, const memory::desc& wanted) {
    if (from.get_desc() == wanted) return from;
    memory to = allocate(wanted);
    steps.push_back({dnnl::reorder(from, to), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}});
    return to;
  }
  /// The next weights of the file, which are laid out like `stored`.
  memory load(const memory::desc& stored, const memory::desc& wanted) {
    memory from(stored, engine_), to = allocate(wanted);
    read(weights_, values(from));
    convert_now(from, to);
    return to;
  }
  /// What an operation reads. The network's input is brought into the wanted layout by set_input(), which is not
  /// measured.
  memory source(const std::string& name, const memory::desc& wanted) {
    if (name != "input") return convert(forward_, outputs_.at(name), wanted);
    if (prepared_) throw std::runtime_error("oneDNN's part is written for networks whose input has one reader");
    prepared_ = allocate(wanted);
    return prepared_;
  }

  void add(const Operation& operation) {
    const std::string& type = operation.layer.type;
    if (type == "conv2d") return add_convolution(operation);
    if (type == "dense") return add_dense(operation);
    if (type == "max_pool" || type == "global_avg_pool") return add_pool(operation.layer);
    if (type == "concat" && !settings_.training) return add_concat(operation.layer);
    throw std::runtime_error("oneDNN's part has nothing for the layer " + type);
  }

  /// Sum, then ReLU, as part of the primitive that comes before them.
  static dnnl::primitive_attr attributes(const Operation& operation) {
    dnnl::post_ops after;
    if (!operation.residual.empty()) after.append_sum(1.0f);
    if (operation.relu) after.append_eltwise(1.0f, algorithm::eltwise_relu, 0.0f, 0.0f);
    dnnl::primitive_attr result;
    result.set_post_ops(after);
    return result;
  }
  /// make(algorithm), with the algorithm that is wished for if there is one for these sizes.
  template <class Make>
  auto make_convolution(Make make) const {
    if (settings_.convolution != algorithm::convolution_direct) {
      try {
        return make(settings_.convolution);
      } catch (const dnnl::error&) {
      }
    }
    return make(algorithm::convolution_direct);
  }

  void add_convolution(const Operation& operation) {
    const Layer& l = operation.layer;
    const int kernel = l.options[0], stride = l.options[1], pad = l.options[2], groups = l.options[3];
    const Dims from = outputs_.at(l.inputs[0]).get_desc().dims(), strides{stride, stride}, pads{pad, pad};
    const bool grouped = groups > 1;
    const Dims sizes = grouped ? Dims{groups, l.channels / groups, from[1] / groups, kernel, kernel}
                               : Dims{l.channels, from[1], kernel, kernel};
    // Pictures of three channels are best left channel by channel, unless all is channels last.
    const bool plain = l.inputs[0] == "input" && settings_.layout != Tag::nhwc;
    const memory::desc in(from, kF32, plain ? Tag::nchw : settings_.layout), out(picture(l), kF32, settings_.layout);
    const memory::desc weight(sizes, kF32, Tag::any), bias({l.channels}, kF32, Tag::a);

    const auto forward = make_convolution([&](algorithm a) {
      const dnnl::convolution_forward::desc d(kind(), a, in, weight, bias, out, strides, pads, pads);
      return dnnl::convolution_forward::primitive_desc(d, attributes(operation), engine_);
    });
    const memory x = source(l.inputs[0], forward.src_desc());
    const memory w = load({sizes, kF32, grouped ? Tag::hwigo : Tag::hwio}, forward.weights_desc());
    const memory b = load(bias, forward.bias_desc());
    // A sum is taken where its other part lies: nobody reads that part afterwards.
    const memory y = operation.residual.empty()
                         ? allocate(forward.dst_desc())
                         : convert(forward_, outputs_.at(operation.residual), forward.dst_desc());
    forward_.push_back({dnnl::convolution_forward(forward),
                        {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_BIAS, b}, {DNNL_ARG_DST, y}}});
    outputs_[l.name] = y;
    if (!settings_.training) return;

    const auto for_weights = make_convolution([&](algorithm a) {
      const dnnl::convolution_backward_weights::desc d(a, in, weight, bias, out, strides, pads, pads);
      return dnnl::convolution_backward_weights::primitive_desc(d, engine_, forward);
    });
    std::vector<Step> steps;
    const memory dy = begin_backward(steps, operation, y);
    weight_gradients<dnnl::convolution_backward_weights>(steps, for_weights, x, dy, w, b);
    if (l.inputs[0] != "input") {
      const auto for_data = make_convolution([&](algorithm a) {
        const dnnl::convolution_backward_data::desc d(a, in, weight, out, strides, pads, pads);
        return dnnl::convolution_backward_data::primitive_desc(d, engine_, forward);
      });
      data_gradient<dnnl::convolution_backward_data>(steps, for_data, dy, w, gradients_.at(l.inputs[0]));
    }
    backward_.push_back(steps);
  }

  void add_dense(const Operation& operation) {
    const Layer& l = operation.layer;
    const memory::desc in = outputs_.at(l.inputs[0]).get_desc();
    const bool flat = in.dims().size() == 2;
    Dims sizes = in.dims();
    sizes[0] = l.channels;
    const memory::desc weight(sizes, kF32, Tag::any), bias({l.channels}, kF32, Tag::a),
        out({batch_, l.channels}, kF32, Tag::nc);

    const dnnl::inner_product_forward::desc d(kind(), in, weight, bias, out);
    const dnnl::inner_product_forward::primitive_desc forward(d, attributes(operation), engine_);
    const memory x = source(l.inputs[0], in);
    const memory w = load({sizes, kF32, flat ? Tag::io : Tag::hwio}, forward.weights_desc());
    const memory b = load(bias, forward.bias_desc());
    const memory y = allocate(out);
    forward_.push_back({dnnl::inner_product_forward(forward),
                        {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_BIAS, b}, {DNNL_ARG_DST, y}}});
    outputs_[l.name] = y;
    if (!settings_.training) return;

    const auto for_weights = [&](const memory::desc& dw) {
      const dnnl::inner_product_backward_weights::desc wanted(in, dw, bias, out);
      return dnnl::inner_product_backward_weights::primitive_desc(wanted, engine_, forward);
    };
    const auto best_for_weights = [&] {
      try {
        return for_weights(w.get_desc());  // saves a pass over the gradient, if the library can do it
      } catch (const dnnl::error&) {
        return for_weights(weight);
      }
    }();
    std::vector<Step> steps;
    const memory dy = begin_backward(steps, operation, y);
    weight_gradients<dnnl::inner_product_backward_weights>(steps, best_for_weights, x, dy, w, b);
    const dnnl::inner_product_backward_data::desc backward(in, weight, out);
    const dnnl::inner_product_backward_data::primitive_desc for_data(backward, engine_, forward);
    data_gradient<dnnl::inner_product_backward_data>(steps, for_data, dy, w, gradients_.at(l.inputs[0]));
    backward_.push_back(steps);
  }

  void add_pool(const Layer& l) {
    const bool mean = l.type == "global_avg_pool";
    const memory x = outputs_.at(l.inputs[0]);
    const Dims from = x.get_desc().dims(), none{0, 0};
    const Dims window = mean ? Dims{from[2], from[3]} : Dims{l.options[0], l.options[0]};
    const Dims strides = mean ? Dims{1, 1} : Dims{l.options[1], l.options[1]};
    const algorithm how = mean ? algorithm::pooling_avg_exclude_padding : algorithm::pooling_max;
    const memory::desc out(picture(l), kF32, settings_.layout);

    const dnnl::pooling_forward::desc d(kind(), how, x.get_desc(), out, strides, window, none, none);
    const dnnl::pooling_forward::primitive_desc forward(d, engine_);
    const memory y = allocate(forward.dst_desc());
    outputs_[l.name] = y;
    if (!settings_.training) {
      forward_.push_back({dnnl::pooling_forward(forward), {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}}});
      return;
    }
    const memory mask = allocate(forward.workspace_desc()), dy = allocate(y.get_desc()),
                 dx = gradients_.at(l.inputs[0]);
    gradients_[l.name] = dy;
    forward_.push_back(
        {dnnl::pooling_forward(forward), {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}, {DNNL_ARG_WORKSPACE, mask}}});
    const dnnl::pooling_backward::desc backward(how, dx.get_desc(), dy.get_desc(), strides, window, none, none);
    backward_.push_back({{dnnl::pooling_backward({backward, engine_, forward}),
                          {{DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_SRC, dx}, {DNNL_ARG_WORKSPACE, mask}}}});
  }

  void add_concat(const Layer& l) {
    std::vector<memory::desc> parts;
    Step step;
    for (const std::string& input : l.inputs) {
      step.arguments[DNNL_ARG_MULTIPLE_SRC + static_cast<int>(parts.size())] = outputs_.at(input);
      parts.push_back(outputs_.at(input).get_desc());
    }
    const dnnl::concat::primitive_desc d(1, parts, engine_);
    step.what = dnnl::concat(d);
    step.arguments[DNNL_ARG_DST] = outputs_[l.name] = allocate(d.dst_desc());
    forward_.push_back(step);
  }

  /// The gradient of what `operation` puts out, brought back through its ReLU.
  memory begin_backward(std::vector<Step>& steps, const Operation& operation, const memory& y) {
    const memory dy = gradients_[operation.layer.name] = allocate(y.get_desc());
    if (!operation.relu) return dy;
    const auto relu = algorithm::eltwise_relu_use_dst_for_bwd;
    const dnnl::eltwise_forward::primitive_desc forward({kind(), relu, y.get_desc(), 0.0f, 0.0f}, engine_);
    const dnnl::eltwise_backward::primitive_desc backward({relu, dy.get_desc(), y.get_desc(), 0.0f, 0.0f}, engine_,
                                                          forward);
    steps.push_back(
        {dnnl::eltwise_backward(backward), {{DNNL_ARG_DST, y}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_SRC, dy}}});
    return dy;
  }
  template <class Primitive>
  void weight_gradients(std::vector<Step>& steps, const typename Primitive::primitive_desc& d, const memory& x,
                        const memory& dy, const memory& w, const memory& b) {
    const memory x2 = convert(steps, x, d.src_desc()), dy2 = convert(steps, dy, d.diff_dst_desc());
    const memory dw = allocate(d.diff_weights_desc()), db = allocate(d.diff_bias_desc());
    steps.push_back(
        {Primitive(d),
         {{DNNL_ARG_SRC, x2}, {DNNL_ARG_DIFF_DST, dy2}, {DNNL_ARG_DIFF_WEIGHTS, dw}, {DNNL_ARG_DIFF_BIAS, db}}});
    parameters_.push_back({w, convert(steps, dw, w.get_desc())});
    parameters_.push_back({b, db});
  }
  template <class Primitive>
  void data_gradient(std::vector<Step>& steps, const typename Primitive::primitive_desc& d, const memory& dy,
                     const memory& w, const memory& dx) {
    const memory w2 = convert(steps, w, d.weights_desc()), dy2 = convert(steps, dy, d.diff_dst_desc());
    const memory dx2 = dx.get_desc() == d.diff_src_desc() ? dx : allocate(d.diff_src_desc());
    steps.push_back({Primitive(d), {{DNNL_ARG_DIFF_DST, dy2}, {DNNL_ARG_WEIGHTS, w2}, {DNNL_ARG_DIFF_SRC, dx2}}});
    if (dx2 != dx) steps.push_back({dnnl::reorder(dx2, dx), {{DNNL_ARG_FROM, dx2}, {DNNL_ARG_TO, dx}}});
  }

  Settings settings_;
  int batch_;
  std::ifstream weights_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::vector<std::unique_ptr<void, Free>> chunks_;
  std::byte* next_ = nullptr;
  std::size_t free_ = 0;
  memory input_, prepared_, output_;
  std::string last_ = "input";
  std::map<std::string, memory> outputs_, gradients_;  // of each operation, by name
  std::vector<Parameter> parameters_;
  std::vector<Step> forward_;
  std::vector<std::vector<Step>> backward_;
};

}  // namespace peers
