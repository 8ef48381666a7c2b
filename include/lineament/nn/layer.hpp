// What every layer has in common: how it states its shapes and parameters. How it computes is said once more, in Eigen,
// in lineament/reference.
//
// A layer is a plain struct of options with
// - static constexpr std::string_view kType: its name in files;
// - static constexpr Traits kTraits: what the memory plan must know;
// - template <class Self, class V> static constexpr void fields(Self&, V&&): its options, for reading and writing
//   files;
// - constexpr Shape output_shape(std::span<const Shape> inputs) const;
// - constexpr ParamSpecs params(std::span<const Shape> inputs) const, if it has parameters.
#pragma once
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "lineament/error.hpp"
#include "lineament/nn/shape.hpp"

namespace lineament {

/// Where the first values of a parameter come from.
enum class Init {
  zero,
  one,
  quarter,  ///< 0.25: PReLU's slope (He et al. 2015)
  weight,   ///< He et al. 2015 (normal, fan in) before a ReLU; a twentieth of Glorot & Bengio 2010 for the network's
            ///< last layer
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

/// A short list by value, usable in constant expressions.
class ParamSpecs {
 public:
  constexpr ParamSpecs() = default;
  constexpr ParamSpecs(std::initializer_list<ParamSpec> specs) {
    for (const auto& spec : specs) push(spec);
  }
  constexpr void push(const ParamSpec& spec) { specs_[count_++] = spec; }
  constexpr const ParamSpec* begin() const { return specs_.data(); }
  constexpr const ParamSpec* end() const { return specs_.data() + count_; }
  constexpr std::size_t size() const { return count_; }

 private:
  std::array<ParamSpec, 4> specs_{};
  std::size_t count_ = 0;
};

/// What the memory plan must know of a layer.
struct Traits {
  int inputs = 1;                      ///< number of inputs; -1: two or more
  bool backward_reads_input = false;   ///< the inputs must be kept until `backward`
  bool backward_reads_output = false;  ///< the output must be kept until `backward`
  bool forward_in_place = false;       ///< the output may be the same memory as the input
  bool forward_keeps_values = false;   ///< in place, and without changing a value (flatten)
  bool backward_in_place = false;      ///< the input gradient may be the same memory as the output gradient
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
constexpr void require_at_least(const char* option, int value, int least) {
  if (value < least) option_error(option, least == 0 ? "0 or more" : "1 or more", value);
}

/// Elementwise layers: same shape out as in.
constexpr Shape same_shape(std::span<const Shape> inputs) {
  return inputs[0];
}

}  // namespace lineament
