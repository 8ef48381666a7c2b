// int8 and bfloat16 kernels against the definition in double on rounded weights and inputs: on every instruction set,
// for any number of threads, on awkward sizes.
#include "kernels/common/amx.hpp"
#include "kernels/common/isa.hpp"
#include "kernels/compare.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/zoo/networks.hpp"
#include "support/networks.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

struct Case {
  Layer layer;
  Shape input;
  int batch;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> list = [] {
    std::vector<Case> all;
    struct Size {
      int height, width, in, out, kernel, stride, batch;
    };
    for (const Size& s : {Size{1, 1, 1, 1, 1, 1, 1}, Size{4, 6, 3, 15, 3, 1, 2}, Size{18, 14, 3, 33, 3, 2, 1},
                          Size{15, 17, 17, 31, 3, 2, 3}, Size{6, 26, 4, 32, 3, 1, 5}, Size{7, 7, 8, 130, 7, 1, 2},
                          Size{9, 11, 5, 48, 1, 1, 3}, Size{12, 12, 96, 16, 1, 1, 1}, Size{13, 3, 6, 20, 5, 1, 1},
                          Size{1, 50, 2, 17, 2, 2, 1}, Size{5, 34, 60, 48, 3, 1, 2}, Size{6, 33, 24, 100, 1, 1, 3}})
      for (const Padding padding : {Padding::same, Padding::fixed, Padding::valid}) {
        if (padding == Padding::valid && std::min(s.height, s.width) < s.kernel) continue;
        const Conv2d conv{.channels = s.out,
                          .kernel = s.kernel,
                          .stride = s.stride,
                          .padding = padding,
                          .pad = padding == Padding::fixed ? 1 : 0,
                          .bias = s.batch != 2};
        all.push_back({conv, {s.height, s.width, s.in}, s.batch});
      }
    for (const int in : {1, 6, 64, 3001})
      for (const int out : {1, 16, 130})
        for (const int batch : {1, 5, 100}) all.push_back({Dense{.features = out}, Shape{in}, batch});
    return all;
  }();
  return list;
}

double to_bf16(double value) {
  int exponent;
  const double mantissa = std::frexp(value, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(mantissa, 8)), exponent - 8);
}

/// Whether the kernel takes the layer on the instruction set in use.
bool runs(const Network& network, const RunOptions& options) {
  const auto kernels = fitting_kernels<float>(last_layer(network, options));
  return std::any_of(kernels.begin(), kernels.end(), [&](const auto* k) { return k->name() == options.kernel; });
}

/// Runs a case on every instruction set that has a kernel and compares with `wanted`.
void check(const Network& network, const std::vector<double>& input, const std::vector<double>& wanted,
           RunOptions options, bool (*has)()) {
  for (const std::string& isa : available_isas()) {
    INFO(isa);
    force_isa(isa);
    if (!has()) continue;
    if (!runs(network, options)) {
      const Conv2d* conv = std::get_if<Conv2d>(&network.spec()[1].layer);
      const int channels = network.input_shape()[network.input_shape().rank() - 1];
      const int words = (conv == nullptr ? 1 : conv->kernel) * ((channels + 1) / 2);  // of bfloat16
      const bool expected =
          options.precision == Precision::bf16 ? has_amx() && amx_words(words) < 4 : !multiplies_bytes();
      CHECK(expected);
      continue;
    }
    std::vector<float> one;
    for (const int threads : {1, 2, 4}) {
      options.threads = threads;
      LayerRun<float> run(network, options);
      put(run.input(), input);
      run.forward();
      CHECK(run.intact());
      const std::span<const float> output = run.output();
      if (threads == 1) {
        one.assign(output.begin(), output.end());
        CHECK(difference(one, wanted) < 1e-5);
      }
      CHECK(std::equal(output.begin(), output.end(), one.begin(), one.end()));
    }
  }
}

