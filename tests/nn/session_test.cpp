// Sessions on networks that are no chains: against differences and double, folding, plans, sharing, wrong uses.
#include "lineament/nn/session.hpp"

#include <thread>
#include <type_traits>

#include "catch.hpp"
#include "lineament/isa.hpp"
#include "lineament/zoo/networks.hpp"
#include "nn/networks.hpp"
#include "support/gradient_check.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

struct Named {
  std::string name;
  Spec spec;
  Shape input;
};

/// Sums whose terms are outputs of batch norms or values that a convolution keeps, as inputs of convolutions that make
/// them again in the backward pass, and of one that cannot.
Spec sums_of_norms() {
  Spec net;
  const Conv2d point{.channels = 4, .kernel = 1, .bias = false};
  const Conv2d deep{.channels = 4, .groups = Conv2d::kDepthwise, .bias = false};
  const auto normed = [&](const Conv2d& conv, NodeId x) { return net.add(BatchNorm{}, net.add(conv, x)); };
  NodeId at = normed(point, Spec::kInput);
  for (int i = 0; i < 5; ++i) {
    const NodeId inner = normed(deep, net.add(ReLU{}, normed(point, at)));
    const NodeId out = normed(point, net.add(ReLU{}, inner));
    at = i % 2 == 0 ? net.add(Add{}, {out, at}) : net.add(Add{}, {at, net.add(ReLU{}, out)});
  }
  at = net.add(Add{}, {normed(point, at), normed(deep, at)});
  const NodeId last = net.add(Add{}, {normed(deep, at), at}), mean = net.add(GlobalAvgPool{}, last);
  const NodeId plain = net.add(GlobalAvgPool{}, net.add(Conv2d{.channels = 2, .stride = 2}, at));
  net.add(Concat{}, {mean, plain, net.add(GlobalAvgPool{}, net.add(Conv2d{.channels = 3, .kernel = 1}, last))});
  return net;
}

std::vector<Named> graphs() {
  Spec residual;
  const NodeId stem = residual.add(Conv2d{.channels = 3}, Spec::kInput);
  const NodeId inner = residual.add(Conv2d{.channels = 3}, residual.add(ReLU{}, residual.add(BatchNorm{}, stem)));
  residual << MaxPool{};  // of `inner`, which the sum below reads as well
  const NodeId pooled = residual.add(Dense{.features = 2}, residual.add(Flatten{}, residual.last()), "pooled");
  const NodeId sum = residual.add(Add{}, {stem, inner});
  residual.add(Dense{.features = 2}, residual.add(GlobalAvgPool{}, residual.add(ReLU{}, sum)), "mean");
  residual.add(Concat{}, {pooled, residual.last()});

  Spec thrice;
  const NodeId read = thrice.add(Sigmoid{}, Spec::kInput);
  thrice.add(Concat{}, {thrice.add(SiLU{}, read), thrice.add(ReLU{}, read), thrice.add(PReLU{}, read)});

  Spec twice;  // one value as both inputs, in a sum, in a concatenation, and at the input of the network
  const NodeId doubled = twice.add(Add{}, {Spec::kInput, Spec::kInput});
  const NodeId beside = twice.add(Concat{}, {doubled, doubled});
  twice.add(Add{}, {beside, twice.add(Flatten{}, twice.add(Flatten{}, beside)), beside});

  Spec in_place;  // layers that may share memory, in a row, with a reader of what must not be overwritten
  in_place << Dense{.features = 6} << Sigmoid{} << Dropout{.rate = 0.3f} << ReLU{} << Flatten{} << Dropout{.rate = 0.3f}
           << Sigmoid{};
  in_place << Flatten{} << Dense{.features = 4} << ReLU{};

  return {{"zoo", zoo(), kZooInput},
          {"residual", residual, {4, 4, 2}},
          {"sums of norms", sums_of_norms(), {6, 5, 3}},
          {"one value read by three", thrice, {7}},
          {"one value read twice", twice, {5}},
          {"in place", in_place, {5}}};
}

