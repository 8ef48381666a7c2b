// A layer that this library does not know, as a value that a Spec can hold:
//
//   struct ChannelGain { … };                       // options as those of a built-in layer: see nn/layer.hpp
//   net.add(custom(ChannelGain{.scale = 2}), from);  // in constant expressions, too
//   register_layer<ChannelGain>();                  // once, before files with it are loaded
//
// How it computes is said by template members `forward` and `backward` of the struct (the contract stands in
// reference/reference.hpp), or by a specialisation of Reference<> as for built-in layers; for float and double.
//
// Limits: at most 8 options, each a bool, int, float or double; no batch norm is folded into it; it runs in fp32.
#pragma once
#include <array>

#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"
#include "lineament/nn/pass.hpp"

namespace LINEAMENT_API lineament {

/// One option of a layer of a user's own.
struct CustomOption {
  enum class Kind { flag, whole, real };
  const char* name = "";
  Kind kind = Kind::real;
  double value = 0;  ///< what it is where nothing else is said
};

/// What is known of a layer of a user's own: made by `custom` and `register_layer`.
struct CustomType {
  using Options = std::span<const double>;
  using Shapes = std::span<const Shape>;

  std::string_view type;
  Traits traits;
  std::span<const CustomOption> options;
  Shape (*output_shape)(Options, Shapes);
  ParamSpecs (*params)(Options, Shapes);
  std::size_t (*saved_bytes)(Options, Shapes, int batch, std::size_t scalar);
  std::size_t (*multiply_adds)(Options, Shapes);
  void (*forward_float)(Options, const Forward<float>&);
  void (*backward_float)(Options, const Backward<float>&);
  void (*forward_double)(Options, const Forward<double>&);
  void (*backward_double)(Options, const Backward<double>&);
};

class Custom {
 public:
  static constexpr std::string_view kType = "custom";
  static constexpr std::size_t kMaxOptions = 8;

  /// Its options are their defaults.
  constexpr explicit Custom(const CustomType& type) : type_(&type) {
    for (std::size_t i = 0; i < type.options.size(); ++i) options_[i] = type.options[i].value;
  }

  /// "channel_gain".
  constexpr std::string_view type() const { return type_->type; }
  constexpr Traits traits() const { return type_->traits; }
  constexpr std::span<const double> options() const { return {options_.data(), type_->options.size()}; }
  constexpr void set_option(std::size_t i, double value) { options_[i] = value; }

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    for (std::size_t i = 0; i < self.type_->options.size(); ++i) {
      const CustomOption& option = self.type_->options[i];
      if (option.kind == CustomOption::Kind::flag) self.template field<bool>(self, i, visit);
      if (option.kind == CustomOption::Kind::whole) self.template field<int>(self, i, visit);
      if (option.kind == CustomOption::Kind::real) self.template field<double>(self, i, visit);
    }
  }
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return type_->output_shape(options(), inputs); }
  constexpr ParamSpecs params(std::span<const Shape> inputs) const { return type_->params(options(), inputs); }
  constexpr std::size_t saved_bytes(std::span<const Shape> inputs, int batch, std::size_t scalar) const {
    return type_->saved_bytes(options(), inputs, batch, scalar);
  }
  constexpr std::size_t multiply_adds(std::span<const Shape> inputs) const {
    return type_->multiply_adds(options(), inputs);
  }

  void forward(const Forward<float>& f) const { type_->forward_float(options(), f); }
  void forward(const Forward<double>& f) const { type_->forward_double(options(), f); }
  void backward(const Backward<float>& b) const { type_->backward_float(options(), b); }
  void backward(const Backward<double>& b) const { type_->backward_double(options(), b); }

 private:
  template <class Value, class Self, class V>
  static constexpr void field(Self& self, std::size_t i, V&& visit) {
    Value value = static_cast<Value>(self.options_[i]);
    visit(self.type_->options[i].name, value);
    if constexpr (!std::is_const_v<Self>) self.options_[i] = static_cast<double>(value);
  }

  const CustomType* type_;
  std::array<double, kMaxOptions> options_{};
};

namespace detail {

/// Notes the options of a layer as `fields` visits them.
struct OptionList {
  std::array<CustomOption, Custom::kMaxOptions + 1> options{};
  std::size_t count = 0;

