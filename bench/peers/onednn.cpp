// oneDNN beside this library: forward passes, and a step of training put together by hand from its primitives and a
// loop for Adam. Variants say how activations are laid out: any (as oneDNN chooses), blocked (a vector of channels at a
// time) or nhwc; any-winograd and blocked-winograd use Winograd's algorithm, which oneDNN has to be asked for, where it
// has it.
#include <omp.h>

#include "onednn_network.hpp"

namespace {

using peers::OneDnnNetwork;

/// In blocks of another size there are only reference loops, which take minutes.
peers::Tag blocked_layout() {
  using dnnl::cpu_isa;
  const cpu_isa isa = dnnl::get_effective_cpu_isa();
  const bool narrow = isa == cpu_isa::sse41 || isa == cpu_isa::avx || isa == cpu_isa::avx2 || isa == cpu_isa::avx2_vnni;
  return narrow ? peers::Tag::nChw8c : peers::Tag::nChw16c;
}

peers::Settings settings(const peers::Options& o, bool training) {
  peers::Settings s{.training = training};
  if (o.variant.starts_with("nhwc")) s.layout = peers::Tag::nhwc;
  if (o.variant.starts_with("blocked")) s.layout = blocked_layout();
  if (o.variant.ends_with("-winograd")) s.convolution = peers::algorithm::convolution_winograd;
  return s;
}

std::vector<float> first_samples(const peers::Options& o, const std::string& ending, std::size_t values) {
  return peers::read(o.network + ending, static_cast<std::size_t>(o.batch) * values);
}

std::vector<float> inputs(const peers::Options& o) {
  const peers::Layer input = peers::read_layers(o.network + ".txt").front();
  return first_samples(o, ".input.bin", static_cast<std::size_t>(input.height * input.width * input.channels));
}

void infer(const peers::Options& o) {
  OneDnnNetwork network(o.network, o.batch, settings(o, false));
  const std::vector<float> input = inputs(o);
  network.set_input(input);
  network.forward();
  if (!o.output.empty()) peers::write(o.output, network.all_outputs());
  peers::print_result(peers::measure(
      o.seconds, [&] { network.set_input(input); }, [&] { network.forward(); }));
}

/// Adam as in PyTorch: beta 0.9 and 0.999, epsilon 1e-8, no weight decay.
class Adam {
 public:
  explicit Adam(std::span<const OneDnnNetwork::Parameter> parameters) : parameters_(parameters) {
    for (const auto& p : parameters) moments_.emplace_back(2 * OneDnnNetwork::values(p.value).size());
  }

  void step() {
    ++step_;
    const double rate = peers::kLearningRate / (1 - std::pow(0.9, step_)), second = 1 / (1 - std::pow(0.999, step_));
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const std::span<float> w = OneDnnNetwork::values(parameters_[i].value);
      update(w.data(), OneDnnNetwork::floats(parameters_[i].gradient), moments_[i].data(),
             moments_[i].data() + w.size(), w.size(), static_cast<float>(rate), static_cast<float>(second));
    }
  }

 private:
  static void update(float* __restrict w, const float* __restrict g, float* __restrict m, float* __restrict v,
                     std::size_t n, float rate, float second) {
#pragma omp parallel for simd schedule(static) if (n > 65536)
    for (std::size_t i = 0; i < n; ++i) {
      m[i] = 0.9f * m[i] + 0.1f * g[i];
      v[i] = 0.999f * v[i] + 0.001f * g[i] * g[i];
      w[i] -= rate * m[i] / (std::sqrt(v[i] * second) + 1e-8f);
    }
  }

  std::span<const OneDnnNetwork::Parameter> parameters_;
  std::vector<std::vector<float>> moments_;  // of each parameter: all first, then all second
  int step_ = 0;
};

/// Mean of squared differences, and its gradient.
double loss(std::span<const float> output, std::span<const float> target, std::span<float> gradient) {
  const float share = 2.0f / static_cast<float>(output.size());
  double sum = 0;
  for (std::size_t i = 0; i < output.size(); ++i) {
    const float difference = output[i] - target[i];
    sum += difference * difference;
    gradient[i] = share * difference;
  }
  return sum / static_cast<double>(output.size());
}

void train(const peers::Options& o) {
  OneDnnNetwork network(o.network, o.batch, settings(o, true));
  const std::vector<float> input = inputs(o);
  const std::vector<float> target = peers::read(o.network + ".target.bin", network.output().size());
  Adam adam(network.parameters());
  std::vector<double> losses;
  const auto step = [&] {
    network.forward();
    if (losses.empty() && !o.output.empty()) peers::write(o.output, network.all_outputs());
    losses.push_back(loss(network.output(), target, network.output_gradient()));
    network.backward();
    adam.step();
  };
  const std::vector<double> times = peers::measure(
      o.seconds, [&] { network.set_input(input); }, step);
  peers::print_result(times, losses);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("oneDNN beside this library; run by tools/compare.");
  app.require_subcommand(1);
  peers::Options o;
  const auto with_threads = [&](void (*work)(const peers::Options&)) {
    return [&o, work] {
      omp_set_num_threads(o.threads);
      work(o);
    };
  };
  peers::add_to(*app.add_subcommand("infer", "Forward passes")->callback(with_threads(infer)), o);
  peers::add_to(
      *app.add_subcommand("train", "Steps of training: forward, backward, Adam")->callback(with_threads(train)), o);
  return peers::run(app, argc, argv);
}
