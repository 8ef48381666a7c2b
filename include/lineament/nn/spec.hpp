// Spec: which layers, how connected. A pure value that constant expressions can build and check:
//   constexpr Spec kNet = Spec() << Conv2d{.channels = 8} << ReLU{} << Flatten{} << Dense{.features = 136};
//   static_assert(output_shape(kNet, Shape{32, 32, 3}) == Shape{136});
#pragma once
#include <array>
#include <string>
#include <string_view>

#include "lineament/nn/layers.hpp"

namespace lineament {

/// A short text by value, usable in constant expressions.
class Name {
 public:
  static constexpr std::size_t kCapacity = 31;
  constexpr Name() = default;
  constexpr Name(std::string_view text) {
    if (text.size() > kCapacity) option_error("name", "at most 31 characters", static_cast<int>(text.size()));
    for (char c : text) text_[size_++] = c;
  }
  constexpr Name(const char* text) : Name(std::string_view(text)) {}
  constexpr std::string_view view() const { return {text_.data(), size_}; }
  constexpr bool empty() const { return size_ == 0; }
  std::string str() const { return std::string(view()); }
  friend constexpr bool operator==(const Name& a, const Name& b) { return a.view() == b.view(); }

 private:
  std::array<char, kCapacity + 1> text_{};
  std::size_t size_ = 0;
};

/// "layer 'conv2d_1' (conv2d)".
inline std::string describe(const Name& name, const Layer& layer) {
  return "layer '" + name.str() + "' (" + std::string(type_of(layer)) + ")";
}

/// Names what a layer puts out: 0 is the network's input, i the output of the i-th layer that was added.
using NodeId = int;

struct Node {
  static constexpr int kMaxInputs = 8;
  Name name;
  Layer layer;
  std::array<NodeId, kMaxInputs> inputs{};
  int input_count = 0;

  constexpr std::span<const NodeId> input_ids() const { return {inputs.data(), static_cast<std::size_t>(input_count)}; }
};

/// A directed acyclic graph of layers in the order they run; the last one added is the output.
class Spec {
 public:
  static constexpr int kCapacity = 160;
  static constexpr NodeId kInput = 0;

  /// Adds a layer fed by the outputs `from`. An empty name becomes its type and number: "conv2d_1".
  /// Throws SpecError: unknown input, wrong number of inputs, name taken, more than kCapacity layers.
  constexpr NodeId add(const Layer& layer, std::initializer_list<NodeId> from, Name name = {}) {
    return add(layer, std::span<const NodeId>(from.begin(), from.size()), name);
  }
  constexpr NodeId add(const Layer& layer, std::span<const NodeId> from, Name name = {}) {
    if (size_ == kCapacity) option_error("layers", "at most 160", size_ + 1);
    if (name.empty()) name = default_name(layer);
    check(layer, from, name);
    Node& node = nodes_[static_cast<std::size_t>(size_)];
    node.name = name;
    node.layer = layer;
    for (NodeId id : from) node.inputs[static_cast<std::size_t>(node.input_count++)] = id;
    return ++size_;
  }
  constexpr NodeId add(const Layer& layer, NodeId from, Name name = {}) { return add(layer, {from}, name); }

  /// Adds a layer after the last one.
  constexpr Spec& operator<<(const Layer& layer) & {
    add(layer, last());
    return *this;
  }
  constexpr Spec operator<<(const Layer& layer) && {
    add(layer, last());
    return *this;
  }

  constexpr int size() const { return size_; }
  constexpr NodeId last() const { return size_; }
  /// `id` in 1 … size().
  constexpr const Node& operator[](NodeId id) const { return nodes_[static_cast<std::size_t>(id - 1)]; }
  constexpr Node& operator[](NodeId id) { return nodes_[static_cast<std::size_t>(id - 1)]; }

 private:
  /// The first of "conv2d_1", "conv2d_2", … from the number of such layers on that is not taken.
  constexpr Name default_name(const Layer& layer) const {
    int number = 1;
    for (NodeId id = 1; id <= size_; ++id) number += (*this)[id].layer.index() == layer.index();
    while (taken(numbered(type_of(layer), number))) ++number;
    return numbered(type_of(layer), number);
  }
  static constexpr Name numbered(std::string_view type, int number) {
    std::array<char, Name::kCapacity> text{};
    std::size_t n = 0;
    for (char c : type) text[n++] = c;
    text[n++] = '_';
    if (number >= 100) text[n++] = static_cast<char>('0' + number / 100);
    if (number >= 10) text[n++] = static_cast<char>('0' + number / 10 % 10);
    text[n++] = static_cast<char>('0' + number % 10);
    return std::string_view(text.data(), n);
  }
  constexpr bool taken(const Name& name) const {
    for (NodeId id = 1; id <= size_; ++id)
      if ((*this)[id].name == name) return true;
    return false;
  }

