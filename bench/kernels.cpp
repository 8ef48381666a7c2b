// Question: how near to the machine's limit do the convolution kernels come, layer by layer? For each convolution of
// the named networks, a few that other networks have, and each kernel that fits it: GFLOP/s, counted as a direct
// convolution's (two for each multiply-add), and as a share of the peak that a loop of multiply-adds in registers
// reaches on one core now (Winograd may pass 100 %: it needs fewer; int8 and bfloat16 may: their instructions do more).
// Beside it Eigen's matrix product of the same size, without the im2col it would need, and the largest error against
// the definition in double. --batch N takes N images instead of 2; --help shows the options of Google Benchmark.
#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>

#include <cmath>
#include <map>
#include <string>

#include "kernels/registry.hpp"
#include "limits.hpp"
#include "lineament/buffer.hpp"
#include "lineament/random.hpp"
#include "lineament/reference/conv2d.hpp"
#include "lineament/threads.hpp"
#include "lineament/zoo/networks.hpp"

using namespace lineament;

namespace {

using Values = Buffer<float>;  // aligned, as a session's memory is

Values random_values(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  Values values(size);
  for (float& v : values.span()) v = random.uniform(-1, 1);
  return values;
}

std::size_t input_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(g.batch) * static_cast<std::size_t>(g.in_h * g.in_w * g.in_c);
}
std::size_t output_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(g.batch) * static_cast<std::size_t>(g.out_h * g.out_w * g.out_c);
}
/// Of a window: multiply-adds for each value of the output.
int window_size(const ConvGeometry& g, int width) {
  return g.kernel * width * (g.in_c / g.groups);
}
struct Case {
  std::string name;
  Conv2d layer;
  Shape input;
  ConvGeometry g;
};

bool is_depthwise(const ConvGeometry& g) {
  return g.groups > 1;
}

/// One kernel and what it is asked: in the mode given, and the first precision that it does not refuse.
struct KernelCase {
  const ConvKernel* kernel;
  ConvProblem problem;

  static std::optional<KernelCase> make(const ConvKernel* kernel, const Case& c, Mode mode) {
    const ConvWindow window{c.layer.is_plain(), c.layer.window_width(), c.layer.dilation};
    if (!window.plain && !kernel->any_window()) return std::nullopt;
    for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::int8}) {
      const ConvProblem p{.g = c.g, .window = window, .mode = mode, .precision = precision, .range = {-1, 1}};
      if (kernel->unfit(p) == nullptr) return KernelCase{kernel, p};
    }
    return std::nullopt;
  }
};

/// Made ready outside the measured time, as a session does it.
struct Run {
  explicit Run(const KernelCase& c) : Run(c.problem, c.kernel->memory(c.problem)) {
    c.kernel->pack_weights(c.problem, w.data(), nullptr, packed.span(), threads);
  }
  Run(const ConvProblem& p, const Needs& needs)
      : x(random_values(input_size(p.g), 1)),
        w(random_values(static_cast<std::size_t>(window_size(p.g, p.window.width) * p.g.out_c), 2)),
        y(output_size(p.g)),
        dy(random_values(output_size(p.g), 3)),
        dx(input_size(p.g)),
        dw(w.size()),
        packed(needs.packed),
        scratch(needs.scratch) {}
  void forward(const KernelCase& c) {
    c.kernel->run(c.problem, {.x = x.data(),
                              .w = w.data(),
                              .packed = packed.span(),
                              .y = y.data(),
                              .scratch = scratch.span(),
                              .threads = &threads});
  }
  void backward(const KernelCase& c) {
    c.kernel->gradients(c.problem, {.x = x.data(),
                                    .w = w.data(),
                                    .dy = {.dy = dy.data()},
                                    .dx = dx.data(),
                                    .dw = dw.data(),
                                    .scratch = scratch.span(),
                                    .threads = &threads});
  }
  Values x, w, y, dy, dx, dw;
  Buffer<std::byte> packed, scratch;
  Threads threads{1};
};

/// Largest difference from the definition in double, as a share of the largest output.
double error(const Case& c, const Run& r) {
  const std::vector<double> x(r.x.data(), r.x.data() + r.x.size()), w(r.w.data(), r.w.data() + r.w.size());
  std::vector<double> y(r.y.size());
  const View<const double> inputs[] = {{x.data(), c.g.batch, c.input}};
  const std::span<const double> params[] = {w};
  Forward<double> f;
  f.inputs = inputs;
  f.output = {y.data(), c.g.batch, Shape{c.g.out_h, c.g.out_w, c.g.out_c}};
  f.params = params;
  Conv2d layer = c.layer;
  layer.bias = false;  // kernels get none here
  Reference<Conv2d>::forward(layer, f);
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    worst = std::max(worst, std::abs(y[i] - static_cast<double>(r.y.data()[i])));
    largest = std::max(largest, std::abs(y[i]));
  }
  return worst / largest;
}

