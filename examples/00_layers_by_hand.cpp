// A small convolutional network trained by calling each layer's definition by hand: nothing but headers and Eigen, no
// library to link, no Network, no Session. It learns where in a noisy image a bright spot is; the loss falls.
// Build: g++ -std=c++20 -O2 -Iinclude -isystem /usr/include/eigen3 examples/00_layers_by_hand.cpp -o layers_by_hand
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include "lineament/random.hpp"
#include "lineament/reference/all.hpp"

using namespace lineament;
using Values = std::vector<float>;
constexpr int kBatch = 16, kSize = 12;
constexpr float kRate = 0.2f;

/// A layer with its parameters, their gradients, and memory for what it outputs.
template <class L>
struct Trained {
  L layer;
  Shape in, out;
  std::vector<Values> params, gradients;
  std::vector<std::byte> saved;
  Values x, y, dx;

  Trained(const L& l, const Shape& input) : layer(l), in(input), out(l.output_shape({&in, 1})) {
    Random random(1, in.size());
    for (const ParamSpec& p : layer.params({&in, 1})) {
      gradients.emplace_back(p.shape.size(), 0.0f);
      params.emplace_back(p.shape.size(), 0.0f);
      if (p.init == Init::weight)
        for (float& w : params.back()) w = random.normal(0, std::sqrt(1.0f / float(p.fan_in)));
    }
    saved.resize(saved_bytes(layer, {&in, 1}, kBatch, sizeof(float)));
    dx.resize(kBatch * in.size());
    y.resize(kBatch * out.size());
  }
  const Values& forward(const Values& input) {
    x = input;
    const View<const float> view{x.data(), kBatch, in};
    const std::vector<std::span<const float>> p(params.begin(), params.end());
    Forward<float> f;
    f.inputs = {&view, 1};
    f.output = {y.data(), kBatch, out};
    f.params = p;
    f.saved = saved;
    f.mode = Mode::train;
    Reference<L>::forward(layer, f);
    return y;
  }
  /// Returns the gradient with respect to the input, and moves the parameters against theirs.
  const Values& backward(const Values& dy) {
    const View<const float> view{x.data(), kBatch, in};
    const View<float> dx_view{dx.data(), kBatch, in};
    const std::vector<std::span<const float>> p(params.begin(), params.end());
    const std::vector<std::span<float>> dp(gradients.begin(), gradients.end());
    Backward<float> b;
    b.inputs = {&view, 1};
    b.output = {y.data(), kBatch, out};
    b.output_gradient = {dy.data(), kBatch, out};
    b.input_gradients = {&dx_view, 1};
    b.params = p;
    b.param_gradients = dp;
    b.saved = saved;
    Reference<L>::backward(layer, b);
    for (std::size_t i = 0; i < params.size(); ++i)
      for (std::size_t k = 0; k < params[i].size(); ++k) params[i][k] -= kRate * std::exchange(gradients[i][k], 0.0f);
    return dx;
  }
};

int main() {
  Trained conv(Conv2d{.channels = 8}, Shape{kSize, kSize, 1});
  Trained relu(ReLU{}, conv.out);
  Trained pool(MaxPool{}, relu.out);
  Trained flat(Flatten{}, pool.out);
  Trained dense(Dense{.features = 2}, flat.out);
  float first = 0, mean = 0;
  for (int step = 0; step < 400; ++step) {
    Random random(2, static_cast<std::uint64_t>(step));
    Values images(kBatch * kSize * kSize), wanted, gradient;
    for (float& v : images) v = random.uniform(0, 0.3f);
    for (std::uint32_t i = 0; i < kBatch; ++i) {
      const std::uint32_t row = random.below(kSize), column = random.below(kSize);
      images[(i * kSize + row) * kSize + column] = 2;
      wanted.insert(wanted.end(), {float(row) / kSize, float(column) / kSize});
    }
    const Values& y = dense.forward(flat.forward(pool.forward(relu.forward(conv.forward(images)))));
    float loss = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      loss += (y[i] - wanted[i]) * (y[i] - wanted[i]) / float(y.size());
      gradient.push_back(2 * (y[i] - wanted[i]) / float(y.size()));
    }
    conv.backward(relu.backward(pool.backward(flat.backward(dense.backward(gradient)))));
    mean += loss / 50;
    if (step % 50 < 49) continue;
    std::printf("step %3d  loss %.4f\n", step + 1, double(mean));
    if (first == 0) first = mean;
    if (step == 399) return mean < first / 2 ? 0 : 1;
    mean = 0;
  }
}
