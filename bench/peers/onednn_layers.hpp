// Layers on oneDNN that have no part in its steps of training: each adds its steps to the forward pass.
#pragma once
#include "onednn_graph.hpp"

namespace peers {

inline void add_concat(OneDnnGraph& graph, const Layer& l) {
  std::vector<memory::desc> parts;
  OneDnnGraph::Step step;
  for (const std::string& input : l.inputs) {
    const memory part = l.height * l.width == 1 ? graph.vector(input) : graph.outputs.at(input);
    step.arguments[DNNL_ARG_MULTIPLE_SRC + static_cast<int>(parts.size())] = part;
    parts.push_back(part.get_desc());
  }
  const dnnl::concat::primitive_desc d(1, parts, graph.engine);
  step.what = dnnl::concat(d);
  step.arguments[DNNL_ARG_DST] = graph.outputs[l.name] = graph.allocate(d.dst_desc());
  graph.forward_steps.push_back(step);
}

inline void add_upsample(OneDnnGraph& graph, const Layer& l) {
  const memory x = graph.outputs.at(l.inputs[0]);
  const memory::desc out(graph.picture(l), kF32, graph.settings.layout);
  const dnnl::resampling_forward::desc d(graph.kind(), algorithm::resampling_nearest, x.get_desc(), out);
  const dnnl::resampling_forward::primitive_desc forward(d, graph.engine);
  const memory y = graph.outputs[l.name] = graph.allocate(forward.dst_desc());
  graph.forward_steps.push_back({dnnl::resampling_forward(forward), {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}}});
}

/// A gate as a picture of one pixel, with its channels in blocks like those of `x`: for anything else the product has
/// no fast implementation.
inline memory gate_like(OneDnnGraph& graph, const memory& x, const memory& gate) {
  const Dims sizes{graph.batch, x.get_desc().dims()[1], 1, 1};
  const memory pixel = graph.view(gate, {sizes, kF32, Tag::nchw});
  const auto& blocks = x.get_desc().data.format_desc.blocking;
  if (blocks.inner_nblks != 1 || (blocks.inner_blks[0] != 8 && blocks.inner_blks[0] != 16)) return pixel;
  const memory::desc blocked(sizes, kF32, blocks.inner_blks[0] == 8 ? Tag::nChw8c : Tag::nChw16c);
  return sizes[1] % blocks.inner_blks[0] == 0 ? graph.view(gate, blocked)
                                              : graph.convert(graph.forward_steps, pixel, blocked);
}

/// A picture times a value for each of its channels.
inline void add_multiply(OneDnnGraph& graph, const Operation& operation) {
  const Layer& l = operation.layer;
  const memory x = graph.outputs.at(l.inputs[0]);
  const memory gate = gate_like(graph, x, graph.vector(l.inputs[1]));
  const memory y = operation.overwrites ? x : graph.allocate(x.get_desc());
  const dnnl::binary::desc d(algorithm::binary_mul, x.get_desc(), gate.get_desc(), y.get_desc());
  const dnnl::binary::primitive_desc product(d, graph.engine);
  graph.forward_steps.push_back(
      {dnnl::binary(product), {{DNNL_ARG_SRC_0, x}, {DNNL_ARG_SRC_1, gate}, {DNNL_ARG_DST, y}}});
  graph.outputs[l.name] = y;
}

/// Mean positions: a softmax of each map, times the places of its pixels. The temperature comes with the copy that
/// brings each map into one row.
inline void add_soft_argmax(OneDnnGraph& graph, const Layer& l) {
  const memory maps = graph.outputs.at(l.inputs[0]);
  const Dims sizes = maps.get_desc().dims();
  const memory::dim rows = sizes[0] * sizes[1], height = sizes[2], width = sizes[3], pixels = height * width;

  const memory temperature = graph.load({{1}, kF32, Tag::a}, {{1}, kF32, Tag::a});
  dnnl::primitive_attr scaled;
  scaled.set_output_scales(0, {OneDnnGraph::values(temperature)[0]});
  const memory plain = graph.allocate({sizes, kF32, Tag::nchw});
  const dnnl::reorder::primitive_desc copy(graph.engine, maps.get_desc(), graph.engine, plain.get_desc(), scaled);
  graph.forward_steps.push_back({dnnl::reorder(copy), {{DNNL_ARG_FROM, maps}, {DNNL_ARG_TO, plain}}});

  const memory p = graph.view(plain, {{rows, pixels}, kF32, Tag::ab});
  const dnnl::softmax_forward::desc soft(graph.kind(), p.get_desc(), 1);
  graph.forward_steps.push_back({dnnl::softmax_forward({soft, graph.engine}), {{DNNL_ARG_SRC, p}, {DNNL_ARG_DST, p}}});

  const memory places = graph.allocate({{pixels, 2}, kF32, Tag::ab});
  for (memory::dim i = 0; i < pixels; ++i) {
    float* place = OneDnnGraph::floats(places) + 2 * i;
    place[0] = (static_cast<float>(i % width) + 0.5f) / static_cast<float>(width);
    place[1] = (static_cast<float>(i / width) + 0.5f) / static_cast<float>(height);
  }
  const memory y = graph.outputs[l.name] = graph.allocate({{sizes[0], 2 * sizes[1]}, kF32, Tag::ab});
  const memory points = graph.view(y, {{rows, 2}, kF32, Tag::ab});
  const dnnl::matmul::desc mean(p.get_desc(), places.get_desc(), points.get_desc());
  graph.forward_steps.push_back(
      {dnnl::matmul({mean, graph.engine}), {{DNNL_ARG_SRC, p}, {DNNL_ARG_WEIGHTS, places}, {DNNL_ARG_DST, points}}});
}

}  // namespace peers
