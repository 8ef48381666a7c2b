// What every layer has in common: how it states its shapes and parameters. How it computes is said once more, in Eigen,
// in lineament/reference.
//
// A layer is a plain struct of options with
// - static constexpr std::string_view kType: its name in files;
// - static constexpr Traits kTraits: what planning and training must know of it;
// - template <class Self, class V> static constexpr void fields(Self&, V&&): its options, for reading and writing
//   files;
// - constexpr Shape output_shape(std::span<const Shape> inputs) const: throws SpecError for inputs that do not fit;
// - constexpr ParamSpecs params(std::span<const Shape> inputs) const: {} if it has none;
// - constexpr std::size_t saved_bytes(std::span<const Shape> inputs, int batch, std::size_t scalar) const, if
//   Traits::saves: bytes kept from forward to backward for values of `scalar` bytes;
// - constexpr std::size_t multiply_adds(std::span<const Shape> inputs) const, unless Traits::light: of one sample.
// `LayerOptions` is this list as a concept; `CheckedLayer` names what is missing.
#pragma once
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "lineament/api.hpp"
#include "lineament/error.hpp"
#include "lineament/nn/shape.hpp"
#include "lineament/nn/small_list.hpp"

namespace LINEAMENT_API lineament {

/// Where the first values of a parameter come from.
enum class Init {
  zero,
  one,
  quarter,  ///< 0.25: PReLU's slope (He et al. 2015)
  weight,   ///< He et al. 2015 (normal, fan in); a twentieth of Glorot & Bengio 2010 where the network's output is near
};

struct ParamSpec {
  std::string_view name;
  Shape shape;
  Init init = Init::zero;
  bool decay = false;     ///< whether weight decay applies
  bool trainable = true;  ///< false: a statistic the layer keeps itself (batch norm), no gradient
  int fan_in = 0;         ///< values that add up to one output, for Init::weight
  int fan_out = 0;
};

/// The parameters of a layer in their order.
using ParamSpecs = SmallList<ParamSpec, 4>;

/// What planning and training must know of a layer.
struct Traits {
  int inputs = 1;                      ///< number of inputs; kTwoOrMore
  bool backward_reads_input = false;   ///< the inputs must be kept until `backward`
  bool backward_reads_output = false;  ///< the output must be kept until `backward`
  bool forward_in_place = false;       ///< the output may be the same memory as the (first) input
  bool forward_keeps_values = false;   ///< in place, and without changing a value (flatten)
  bool backward_in_place = false;      ///< the input gradient may be the same memory as the output gradient
  bool saves = false;                  ///< keeps `saved_bytes` from forward to backward
  bool quantisable = false;            ///< int8 multiplies it, and needs the range of its first input
  bool foldable = false;  ///< a batch norm after it may become part of its parameters: weight {…, channels out}, bias
  bool per_image = false;  ///< when inferring, the images of a batch may go through it one at a time
  bool light = false;      ///< elementwise, pooling, norms: no weights to stream, no multiply-adds that count