  constexpr void check(const Layer& layer, std::span<const NodeId> from, const Name& name) const {
    const int wanted = traits_of(layer).inputs;
    const int got = static_cast<int>(from.size());
    if (wanted >= 0 ? got != wanted : got < 2 || got > Node::kMaxInputs)
      misfit(layer, name, "the number of inputs is wrong", wanted >= 0 ? "1" : "2 to 8", got);
    for (NodeId id : from)
      if (id < 0 || id > size_) misfit(layer, name, "there is no such input", "the number of a layer added before", id);
    if (taken(name)) name_taken(layer, name);
  }
  [[noreturn]] static void misfit(const Layer& layer, const Name& name, const char* what, const char* wanted, int got) {
    throw SpecError({describe(name, layer), what, wanted, std::to_string(got), ""});
  }
  [[noreturn]] static void name_taken(const Layer& layer, const Name& name) {
    throw SpecError({describe(name, layer), "the name is taken", "", "", "choose another name"});
  }

  std::array<Node, kCapacity> nodes_{};
  int size_ = 0;
};

/// The layer that reads `id`, if exactly one does, once; else 0. What the network puts out is read by the caller.
constexpr NodeId only_reader(const Spec& spec, NodeId id) {
  if (id == spec.last()) return 0;
  NodeId reader = 0;
  int readers = 0;
  for (NodeId other = id + 1; other <= spec.size(); ++other)
    for (NodeId input : spec[other].input_ids())
      if (input == id) {
        reader = other;
        ++readers;
      }
  return readers == 1 ? reader : 0;
}

/// Shapes of the input (index 0) and of every layer's output.
struct Shapes {
  std::array<Shape, Spec::kCapacity + 1> of{};
  constexpr const Shape& operator[](NodeId id) const { return of[static_cast<std::size_t>(id)]; }
};

/// The shapes of one layer's inputs, in their order.
class InputShapes {
 public:
  constexpr InputShapes(const Node& node, const Shapes& shapes) : count_(static_cast<std::size_t>(node.input_count)) {
    for (std::size_t i = 0; i < count_; ++i) shapes_[i] = shapes[node.inputs[i]];
  }
  constexpr operator std::span<const Shape>() const { return {shapes_.data(), count_}; }

 private:
  std::array<Shape, Node::kMaxInputs> shapes_{};
  std::size_t count_;
};

/// "layer 'conv2d_1' (conv2d)".
inline std::string describe(const Node& node) {
  return describe(node.name, node.layer);
}

/// Shape inference, at compile time or at run time. Throws SpecError naming the layer, what it wanted and what it got.
constexpr Shapes infer_shapes(const Spec& spec, const Shape& input) {
  Shapes shapes;
  shapes.of[0] = input;
  const auto infer = [&](NodeId id) {
    const InputShapes inputs(spec[id], shapes);
    shapes.of[static_cast<std::size_t>(id)] = output_shape(spec[id].layer, inputs);
  };
  for (NodeId id = 1; id <= spec.size(); ++id) {
    if (std::is_constant_evaluated()) {
      infer(id);
      continue;
    }
    try {
      infer(id);
    } catch (const SpecError& e) {
      Problem problem = e.problem();
      problem.where = describe(spec[id]);
      throw SpecError(problem);
    }
  }
  return shapes;
}

/// The shape of what the network puts out for one sample of shape `input`.
constexpr Shape output_shape(const Spec& spec, const Shape& input) {
  return infer_shapes(spec, input)[spec.last()];
}

/// Multiply-adds of one sample in one layer (convolutions and dense layers; 0 for the rest).
constexpr std::size_t multiply_adds(const Node& node, const Shapes& shapes, NodeId id) {
  if (const auto* conv = std::get_if<Conv2d>(&node.layer)) {
    const ConvGeometry g = conv->geometry(shapes[node.inputs[0]], 1);
    return shapes[id].size() * static_cast<std::size_t>(g.kernel * g.kernel * (g.in_c / g.groups));
  }
  if (std::holds_alternative<Dense>(node.layer)) return shapes[id].size() * shapes[node.inputs[0]].size();
  return 0;
}

}  // namespace lineament
