// Placing buffers by their lifetimes.
#include "plan/arena.hpp"

#include <numeric>

#include "catch.hpp"
#include "lineament/buffer.hpp"
#include "lineament/random.hpp"

using namespace lineament;

namespace {

std::size_t rounded(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

bool meet(const Lifetime& a, const Lifetime& b) {
  return a.begin <= b.end && b.begin <= a.end;
}

/// The most that lives at one time: no arena can be smaller.
std::size_t lower_bound(const std::vector<Lifetime>& list) {
  std::size_t most = 0;
  for (const Lifetime& at : list) {
    std::size_t sum = 0;
    for (const Lifetime& other : list)
      if (other.begin <= at.begin && at.begin <= other.end) sum += rounded(other.size);
    most = std::max(most, sum);
  }
  return most;
}

void check_valid(const std::vector<Lifetime>& list, const Arena& arena) {
  REQUIRE(arena.offsets.size() == list.size());
  std::size_t sum = 0, end = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    REQUIRE(arena.offsets[i] % kAlignment == 0);
    sum += rounded(list[i].size);
    end = std::max(end, arena.offsets[i] + list[i].size);
    for (std::size_t j = 0; j < i; ++j) {
      if (!meet(list[i], list[j]) || list[i].size == 0 || list[j].size == 0) continue;
      const bool apart =
          arena.offsets[i] + list[i].size <= arena.offsets[j] || arena.offsets[j] + list[j].size <= arena.offsets[i];
      REQUIRE(apart);
    }
  }
  REQUIRE(end <= arena.size);
  REQUIRE(arena.size <= sum);
  REQUIRE(arena.size >= lower_bound(list));
}

}  // namespace

TEST_CASE("arena: random lifetimes never overlap and never need more than their sum") {
  for (std::uint64_t round = 0; round < 300; ++round) {
    Random random(1, round);
    std::vector<Lifetime> list(1 + random.below(40));
    for (Lifetime& l : list) {
      l.begin = static_cast<int>(random.below(30));
      l.end = l.begin + static_cast<int>(random.below(round % 3 == 0 ? 30 : 4));
      l.size = random.chance(0.1f) ? 0 : random.below(1000);
    }
    check_valid(list, plan_arena(list));
  }
}

TEST_CASE("arena: a chain that narrows, as networks do, needs no more than its largest pair of neighbours") {
  std::vector<Lifetime> chain;
  for (int i = 0; i < 20; ++i) chain.push_back({static_cast<std::size_t>(64 * (40 - 2 * i)), i, i + 1});
  const Arena arena = plan_arena(chain);
  check_valid(chain, arena);
  CHECK(arena.size == lower_bound(chain));
}

TEST_CASE("arena: no chain needs more than its largest pair of neighbours") {
  for (std::uint64_t round = 0; round < 300; ++round) {
    Random random(2, round);
    std::vector<Lifetime> chain;
    for (int i = 0; i < 20; ++i) chain.push_back({1 + random.below(1000), i, i + 1});
    const Arena arena = plan_arena(chain);
    check_valid(chain, arena);
    REQUIRE(arena.size == lower_bound(chain));
  }
}

TEST_CASE("arena: small cases by hand") {
  CHECK(plan_arena({}).size == 0);
  CHECK(plan_arena(std::vector<Lifetime>{{1, 0, 0}}).size == kAlignment);
  // The end is included: both live at time 1.
  CHECK(plan_arena(std::vector<Lifetime>{{64, 0, 1}, {64, 1, 2}}).size == 128);
  CHECK(plan_arena(std::vector<Lifetime>{{64, 0, 1}, {64, 2, 3}}).size == 64);
  // A gap between two long-lived buffers is used again.
  const std::vector<Lifetime> list{{256, 0, 9}, {128, 0, 4}, {128, 5, 9}, {64, 0, 9}};
  const Arena arena = plan_arena(list);
  CHECK(arena.size == 256 + 128 + 64);
  CHECK(arena.offsets[1] == arena.offsets[2]);
}
