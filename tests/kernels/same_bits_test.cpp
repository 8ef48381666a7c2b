// Where memory lies depends on the number of threads, and what comes out does not.
#include "kernels/compare.hpp"
#include "lineament/nn/session.hpp"

using namespace lineament;
using namespace lineament::testing;

TEST_CASE("kernels: gradients of slopes are the same bits on any number of threads") {
  const IsaRestorer restorer;
  for (const std::string& isa : available_isas())
    for (const int channels : {3, 8, 9, 17}) {
      force_isa(isa);
      INFO(isa << ", " << channels << " channels");
      Spec spec;
      const NodeId copy = spec.add(Upsample{.factor = 1}, Spec::kInput), slopes = spec.add(PReLU{}, copy);
      spec.mark_output(spec.add(Add{}, {Spec::kInput, slopes}));
      spec.mark_output(
          spec.add(Conv2d{.channels = channels, .kernel = 4, .stride = 2, .groups = Conv2d::kDepthwise}, copy));
      Network network(spec, {4, 24, channels}, 1);
      std::vector<float> first;
      for (int threads = 1; threads <= 8; ++threads) {
        TrainingSession session(network, {.batch = 3, .threads = threads});
        put(session.input(), random_values<double>(session.input().size(), 1));
        session.forward();
        for (const std::size_t i : {std::size_t{0}, std::size_t{1}})
          put(session.output_gradient(i), random_values<double>(session.output_gradient(i).size(), 2));
        session.backward();
        const std::vector<float> gradients = copy_of(session.gradients());
        if (threads == 1) first = gradients;
        CHECK(gradients == first);
      }
    }
}
