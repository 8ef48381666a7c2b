// Spec: which layers, how connected. A pure value that constant expressions can build and check:
//   constexpr Spec kNet = Spec() << Conv2d{.channels = 8} << ReLU{} << Flatten{} << Dense{.features = 136};
//   static_assert(output_shape(kNet, Shape{32, 32, 3}) == Shape{136});
// A constexpr variable holds up to 192 layers; at run time, and while a constant expression is worked out, there is no
// limit.
#pragma once
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/nn/layers.hpp"
#include "lineament/nn/name.hpp"

namespace LINEAMENT_API lineament {

/// Names what a layer outputs: 0 is the network's first input, i the output of the i-th layer that was added.
using NodeId = int;
using NodeIds = SmallList<NodeId, 6>;  // no heap for the outputs of any network in the zoo

struct Node {
  Name name;
  Layer layer;
  NodeIds inputs;

  constexpr std::span<const NodeId> input_ids() const { return inputs; }
};

/// "layer 'conv2d_1' (conv2d)".
inline std::string describe(const Name& name, const Layer& layer) {
  return "layer '" + name.str() + "' (" + std::string(type_of(layer)) + ")";
}
inline std::string describe(const Node& node) {
  return describe(node.name, node.layer);
}

/// A directed acyclic graph of layers in the order they run.
class Spec {
 public:
  /// The first input, called "input"; its shape is said when a network is made.
  static constexpr NodeId kInput = 0;

  /// Adds a layer fed by the outputs `from`. An empty name becomes its type and number: "conv2d_1".
  /// Throws SpecError: unknown input, wrong number of inputs, name taken.
  constexpr NodeId add(const Layer& layer, std::initializer_list<NodeId> from, Name name = {}) {
    return add(layer, std::span<const NodeId>(from.begin(), from.size()), std::move(name));
  }
  constexpr NodeId add(const Layer& layer, std::span<const NodeId> from, Name name = {}) {
    const bool named = !name.empty();
    if (!named) name = default_name(layer);
    check(layer, from, name);
    if (named && taken(name)) misfit(layer, name, "the name is taken", "a name of its own", 0);
    nodes_.push({std::move(name), layer, NodeIds(from)});
    return size();
  }
  constexpr NodeId add(const Layer& layer, NodeId from, Name name = {}) { return add(layer, {from}, std::move(name)); }

  /// Adds a further input of samples of `shape`.
  constexpr NodeId add_input(const Shape& shape, Name name) {
    return add(Input{.shape = shape}, std::span<const NodeId>(), std::move(name));
  }

  /// Makes the output of a layer one of the network's, after those marked before; other layers may read it, too. A
  /// network none of whose layers is marked outputs what the last one does. Throws SpecError for an input, a layer that
  /// does not exist, or one that is marked already.
  constexpr void mark_output(NodeId id) {
    if (id < 1 || id > size() || std::holds_alternative<Input>((*this)[id].layer))
      wrong_output("the number of a layer", id);
    if (is_marked(id)) wrong_output("each layer once", id);
    marked_.push(id);
  }

  /// Adds a layer after the last one.
  constexpr Spec& operator<<(const Layer& layer) & {
    add(layer, last());
    return *this;
  }
  constexpr Spec operator<<(const Layer& layer) && {
    add(layer, last());
    return std::move(*this);
  }

  constexpr int size() const { return static_cast<int>(nodes_.size()); }
  constexpr NodeId last() const { return size(); }
  /// Throws ArgumentError unless `id` is in 1 … size(): the first input is no layer.
  constexpr const Node& operator[](NodeId id) const { return nodes_[index_of(id)]; }

  /// The first input, then the further ones in the order they were added.
  constexpr NodeIds inputs() const {
    NodeIds list{kInput};
    for (NodeId id = 1; id <= size(); ++id)
      if (std::holds_alternative<Input>((*this)[id].layer)) list.push(id);
    return list;
  }
  /// In the order they were marked; the last layer if none is.
  constexpr NodeIds outputs() const { return marked_.empty() ? NodeIds{last()} : marked_; }
  constexpr bool is_output(NodeId id) const { return marked_.empty() ? id == last() : is_marked(id); }
  constexpr bool has_marked_outputs() const { return !marked_.empty(); }

  /// "input" or the name of a layer.
  constexpr std::string_view name_of(NodeId id) const { return id == kInput ? kInputName : (*this)[id].name.view(); }
  constexpr std::optional<NodeId> find(std::string_view name) const {
    for (NodeId id = 0; id <= size(); ++id)
      if (name_of(id) == name) return id;
    return std::nullopt;
  }

 private:
  static constexpr std::string_view kInputName = "input";

  /// The first of "conv2d_1", "conv2d_2", … from the number of such layers on that is not taken.
  constexpr Name default_name(const Layer& layer) const {
    const std::string_view type = type_of(layer);
    const bool own = std::holds_alternative<Custom>(layer);
    int number = 1;
    for (const Node& node : nodes_)
      if (node.layer.index() == layer.index() && (!own || type_of(node.layer) == type)) ++number;
    while (taken(numbered(type, number))) ++number;
    return numbered(type, number);
  }
  constexpr bool taken(const Name& name) const {
    for (const Node& node : nodes_)
      if (node.name == name) return true;
    return name == Name(kInputName);
  }
  constexpr std::size_t index_of(NodeId id) const {
    if (id < 1 || id > size()) no_layer(id, size());
    return static_cast<std::size_t>(id - 1);
  }
  constexpr bool is_marked(NodeId id) const { return std::find(marked_.begin(), marked_.end(), id) != marked_.end(); }

