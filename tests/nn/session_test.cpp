// Sessions on networks that are no chains: against differences and double, folding, plans, sharing, wrong uses.
#include "lineament/nn/session.hpp"

#include <thread>

#include "catch.hpp"
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

/// Output, parameter gradients and input gradient of one step, or only the output in inference.
template <class T>
std::vector<std::vector<double>> run(BasicNetwork<T> network, const SessionOptions& options) {
  BasicInferenceSession<T> session(network, options);
  put(session.input(), random_values<double>(session.input().size(), 1, -2, 2));
  std::vector<std::vector<double>> lists;
  const auto keep = [&](auto values) { lists.emplace_back(values.begin(), values.end()); };
  keep(session.forward());
  if (options.mode == Mode::infer) return lists;
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

TEST_CASE("graphs: float, fast and by definition, gives what double gives; the same bits on 1, 2 and 4 threads") {
  for (const Named& g : graphs())
    for (const Mode mode : {Mode::train, Mode::infer}) {
      INFO(g.name << (mode == Mode::train ? ", train" : ", infer"));
      Network network(g.spec, g.input, 1);
      randomise(network);
      SessionOptions options{.mode = mode, .batch = 5, .input_gradient = true};
      const auto wanted = run(BasicNetwork<double>(network), options);
      const auto fast = run(network, options);
      options.kernels = KernelChoice::reference;
      const auto reference = run(network, options);
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        INFO("list " << i);
        CHECK(difference(fast[i], wanted[i]) < 1e-5);
        CHECK(difference(reference[i], wanted[i]) < 1e-5);
      }
      options.kernels = KernelChoice::fast;
      for (const int threads : {2, 4}) {
        options.threads = threads;
        CHECK(run(network, options) == fast);
      }
      options.threads = 1;
      options.input_gradient = false;
      if (mode == Mode::train) CHECK(run(network, options)[1] == fast[1]);
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
  InferenceSession infer(network), train(network, {.mode = Mode::train});
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
  const SessionOptions infer{.batch = 3};
  const auto wanted = run(apart, infer);
  CHECK(difference(run(folded, infer)[0], wanted[0]) < 1e-13);
  CHECK(difference(run(Network(folded), infer)[0], wanted[0]) < 1e-5);

  const auto lean = fold_batch_norm(folded);
  CHECK(lean.spec().size() == folded.spec().size() - 4);
  CHECK(lean.param("plain.bias").size == 6);
  CHECK(lean.param("n5.running_var").size == 6);
  CHECK(difference(run(lean, infer)[0], wanted[0]) < 1e-13);
}

TEST_CASE("a session for inference keeps the folded weights it was made with; one for training follows the network") {
  BasicNetwork<double> network(Spec() << Dense{.features = 2} << BatchNorm{}, Shape{3}, 1);
  BasicInferenceSession<double> before(network);
  const auto output = [&](BasicInferenceSession<double>& session) {
    put(session.input(), {1, 2, 3});
    return copy_of(session.forward());
  };
  const auto first = output(before);
  for (double& w : network.weights()) w *= 2;
  CHECK(output(before) == first);
  BasicInferenceSession<double> after(network);
  CHECK(output(after) != first);
}

TEST_CASE("the plan shows what is fused and on which kernel it runs") {
  const Network network(reference_network(), kReferenceInput);
  const InferenceSession session(network);
  std::vector<std::string> rows;
  for (const PlannedOp& step : session.plan())
    rows.push_back(step.layers + " [" + step.kernel + "] " + to_string(step.output));
  CHECK(rows == std::vector<std::string>{"conv1 + relu1 + pool1 [direct] 64x64x32",
                                         "conv2 + relu2 + pool2 [winograd] 32x32x64", "flatten [reference] 65536",
                                         "dense1 + relu3 [gemm] 128", "dense2 [gemm] 136"});
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
  for (const KernelChoice kernels : {KernelChoice::fast, KernelChoice::reference}) {
    Network network(Spec() << Conv2d{.channels = 16} << PReLU{} << BatchNorm{} << Flatten{} << Dense{.features = 5},
                    Shape{6, 5, 16}, 1);
    TrainingSession session(network, {.batch = 3, .kernels = kernels});
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
  const auto wanted = run(network, {.batch = 2})[0];
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
  CHECK_THROWS_AS(TrainingSession(network), ArgumentError);
  InferenceSession infer(network);
  infer.forward();
  CHECK_THROWS_AS(infer.backward(), ArgumentError);
  CHECK(infer.output_gradient().empty());
  CHECK(infer.gradients().empty());
  Session moved = std::move(infer);
  CHECK(moved.forward().size() == 3);
  CHECK(moved.batch() == 1);
}