template <class T>
std::vector<std::vector<double>> run(const BasicNetwork<T>& network, const InferenceOptions& options) {
  BasicInferenceSession<T> session(network, options);
  put(session.input(), random_values<double>(session.input().size(), 1, -2, 2));
  const auto output = session.forward();
  return {{output.begin(), output.end()}};
}

/// Output, parameter gradients, input gradient and statistics of one step.
template <class T>
std::vector<std::vector<double>> run(BasicNetwork<T> network, const TrainingOptions& options) {
  BasicTrainingSession<T> session(network, options);
  put(session.input(), random_values<double>(session.input().size(), 1, -2, 2));
  std::vector<std::vector<double>> lists;
  const auto keep = [&](auto values) { lists.emplace_back(values.begin(), values.end()); };
  keep(session.forward());
  put(session.output_gradient(), random_values<double>(lists[0].size(), 2));
  session.backward();
  keep(session.gradients());
  keep(session.input_gradient());
  keep(network.weights());  // running statistics
  return lists;
}

}  // namespace

TEST_CASE("graphs: gradients agree with differences") {
  for (const Named& g : graphs()) {
    INFO(g.name);
    BasicNetwork<double> network(g.spec, g.input, 1);
    randomise(network);
    GradientCheck check(network, 3, random_values<double>(3 * g.input.size(), 1, -2, 2));
    const auto report = check.check();
    INFO(report.where);
    CHECK(report.worst <= GradientCheck::kTolerance);
  }
}

template <class Options>
void check_against_double(const Network& network, Options options) {
  const auto wanted = run(BasicNetwork<double>(network), options);
  const auto fast = run(network, options);
  options.without = {Pass::choose_kernels};
  const auto reference = run(network, options);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    INFO("list " << i);
    CHECK(difference(fast[i], wanted[i]) < 1e-5);
    CHECK(difference(reference[i], wanted[i]) < 1e-5);
  }
  options.without = {};
  for (const int threads : {2, 4}) {
    options.threads = threads;
    CHECK(run(network, options) == fast);
  }
}

TEST_CASE("graphs: float, fast and by definition, gives what double gives; the same bits on 1, 2 and 4 threads") {
  for (const Named& g : graphs()) {
    INFO(g.name);
    Network network(g.spec, g.input, 1);
    randomise(network);
    check_against_double(network, InferenceOptions{.batch = 5});
    check_against_double(network, TrainingOptions{.batch = 5, .input_gradient = true});
    const auto gradients = [&](bool input) {
      return run(network, TrainingOptions{.batch = 5, .input_gradient = input})[1];
    };
    CHECK(gradients(false) == gradients(true));
  }
}

TEST_CASE("inference uses its memory again and again with the same result") {
  // Overlapping windows are not fused: in inference this pool must not write the positions it keeps in training.
  Spec spec;
  spec << Conv2d{.channels = 8} << MaxPool{.kernel = 3, .stride = 2} << Conv2d{.channels = 8}
       << MaxPool{.kernel = 3, .stride = 1};
  Network network(spec, Shape{21, 21, 3}, 1);
  const auto values = random_values<double>(21 * 21 * 3, 1);
  BasicNetwork<double> exact(network);
  BasicInferenceSession<double> oracle(exact);
  InferenceSession infer(network);
  TrainingSession train(network);
  put(oracle.input(), values);
  const auto wanted = copy_of(oracle.forward());
  for (int i = 0; i < 3; ++i) {
    put(infer.input(), values);
    put(train.input(), values);
    const auto output = copy_of(infer.forward());
    CHECK(difference(output, wanted) < 1e-5);
    CHECK(copy_of(train.forward()) == output);
  }
  CHECK(infer.arena_bytes() < train.arena_bytes());
}

