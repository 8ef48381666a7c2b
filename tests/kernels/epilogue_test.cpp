// What a kernel does beside its layer, when inferring: with an epilogue, and in parts of rows, it gives the bits that
// it gives without, on every instruction set.
#include "kernels/compare.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

struct Case {
  Layer layer;
  Shape input;
  int batch;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> list{
      {Conv2d{.channels = 17}, {18, 15, 3}, 2},
      {Conv2d{.channels = 33, .kernel = 5, .stride = 2, .bias = false}, {19, 22, 4}, 1},
      {Conv2d{.channels = 6, .groups = 3}, {8, 9, 6}, 1},
      {Conv2d{.channels = 16, .kernel = 3, .padding = Padding::valid}, {9, 40, 5}, 1},
      {Conv2d{.channels = 32}, {37, 10, 16}, 1},
      {Conv2d{.channels = 48}, {8, 12, 32}, 3},
      {Conv2d{.channels = 70}, {4, 5, 9}, 1},
      {Conv2d{.channels = 35, .kernel = 1}, {23, 14, 12}, 1},
      {Conv2d{.channels = 8, .kernel = 1, .bias = false}, {6, 7, 3}, 5},
      {Conv2d{.channels = 40, .kernel = 1}, {5, 7, 64}, 2},
      {Conv2d{.channels = 20, .groups = Conv2d::kDepthwise}, {41, 9, 20}, 1},
      {Conv2d{.channels = 7, .kernel = 5, .stride = 2, .groups = Conv2d::kDepthwise}, {12, 9, 7}, 2},
      {Conv2d{.channels = 19, .kernel = 6, .padding = Padding::valid}, {6, 6, 8}, 2},
      {Dense{.features = 33}, {129}, 1},
      {Dense{.features = 18, .bias = false}, {1031}, 5}};
  return list;
}

/// In the order of the kernels' operations.
float hard_swish(float x) {
  return x * (std::min(std::max(x + 3.0f, 0.0f), 6.0f) * (1.0f / 6));
}

/// Sum, ReLU or hard-swish, and 2x2 max-pool of one sample after the other.
std::vector<float> finished(std::vector<float> y, const std::vector<float>& other, const Shape& shape, Epilogue e) {
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (e.add) y[i] += other[i];
    if (e.relu) y[i] = std::max(y[i], 0.0f);
    if (e.hard_swish) y[i] = hard_swish(y[i]);
  }
  if (!e.max_pool) return y;
  const auto width = static_cast<std::size_t>(shape.width()), channels = static_cast<std::size_t>(shape.channels());
  std::vector<float> pooled;
  for (std::size_t image = 0; image < y.size() / shape.size(); ++image)
    for (int row = 0; row + 1 < shape.height(); row += 2)
      for (std::size_t column = 0; column + 1 < width; column += 2)
        for (std::size_t c = 0; c < channels; ++c) {
          const float* at =
              y.data() + image * shape.size() + (static_cast<std::size_t>(row) * width + column) * channels + c;
          pooled.push_back(std::max({at[0], at[channels], at[width * channels], at[(width + 1) * channels]}));
        }
  return pooled;
}

std::vector<float> output_of(const Network& network, const RunOptions& options, const std::vector<float>& other) {
  LayerRun<float> run(network, options);
  put(run.input(), random_values<double>(run.input().size(), 1));
  if (options.epilogue.add) std::copy(other.begin(), other.end(), run.input(1).begin());
  run.forward();
  CHECK(run.intact());
  return copy_of(run.output());
}

/// Calls f(network, options, kernel) for every kernel of every case, precision and instruction set.
template <class F>
void each_kernel(F&& f) {
  const IsaRestorer restorer;
  for (const Case& c : cases()) {
    Network network(one_layer(c.layer), c.input, 1);
    put(network.weights(), random_values<double>(network.weights().size(), 30));
    for (const std::string& isa : available_isas()) {
      force_isa(isa);
      for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::int8}) {
        RunOptions options{.batch = c.batch, .precision = precision, .range = {-1, 1}};
        for (const Kernel<float>* kernel : fitting_kernels<float>(last_layer(network, options))) {
          options.kernel = kernel->name();
          INFO(type_of(c.layer) << " of " << to_string(c.input) << " on " << options.kernel << ", " << isa);
          f(network, options, *kernel);
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("epilogue: sum, ReLU or hard-swish and max-pool give the same bits in the kernel as after it") {
  int fused = 0, swishes[3] = {};  // by precision
  each_kernel([&](const Network& network, RunOptions options, const Kernel<float>& kernel) {
    const auto other = random_values<float>(static_cast<std::size_t>(options.batch) * network.output_shape().size(), 7);
    const std::vector<float> plain = output_of(network, options, other);
    for (int flags = 1; flags < 16; ++flags) {
      options.epilogue = {.add = flags % 2 != 0,
                          .relu = flags / 2 % 2 != 0,
                          .max_pool = flags / 4 % 2 != 0,
                          .hard_swish = flags / 8 != 0};
      if (options.epilogue.relu && options.epilogue.hard_swish) continue;
      const Shape& shape = network.output_shape();
      if (options.epilogue.max_pool && (shape.rank() != 3 || shape.height() < 2 || shape.width() < 2)) continue;
      if (!kernel.fuses(last_layer(network, options), options.epilogue)) continue;
      for (options.threads = 1; options.threads <= 3; options.threads += 2) {
        INFO("epilogue " << flags << ", " << options.threads << " threads");
        CHECK(output_of(network, options, other) == finished(plain, other, shape, options.epilogue));
      }
      options.threads = 1;
      ++fused;
      if (options.epilogue.hard_swish) ++swishes[static_cast<int>(options.precision)];
    }
  });
  CHECK(fused > 100);
  CHECK(swishes[static_cast<int>(Precision::fp32)] > 5);
  CHECK(swishes[static_cast<int>(Precision::int8)] > 5);
}

TEST_CASE("rows: made in parts, each in its share of the scratch, they are the same bits") {
  int cut = 0;
  each_kernel([&](const Network& network, RunOptions options, const Kernel<float>& kernel) {
    const int height = network.output_shape().height();
    if (options.batch > 1 || height < 2) return;
    const std::vector<float> whole = output_of(network, options, {});
    for (options.row_parts = 2; options.row_parts <= 4; ++options.row_parts) {
      const OpProblem problem = last_layer(network, options);
      const auto read = kernel.rows_read(problem, {0, height / options.row_parts});
      if (!read) continue;
      INFO(options.row_parts << " parts");
      CHECK(read->begin >= 0);
      CHECK(read->end <= problem.inputs[0].height());
      CHECK(output_of(network, options, {}) == whole);
      ++cut;
    }
  });
  CHECK(cut > 20);
}
