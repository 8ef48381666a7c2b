// Question: how near to the machine's limit do the convolution kernels come, layer by layer? For each convolution of
// the named networks, a few that other networks have, and each kernel that fits it: GFLOP/s, counted as a direct
// convolution's (two for each multiply-add), and as a share of the peak that a loop of multiply-adds in registers
// reaches on one core now (Winograd may pass 100 %: it needs fewer; int8 and bfloat16 may: their instructions do more).
// Beside it Eigen's matrix product of the same size, without the im2col it would need, and the largest error against
// the definition in double.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <map>
#include <string>

#include "kernels/im2col.hpp"
#include "kernels/low_precision.hpp"
#include "kernels/pointwise.hpp"
#include "kernels/winograd.hpp"
#include "lineament/random.hpp"
#include "lineament/reference/conv2d.hpp"
#include "lineament/threads.hpp"
#include "lineament/zoo/networks.hpp"

using namespace lineament;

namespace {

using Values = std::vector<float>;

Values random_values(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  Values values(size);
  for (float& v : values) v = random.uniform(-1, 1);
  return values;
}

/// GFLOP/s of independent multiply-adds in registers, on this core at this moment.
double peak() {
  using Wide = float __attribute__((vector_size(sizeof(float) * 16)));
  Wide sum[12] = {};
  const Wide factor = sum[0] + 1.0000001f, term = sum[0] + 1e-9f;
  constexpr int kRounds = 4'000'000;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kRounds; ++i)
    for (Wide& s : sum) s = s * factor + term;
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  for (Wide& s : sum) benchmark::DoNotOptimize(s);
  return 2.0 * 12 * 16 * kRounds / time.count() / 1e9;
}

std::size_t input_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(g.batch) * static_cast<std::size_t>(g.in_h * g.in_w * g.in_c);
}
std::size_t output_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(g.batch) * static_cast<std::size_t>(g.out_h * g.out_w * g.out_c);
}
std::size_t weights_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(g.kernel * g.kernel) * static_cast<std::size_t>(g.in_c / g.groups * g.out_c);
}

struct Case {
  std::string name;
  Conv2d layer;
  Shape input;
  ConvGeometry g;
};

/// One kernel: made ready outside the measured time, as a session does it.
struct Run {
  explicit Run(const Case& c)
      : g(c.g),
        x(random_values(input_size(g), 1)),
        w(random_values(weights_size(g), 2)),
        y(output_size(g)),
        dy(random_values(output_size(g), 3)),
        dx(input_size(g)),
        dw(weights_size(g)) {}
  ConvGeometry g;
  Values x, w, y, dy, dx, dw, packed, scratch;
  Threads threads{1};
};

struct KernelEntry {
  const char* name;
  bool (*fits)(const ConvGeometry&);
  void (*prepare)(Run&);
  void (*forward)(Run&);
  void (*backward)(Run&);
};
bool is_depthwise(const ConvGeometry& g) {
  return g.groups > 1;
}

template <Number kNumber>
constexpr KernelEntry low_precision(const char* name) {
  return {name, [](const ConvGeometry& g) { return low_precision_fits(g, kNumber); },
          [](Run& r) {
            r.packed.resize(low_precision_weights_size(r.g, kNumber));
            low_precision_weights(r.g, kNumber, r.w.data(), nullptr, {-1, 1}, r.packed.data());
            r.scratch.resize(low_precision_scratch(r.g, kNumber, 1));
          },
          [](Run& r) {
            low_precision_forward(r.g, kNumber, r.x.data(), false, r.packed.data(), {}, r.y.data(), r.scratch.data(),
                                  r.threads);
          },
          nullptr};
}

