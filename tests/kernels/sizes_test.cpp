// Fast kernels on awkward sizes: a vector's length and one more or less, single pixels, more images than parts.
#include "kernels/compare.hpp"

using namespace lineament;
using namespace lineament::testing;

TEST_CASE("kernels: convolutions of awkward sizes") {
  struct Size {
    int height, width, in, out, kernel, stride, batch;
  };
  for (const Size& s : {Size{1, 1, 1, 1, 1, 1, 1}, Size{3, 7, 3, 15, 3, 1, 2}, Size{17, 15, 3, 33, 3, 1, 1},
                        Size{15, 17, 17, 31, 3, 2, 3}, Size{7, 33, 31, 17, 3, 3, 2}, Size{1, 127, 1, 7, 3, 1, 1},
                        Size{129, 3, 3, 7, 5, 2, 1}, Size{7, 7, 127, 129, 1, 1, 2}, Size{3, 3, 129, 127, 3, 1, 1},
                        Size{7, 15, 7, 16, 3, 1, 9}, Size{15, 7, 3, 8, 3, 2, 8}, Size{31, 33, 1, 3, 2, 1, 5},
                        // Strides beyond the window; pictures taken together and one by one in strips.
                        Size{9, 8, 5, 33, 1, 2, 3}, Size{11, 10, 33, 5, 2, 3, 2}, Size{8, 9, 24, 40, 3, 2, 19},
                        Size{57, 60, 48, 40, 5, 2, 1}, Size{70, 62, 33, 35, 4, 1, 2}})
    for (const Padding padding : {Padding::same, Padding::fixed, Padding::valid}) {
      if (padding == Padding::valid && std::min(s.height, s.width) < s.kernel) continue;
      INFO("kernel " << s.kernel << ", stride " << s.stride << ", padding " << static_cast<int>(padding) << ", out "
                     << s.out);
      compare(Conv2d{.channels = s.out,
                     .kernel = s.kernel,
                     .stride = s.stride,
                     .padding = padding,
                     .pad = 2,
                     .bias = s.batch != 2},
              {s.height, s.width, s.in}, s.batch);
    }
}

TEST_CASE("kernels: 1x1 convolutions of one run of pixels, of several and of parts of one") {
  struct Size {
    int height, width, in, out, batch;
  };
  for (const Size& s : {Size{1, 3, 16, 48, 1}, Size{8, 12, 48, 32, 1}, Size{13, 15, 3, 17, 5}, Size{28, 28, 33, 16, 2}})
    compare(Conv2d{.channels = s.out, .kernel = 1, .bias = s.batch != 2}, {s.height, s.width, s.in}, s.batch);
}

TEST_CASE("kernels: 1x1 convolutions whose last channels are half a vector, a quarter of one, or other parts") {
  for (const int in : {6, 7, 8, 24})
    for (const int out : {1, 2, 4, 8, 12, 20, 23, 24, 36, 40, 48, 56, 68, 72, 80, 112, 120, 130})
      compare(Conv2d{.channels = out, .kernel = 1, .bias = in != 8}, {3, in, in}, 1);
}

TEST_CASE("kernels: a convolution whose window is the whole image is a matrix product") {
  for (const int kernel : {1, 2, 7})
    for (const int batch : {1, 5}) {
      const Conv2d conv{.channels = 35, .kernel = kernel, .padding = Padding::valid, .bias = batch == 1};
      const Network network(Spec() << conv, Shape{kernel, kernel, 33}, 1);
      CHECK(runs_on(network, "gemm", batch));
      compare(conv, {kernel, kernel, 33}, batch);
    }
}

TEST_CASE("kernels: when inferring, a few pixels are a matrix product of their windows") {
  struct Size {
    int height, width, in, out, kernel, stride, batch;
  };
  for (const Size& s : {Size{5, 6, 16, 64, 3, 1, 1}, Size{7, 9, 3, 65, 3, 2, 1}, Size{3, 2, 33, 130, 3, 1, 5},
                        Size{3, 4, 5, 96, 5, 1, 2}, Size{4, 4, 17, 81, 2, 2, 7}})
    for (const Padding padding : {Padding::same, Padding::fixed}) {
      const Conv2d conv{.channels = s.out,
                        .kernel = s.kernel,
                        .stride = s.stride,
                        .padding = padding,
                        .pad = 1,
                        .bias = s.batch != 2};
      const Shape input{s.height, s.width, s.in};
      INFO("kernel " << s.kernel << ", out " << s.out << ", padding " << static_cast<int>(padding));
      if (padding == Padding::same) {
        const Network network(Spec() << conv, input, 1);
        CHECK(runs_on(network, "im2col", s.batch));
      }
      compare(conv, input, s.batch);
    }
}

