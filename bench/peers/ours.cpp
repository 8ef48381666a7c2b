// This library beside its peers, on its public API only. `export` writes the networks with their weights and inputs for
// all to read (network_file.hpp says how); `infer` and `train` measure; `cold` loads a model file and runs it once.
#include <algorithm>
#include <filesystem>
#include <map>

#include "lineament/model/model.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/random.hpp"
#include "lineament/train/losses.hpp"
#include "lineament/train/optimizers.hpp"
#include "lineament/zoo/networks.hpp"
#include "network_file.hpp"

using namespace lineament;

namespace {

constexpr std::string_view kWithNorms = "_norms";  // ending of the names of networks with batch norm
const std::map<std::string, Precision> kPrecisions{
    {"", Precision::fp32}, {"bf16", Precision::bf16}, {"int8", Precision::int8}};  // by variant

/// "folder/mobile_norms": the named network mobile, with batch norm.
Network untrained(const std::string& path) {
  std::string name = std::filesystem::path(path).filename();
  const bool norms = name.ends_with(kWithNorms);
  if (norms) name.resize(name.size() - kWithNorms.size());
  for (const NamedNetwork& named : named_networks())
    if (named.name == name) return Network(named.spec(norms, kValues), named.input);
  throw std::runtime_error(name + ": there is no network of this name");
}

/// f(values) for every parameter that is trained, in the order of the layers.
template <class F>
void each_parameter(Network& network, F&& f) {
  for (const ParamInfo& p : network.params())
    if (p.trainable) f(p, network.values(p));
}

Network exported(const std::string& path) {
  Network network = untrained(path);
  std::ifstream file = peers::open(path + ".bin");
  each_parameter(network, [&](const ParamInfo&, std::span<float> values) { peers::read(file, values); });
  return network;
}

/// Weights of which every one matters: none is zero, biases neither, and signals keep their size from layer to layer.
void draw_weights(Network& network) {
  std::uint64_t number = 0;
  each_parameter(network, [&](const ParamInfo& p, std::span<float> values) {
    Random random(1, ++number);
    if (p.init == Init::weight) {
      const float limit = std::sqrt(6.0f / static_cast<float>(p.fan_in));
      for (float& v : values) v = random.uniform(-limit, limit);
    } else if (p.init == Init::one) {
      for (float& v : values) v = random.uniform(0.8f, 1.2f);
    } else {
      for (float& v : values) {
        const float size = random.uniform(0.02f, 0.1f);
        v = random.chance(0.5f) ? size : -size;
      }
    }
  });
}

/// The pixels of padding on every side that give the same result as the layer's own rule.
int symmetric_pad(const Conv2d& conv, const Shape& in) {
  const ConvGeometry g = conv.geometry(in, 1);
  const auto gives = [&](int size, int out) { return (size + 2 * g.pad_top - g.kernel) / g.stride + 1 == out; };
  if (g.pad_top != g.pad_left || !gives(g.in_h, g.out_h) || !gives(g.in_w, g.out_w))
    throw std::runtime_error(
        "a convolution pads one side more than the other: the peers' description has no words for it");
  return g.pad_top;
}

std::string options(const Layer& layer, const Shape& in) {
  const auto words = [](auto... numbers) { return ((" " + std::to_string(numbers)) + ...); };
  if (const auto* conv = std::get_if<Conv2d>(&layer))
    return words(conv->kernel, conv->stride, symmetric_pad(*conv, in), conv->geometry(in, 1).groups, int{conv->bias});
  if (const auto* dense = std::get_if<Dense>(&layer)) return words(int{dense->bias});
  if (const auto* pool = std::get_if<MaxPool>(&layer)) return words(pool->kernel, pool->stride);
  if (const auto* upsample = std::get_if<Upsample>(&layer)) {
    if (upsample->mode != Interpolation::nearest)
      throw std::runtime_error("pixels that become no squares: the peers' description has no words for them");
    return words(upsample->factor);
  }
  if (const auto* norm = std::get_if<BatchNorm>(&layer))
    if (norm->epsilon != BatchNorm{}.epsilon || norm->momentum != BatchNorm{}.momentum)
      throw std::runtime_error("a batch norm has constants of its own: the peers' description has no words for them");
  return "";
}

std::string sizes(const Shape& s) {
  return std::to_string(s.height()) + " " + std::to_string(s.width()) + " " + std::to_string(s.channels());
}

/// Untrained heat maps without norms lie hundreds apart: at a temperature of one the softmax would be one pixel. This
/// one makes it neither that nor flat.
void temper(Network& network, std::span<const float> sample) {
  constexpr float kLargest = 8;  // of what the exponential is taken of
  InferenceSession session(network, {});
  std::copy(sample.begin(), sample.end(), session.input().begin());
  session.forward();
  for (const ParamInfo& p : network.params()) {
    const Node& node = network.spec()[p.node];
    if (!std::holds_alternative<SoftArgmax>(node.layer)) continue;
    for (std::size_t i = 0; i < network.outputs().size(); ++i)
      if (network.outputs()[i].node == node.inputs[0]) {
        const std::span<const float> maps = session.output(i);
        const auto larger = [](float a, float b) { return std::abs(a) < std::abs(b); };
        network.values(p)[0] = kLargest / std::abs(*std::max_element(maps.begin(), maps.end(), larger));
      }
  }
}

void write_layers(const std::string& path, const Network& network) {
  const Spec& spec = network.spec();
  const Shapes& shapes = network.shapes();
  std::ofstream file(path);
  file << "input input " << sizes(shapes[Spec::kInput]) << " 0\n";
  const auto name = [&](NodeId id) { return id == Spec::kInput ? std::string("input") : spec[id].name.str(); };
  for (NodeId id = 1; id <= spec.size(); ++id) {
    const Node& node = spec[id];
    file << type_of(node.layer) << ' ' << name(id) << ' ' << sizes(shapes[id]) << ' ' << node.inputs.size();
    for (const NodeId input : node.input_ids()) file << ' ' << name(input);
    file << options(node.layer, shapes[node.inputs[0]]) << '\n';
  }
  file << "output output 1 1 1 " << network.outputs().size();
  for (const Port& output : network.outputs()) file << ' ' << output.name;
  file << '\n';
  if (!file) throw std::runtime_error(path + ": cannot be written");
}

std::vector<float> drawn(std::size_t count, std::uint64_t stream) {
  std::vector<float> values(count);
  Random random(2, stream);
  for (float& v : values) v = random.uniform();
  return values;
}

/// Five files: see network_file.hpp; the last is the model for a cold start.
void export_network(const std::string& path) {
  Network network = untrained(path);
  draw_weights(network);
  const std::vector<float> inputs = drawn(peers::kSamples * network.input_shape().size(), 1);
  if (!path.ends_with(kWithNorms)) temper(network, std::span(inputs).first(network.input_shape().size()));
  write_layers(path + ".txt", network);
  std::vector<float> all;
  each_parameter(network, [&](const ParamInfo&, std::span<float> v) { all.insert(all.end(), v.begin(), v.end()); });
  peers::write(path + ".bin", all);
  peers::write(path + ".input.bin", inputs);
  std::size_t values = 0;
  for (const Port& output : network.outputs()) values += output.shape.size();
  peers::write(path + ".target.bin", drawn(peers::kSamples * values, 2));
  save_model(path + ".safetensors", {.network = network, .preprocessing = {.size = network.input_shape()[0]}});
}

template <class Session>
void keep_outputs(const peers::Options& o, const Network& network, const Session& session) {
  if (o.output.empty()) return;
  std::vector<float> all;
  for (std::size_t i = 0; i < network.outputs().size(); ++i)
    all.insert(all.end(), session.output(i).begin(), session.output(i).end());
  peers::write(o.output, all);
}

void infer(const peers::Options& o) {
  const Network network = exported(o.network);
  const std::size_t size = network.input_shape().size(), batch = static_cast<std::size_t>(o.batch);
  const std::vector<float> samples = peers::read(o.network + ".input.bin", peers::kSamples * size);
  const std::vector<LayerRange> ranges = measure_ranges(network, std::span(samples).first(batch * size));
  const Precision precision = kPrecisions.at(o.variant);
  InferenceSession session(network, {.batch = o.batch, .threads = o.threads, .precision = precision, .ranges = ranges});
  // The samples take turns: which weights a single picture's pass reads depends on the picture.
  std::size_t next = 0;
  const auto fill = [&] {
    if (next + batch > peers::kSamples) next = 0;
    std::copy_n(samples.begin() + static_cast<std::ptrdiff_t>(next * size), batch * size, session.input().begin());
    next += batch;
  };
  fill();
  session.forward();
  keep_outputs(o, network, session);
  peers::print_result(peers::measure(o.seconds, fill, [&] { session.forward(); }));
}

/// The sum over all outputs of the mean of squared differences from their targets, each the first samples of its own.
class Loss {
 public:
  Loss(const peers::Options& o, const Network& network) : batch_(o.batch) {
    std::ifstream file = peers::open(o.network + ".target.bin");
    for (const Port& output : network.outputs()) {
      std::vector<float>& target = targets_.emplace_back(peers::kSamples * output.shape.size());
      peers::read(file, target);
      target.resize(static_cast<std::size_t>(batch_) * output.shape.size());
    }
  }
  double operator()(TrainingSession& session) const {
    double sum = 0;
    for (std::size_t i = 0; i < targets_.size(); ++i)
      sum += static_cast<double>(L2{}(session.output(i), targets_[i], {}, session.output_gradient(i), batch_));
    return sum;
  }

