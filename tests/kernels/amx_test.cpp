// Products on AMX: which run there, and what they give beside vectors.
#include <bit>
#include <cmath>
#include <limits>

#include "kernels/common/amx.hpp"
#include "kernels/compare.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/zoo/networks.hpp"
#include "support/networks.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

bool has_isa(const std::string& name) {
  const std::vector<std::string> isas = available_isas();
  return std::find(isas.begin(), isas.end(), name) != isas.end();
}

std::vector<float> output_of(const Network& network, const RunOptions& options) {
  LayerRun<float> run(network, options);
  for (std::size_t i = 0; i < run.inputs(); ++i)
    put(run.input(i), random_values<double>(run.input(i).size(), i + 1, -1, 1));
  run.forward();
  CHECK(run.intact());
  return copy_of(run.output());
}

/// A convolution with random weights, whose output a second input may be added to.
Network convolution(int height, int width, int in, int out, int kernel) {
  Network network(one_layer(Conv2d{.channels = out, .kernel = kernel, .padding = Padding::same}), {height, width, in},
                  1);
  put(network.weights(), random_values<double>(network.weights().size(), 30));
  return network;
}

}  // namespace

TEST_CASE("amx: rows of words are cut into equal parts") {
  for (const auto& [length, words] : {std::pair{1, 1}, {16, 16}, {24, 12}, {17, 1}, {34, 2}, {40, 10}, {144, 16}})
    CHECK(amx_words(length) == words);
  for (int length = 1; length < 300; ++length) {
    CHECK(length % amx_words(length) == 0);
    CHECK(amx_words(length) <= kAmxWords);
  }
}

TEST_CASE("amx: int8 gives the bits of vectors") {
  if (!has_isa("amx")) LINEAMENT_SKIP("this processor has no AMX");
  const IsaRestorer restorer;
  struct Size {
    int height, width, in, out, kernel;
  };
  std::vector<Size> sizes;
  // Rows of a product: less than a register, its rows, a few more, two registers and more than those.
  for (const int width : {1, 2, 7, 15, 16, 17, 31, 32, 33, 47, 48, 49, 64, 65})
    for (const int out : {1, 15, 16, 17, 32, 33, 100})
      for (const int in : {16, 64, 72, 160}) sizes.push_back({1 + width % 3, width, in, out, 1});
  for (const int width : {2, 5, 16, 19, 34, 50})
    for (const int in : {6, 16, 32, 64}) sizes.push_back({4, width, in, 40, 3});
  const Epilogue epilogues[] = {
      {}, {.relu = true}, {.add = true}, {.hard_swish = true}, {.relu = true, .max_pool = true}};
  int on_amx = 0;
  for (const Size& s : sizes) {
    const Network network = convolution(s.height, s.width, s.in, s.out, s.kernel);
    for (const Epilogue& epilogue : epilogues) {
      RunOptions options{
          .batch = 2, .precision = Precision::int8, .kernel = "int8", .epilogue = epilogue, .range = {-1, 1}};
      if (epilogue.max_pool && (s.height < 2 || s.width < 2)) continue;
      force_isa("amx");
      if (!find_kernel<float>(last_layer(network, options), "int8").fuses(last_layer(network, options), epilogue))
        continue;
      INFO(s.height << "x" << s.width << "x" << s.in << " to " << s.out << ", kernel " << s.kernel);
      on_amx += runs_on_amx(s.kernel * ((s.in + 3) / 4));
      const std::vector<float> tiles = output_of(network, options);
      options.threads = 3;
      CHECK(output_of(network, options) == tiles);
      force_isa("avx512");
      CHECK(output_of(network, options) == tiles);
    }
  }
  CHECK(on_amx > 1000);
}

TEST_CASE("amx: whole networks give what vectors give, and the same bits on any number of threads") {
  if (!has_isa("amx")) LINEAMENT_SKIP("this processor has no AMX");
  const IsaRestorer restorer;
  for (const NamedNetwork& named : named_networks()) {
    const Network network(named.spec(false, kValues), named.input, 1);
    std::vector<float> pictures(2 * named.input.size());
    put(std::span(pictures), random_values<double>(pictures.size(), 1, 0, 1));
    const std::vector<LayerRange> ranges = measure_ranges(network, pictures);
    for (const Precision precision : {Precision::int8, Precision::bf16, Precision::fp32}) {
      INFO(named.name << ", precision " << static_cast<int>(precision));
      const auto output = [&](const std::string& isa, int threads) {
        force_isa(isa);
        InferenceSession session(network, {.batch = 2, .threads = threads, .precision = precision, .ranges = ranges});
        std::copy(pictures.begin(), pictures.end(), session.input().begin());
        return copy_of(session.forward());
      };
      const std::vector<float> one = output("amx", 1);
      CHECK(output("amx", 2) == one);
      CHECK(output("amx", 4) == one);
      // In bfloat16 vectors of these processors multiply floats, but for the weights of dense layers.
      CHECK(difference(one, output("avx512", 1)) < (precision == Precision::bf16 ? 0.05 : 1e-4));
    }
  }
}