TEST_CASE("kernels: dense layers with bfloat16 weights are those with rounded weights") {
  const IsaRestorer restorer;
  for (const int in : {1, 17, 600, 3001})
    for (const int out : {1, 15, 16, 130, 257})
      for (const int batch : {1, 3, 5, 35}) {
        if (batch == 35 && in != 600) continue;  // more samples than are summed up together, and several pieces of rows
        INFO(in << " to " << out << ", batch " << batch);
        Network network(Spec() << Dense{.features = out}, Shape{in}, 1);
        put(network.weights(), random_values<double>(network.weights().size(), 30));
        BasicNetwork<double> rounded(network);
        for (double& w : rounded.values(rounded.param("dense_1.weight"))) {
          int exponent;
          const double mantissa = std::frexp(w, &exponent);
          w = std::ldexp(std::nearbyint(std::ldexp(mantissa, 8)), exponent - 8);
        }
        const Results wanted = run_layer(rounded, {.batch = batch});
        for (const std::string& isa : available_isas()) {
          force_isa(isa);
          for (const int threads : {1, 3}) {
            const Results got = run_layer(
                network, {.batch = batch, .threads = threads, .precision = Precision::bf16, .kernel = "bf16_weights"});
            CHECK(got.intact);
            CHECK(difference(got.lists[0], wanted.lists[0]) < 5e-6);
          }
        }
      }
}

TEST_CASE("kernels: parts of a sum that end within one vector's length of each other do not overwrite each other") {
  // Without an instruction for it, storing a part of a vector may write back what was read beside it.
  Network network(Spec() << Dense{.features = 130}, Shape{3001}, 1);
  put(network.weights(), random_values<double>(network.weights().size(), 30));
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    const Results one = run_layer(network, {.batch = 1, .threads = 1, .precision = precision});
    for (int i = 0; i < 50; ++i)
      REQUIRE(run_layer(network, {.batch = 1, .threads = 3, .precision = precision}).lists == one.lists);
  }
}

TEST_CASE("kernels: depthwise convolutions of every small side, and of parts of vectors") {
  const auto check = [](int side, int other, int channels, int kernel, int stride) {
    INFO("kernel " << kernel << ", stride " << stride << ", channels " << channels);
    compare(Conv2d{.channels = channels,
                   .kernel = kernel,
                   .stride = stride,
                   .padding = Padding::fixed,
                   .pad = kernel / 2,
                   .groups = channels,
                   .bias = side % 2 == 0},
            {side, other, channels}, 1);
  };
  for (const int kernel : {3, 5})
    for (const int stride : {1, 2}) {
      for (int side = 1; side <= 9; ++side) check(side, 10 - side, side % 3 == 0 ? 24 : 17, kernel, stride);
      for (const int channels : {2, 7, 8, 9, 15, 16, 31, 33, 40, 72, 130}) check(5, 13, channels, kernel, stride);
    }
}

TEST_CASE("kernels: grouped and depthwise convolutions") {
  struct Size {
    int height, width, in, out, groups, kernel, stride, batch;
  };
  for (const Size& s :
       {Size{7, 15, 6, 9, 3, 3, 1, 2}, Size{15, 7, 34, 34, 2, 3, 2, 3}, Size{3, 3, 3, 9, 3, 3, 1, 1},
        Size{7, 7, 33, 33, 33, 3, 1, 2}, Size{17, 15, 17, 17, 17, 3, 2, 9}, Size{9, 7, 127, 127, 127, 5, 1, 1},
        Size{7, 1, 3, 3, 3, 3, 3, 5}, Size{1, 1, 15, 15, 15, 3, 1, 1}, Size{19, 12, 32, 32, 32, 3, 1, 2},
        Size{12, 19, 48, 48, 48, 3, 2, 3}, Size{2, 3, 16, 16, 16, 3, 1, 9}, Size{11, 13, 20, 20, 20, 7, 2, 2},
        Size{10, 9, 16, 16, 16, 2, 3, 2}, Size{13, 6, 32, 32, 32, 5, 3, 2}})
    for (const Padding padding : {Padding::same, Padding::fixed, Padding::valid}) {
      if (padding == Padding::valid && std::min(s.height, s.width) < s.kernel) continue;
      INFO("groups " << s.groups << ", kernel " << s.kernel << ", stride " << s.stride << ", out " << s.out);
      compare(Conv2d{.channels = s.out,
                     .kernel = s.kernel,
                     .stride = s.stride,
                     .padding = padding,
                     .pad = 2,
                     .groups = s.groups},
              {s.height, s.width, s.in}, s.batch);
    }
}