  constexpr void check(const Layer& layer, std::span<const NodeId> from, const Name& name) const {
    const int wanted = traits_of(layer).inputs;
    const int got = static_cast<int>(from.size());
    if (wanted != Traits::kTwoOrMore ? got != wanted : got < 2) wrong_count(layer, name, wanted, got);
    for (NodeId id : from)
      if (id < 0 || id > size())
        misfit(layer, name, "there is no such input", "the number of a layer added before", id);
  }
  /// Not constexpr: in a constant expression they are the error.
  [[noreturn]] static void wrong_count(const Layer& layer, const Name& name, int wanted, int got) {
    const std::string count = wanted == Traits::kTwoOrMore ? "2 or more" : std::to_string(wanted);
    throw SpecError({describe(name, layer), "the number of inputs is wrong", count, std::to_string(got), ""});
  }
  [[noreturn]] static void misfit(const Layer& layer, const Name& name, const char* what, const char* wanted, int got) {
    throw SpecError({describe(name, layer), what, wanted, got == 0 ? "" : std::to_string(got), ""});
  }
  [[noreturn]] static void no_layer(NodeId id, int size) {
    throw ArgumentError({"spec", "there is no layer of this number",
                         size == 0 ? "none: it has no layers" : "1 to " + std::to_string(size), std::to_string(id),
                         id == kInput ? "0 is the first input: see name_of()" : ""});
  }
  [[noreturn]] static void wrong_output(const char* wanted, NodeId got) {
    throw SpecError({"network", "this cannot be marked as an output", wanted, std::to_string(got), ""});
  }

  SmallList<Node, 192> nodes_;
  NodeIds marked_;
};

/// The layer that reads `id`, if exactly one does, once; else 0. What the network outputs is read by the caller, too.
constexpr NodeId only_reader(const Spec& spec, NodeId id) {
  if (spec.is_output(id)) return 0;
  NodeId reader = 0;
  int readers = 0;
  for (NodeId other = id + 1; other <= spec.size(); ++other)
    for (NodeId input : spec[other].inputs)
      if (input == id) {
        reader = other;
        ++readers;
      }
  return readers == 1 ? reader : 0;
}

/// Shapes of the first input (index 0) and of every layer's output.
struct Shapes {
  SmallList<Shape, 193> of;
  constexpr const Shape& operator[](NodeId id) const { return of[static_cast<std::size_t>(id)]; }
};

/// The shapes of one layer's inputs, in their order.
class InputShapes {
 public:
  constexpr InputShapes(const Node& node, const Shapes& shapes) {
    for (NodeId id : node.inputs) shapes_.push(shapes[id]);
  }
  constexpr operator std::span<const Shape>() const { return shapes_; }

 private:
  SmallList<Shape, 4> shapes_;
};

namespace detail {

/// The same error with the layer's name.
[[noreturn]] inline void throw_for(const Node& node, const SpecError& error) {
  Problem problem = error.problem();
  problem.where = describe(node);
  throw SpecError(problem);
}

/// Not constexpr: in a constant expression it is the error.
[[noreturn]] inline void wrong_input(const char* wanted, const Shape& got) {
  throw SpecError({"the network's input", "its shape is out of range", wanted, to_string(got), ""});
}
/// Before any layer sees it: they divide by its sizes.
constexpr void require_input(const Shape& input) {
  if (!has_sizes(input)) wrong_input("sizes of 1 or more", input);
  if (!is_countable(input)) wrong_input("fewer than 2147483648 values", input);
}

}  // namespace detail

/// Shape inference, at compile time or at run time. Throws SpecError naming the layer, what it wanted and what it got.
constexpr Shapes infer_shapes(const Spec& spec, const Shape& input) {
  Shapes shapes;
  detail::require_input(input);
  shapes.of.push(input);
  const auto infer = [&](NodeId id) {
    const InputShapes inputs(spec[id], shapes);
    shapes.of.push(output_shape(spec[id].layer, inputs));
    if (!has_sizes(shapes[id])) shape_error("an output of at least one value", to_string(shapes[id]));
    require_countable(shapes[id]);
  };
  for (NodeId id = 1; id <= spec.size(); ++id) {
    if (std::is_constant_evaluated()) {
      infer(id);
      continue;
    }
    try {
      infer(id);
    } catch (const SpecError& e) {
      detail::throw_for(spec[id], e);
    }
  }
  return shapes;
}

/// The shape of the network's output for one sample of shape `input`, its first one if there are several.
constexpr Shape output_shape(const Spec& spec, const Shape& input) {
  return infer_shapes(spec, input)[spec.outputs()[0]];
}

/// Multiply-adds of one sample in the layer `node` of the spec whose shapes these are.
constexpr std::size_t multiply_adds(const Node& node, const Shapes& shapes) {
  return multiply_adds(node.layer, InputShapes(node, shapes));
}

}  // namespace lineament