TEST_CASE("amx: products in fp32 are about as near to the definition as Winograd's, and NaN stays NaN") {
  if (!has_isa("amx")) LINEAMENT_SKIP("this processor has no AMX");
  const IsaRestorer restorer;
  force_isa("amx");
  struct Size {
    int height, width, in, out, kernel;
  };
  std::vector<Size> sizes{{6, 19, 64, 40, 3}, {16, 16, 96, 33, 1}, {4, 50, 32, 130, 5}, {9, 4, 72, 16, 3}};
  for (const int width : {16, 17, 31, 32, 33, 50, 65})
    for (const int out : {1, 16, 17, 33}) sizes.push_back({1, width, 80, out, 1});
  for (const Size& s : sizes) {
    INFO(s.height << "x" << s.width << "x" << s.in << " to " << s.out << ", kernel " << s.kernel);
    const Network network = convolution(s.height, s.width, s.in, s.out, s.kernel);
    const RunOptions options{.batch = 2, .kernel = "bf16x3"};
    const std::vector<float> got = output_of(network, options);
    LayerRun<double> exact(BasicNetwork<double>(network), {.batch = 2});
    put(exact.input(), random_values<double>(exact.input().size(), 1, -1, 1));
    exact.forward();
    CHECK(difference(got, exact.output()) < 8e-6);

    LayerRun<float> run(network, options);
    for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::bit_cast<float>(0xFFFFFFFFu)}) {
      put(run.input(), random_values<double>(run.input().size(), 1, -1, 1));
      run.input()[0] = value;
      run.forward();
      CHECK(std::isnan(run.output()[0]));
      CHECK_FALSE(std::isnan(run.output().back()));
    }
  }
}

TEST_CASE("amx: halves of floats are rounded alike wherever they lie, in strips and in parts of rows") {
  if (!has_isa("amx")) LINEAMENT_SKIP("this processor has no AMX");
  const IsaRestorer restorer;
  force_isa("amx");
  for (const int stride : {1, 2})
    for (const Padding padding : {Padding::same, Padding::valid, Padding::fixed})
      for (const int kernel : {1, 3, 5})
        for (const int channels : {32, 40, 48, 72}) {
          if (kernel == 1 && padding == Padding::fixed) continue;
          const Conv2d conv{.channels = 24,
                            .kernel = kernel,
                            .stride = stride,
                            .padding = padding,
                            .pad = padding == Padding::fixed ? 1 : 0};
          INFO("kernel " << kernel << ", stride " << stride << ", padding " << static_cast<int>(padding) << ", "
                         << channels << " channels");
          Network network(one_layer(conv), {18, 11, channels}, 1);
          put(network.weights(), random_values<double>(network.weights().size(), 30));
          const auto output = [&](int batch, int threads, int row_parts, const Epilogue& epilogue) {
            LayerRun<float> run(
                network,
                {.batch = batch, .threads = threads, .kernel = "bf16x3", .epilogue = epilogue, .row_parts = row_parts});
            // Half-way between two bfloat16: what is left may be of either sign.
            for (std::size_t i = 0; i < run.input().size(); ++i)
              run.input()[i] = (1 + static_cast<float>(i % 97) / 128 + 1 / 256.0f) * (i % 3 == 0 ? -1 : 1);
            run.forward();
            CHECK(run.intact());
            return copy_of(run.output());
          };
          for (const Epilogue& epilogue : {Epilogue{}, Epilogue{.relu = true, .max_pool = kernel > 1}}) {
            const std::vector<float> one = output(1, 1, 0, epilogue);
            for (const int threads : {2, 3}) CHECK(output(1, threads, 0, epilogue) == one);
            if (!epilogue.max_pool)
              for (const int parts : {2, 3}) CHECK(output(1, 1, parts, epilogue) == one);
            const std::vector<float> two = output(2, 1, 0, epilogue);
            CHECK(std::equal(one.begin(), one.end(), two.begin()));
          }
        }
}

TEST_CASE("amx: 3x3 convolutions run in bfloat16 there, and those in which a register would be nearly empty do not") {
  if (!has_isa("amx")) LINEAMENT_SKIP("this processor has no AMX");
  const IsaRestorer restorer;
  const auto kernel = [](const std::string& isa, int in, int window, Mode mode = Mode::infer) {
    force_isa(isa);
    const Network network = convolution(20, 20, in, 32, window);
    return find_kernel<float>(last_layer(network, {.mode = mode, .precision = Precision::bf16}), "").name();
  };
  CHECK(kernel("amx", 32, 3) == "bf16");
  CHECK(kernel("amx", 64, 1) == "bf16");
  CHECK(kernel("amx", 34, 1) == "pointwise");  // 17 words
  CHECK(kernel("amx", 64, 1, Mode::train) == "pointwise_bf16");
  CHECK(kernel("amx", 34, 1, Mode::train) == "pointwise");
  // In fp32 from 32 channels on, and where a register's rows have pixels.
  const auto in_floats = [&](int in, int side) {
    force_isa("amx");
    return find_kernel<float>(last_layer(convolution(side, side, in, 32, 1), {}), "").name();
  };
  CHECK(in_floats(32, 4) == "bf16x3");
  CHECK(in_floats(32, 3) == "pointwise");
  CHECK(in_floats(24, 4) == "pointwise");
  CHECK(in_floats(34, 4) == "pointwise");
  // Vectors multiply bfloat16 more slowly than floats on the processors that have AMX.
  CHECK(kernel("avx512", 64, 1) == "pointwise");
}