  static constexpr int kTwoOrMore = -1;
};

/// Thrown by `output_shape`; the graph adds the layer's name. Not constexpr: in a constant expression it is the error.
[[noreturn]] inline void shape_error(const std::string& wanted, const std::string& got) {
  throw SpecError({"", "the layer does not fit its input", wanted, got, "change the layer or what feeds it"});
}
[[noreturn]] inline void shape_error(const char* wanted, const Shape& got) {
  shape_error(wanted, to_string(got));
}

/// An option of a layer that makes no sense whatever the input.
template <class Number>
[[noreturn]] void option_error(const char* option, const char* wanted, Number got) {
  throw SpecError({"", std::string("the option '") + option + "' is out of range", wanted, std::to_string(got), ""});
}
/// And so small that sums and products of two options fit into an int.
constexpr void require_at_least(const char* option, int value, int least) {
  constexpr int kMost = (1 << 15) - 1;
  if (value < least) option_error(option, least == 0 ? "0 or more" : "1 or more", value);
  if (value > kMost) option_error(option, "32767 or less", value);
}

/// Whether there are sizes, each at least 1.
constexpr bool has_sizes(const Shape& shape) {
  for (int i = 0; i < shape.rank(); ++i)
    if (shape[i] < 1) return false;
  return shape.rank() > 0;
}
/// Throws SpecError unless there are.
constexpr void require_sizes(const Shape& shape) {
  if (!has_sizes(shape)) shape_error("sizes of 1 or more", shape);
}

/// Whether an int counts the values of a sample of that shape. One without sizes is another error.
constexpr bool is_countable(const Shape& shape) {
  if (!has_sizes(shape)) return true;
  long long values = 1;
  for (int i = 0; i < shape.rank(); ++i) {
    values *= shape[i];
    if (values > std::numeric_limits<int>::max()) return false;
  }
  return true;
}
/// Throws SpecError where it does not.
constexpr void require_countable(const Shape& shape) {
  if (!is_countable(shape)) shape_error("fewer than 2147483648 values", shape);
}

/// A size that layers have added or multiplied up, as an int. Throws SpecError where none holds it.
constexpr int size_of_output(long long size) {
  if (size > std::numeric_limits<int>::max()) shape_error("an output of fewer than 2147483648 values", "more");
  return static_cast<int>(size);
}

/// Elementwise layers: same shape out as in.
constexpr Shape same_shape(std::span<const Shape> inputs) {
  return inputs[0];
}

namespace detail {

struct AnyOption {
  template <class V>
  constexpr void operator()(const char*, V&&) const {}
};
/// What a layer with default options is asked about, to see whether it answers in a constant expression.
inline constexpr Shape kImages[] = {{8, 8, 8}, {8, 8, 8}, {8, 8, 8}, {8, 8, 8}};
inline constexpr Shape kVectors[] = {{8}, {8}, {8}, {8}};
constexpr std::size_t inputs_of(const Traits& t) {
  return static_cast<std::size_t>(t.inputs == Traits::kTwoOrMore ? 2 : t.inputs);
}
template <class L>
concept ConstantForImages = requires {
  typename std::bool_constant<(L{}.output_shape(std::span(kImages, inputs_of(L::kTraits))).rank() > 0)>;
  typename std::bool_constant<(L{}.params(std::span(kImages, inputs_of(L::kTraits))).size() < 99)>;
};
template <class L>
concept ConstantForVectors = requires {
  typename std::bool_constant<(L{}.output_shape(std::span(kVectors, inputs_of(L::kTraits))).rank() > 0)>;
  typename std::bool_constant<(L{}.params(std::span(kVectors, inputs_of(L::kTraits))).size() < 99)>;
};
template <class L>
concept ConstantForItsExample = requires {
  typename std::bool_constant<(L{}.output_shape(std::span<const Shape>(L::kExampleInputs)).rank() > 0)>;
  typename std::bool_constant<(L{}.params(std::span<const Shape>(L::kExampleInputs)).size() < 99)>;
};

}  // namespace detail

template <class L>
concept HasType = requires {
  typename std::bool_constant<(std::string_view(L::kType).size() > 0)>;
};
template <class L>
concept HasTraits = requires {
  { L::kTraits } -> std::convertible_to<const Traits&>;
  typename std::bool_constant<L::kTraits.saves>;
};
template <class L>
concept HasFields = requires(const L& constant, L& layer) {
  L::fields(constant, detail::AnyOption{});
  L::fields(layer, detail::AnyOption{});
};
template <class L>
concept HasOutputShape = requires(const L& layer, std::span<const Shape> inputs) {
  { layer.output_shape(inputs) } -> std::same_as<Shape>;
};
template <class L>
concept HasParams = requires(const L& layer, std::span<const Shape> inputs) {
  { layer.params(inputs) } -> std::same_as<ParamSpecs>;
};
template <class L>
concept HasSavedBytes = requires(const L& layer, std::span<const Shape> inputs) {
  { layer.saved_bytes(inputs, 1, sizeof(float)) } -> std::same_as<std::size_t>;
};
template <class L>
concept HasMultiplyAdds = requires(const L& layer, std::span<const Shape> inputs) {
  { layer.multiply_adds(inputs) } -> std::same_as<std::size_t>;
};
template <class L>
concept AnswersAtCompileTime =
    detail::ConstantForImages<L> || detail::ConstantForVectors<L> || detail::ConstantForItsExample<L>;

/// A struct of options that may stand in a network.
template <class L>
concept LayerOptions = std::default_initializable<L> && std::copyable<L> && HasType<L> && HasTraits<L> &&
    HasFields<L> && HasOutputShape<L> && HasParams<L> && AnswersAtCompileTime<L> && HasSavedBytes<L>
== L::kTraits.saves&& HasMultiplyAdds<L> == !L::kTraits.light &&
    (!L::kTraits.foldable || requires(L layer) { layer.bias = true; });

/// One error for each thing that is missing, instead of one for the lot.
template <class L>
struct CheckedLayer {
  static_assert(std::default_initializable<L> && std::copyable<L>,
                "a layer is a struct that can be copied and has a default for each option");
  static_assert(HasType<L>, "a layer needs its name in files: static constexpr std::string_view kType = \"…\";");
  static_assert(HasTraits<L>, "a layer needs: static constexpr Traits kTraits{…};");
  static_assert(
      HasFields<L>,
      "a layer needs: template <class Self, class V> static constexpr void fields(Self& self, V&& visit) that "
      "calls visit(\"option\", self.option) for each option");
  static_assert(HasOutputShape<L>, "a layer needs: constexpr Shape output_shape(std::span<const Shape> inputs) const");
  static_assert(HasParams<L>,
                "a layer needs: constexpr ParamSpecs params(std::span<const Shape> inputs) const (return {} if it has "
                "none)");
  static_assert(AnswersAtCompileTime<L>,
                "output_shape and params must be constexpr, and with default options accept 8x8x8 or 8 values, or else "
                "the layer needs: static constexpr Shape kExampleInputs[] = {…};");
  static_assert(HasSavedBytes<L> == L::kTraits.saves,
                "kTraits.saves and constexpr std::size_t saved_bytes(std::span<const Shape> inputs, int batch, "
                "std::size_t scalar) const go together");
  static_assert(HasMultiplyAdds<L> == !L::kTraits.light,
                "a layer either is light (kTraits.light) or needs: constexpr std::size_t "
                "multiply_adds(std::span<const Shape> inputs) const");
  static_assert(
      !L::kTraits.foldable || requires(L layer) { layer.bias = true; }, "a foldable layer has an option 'bias'");
  static constexpr bool value = LayerOptions<L>;
};

}  // namespace lineament