TEST_CASE("folding batch norm changes nothing but the number of layers") {
  // The same layers and names; in `apart` an idle dropout keeps batch norm away from the layer before it.
  const auto build = [](bool apart) {
    Spec spec;
    const auto norm = [&](NodeId x, const char* name) {
      if (apart) x = spec.add(Dropout{}, x);
      return spec.add(BatchNorm{.epsilon = 1e-3f}, x, name);
    };
    NodeId x = norm(spec.add(Conv2d{.channels = 6, .bias = false}, Spec::kInput, "plain"), "n1");
    x = norm(spec.add(Conv2d{.channels = 6, .groups = 3}, spec.add(ReLU{}, x), "grouped"), "n2");
    x = norm(spec.add(Conv2d{.channels = 6, .groups = Conv2d::kDepthwise, .bias = false}, x, "depthwise"), "n3");
    const NodeId y = spec.add(Conv2d{.channels = 6}, x, "read twice");
    x = spec.add(Add{}, {norm(y, "n4"), y});
    x = norm(x, "n5");  // follows a sum: nothing to fold into
    x = norm(spec.add(Dense{.features = 4, .bias = false}, spec.add(Flatten{}, x), "dense"), "n6");
    return spec;
  };
  BasicNetwork<double> folded(build(false), Shape{5, 4, 2}), apart(build(true), Shape{5, 4, 2});
  randomise(folded);
  for (const ParamInfo& p : folded.params()) put(apart.values(apart.param(p.name)), copy_of(folded.values(p)));
  const InferenceOptions infer{.batch = 3};
  const auto wanted = run(apart, infer);
  CHECK(difference(run(folded, infer)[0], wanted[0]) < 1e-13);
  CHECK(difference(run(Network(folded), infer)[0], wanted[0]) < 1e-5);

  const auto lean = fold_batch_norm(folded);
  CHECK(lean.spec().size() == folded.spec().size() - 4);
  CHECK(lean.param("plain.bias").size == 6);
  CHECK(lean.param("n5.running_var").size == 6);
  CHECK(difference(run(lean, infer)[0], wanted[0]) < 1e-13);
}

template <class T>
void check_changed_weights(const Spec& spec, const Shape& input) {
  BasicNetwork<T> network(spec, input, 1);
  randomise(network);
  BasicInferenceSession<T> before(network);
  const auto output = [&](BasicInferenceSession<T>& session) {
    put(session.input(), random_values<double>(input.size(), 1));
    return copy_of(session.forward());
  };
  const auto first = output(before);
  for (T& w : network.weights().first(network.trainable_size())) w *= T(1.5);
  BasicInferenceSession<T> after(network);
  const auto wanted = output(after);
  CHECK(wanted != first);
  CHECK(output(before) == wanted);
}

TEST_CASE("a session for inference notices that weights have changed, and folds and packs them anew") {
  check_changed_weights<double>(Spec() << Dense{.features = 2} << BatchNorm{}, Shape{3});
  check_changed_weights<float>(Spec() << Conv2d{.channels = 16} << BatchNorm{} << Conv2d{.channels = 16}
                                      << Conv2d{.channels = 5, .kernel = 1} << Flatten{} << Dense{.features = 3},
                               Shape{9, 7, 3});
}

TEST_CASE("the plan shows what is fused and on which kernel it runs") {
  const Network network(reference_network(), kReferenceInput);
  const InferenceSession session(network);
  std::vector<std::string> rows;
  for (const PlannedOp& step : session.plan())
    rows.push_back(step.layers + " [" + step.kernel + "] " + to_string(step.output));
  const std::string products = current_isa() == "amx" ? "bf16x3" : "winograd_6x6";
  CHECK(rows == std::vector<std::string>{
                    "conv1 + relu1 + pool1 [direct] 64x64x32", "conv2 + relu2 + pool2 [" + products + "] 32x32x64",
                    "flatten [reference] 65536", "dense1 + relu3 [gemm] 128", "dense2 [gemm] 136"});
  Network trained(reference_network(), Shape{16, 16, 3});
  const TrainingSession training(trained);
  rows.clear();
  for (const PlannedOp& step : training.plan()) rows.push_back(step.layers + " [" + step.kernel + "]");
  CHECK(rows == std::vector<std::string>{"conv1 [direct]", "norm1 + relu1 + pool1 [batch_norm]", "conv2 [winograd]",
                                         "norm2 + relu2 + pool2 [batch_norm]", "flatten [reference]", "dense1 [gemm]",
                                         "norm3 + relu3 [batch_norm]", "dense2 [gemm]"});
  const TrainingSession reference(trained, {.without = {Pass::choose_kernels}});
  for (const PlannedOp& step : reference.plan()) CHECK(step.kernel == "reference");
}