/// The network with weights round(weight, step). Steps are such that a column's weights are 127 at most, and with
/// `pairs` the sums of two neighbouring channels' 128.
template <class Round>
BasicNetwork<double> with_weights(const Network& network, Round&& round, bool pairs = false) {
  BasicNetwork<double> rounded(network);
  const ParamInfo& weight = rounded.param(rounded.params().front().name);
  const int rank = weight.shape.rank();
  const auto columns = static_cast<std::size_t>(weight.shape[rank - 1]),
             channels = static_cast<std::size_t>(weight.shape[rank - 2]);
  const std::span<double> values = rounded.values(weight);
  for (std::size_t n = 0; n < columns; ++n) {
    double step = 0;
    for (std::size_t i = n; i < values.size(); i += columns) {
      step = std::max(step, std::abs(values[i]) / 127);
      const bool second = i / columns % channels % 2 != 0;
      if (pairs && second) step = std::max(step, std::abs(values[i] + values[i - columns]) / 127.999);
    }
    for (std::size_t i = n; i < values.size(); i += columns) values[i] = round(values[i], step);
  }
  return rounded;
}

bool no_int8_products() {
  return !has_int8_products();
}

/// A layer, inputs for it, and both as int8 rounds them. Inputs are near whole numbers of
/// steps, so that rounding is never a matter of the last digit; some are beyond the range.
struct Quantised {
  Network network;
  BasicNetwork<double> rounded;
  std::vector<double> input, steps;

  Quantised(const Layer& layer, const Shape& shape, int batch, Range range, bool pairs = false)
      : network(with_random_weights(layer, shape)),
        rounded(with_weights(
            network, [](double w, double step) { return std::nearbyint(w / step) * step; }, pairs)) {
    const double step = (range.high - range.low) / 255.0, zero = std::nearbyint(-range.low / step);
    for (const double u : random_values<double>(static_cast<std::size_t>(batch) * shape.size(), 1, -0.3f, 1.3f)) {
      const double q = std::floor(u * 255);
      input.push_back((q - zero + 0.3 * u) * step);
      steps.push_back((std::clamp(q, 0.0, 255.0) - zero) * step);
    }
  }

 private:
  static Network with_random_weights(const Layer& layer, const Shape& shape) {
    Network network(one_layer(layer), shape, 1);
    put(network.weights(), random_values<double>(network.weights().size(), 30));
    return network;
  }
};

/// Whether the kernel takes the epilogue in.
bool takes(const Network& network, const RunOptions& options) {
  force_isa(available_isas().front());
  const OpProblem problem = last_layer(network, options);
  return find_kernel<float>(problem, options.kernel).fuses(problem, options.epilogue);
}

/// What the layer, perhaps a ReLU and a 2x2 max-pool give.
std::vector<double> exact_output(const BasicNetwork<double>& layer, const std::vector<double>& input, int batch,
                                 bool pool = false, bool relu = true) {
  Spec spec = Spec() << layer.spec()[1].layer;
  if (relu) spec << ReLU{};
  if (pool) spec << MaxPool{};
  BasicNetwork<double> network(spec, layer.input_shape(), 1);
  std::copy(layer.weights().begin(), layer.weights().end(), network.weights().begin());
  BasicInferenceSession<double> exact(network, {.batch = batch});
  put(exact.input(), input);
  return copy_of(exact.forward());
}

}  // namespace

TEST_CASE("kernels: int8 is the layer with rounded weights and inputs") {
  const IsaRestorer restorer;
  for (const Range range : {Range{0, 3}, Range{-1.5f, 2.25f}})
    for (const Case& c : cases())
      for (const bool pool : {false, true}) {
        const Shape shape = output_shape(Spec() << c.layer, c.input);
        if (pool && (shape.rank() != 3 || shape.height() < 2 || shape.width() < 2)) continue;
        INFO(type_of(c.layer) << " of " << to_string(c.input) << ", batch " << c.batch << ", from " << range.low
                              << ", pool " << pool);
        const RunOptions options{.batch = c.batch,
                                 .precision = Precision::int8,
                                 .kernel = "int8",
                                 .epilogue = {.relu = true, .max_pool = pool},
                                 .range = range};
        for (const auto& [pairs, has] : {std::pair{false, &has_int8_products}, {true, &no_int8_products}}) {
          const Quantised q(c.layer, c.input, c.batch, range, pairs);
          if (pool && !takes(q.network, options)) continue;
          check(q.network, q.input, exact_output(q.rounded, q.steps, c.batch, pool), options, has);
        }
      }
}

