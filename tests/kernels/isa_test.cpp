// The choice of an instruction set: by name, by the environment, and what happens to a wrong name.
#include "lineament/isa.hpp"

#include <cstdlib>
#include <filesystem>
#include <set>

#include "catch.hpp"
#include "kernels/common/isa.hpp"
#include "kernels/compare.hpp"
#include "lineament/error.hpp"
#include "lineament/nn/session.hpp"

using namespace lineament;
using namespace lineament::testing;
using Catch::Matchers::Contains;

namespace {

/// Runs a hidden test of this program in a process of its own, where nothing has been chosen yet.
bool passes(const std::string& test, const std::string& isa) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").string();
  return std::system(("LINEAMENT_ISA=" + isa + " " LINEAMENT_EMULATOR " '" + program + "' '" + test + "' > /dev/null")
                         .c_str()) == 0;
}

std::string environment() {
  const char* name = std::getenv("LINEAMENT_ISA");
  return name == nullptr ? "" : name;
}

}  // namespace

TEST_CASE("isa: the best one is in use; any other can be forced") {
  const IsaRestorer restorer;
  const auto names = available_isas();
  REQUIRE(!names.empty());
  if (environment().empty()) CHECK(current_isa() == names.front());
  for (const auto& name : names) {
    force_isa(name);
    CHECK(current_isa() == name);
  }
}

TEST_CASE("isa: a token tells whether another one is in use") {
  const IsaRestorer restorer;
  const auto names = available_isas();
  std::set<int> tokens;
  for (const auto& name : names) {
    force_isa(name);
    const int token = isa_token();
    CHECK(tokens.insert(token).second);
    force_isa(names.front());
    force_isa(name);
    CHECK(isa_token() == token);
  }
}

TEST_CASE("isa: an unknown name is an error that lists the known ones") {
  const std::string before = current_isa();
  CHECK_THROWS_AS(force_isa("abacus"), ArgumentError);
  CHECK_THROWS_WITH(force_isa("abacus"), Contains("abacus") && Contains(available_isas().back()));
  CHECK_THROWS_AS(force_isa(""), ArgumentError);
  CHECK(current_isa() == before);
}

TEST_CASE("isa: the environment names one") {
  for (const auto& name : available_isas()) {
    CHECK(passes("hidden: isa from the environment", name));
    CHECK(passes("hidden: isa forced before the first use", name));
  }
  CHECK(passes("hidden: unknown isa in the environment", "abacus"));
  CHECK_FALSE(passes("hidden: isa from the environment", "abacus"));
}

TEST_CASE("hidden: isa from the environment", "[.]") {
  CHECK(current_isa() == environment());
}

TEST_CASE("hidden: isa forced before the first use", "[.]") {
  const std::string other =
      available_isas().front() == environment() ? available_isas().back() : available_isas().front();
  force_isa(other);
  CHECK(current_isa() == other);
  // The kernels, too, run on it: their sums are cut into vectors of its length, so the last bits tell it apart.
  const Network network(one_layer(Dense{.features = 40}), Shape{100}, 1);
  const Results first = run_layer(network, {.mode = Mode::infer, .batch = 3});
  force_isa(environment());
  force_isa(other);
  CHECK(run_layer(network, {.mode = Mode::infer, .batch = 3}).lists == first.lists);
}

TEST_CASE("hidden: unknown isa in the environment", "[.]") {
  const Network network(one_layer(ReLU{}), Shape{1});
  CHECK_THROWS_AS(InferenceSession(network), ArgumentError);
  CHECK_THROWS_WITH(InferenceSession(network),
                    Contains("LINEAMENT_ISA") && Contains("abacus") && Contains(available_isas().back()));
}