 private:
  int batch_;
  std::vector<std::vector<float>> targets_;
};

void train(const peers::Options& o) {
  Network network = exported(o.network);
  TrainingSession session(network, {.batch = o.batch, .threads = o.threads});
  Optimizer adam({}, network.trainable_size());
  const std::size_t values = static_cast<std::size_t>(o.batch) * network.input_shape().size();
  const std::vector<float> input = peers::read(o.network + ".input.bin", values);
  const Loss loss(o, network);
  std::vector<double> losses;
  const auto step = [&] {
    session.forward();
    if (losses.empty()) keep_outputs(o, network, session);
    losses.push_back(loss(session));
    session.zero_gradients();
    session.backward();
    adam.step(network.weights().first(network.trainable_size()), session.gradients(), peers::kLearningRate, 1,
              OnThreads{session.threads()});
  };
  const auto fill = [&] { std::copy(input.begin(), input.end(), session.input().begin()); };
  const std::vector<double> times = peers::measure(o.seconds, fill, step);
  peers::print_result(times, losses);
}

void cold(const peers::Options& o) {
  const Model model = load_model(o.network + ".safetensors");
  InferenceSession session(model.network, {.batch = o.batch, .threads = o.threads});
  std::ifstream file = peers::open(o.network + ".input.bin");
  peers::read(file, session.input());
  session.forward();
  keep_outputs(o, model.network, session);
  peers::print_result({});
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("This library beside its peers; run by tools/compare.");
  app.require_subcommand(1);
  peers::Options o;
  peers::add_to(*app.add_subcommand("infer", "Forward passes")->callback([&] { infer(o); }), o);
  peers::add_to(*app.add_subcommand("train", "Steps of training: forward, backward, Adam")->callback([&] { train(o); }),
                o);
  peers::add_to(*app.add_subcommand("cold", "Load the model, one forward pass")->callback([&] { cold(o); }), o);
  peers::add_to(
      *app.add_subcommand("export", "Write the network's files")->callback([&] { export_network(o.network); }), o);
  return peers::run(app, argc, argv);
}
