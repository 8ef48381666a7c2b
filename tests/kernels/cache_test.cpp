// Budgets follow the second-level cache; results do not.
#include "kernels/common/cache.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "kernels/common/budgets.hpp"
#include "lineament/isa.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/random.hpp"
#include "lineament/zoo/networks.hpp"

using namespace lineament;

namespace {

std::vector<float> run(const Network& network, int batch, Precision precision) {
  std::vector<float> sample(network.input_shape().size());
  Random random(3);
  for (float& v : sample) v = random.uniform();
  const std::vector<LayerRange> ranges = measure_ranges(network, sample);
  InferenceSession session(network, {.batch = batch, .threads = 2, .precision = precision, .ranges = ranges});
  for (std::size_t i = 0; i < session.input().size(); ++i) session.input()[i] = sample[i % sample.size()];
  const auto output = session.forward();
  return {output.begin(), output.end()};
}

struct Cache {
  explicit Cache(std::size_t bytes) { force_second_level_cache(bytes); }
  ~Cache() { force_second_level_cache(0); }
};

}  // namespace

TEST_CASE("budgets are shares of the second-level cache, within limits") {
  CHECK(second_level_cache() >= 256 * 1024);
  CHECK(second_level_cache() <= 2048 * 1024);
  const Cache half(512 * 1024);
  CHECK(direct_strip() == 128 * 1024);
  CHECK(winograd_tiles() == 384 * 1024);
  force_second_level_cache(1);
  CHECK(second_level_cache() == 256 * 1024);
  force_second_level_cache(std::size_t{1} << 40);
  CHECK(second_level_cache() == 2048 * 1024);
}

TEST_CASE("dense layers whose weights another cache would hold give the same bits") {
  const Network network(Spec() << Dense{.features = 136}, Shape{1024}, 1);  // 557 KB of weights
  for (const int batch : {1, 2, 35}) {
    std::vector<float> usual;
    for (const std::size_t kb : {512u, 2048u}) {  // read from memory, kept in the cache
      INFO("batch " << batch << ", " << kb << " KB");
      const Cache cache(kb * 1024);
      const auto got = run(network, batch, Precision::fp32);
      if (usual.empty()) usual = got;
      CHECK(got == usual);
    }
  }
}

TEST_CASE("a processor with another cache gives the same bits, on every instruction set") {
  const std::string before = current_isa();
  for (const std::string& isa : available_isas()) {
    force_isa(isa);
    for (const NamedNetwork& named : named_networks()) {
      const std::string_view name = named.name;
      if (name != "reference" && name != "mobile" && name != "tiny") continue;
      const Network network(named.spec(true, kValues), named.input, 1);
      for (const Precision precision : {Precision::fp32, Precision::int8})
        for (const int batch : {1, 3}) {
          std::vector<float> usual;
          {
            const Cache cache(1024 * 1024);
            usual = run(network, batch, precision);
          }
          for (const std::size_t kb : {256u, 512u, 2048u}) {
            INFO(isa << ", " << name << ", batch " << batch << ", " << kb << " KB");
            const Cache cache(kb * 1024);
            CHECK(run(network, batch, precision) == usual);
          }
        }
    }
  }
  force_isa(before);
}