TEST_CASE("gradients add up until they are zeroed, and then start anew") {
  for (const PassSet without : {PassSet(), PassSet{Pass::choose_kernels}}) {
    Network network(Spec() << Conv2d{.channels = 16} << PReLU{} << BatchNorm{} << Flatten{} << Dense{.features = 5},
                    Shape{6, 5, 16}, 1);
    TrainingSession session(network, {.batch = 3, .without = without});
    put(session.input(), random_values<double>(session.input().size(), 1));
    const auto pass = [&] {
      session.forward();
      put(session.output_gradient(), random_values<double>(session.output_gradient().size(), 2));
      session.backward();
      return copy_of(session.gradients());
    };
    const auto once = pass(), twice = pass();
    for (std::size_t i = 0; i < once.size(); ++i) REQUIRE(twice[i] == Approx(2 * once[i]).margin(1e-5));
    session.zero_gradients();
    CHECK(pass() == once);
    session.zero_gradients();
    const auto zeros = copy_of(session.gradients());
    CHECK(std::all_of(zeros.begin(), zeros.end(), [](float g) { return g == 0; }));
    CHECK(pass() == once);
  }
}

TEST_CASE("dropout draws a new mask in every step, numbered from where one says") {
  BasicNetwork<double> network(Spec() << Dropout{}, Shape{1000});
  BasicTrainingSession<double> session(network);
  const auto mask = [&] {
    std::fill(session.input().begin(), session.input().end(), 1.0);
    return copy_of(session.forward());
  };
  const auto first = mask(), second = mask();
  CHECK(first != second);
  BasicTrainingSession<double> resumed(network);
  resumed.set_step(1);
  std::fill(resumed.input().begin(), resumed.input().end(), 1.0);
  CHECK(copy_of(resumed.forward()) == second);
  session.set_step(0);
  CHECK(mask() == first);
}

TEST_CASE("threads share a const network, a session each") {
  Network network(zoo(), kZooInput, 1);
  randomise(network);
  const Network& shared = network;
  const auto wanted = run(network, InferenceOptions{.batch = 2})[0];
  std::array<std::vector<double>, 3> got;
  std::vector<std::thread> threads;
  for (auto& mine : got)
    threads.emplace_back([&] {
      InferenceSession session(shared, {.batch = 2});
      for (int i = 0; i < 20; ++i) {
        put(session.input(), random_values<double>(session.input().size(), 1, -2, 2));
        const auto output = session.forward();
        mine.assign(output.begin(), output.end());
      }
    });
  for (auto& thread : threads) thread.join();
  for (const auto& mine : got) CHECK(mine == wanted);
}

TEST_CASE("wrong uses of a session are errors") {
  {
    Network network(Spec() << Dense{}, Shape{2});
    CHECK_THROWS_AS(TrainingSession(network, {.precision = Precision::int8}), ArgumentError);
    CHECK_THROWS_AS(InferenceSession(network, {.precision = Precision::bf16, .without = {Pass::choose_kernels}}),
                    ArgumentError);
  }
  Network network(zoo(), kZooInput);
  CHECK_THROWS_AS(InferenceSession(network, {.batch = 0}), ArgumentError);
  CHECK_THROWS_WITH(InferenceSession(network, {.batch = -3}), Catch::Matchers::Contains("got -3"));
  InferenceSession infer(network);
  infer.forward();
  InferenceSession moved = std::move(infer);
  CHECK(moved.forward().size() == 3);
  CHECK(moved.batch() == 1);
}

