// A network on oneDNN as a careful user would write it by hand: every primitive, layout and memory made once before the
// first run, weights in the layout the library asks for, activations and sums fused into the convolution or dense layer
// before them.
#pragma once
#include "onednn_layers.hpp"

namespace peers {

class OneDnnNetwork : private OneDnnGraph {
 public:
  struct Parameter {
    memory value, gradient;
  };
  using OneDnnGraph::floats;
  using OneDnnGraph::values;

  OneDnnNetwork(const std::string& path, int batch_size, const Settings& asked)
      : OneDnnGraph(path + ".bin", batch_size, asked) {
    const std::vector<Layer> layers = read_layers(path + ".txt");
    input_ = allocate({picture(layers[0]), kF32, Tag::nhwc});
    outputs["input"] = input_;
    const Fused fused = fuse(layers);
    for (const Operation& operation : fused.operations) {
      if (settings.training && operation.layer.inputs[0] != last_)
        throw std::runtime_error("training on oneDNN is written for chains of layers only");
      add(operation);
      last_ = operation.layer.name;
    }
    for (const std::string& name : fused.outputs) given_.push_back(outputs.at(name));
  }

  /// `values` is batch x height x width x channels.
  void set_input(std::span<const float> values) {
    std::copy(values.begin(), values.end(), floats(input_));
    if (prepared) convert_now(input_, prepared);
  }
  /// Of a network with one output.
  std::span<const float> output() const { return values(given_.front()); }
  /// All outputs, one after the other, as network_file.hpp has them.
  std::vector<float> all_outputs() {
    std::vector<float> all;
    for (memory from : given_) {
      const Dims sizes = from.get_desc().dims();
      memory to({sizes, kF32, sizes.size() == 4 ? Tag::nhwc : Tag::nc}, engine);
      convert_now(from, to);
      all.insert(all.end(), values(to).begin(), values(to).end());
    }
    return all;
  }
  std::span<float> output_gradient() { return values(gradients_.at(last_)); }
  std::span<const Parameter> parameters() const { return parameters_; }

  void forward() {
    for (const Step& step : forward_steps) execute(step);
    stream.wait();
  }
  void backward() {
    for (auto steps = backward_.rbegin(); steps != backward_.rend(); ++steps)
      for (const Step& step : *steps) execute(step);
    stream.wait();
  }

 private:
  void add(const Operation& operation) {
    const std::string& type = operation.layer.type;
    if (type == "conv2d") return add_convolution(operation);
    if (type == "dense") return add_dense(operation);
    if (type == "max_pool" || type == "global_avg_pool") return add_pool(operation.layer);
    if (!settings.training) {
      if (type == "concat") return add_concat(*this, operation.layer);
      if (type == "upsample") return add_upsample(*this, operation.layer);
      if (type == "multiply") return add_multiply(*this, operation);
      if (type == "soft_argmax") return add_soft_argmax(*this, operation.layer);
    }
    throw std::runtime_error("oneDNN's part has nothing for the layer " + type);
  }