template <bool kBf16>
KernelEntry pointwise(const char* name, bool (*fits)(const ConvGeometry&)) {
  return {name, fits,
          [](Run& r) {
            r.packed.resize(pointwise_weights_size(r.g, kBf16));
            pointwise_weights(r.g, kBf16, r.w.data(), nullptr, r.packed.data());
            r.scratch.resize(pointwise_scratch(r.g, kBf16, 1));
          },
          [](Run& r) {
            pointwise_forward(r.g, kBf16, r.x.data(), {}, r.packed.data(), nullptr, {}, r.y.data(), {},
                              r.scratch.data(), r.threads);
          },
          [](Run& r) {
            pointwise_backward(r.g, kBf16, r.x.data(), {}, {}, r.w.data(), {r.dy.data()}, r.dx.data(), {}, r.dw.data(),
                               nullptr, r.scratch.data(), r.threads);
          }};
}

const KernelEntry kKernels[] = {
    {"im2col", im2col_fits,
     [](Run& r) {
       r.packed.resize(im2col_weights_size(r.g));
       im2col_weights(r.g, r.w.data(), r.packed.data());
       r.scratch.resize(im2col_scratch(r.g, 1));
     },
     [](Run& r) {
       im2col_forward(r.g, r.x.data(), r.packed.data(), nullptr, {}, r.y.data(), r.scratch.data(), r.threads);
     },
     nullptr},
    {"winograd", winograd_fits,
     [](Run& r) {
       r.packed.resize(winograd_weights_size(r.g));
       winograd_weights(r.g, r.w.data(), r.packed.data(), r.threads);
       r.scratch.resize(winograd_scratch(r.g, true, 1));
     },
     [](Run& r) {
       winograd_forward(r.g, r.x.data(), r.packed.data(), nullptr, {}, r.y.data(), r.scratch.data(), r.threads);
     },
     [](Run& r) {
       winograd_backward(r.g, r.x.data(), r.w.data(), {r.dy.data()}, r.dx.data(), r.dw.data(), nullptr,
                         r.scratch.data(), r.threads);
     }},
    pointwise<false>("pointwise", pointwise_fits),
    pointwise<true>("pointwise_bf16", pointwise_bf16_fits),
    {"depthwise", is_depthwise, [](Run& r) { r.scratch.resize(depthwise_scratch(r.g, true, 1)); },
     [](Run& r) {
       depthwise_forward(r.g, r.x.data(), {}, r.w.data(), nullptr, false, r.y.data(), {}, r.scratch.data(), r.threads);
     },
     [](Run& r) {
       depthwise_backward(r.g, r.x.data(), {}, {}, r.w.data(), {r.dy.data()}, r.dx.data(), {}, r.dw.data(), nullptr,
                          r.scratch.data(), r.threads);
     }},
    {"direct", [](const ConvGeometry& g) { return !is_depthwise(g); },
     [](Run& r) {
       r.packed.resize(conv_weights_size(r.g));
       conv_weights(r.g, r.w.data(), r.packed.data());
       r.scratch.resize(conv_scratch(r.g, true, 1));
     },
     [](Run& r) {
       conv_forward(r.g, r.x.data(), r.packed.data(), nullptr, {}, r.y.data(), r.scratch.data(), r.threads);
     },
     [](Run& r) {
       conv_backward(r.g, r.x.data(), r.w.data(), {r.dy.data()}, r.dx.data(), r.dw.data(), nullptr, r.scratch.data(),
                     r.threads);
     }},
    low_precision<Number::bf16>("bf16"),
    low_precision<Number::int8>("int8"),
};

/// Largest difference from the definition in double, as a share of the largest output.
double error(const Case& c, const Run& r) {
  const std::vector<double> x(r.x.begin(), r.x.end()), w(r.w.begin(), r.w.end());
  std::vector<double> y(r.y.size());
  const View<const double> inputs[] = {{x.data(), c.g.batch, c.input}};
  const std::span<const double> params[] = {w};
  Forward<double> f;
  f.inputs = inputs;
  f.output = {y.data(), c.g.batch, Shape{c.g.out_h, c.g.out_w, c.g.out_c}};
  f.params = params;
  Reference<Conv2d>::forward(c.layer, f);
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    worst = std::max(worst, std::abs(y[i] - static_cast<double>(r.y[i])));
    largest = std::max(largest, std::abs(y[i]));
  }
  return worst / largest;
}