TEST_CASE("kernels: dense layers of awkward sizes") {
  struct Size {
    int in, out, batch;
  };
  for (const Size& s :
       {Size{1, 1, 1}, Size{3, 7, 2}, Size{15, 17, 3}, Size{33, 31, 5}, Size{127, 129, 8}, Size{129, 127, 9},
        Size{513, 3, 1}, Size{600, 136, 1}, Size{1043, 301, 1}, Size{1031, 129, 3}, Size{1, 33, 2}, Size{769, 1, 2},
        Size{66'000, 2, 1}, Size{1100, 300, 2}, Size{3001, 145, 35}, Size{515, 1031, 7}}) {
    INFO(s.in << " to " << s.out);
    compare(Dense{.features = s.out, .bias = s.batch != 2}, {s.in}, s.batch);
  }
}

TEST_CASE("kernels: a dense layer leaves out inputs that are zero, and nothing else") {
  const IsaRestorer restorer;
  const auto kept = [](double share, std::size_t size) {
    auto values = random_values<double>(size, 1);
    const auto draws = random_values<double>(size, 2, 0, 1);
    for (std::size_t i = 0; i < size; ++i)
      if (draws[i] >= share) values[i] = 0;
    return values;
  };
  struct Size {
    int in, out;
  };
  for (const auto [in, out] : {Size{1030, 3}, Size{1030, 128}, Size{3001, 3}, Size{3001, 145}, Size{66'000, 128}}) {
    Network network(Spec() << Dense{.features = out}, Shape{in}, 1);
    const auto weights = random_values<double>(network.weights().size(), 30);
    put(network.weights(), weights);
    const BasicNetwork<double> doubles(network);
    for (const double share : {0.0, 0.001, 0.5, 1.0}) {
      INFO(in << " to " << out << ", share " << share);
      const auto values = kept(share, static_cast<std::size_t>(in));
      const auto output_for = [&](auto& run, std::size_t nan) {
        put(run.input(), values);
        if (nan < values.size()) run.input()[nan] = std::nanf("");
        run.forward();
        return copy_of(run.output());
      };
      LayerRun<double> exact(doubles, {});
      const auto wanted = output_for(exact, values.size());
      // Weights that would show, were they read.
      put(network.weights(), weights);
      for (std::size_t i = 0; i < values.size(); ++i)
        if (values[i] == 0) std::fill_n(network.weights().data() + i * out, out, std::nanf(""));
      for (const std::string& isa : available_isas())
        for (const Precision precision : {Precision::fp32, Precision::bf16}) {
          force_isa(isa);
          const bool whole = precision == Precision::fp32;
          LayerRun<float> run(network, {.precision = precision, .kernel = whole ? "gemm" : "bf16_weights"});
          for (const RowReading how : {RowReading::near, RowReading::far}) {
            const RowReadingForced leaving_out(how);
            CHECK(difference(output_for(run, values.size()), wanted) < (whole ? 5e-6 : 2e-2));
            for (const std::size_t i : {values.size() / 2, values.size() - 1}) CHECK(std::isnan(output_for(run, i)[0]));
          }
        }
    }
  }
}

TEST_CASE("kernels: pools of awkward sizes") {
  struct Size {
    int height, width, channels, batch;
  };
  for (const Size& s :
       {Size{3, 7, 1, 2}, Size{15, 3, 7, 1}, Size{7, 7, 33, 3}, Size{4, 6, 129, 2}, Size{17, 31, 15, 1}}) {
    for (const int kernel : {1, 2, 3})
      for (const int stride : {1, 2, 3}) {
        INFO("kernel " << kernel << ", stride " << stride);
        compare(MaxPool{.kernel = kernel, .stride = stride}, {s.height, s.width, s.channels}, s.batch);
        compare(AvgPool{.kernel = kernel, .stride = stride}, {s.height, s.width, s.channels}, s.batch);
      }
    compare(GlobalAvgPool{}, {s.height, s.width, s.channels}, s.batch);
  }
}

TEST_CASE("kernels: activations and sums, on one block and on several") {
  for (const int size : {1, 3, 7, 15, 17, 31, 33, 127, 129, 16385, 40000})
    for (const Layer& layer : {Layer(ReLU{}), Layer(SiLU{}), Layer(HardSwish{}), Layer(Sigmoid{}), Layer(Tanh{}),
                               Layer(LeakyReLU{.slope = 0.2})})
      compare(layer, {size}, 1);
  for (const int size : {1, 17, 129, 16385}) {
    compare(Add{}, {size}, 3, 2);
    compare(Add{}, {size}, 1, 3);
    compare(Multiply{}, {size}, 3, 2);
  }
}

TEST_CASE("kernels: a slope or a normalisation for each channel") {
  struct Size {
    int height, width, channels, batch;
  };
  for (const Size& s : {Size{3, 1, 1, 1}, Size{7, 3, 7, 2}, Size{1, 17, 17, 3}, Size{33, 31, 33, 1},
                        Size{129, 33, 3, 2}, Size{3, 3, 129, 5}}) {
    compare(PReLU{}, {s.height, s.width, s.channels}, s.batch);
    compare(BatchNorm{}, {s.height, s.width, s.channels}, s.batch, 1, 1e-5);
  }
  compare(BatchNorm{}, {17}, 9, 1, 1e-5);
  for (const Shape& shape : {Shape{5, 8}, Shape{2, 3, 4, 8}, Shape{301, 3}}) {
    compare(PReLU{}, shape, 2);
    compare(BatchNorm{}, shape, 2, 1, 1e-5);
  }
}

TEST_CASE("kernels: products with one value for each channel") {
  struct Size {
    int height, width, channels, batch;
  };
  for (const Size& s : {Size{1, 3, 1, 1}, Size{7, 3, 7, 2}, Size{1, 17, 17, 3}, Size{33, 31, 33, 1}, Size{3, 3, 129, 5},
                        Size{1, 2, 16'500, 2}}) {
    Spec spec;
    const NodeId gate = spec.add(GlobalAvgPool{}, Spec::kInput, "gate");
    spec.add(Multiply{}, {Spec::kInput, gate}, "product");
    compare_last(spec, {s.height, s.width, s.channels}, s.batch);
  }
}

TEST_CASE("kernels: rectangular and dilated windows") {
  const auto each = [](Conv2d layer, const Shape& input, int batch) {
    for (const Padding padding : {Padding::same, Padding::valid, Padding::fixed})
      for (const int stride : {1, 2}) {
        layer.padding = padding;
        layer.stride = stride;
        layer.pad = 3;
        INFO("padding " << static_cast<int>(padding) << ", stride " << stride);
        compare(layer, input, batch);
      }
  };
  each({.channels = 17, .kernel = 1, .kernel_width = 5}, {3, 9, 3}, 2);
  each({.channels = 33, .kernel = 3, .bias = false, .kernel_width = 1}, {9, 5, 16}, 3);
  each({.channels = 3, .kernel = 3, .dilation = 2}, {11, 9, 7}, 9);
  each({.channels = 32, .kernel = 3, .dilation = 3}, {17, 16, 32}, 1);
  each({.channels = 8, .kernel = 2, .groups = 2, .kernel_width = 3, .dilation = 4}, {13, 17, 6}, 2);
  each({.channels = 12, .groups = Conv2d::kDepthwise, .dilation = 2}, {9, 11, 12}, 2);
}

TEST_CASE("kernels: enlarging, by one and by more") {
  struct Size {
    int height, width, channels, batch;
  };
  for (const Size& s : {Size{1, 1, 1, 1}, Size{1, 5, 7, 2}, Size{4, 1, 17, 3}, Size{9, 7, 33, 1}, Size{3, 2, 129, 2}})
    for (const int factor : {1, 2, 3, 4})
      for (const Interpolation mode : {Interpolation::nearest, Interpolation::bilinear})
        compare(Upsample{.factor = factor, .mode = mode}, {s.height, s.width, s.channels}, s.batch);
}

TEST_CASE("kernels: softmax over channels, and coordinates of heat maps") {
  for (const int size : {1, 3, 15, 16, 17, 31, 33, 129, 16'500}) {
    compare(Softmax{}, {size}, 2);
    if (size < 1000) compare(Softmax{}, {7, 3, size}, 3);
    if (size < 1000) compare(Softmax{}, {64, 65, size}, 1);
  }
  for (const int points : {1, 3, 15, 16, 17, 33, 68})
    for (const Shape& map : {Shape{1, 1, points}, Shape{1, 9, points}, Shape{5, 7, points}, Shape{16, 16, points}})
      compare(SoftArgmax{}, map, points == 17 ? 5 : 1, 1, 5e-5);  // the temperature's gradient is one sum that cancels
}

TEST_CASE("kernels: backward without a wish for input gradients writes none") {
  for (const Layer& layer :
       {Layer(Conv2d{.channels = 3}), Layer(Conv2d{.channels = 3, .dilation = 2}),
        Layer(Conv2d{.channels = 2, .groups = Conv2d::kDepthwise}), Layer(MaxPool{}), Layer(AvgPool{}),
        Layer(GlobalAvgPool{}), Layer(ReLU{}), Layer(PReLU{}), Layer(LeakyReLU{}), Layer(Tanh{}), Layer(Softmax{}),
        Layer(Upsample{}), Layer(SoftArgmax{}), Layer(BatchNorm{}), Layer(Dropout{}), Layer(Flatten{})})
    for (const std::string kernel : {"", "reference"}) {
      INFO(type_of(layer));
      const Network network(one_layer(layer), Shape{4, 4, 2}, 1);
      std::vector<std::vector<float>> gradients;
      for (const bool wanted : {true, false}) {
        LayerRun<float> run(network, {.mode = Mode::train, .batch = 2, .kernel = kernel});
        put(run.input(), random_values<double>(run.input().size(), 1));
        put(run.output_gradient(), random_values<double>(run.output().size(), 2));
        if (!wanted) run.leave_out_input_gradients();
        run.forward();
        run.backward();
        CHECK(run.intact());
        gradients.emplace_back();
        for (std::size_t i = 0; i < run.params(); ++i)
          gradients.back().insert(gradients.back().end(), run.param_gradient(i).begin(), run.param_gradient(i).end());
        const auto untouched = [](float v) { return std::isnan(v); };
        CHECK(std::all_of(run.input_gradient().begin(), run.input_gradient().end(), untouched) == !wanted);
      }
      CHECK(gradients[0] == gradients[1]);
    }
}

TEST_CASE("kernels: what is not a number stays so, and is not taken for a small one") {
  const IsaRestorer restorer;
  for (const Layer& layer :
       {Layer(Conv2d{.channels = 20}), Layer(Conv2d{.channels = 32}), Layer(Conv2d{.channels = 40, .kernel = 1}),
        Layer(Conv2d{.channels = 32, .groups = Conv2d::kDepthwise}), Layer(Conv2d{.channels = 33, .kernel = 9}),
        Layer(BatchNorm{}), Layer(ReLU{}), Layer(LeakyReLU{}), Layer(PReLU{}), Layer(SiLU{}), Layer(HardSwish{}),
        Layer(Sigmoid{}), Layer(Tanh{}), Layer(Softmax{}), Layer(SoftArgmax{}), Layer(Upsample{})})
    for (const std::string& isa : available_isas())
      for (const Mode mode : {Mode::infer, Mode::train}) {
        force_isa(isa);
        const Network network(one_layer(layer), Shape{9, 9, 32}, 1);
        LayerRun<float> run(network, {.mode = mode});
        INFO(type_of(layer) << " " << run.kernel() << ", " << isa);
        put(run.input(), random_values<double>(run.input().size(), 1));
        run.input()[40 * 32 + 5] = std::numeric_limits<float>::quiet_NaN();
        run.forward();
        CHECK(std::any_of(run.output().begin(), run.output().end(), [](float v) { return std::isnan(v); }));
      }
}