  /// Sum, then activation, as part of the primitive that comes before them.
  dnnl::primitive_attr attributes(const Operation& operation) const {
    static const std::map<std::string, algorithm> kActivations{{"relu", algorithm::eltwise_relu},
                                                               {"hard_swish", algorithm::eltwise_hardswish},
                                                               {"sigmoid", algorithm::eltwise_logistic}};
    dnnl::post_ops after;
    if (adds_in_place(operation))
      after.append_sum(1.0f);
    else if (!operation.residual.empty())
      after.append_binary(algorithm::binary_add, outputs.at(operation.residual).get_desc());
    if (!operation.activation.empty()) after.append_eltwise(1.0f, kActivations.at(operation.activation), 0.0f, 0.0f);
    dnnl::primitive_attr result;
    result.set_post_ops(after);
    return result;
  }
  static bool adds_in_place(const Operation& o) { return !o.residual.empty() && o.overwrites; }
  /// Where an operation writes: a sum is taken where its other part lies, if nobody reads that part afterwards.
  memory destination(const Operation& operation, const memory::desc& d) {
    return adds_in_place(operation) ? convert(forward_steps, outputs.at(operation.residual), d) : allocate(d);
  }
  void add_forward(const Operation& operation, const dnnl::primitive& what, const memory& x, const memory& w,
                   const memory& b, const memory& y) {
    Step step{what, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_BIAS, b}, {DNNL_ARG_DST, y}}};
    if (!operation.residual.empty() && !operation.overwrites)
      step.arguments[DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1] = outputs.at(operation.residual);
    forward_steps.push_back(step);
    outputs[operation.layer.name] = y;
  }
  /// make(algorithm), with the algorithm that is wished for if there is one for these sizes.
  template <class Make>
  auto make_convolution(Make make) const {
    if (settings.convolution != algorithm::convolution_direct) {
      try {
        return make(settings.convolution);
      } catch (const dnnl::error&) {
      }
    }
    return make(algorithm::convolution_direct);
  }

  void add_convolution(const Operation& operation) {
    const Layer& l = operation.layer;
    const int kernel = l.options[0], stride = l.options[1], pad = l.options[2], groups = l.options[3];
    const Dims from = outputs.at(l.inputs[0]).get_desc().dims(), strides{stride, stride}, pads{pad, pad};
    const bool grouped = groups > 1;
    const Dims sizes = grouped ? Dims{groups, l.channels / groups, from[1] / groups, kernel, kernel}
                               : Dims{l.channels, from[1], kernel, kernel};
    // Pictures of three channels are best left channel by channel, unless all is channels last.
    const bool plain = l.inputs[0] == "input" && settings.layout != Tag::nhwc;
    const memory::desc in(from, kF32, plain ? Tag::nchw : settings.layout), out(picture(l), kF32, settings.layout);
    const memory::desc weight(sizes, kF32, Tag::any), bias({l.channels}, kF32, Tag::a);

    const auto forward = make_convolution([&](algorithm a) {
      const dnnl::convolution_forward::desc d(kind(), a, in, weight, bias, out, strides, pads, pads);
      return dnnl::convolution_forward::primitive_desc(d, attributes(operation), engine);
    });
    const memory x = source(l.inputs[0], forward.src_desc());
    const memory w = load({sizes, kF32, grouped ? Tag::hwigo : Tag::hwio}, forward.weights_desc());
    const memory b = load(bias, forward.bias_desc());
    const memory y = destination(operation, forward.dst_desc());
    add_forward(operation, dnnl::convolution_forward(forward), x, w, b, y);
    if (!settings.training) return;

    const auto for_weights = make_convolution([&](algorithm a) {
      const dnnl::convolution_backward_weights::desc d(a, in, weight, bias, out, strides, pads, pads);
      return dnnl::convolution_backward_weights::primitive_desc(d, engine, forward);
    });
    std::vector<Step> steps;
    const memory dy = begin_backward(steps, operation, y);
    weight_gradients<dnnl::convolution_backward_weights>(steps, for_weights, x, dy, w, b);
    if (l.inputs[0] != "input") {
      const auto for_data = make_convolution([&](algorithm a) {
        const dnnl::convolution_backward_data::desc d(a, in, weight, out, strides, pads, pads);
        return dnnl::convolution_backward_data::primitive_desc(d, engine, forward);
      });
      data_gradient<dnnl::convolution_backward_data>(steps, for_data, dy, w, gradients_.at(l.inputs[0]));
    }
    backward_.push_back(steps);
  }

  void add_dense(const Operation& operation) {
    const Layer& l = operation.layer;
    const memory::desc in = outputs.at(l.inputs[0]).get_desc();
    const bool flat = in.dims().size() == 2;
    Dims sizes = in.dims();
    sizes[0] = l.channels;
    const memory::desc weight(sizes, kF32, Tag::any), bias({l.channels}, kF32, Tag::a),
        out({batch, l.channels}, kF32, Tag::nc);

    const dnnl::inner_product_forward::desc d(kind(), in, weight, bias, out);
    const dnnl::inner_product_forward::primitive_desc forward(d, attributes(operation), engine);
    const memory x = source(l.inputs[0], in);
    const memory w = load({sizes, kF32, flat ? Tag::io : Tag::hwio}, forward.weights_desc());
    const memory b = load(bias, forward.bias_desc());
    const memory y = destination(operation, out);
    add_forward(operation, dnnl::inner_product_forward(forward), x, w, b, y);
    if (!settings.training) return;

    const auto for_weights = [&](const memory::desc& dw) {
      const dnnl::inner_product_backward_weights::desc wanted(in, dw, bias, out);
      return dnnl::inner_product_backward_weights::primitive_desc(wanted, engine, forward);
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
    const dnnl::inner_product_backward_data::primitive_desc for_data(backward, engine, forward);
    data_gradient<dnnl::inner_product_backward_data>(steps, for_data, dy, w, gradients_.at(l.inputs[0]));
    backward_.push_back(steps);
  }

  void add_pool(const Layer& l) {
    const bool mean = l.type == "global_avg_pool";
    const memory x = outputs.at(l.inputs[0]);
    const Dims from = x.get_desc().dims(), none{0, 0};
    const Dims window = mean ? Dims{from[2], from[3]} : Dims{l.options[0], l.options[0]};
    const Dims strides = mean ? Dims{1, 1} : Dims{l.options[1], l.options[1]};
    const algorithm how = mean ? algorithm::pooling_avg_exclude_padding : algorithm::pooling_max;
    const memory::desc out(picture(l), kF32, settings.layout);

    const dnnl::pooling_forward::desc d(kind(), how, x.get_desc(), out, strides, window, none, none);
    const dnnl::pooling_forward::primitive_desc forward(d, engine);
    const memory y = allocate(forward.dst_desc());
    outputs[l.name] = y;
    if (!settings.training) {
      forward_steps.push_back({dnnl::pooling_forward(forward), {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}}});
      return;
    }
    const memory mask = allocate(forward.workspace_desc()), dy = allocate(y.get_desc()),
                 dx = gradients_.at(l.inputs[0]);
    gradients_[l.name] = dy;
    forward_steps.push_back(
        {dnnl::pooling_forward(forward), {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}, {DNNL_ARG_WORKSPACE, mask}}});
    const dnnl::pooling_backward::desc backward(how, dx.get_desc(), dy.get_desc(), strides, window, none, none);
    backward_.push_back({{dnnl::pooling_backward({backward, engine, forward}),
                          {{DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_SRC, dx}, {DNNL_ARG_WORKSPACE, mask}}}});
  }

  /// The gradient of what `operation` puts out, brought back through its ReLU.
  memory begin_backward(std::vector<Step>& steps, const Operation& operation, const memory& y) {
    const memory dy = gradients_[operation.layer.name] = allocate(y.get_desc());
    if (operation.activation.empty()) return dy;
    if (operation.activation != "relu")
      throw std::runtime_error("training on oneDNN is written for networks whose activations are ReLU only");
    const auto relu = algorithm::eltwise_relu_use_dst_for_bwd;
    const dnnl::eltwise_forward::primitive_desc forward({kind(), relu, y.get_desc(), 0.0f, 0.0f}, engine);
    const dnnl::eltwise_backward::primitive_desc backward({relu, dy.get_desc(), y.get_desc(), 0.0f, 0.0f}, engine,
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

  memory input_;
  std::vector<memory> given_;  // the network's outputs
  std::string last_ = "input";
  std::map<std::string, memory> gradients_;  // of each operation's output
  std::vector<Parameter> parameters_;
  std::vector<std::vector<Step>> backward_;
};

}  // namespace peers
