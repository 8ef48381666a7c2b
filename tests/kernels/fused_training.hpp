// What a step of training gives with everything fused that can be, against the definitions.
#pragma once
#include <string>
#include <vector>

#include "kernels/compare.hpp"
#include "lineament/nn/session.hpp"

namespace lineament::testing {

/// A step of training with everything fused that can be, against the definitions one by one, in double.
inline void check_fused_training(const Spec& spec, const Shape& input, int batch, std::size_t step,
                                 const std::string& layers) {
  const IsaRestorer restorer;
  Network network(spec, input, 1);
  put(network.weights().first(network.trainable_size()), random_values<double>(network.trainable_size(), 30));
  BasicNetwork<double> exact(network);
  const auto values = random_values<double>(static_cast<std::size_t>(batch) * input.size(), 1);
  const auto slopes = random_values<double>(static_cast<std::size_t>(batch) * network.output_shape().size(), 2);
  const auto run = [&](auto& session) {
    put(session.input(), values);
    std::vector<std::vector<double>> lists(3);
    const auto keep = [](const auto& from) { return std::vector<double>(from.begin(), from.end()); };
    lists[0] = keep(session.forward());
    put(session.output_gradient(), slopes);
    session.zero_gradients();
    session.backward();
    lists[1] = keep(session.gradients());
    lists[2] = keep(session.input_gradient());
    return lists;
  };
  BasicTrainingSession<double> apart(exact,
                                     {.batch = batch, .input_gradient = true, .without = {Pass::choose_kernels}});
  CHECK(static_cast<int>(apart.plan().size()) == spec.size());
  const auto wanted = run(apart);
  for (const std::string& isa : available_isas()) {
    INFO(layers << " of " << to_string(input) << ", batch " << batch << ", " << isa);
    force_isa(isa);
    std::vector<std::vector<double>> first;
    for (const int threads : {1, 2, 4}) {
      TrainingSession fused(network, {.batch = batch, .threads = threads, .input_gradient = true});
      CHECK(fused.plan()[step].layers == layers);
      const auto got = run(fused);
      for (std::size_t i = 0; i < got.size(); ++i) {
        INFO("list " << i);
        CHECK(difference(got[i], wanted[i]) < 2e-5);
      }
      if (threads == 1) first = got;
      CHECK(got == first);
    }
  }
}

}  // namespace lineament::testing