TEST_CASE("backward needs a forward of its own") {
  Network network(zoo(), kZooInput);
  TrainingSession session(network, {.batch = 2});
  const char* message =
      "session: backward() has no values to work on: it writes over what forward() left (wanted a forward() before "
      "each backward(), got none since the last one, or since the start); call forward() and fill output_gradient() "
      "first";
  CHECK_THROWS_WITH(session.backward(), message);
  session.forward();
  session.forward();
  session.backward();
  CHECK_THROWS_WITH(session.backward(), message);
  CHECK_THROWS_AS(session.backward([](std::size_t) {}), ArgumentError);
  session.forward();
  session.set_step(7);  // its dropout is another
  CHECK_THROWS_WITH(session.backward(), message);
  session.forward();
  CHECK_NOTHROW(session.backward());
}

TEST_CASE("sessions on temporaries do not compile") {
  STATIC_REQUIRE_FALSE(std::is_constructible_v<InferenceSession, Network&&, InferenceOptions>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<InferenceSession, const Network&&>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<TrainingSession, Network&&, TrainingOptions>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<TrainingSession, const Network&, TrainingOptions>);
  STATIC_REQUIRE(std::is_constructible_v<InferenceSession, const Network&, InferenceOptions>);
  STATIC_REQUIRE(std::is_constructible_v<TrainingSession, Network&, TrainingOptions>);
}

TEST_CASE("a session refuses another instruction set than the one it was made for") {
  const std::string before = current_isa();
  if (available_isas().size() < 2) return;
  const Network network(Spec() << Conv2d{.channels = 24} << ReLU{}, Shape{8, 8, 3}, 1);
  InferenceSession session(network);
  session.forward();
  force_isa(available_isas().back());
  CHECK_THROWS_WITH(session.forward(), Catch::Contains("instruction set was changed"));
  InferenceSession lower(network);
  lower.forward();
  force_isa(before);
  CHECK_NOTHROW(session.forward());
}

TEST_CASE("sessions of one set of prepared weights share them") {
  const Network network(deep_network(), kReferenceInput, 1);
  const auto weights = prepare_weights(network);
  InferenceSession first(weights, {});
  const std::size_t bytes = first.packed_bytes();
  CHECK(bytes > 1000000);
  InferenceSession second(weights, {});
  CHECK(second.packed_bytes() == bytes);
  InferenceSession alone(network);
  const auto values = random_values<double>(network.input_shape().size(), 1, 0, 1);
  for (InferenceSession* s : {&first, &second, &alone}) put(s->input(), values);
  const auto wanted = copy_of(alone.forward());
  CHECK(copy_of(first.forward()) == wanted);
  CHECK(copy_of(second.forward()) == wanted);
}

TEST_CASE("packed weights outlive their network, in int8 in a quarter of its memory") {
  auto network = std::make_unique<Network>(reference_network(), kReferenceInput, 1);
  const auto values = random_values<double>(network->input_shape().size(), 1, 0, 1);
  const std::vector<float> image(values.begin(), values.end());
  const std::vector<LayerRange> ranges = measure_ranges(*network, image);
  const InferenceOptions options{.precision = Precision::int8, .ranges = ranges};
  const auto run_once = [&](InferenceSession& session) {
    std::copy(image.begin(), image.end(), session.input().begin());
    return copy_of(session.forward());
  };
  InferenceSession given(*network, options);
  const auto wanted = run_once(given);
  const std::size_t floats = network->weights().size_bytes();
  const auto packed = pack_weights(*network, options);
  InferenceSession session(packed, options);
  CHECK(session.packed_bytes() < floats * 3 / 10);
  for (float& w : network->weights()) w = 0;  // nobody reads it any more
  CHECK(run_once(session) == wanted);
}