void count(benchmark::State& state, const ConvGeometry& g, double passes, double limit) {
  const double flops = 2 * passes * static_cast<double>(output_size(g)) * g.kernel * g.kernel * (g.in_c / g.groups);
  const double done = flops * static_cast<double>(state.iterations()) / 1e9;
  state.counters["GFLOP/s"] = benchmark::Counter(done, benchmark::Counter::kIsRate);
  state.counters["of_peak"] = benchmark::Counter(done / limit, benchmark::Counter::kIsRate);
}

void forward(benchmark::State& state, const Case& c, const KernelEntry& kernel) {
  Run r(c);
  kernel.prepare(r);
  const double limit = peak();
  for (auto _ : state) kernel.forward(r);
  count(state, c.g, 1, limit);
  state.counters["error"] = error(c, r);
}

void backward(benchmark::State& state, const Case& c, const KernelEntry& kernel) {
  Run r(c);
  kernel.prepare(r);
  const double limit = peak();
  for (auto _ : state) kernel.backward(r);
  count(state, c.g, 2, limit);
}

void eigen(benchmark::State& state, const Case& c) {
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Matrix a = Matrix::Random(c.g.batch * c.g.out_h * c.g.out_w, c.g.kernel * c.g.kernel * c.g.in_c),
               b = Matrix::Random(a.cols(), c.g.out_c);
  Matrix product(a.rows(), b.cols());
  const double limit = peak();
  for (auto _ : state) {
    product.noalias() = a * b;
    benchmark::DoNotOptimize(product.data());
  }
  count(state, c.g, 1, limit);
}

Case make_case(const std::string& network, const Conv2d& conv, const Shape& in, int batch) {
  const ConvGeometry g = conv.geometry(in, batch);
  const std::string name = to_string(in) + "_to_" + to_string(Shape{g.out_h, g.out_w, g.out_c}) + "_k" +
                           std::to_string(g.kernel) + "_s" + std::to_string(g.stride) +
                           (is_depthwise(g) ? "_depthwise" : "");
  return {network + "/" + name, conv, in, g};
}

/// Every convolution of the named networks once, by its sizes, and what residual networks and larger windows need.
std::vector<Case> cases(int batch) {
  std::map<std::string, Case> found;
  for (const NamedNetwork& named : named_networks()) {
    const Spec spec = named.spec(true);
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
  const auto other = [&](const Shape& in, int channels, int kernel, int stride) {
    list.push_back(
        make_case("other", {.channels = channels, .kernel = kernel, .stride = stride, .bias = false}, in, batch));
  };
  other({112, 112, 3}, 64, 7, 2);
  other({56, 56, 64}, 128, 3, 2);
  other({56, 56, 64}, 128, 1, 2);
  other({28, 28, 64}, 64, 5, 1);
  other({14, 14, 256}, 256, 3, 2);
  return list;
}

}  // namespace

int main(int argc, char** argv) {
  static const std::vector<Case> all = cases(2);
  for (const Case& c : all) {
    for (const KernelEntry& kernel : kKernels)
      if (kernel.fits(c.g)) {
        benchmark::RegisterBenchmark((c.name + "/" + kernel.name + "/forward").c_str(), forward, c, kernel)
            ->Unit(benchmark::kMicrosecond);
        if (kernel.backward != nullptr)
          benchmark::RegisterBenchmark((c.name + "/" + kernel.name + "/backward").c_str(), backward, c, kernel)
              ->Unit(benchmark::kMicrosecond);
      }
    if (!is_depthwise(c.g))
      benchmark::RegisterBenchmark((c.name + "/eigen_gemm/forward").c_str(), eigen, c)->Unit(benchmark::kMicrosecond);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