TEST_CASE("kernels: depthwise int8 is the layer with rounded weights and inputs") {
  const IsaRestorer restorer;
  force_isa(available_isas().front());
  if (!has_int8_products()) LINEAMENT_SKIP("this processor has no products of bytes");
  struct Size {
    int height, width, channels, kernel, stride, batch;
  };
  std::vector<Size> sizes = {
      {33, 40, 24, 3, 1, 2}, {34, 21, 130, 5, 1, 1}, {12, 13, 8, 2, 1, 1}, {15, 11, 65, 7, 1, 2}};
  for (const int channels : {3, 8, 17, 64, 72, 120})
    for (const int kernel : {3, 5})
      for (const int stride : {1, 2, 3})
        for (int side = 1; side <= 9; side += stride)
          sizes.push_back({side, 10 - side, channels, kernel, stride, side % 2 + 1});
  for (const Size& s : sizes)
    for (const Padding padding : {Padding::same, Padding::fixed, Padding::valid}) {
      if (padding == Padding::valid && std::min(s.height, s.width) < s.kernel) continue;
      const Conv2d conv{.channels = s.channels,
                        .kernel = s.kernel,
                        .stride = s.stride,
                        .padding = padding,
                        .pad = padding == Padding::fixed ? s.kernel / 2 : 0,
                        .groups = Conv2d::kDepthwise,
                        .bias = s.batch != 2};
      const Range range = s.height % 2 == 0 ? Range{0, 3} : Range{-1.5f, 2.25f};
      const Shape shape{s.height, s.width, s.channels};
      INFO(to_string(shape) << ", kernel " << s.kernel << ", stride " << s.stride << ", padding "
                            << static_cast<int>(padding) << ", batch " << s.batch);
      const Quantised q(conv, shape, s.batch, range);
      for (const bool relu : {true, false})
        check(q.network, q.input, exact_output(q.rounded, q.steps, s.batch, false, relu),
              {.batch = s.batch,
               .precision = Precision::int8,
               .kernel = "depthwise_int8",
               .epilogue = {.relu = relu},
               .range = range},
              &has_int8_products);
    }
}

TEST_CASE("kernels: products of bfloat16 are the layer with rounded weights and inputs") {
  const IsaRestorer restorer;
  force_isa(available_isas().front());
  if (!has_bf16_products()) LINEAMENT_SKIP("this processor has no products of bfloat16");
  for (const Case& c : cases()) {
    const bool dense = std::holds_alternative<Dense>(c.layer) || c.input == Shape{1, 1, 1};
    if (dense && c.batch < 4) continue;  // left to bf16_weights
    INFO(type_of(c.layer) << " of " << to_string(c.input) << ", batch " << c.batch);
    Network network(one_layer(c.layer), c.input, 1);
    put(network.weights(), random_values<double>(network.weights().size(), 30));
    const auto rounded = with_weights(network, [](double w, double) { return to_bf16(w); });
    std::vector<double> input = random_values<double>(static_cast<std::size_t>(c.batch) * c.input.size(), 1), steps;
    for (double& v : input) steps.push_back(to_bf16(v));
    check(network, input, exact_output(rounded, steps, c.batch),
          {.batch = c.batch, .precision = Precision::bf16, .kernel = "bf16", .epilogue = {.relu = true}},
          has_bf16_products);
  }
}