void count(benchmark::State& state, const Case& c, double passes, double limit) {
  const double flops = 2 * passes * static_cast<double>(output_size(c.g)) * window_size(c.g, c.layer.window_width());
  const double done = flops * static_cast<double>(state.iterations()) / 1e9;
  state.counters["GFLOP/s"] = benchmark::Counter(done, benchmark::Counter::kIsRate);
  state.counters["of_peak"] = benchmark::Counter(done / limit, benchmark::Counter::kIsRate);
}

void forward(benchmark::State& state, const Case& c, const KernelCase& kernel) {
  Run r(kernel);
  const double limit = peak_gflops();
  for (auto _ : state) r.forward(kernel);
  count(state, c, 1, limit);
  state.counters["error"] = error(c, r);
}

void backward(benchmark::State& state, const Case& c, const KernelCase& kernel) {
  Run r(kernel);
  const double limit = peak_gflops();
  for (auto _ : state) r.backward(kernel);
  count(state, c, 2, limit);
}

void eigen(benchmark::State& state, const Case& c) {
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Matrix a = Matrix::Random(c.g.batch * c.g.out_h * c.g.out_w, window_size(c.g, c.layer.window_width())),
               b = Matrix::Random(a.cols(), c.g.out_c);
  Matrix product(a.rows(), b.cols());
  const double limit = peak_gflops();
  for (auto _ : state) {
    product.noalias() = a * b;
    benchmark::DoNotOptimize(product.data());
  }
  count(state, c, 1, limit);
}

Case make_case(const std::string& network, const Conv2d& conv, const Shape& in, int batch) {
  const ConvGeometry g = conv.geometry(in, batch);
  const std::string name =
      to_string(in) + "_to_" + to_string(Shape{g.out_h, g.out_w, g.out_c}) + "_k" + std::to_string(g.kernel) +
      (conv.kernel_width > 0 ? "x" + std::to_string(conv.kernel_width) : "") + "_s" + std::to_string(g.stride) +
      (conv.dilation > 1 ? "_dilation" + std::to_string(conv.dilation) : "") + (is_depthwise(g) ? "_depthwise" : "");
  return {network + "/" + name, conv, in, g};
}

/// Every convolution of the named networks once, by its sizes, and what residual networks and larger windows need.
std::vector<Case> cases(int batch) {
  std::map<std::string, Case> found;
  for (const NamedNetwork& named : named_networks()) {
    const Spec spec = named.spec(true, kValues);
    const Shapes shapes = infer_shapes(spec, named.input);
    for (NodeId id = 1; id <= spec.size(); ++id) {
      const auto* conv = std::get_if<Conv2d>(&spec[id].layer);
      if (conv == nullptr) continue;
      Case c = make_case(std::string(named.name), *conv, shapes[spec[id].inputs[0]], batch);
      found.emplace(c.name.substr(c.name.find('/')), std::move(c));
    }
  }
  std::vector<Case> list;
  for (auto& [name, c] : found) list.push_back(c);
  const auto other = [&](const Shape& in, int channels, int kernel, int stride, int width = 0, int dilation = 1) {
    const Conv2d layer{.channels = channels,
                       .kernel = kernel,
                       .stride = stride,
                       .bias = false,
                       .kernel_width = width,
                       .dilation = dilation};
    list.push_back(make_case("other", layer, in, batch));
  };
  other({112, 112, 3}, 64, 7, 2);
  other({56, 56, 64}, 128, 3, 2);
  other({28, 28, 128}, 128, 3, 1);
  other({14, 14, 256}, 256, 3, 1);
  other({56, 56, 64}, 128, 1, 2);
  other({28, 28, 64}, 64, 5, 1);
  other({14, 14, 256}, 256, 3, 2);
  other({28, 28, 64}, 64, 1, 1, 7);
  other({28, 28, 64}, 64, 3, 1, 0, 2);
  return list;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);  // takes its own options out
  CLI::App app;
  int batch = 2;
  app.add_option("--batch", batch, "Images")->check(CLI::PositiveNumber)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  static const std::vector<Case> all = cases(batch);
  for (const Case& c : all) {
    for (const ConvKernel* kernel : conv_kernels()) {
      if (is_depthwise(c.g) && kernel->name() != "depthwise") continue;
      const std::string name = c.name + "/" + std::string(kernel->name());
      const auto train = KernelCase::make(kernel, c, Mode::train);
      auto infer = KernelCase::make(kernel, c, Mode::infer);
      if (!infer) infer = train;
      if (infer)
        benchmark::RegisterBenchmark((name + "/forward").c_str(), forward, c, *infer)
            ->UseRealTime()
            ->Unit(benchmark::kMicrosecond);
      if (train)
        benchmark::RegisterBenchmark((name + "/backward").c_str(), backward, c, *train)
            ->UseRealTime()
            ->Unit(benchmark::kMicrosecond);
    }
    if (!is_depthwise(c.g))
      benchmark::RegisterBenchmark((c.name + "/eigen_gemm/forward").c_str(), eigen, c)
          ->UseRealTime()
          ->Unit(benchmark::kMicrosecond);
  }
  benchmark::RunSpecifiedBenchmarks();
}