  template <class Value>
  constexpr void operator()(const char* name, const Value& value) {
    using Kind = CustomOption::Kind;
    static_assert(std::same_as<Value, bool> || std::same_as<Value, int> || std::same_as<Value, float> ||
                      std::same_as<Value, double>,
                  "an option of a layer of your own is a bool, int, float or double");
    constexpr Kind kKind = std::same_as<Value, bool> ? Kind::flag : std::same_as<Value, int> ? Kind::whole : Kind::real;
    if (count <= Custom::kMaxOptions) options[count] = {name, kKind, static_cast<double>(value)};
    ++count;
  }
};
template <class L>
constexpr OptionList option_list(const L& layer) {
  OptionList list;
  L::fields(layer, list);
  return list;
}
template <class L>
inline constexpr OptionList kOptions = option_list(L{});

template <class L>
constexpr L with_options(std::span<const double> options) {
  L layer{};
  std::size_t i = 0;
  L::fields(layer, [&]<class Value>(const char*, Value& value) { value = static_cast<Value>(options[i++]); });
  return layer;
}

template <class L, class T>
concept ComputesItself = requires(const L& layer, const Forward<T>& f, const Backward<T>& b) {
  layer.forward(f);
  layer.backward(b);
};
template <class L, class T>
concept HasReference = requires(const L& layer, const Forward<T>& f, const Backward<T>& b) {
  Reference<L>::forward(layer, f);
  Reference<L>::backward(layer, b);
};
template <class L>
void run(std::span<const double> options, const auto& pass) {
  const L layer = with_options<L>(options);
  constexpr bool kForward = requires {
    pass.output_gradient;
  }
  == false;
  if constexpr (kForward && requires { layer.forward(pass); })
    layer.forward(pass);
  else if constexpr (kForward)
    Reference<L>::forward(layer, pass);
  else if constexpr (requires { layer.backward(pass); })
    layer.backward(pass);
  else
    Reference<L>::backward(layer, pass);
}

template <class L>
constexpr CustomType custom_type() {
  using Options = CustomType::Options;
  using Shapes = CustomType::Shapes;
  return {.type = L::kType,
          .traits = L::kTraits,
          .options = std::span(kOptions<L>.options.data(), kOptions<L>.count),
          .output_shape = [](Options o, Shapes in) { return with_options<L>(o).output_shape(in); },
          .params = [](Options o, Shapes in) { return with_options<L>(o).params(in); },
          .saved_bytes = [](Options o, Shapes in, int batch, std::size_t scalar) -> std::size_t {
            if constexpr (L::kTraits.saves) return with_options<L>(o).saved_bytes(in, batch, scalar);
            return 0;
          },
          .multiply_adds = [](Options o, Shapes in) -> std::size_t {
            if constexpr (!L::kTraits.light) return with_options<L>(o).multiply_adds(in);
            return 0;
          },
          .forward_float = run<L>,
          .backward_float = run<L>,
          .forward_double = run<L>,
          .backward_double = run<L>};
}
template <class L>
inline constexpr CustomType kCustomType = custom_type<L>();

template <class L>
constexpr void check_custom() {
  static_assert(CheckedLayer<L>::value);
  static_assert(kOptions<L>.count <= Custom::kMaxOptions, "a layer of your own has at most 8 options");
  static_assert(L::kTraits.inputs != 0, "a layer of your own has an input");
  static_assert(!L::kTraits.foldable && !L::kTraits.quantisable,
                "a layer of your own runs in fp32 and takes no batch norm in: leave out foldable and quantisable");
  static_assert(
      (ComputesItself<L, float> && ComputesItself<L, double>) || (HasReference<L, float> && HasReference<L, double>),
      "a layer of your own needs members forward(const Forward<T>&) const and backward(const Backward<T>&) "
      "const for float and double, or Reference<> of it");
}

/// Throws ArgumentError if another layer has that name.
void register_layer(const CustomType& type);

}  // namespace detail

/// A layer of a user's own with its options.
template <class L>
constexpr Custom custom(const L& layer) {
  detail::check_custom<L>();
  Custom result(detail::kCustomType<L>);
  const detail::OptionList list = detail::option_list(layer);
  for (std::size_t i = 0; i < list.count; ++i) result.set_option(i, list.options[i].value);
  return result;
}

/// Makes files that hold such layers loadable; again is no error. From any thread. Throws ArgumentError if another
/// layer has that name.
template <class L>
void register_layer() {
  detail::check_custom<L>();
  detail::register_layer(detail::kCustomType<L>);
}

/// A registered layer, or nullptr; and the names of all, "a, b".
const CustomType* find_registered_layer(std::string_view type);
std::string registered_layers();

}  // namespace lineament