TEST_CASE("kernels: in training 1x1 convolutions in bfloat16 round both sides of the output and the input gradient") {
  const IsaRestorer restorer;
  force_isa(available_isas().front());
  if (!has_bf16_products()) LINEAMENT_SKIP("this processor has no products of bfloat16");
  struct Size {
    int height, width, in, out, batch;
  };
  for (const Size& s : {Size{1, 2, 2, 2, 1}, Size{7, 5, 6, 18, 3}, Size{14, 14, 96, 34, 2}, Size{20, 31, 16, 130, 1},
                        Size{9, 11, 64, 24, 2}})
    for (const bool bias : {true, false}) {
      INFO(s.height << "x" << s.width << "x" << s.in << " to " << s.out << ", batch " << s.batch << ", bias " << bias);
      Network network(one_layer(Conv2d{.channels = s.out, .kernel = 1, .bias = bias}), {s.height, s.width, s.in}, 1);
      put(network.weights(), random_values<double>(network.weights().size(), 30));
      const auto pixels = static_cast<std::size_t>(s.batch * s.height * s.width);
      const std::vector<double> x = random_values<double>(pixels * static_cast<std::size_t>(s.in), 1),
                                dy = random_values<double>(pixels * static_cast<std::size_t>(s.out), 2);
      const auto round = [](std::vector<double> values) {
        for (double& v : values) v = to_bf16(v);
        return values;
      };
      const auto lists_of = [&](auto&& run, const std::vector<double>& in, const std::vector<double>& gradient) {
        std::vector<std::vector<double>> lists;
        const auto keep = [&](const auto& values) { lists.emplace_back(values.begin(), values.end()); };
        put(run.input(), in);
        run.forward();
        keep(run.output());
        put(run.output_gradient(), gradient);
        run.backward();
        CHECK(run.intact());
        keep(run.input_gradient());
        for (std::size_t i = 0; i < run.params(); ++i) keep(run.param_gradient(i));
        return lists;
      };
      const auto rounded = with_weights(network, [](double w, double) { return to_bf16(w); });
      const BasicNetwork<double> exact(network);
      RunOptions options{.mode = Mode::train, .batch = s.batch};
      const auto wanted = lists_of(LayerRun<double>(rounded, options), round(x), round(dy));
      const auto plain = lists_of(LayerRun<double>(exact, options), x, dy);
      options.precision = Precision::bf16;
      options.kernel = "pointwise_bf16";
      if (!runs(network, options)) {
        CHECK((has_amx() && std::min(amx_words(s.in / 2), amx_words(s.out / 2)) < 4));
        continue;
      }
      std::vector<std::vector<double>> first;
      for (const int threads : {1, 2, 4}) {
        options.threads = threads;
        const auto got = lists_of(LayerRun<float>(network, options), x, dy);
        if (threads == 1) first = got;
        CHECK(got == first);
        CHECK(difference(got[0], wanted[0]) < 1e-5);
        CHECK(difference(got[1], wanted[1]) < 1e-5);
        // The weights' gradient is of numbers that were not rounded.
        for (std::size_t i = 2; i < got.size(); ++i) CHECK(difference(got[i], plain[i]) < 1e-5);
      }
    }
}

TEST_CASE("kernels: mobile in training in bfloat16 is close to fp32, and the same bits on any number of threads") {
  const NamedNetwork& named = named_networks()[2];
  REQUIRE(named.name == "mobile");
  constexpr int kBatch = kSanitized ? 2 : 5;
  const auto run = [&](Precision precision, int threads) {
    Network network(named.spec(true, kValues), named.input, 1);
    TrainingSession session(network, {.batch = kBatch, .threads = threads, .precision = precision});
    put(session.input(), random_values<double>(kBatch * named.input.size(), 1, 0, 1));
    const auto output = copy_of(session.forward());
    put(session.output_gradient(), random_values<double>(output.size(), 2));
    session.backward();
    return std::pair(output, copy_of(session.gradients()));
  };
  const auto fp32 = run(Precision::fp32, 1), bf16 = run(Precision::bf16, 1);
  CHECK(difference(bf16.first, fp32.first) < 0.2);
  CHECK(run(Precision::bf16, 3) == bf16);
  if (has_bf16_products()) CHECK(difference(bf16.first, fp32.first) > 1e-6);
}

TEST_CASE("kernels: products of bfloat16 keep what is not a number through a ReLU") {
  const IsaRestorer restorer;
  Network network(Spec() << Conv2d{.channels = 8} << ReLU{} << Conv2d{.channels = 2}, {5, 5, 4}, 1);
  network.values(network.param("conv2d_1.bias"))[0] = std::numeric_limits<float>::quiet_NaN();
  for (const std::string& isa : available_isas()) {
    force_isa(isa);
    INFO(isa);
    InferenceSession session(network, {.precision = Precision::bf16});
    session.forward();
    CHECK(std::isnan(session.output()[0]));
  }
}
