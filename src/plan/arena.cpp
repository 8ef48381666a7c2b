#include "plan/arena.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>

#include "lineament/buffer.hpp"

namespace lineament {
namespace {

using Order = std::vector<std::size_t>;

std::size_t rounded(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// What no plan can be smaller than: the bytes alive at the fullest step.
std::size_t fullest_step(std::span<const Lifetime> lifetimes) {
  std::size_t most = 0;
  for (const Lifetime& moment : lifetimes) {  // the fullest step is one at which something begins
    std::size_t alive = 0;
    for (const Lifetime& l : lifetimes)
      if (l.begin <= moment.begin && moment.begin <= l.end) alive += rounded(l.size);
    most = std::max(most, alive);
  }
  return most;
}

Order sorted_by(std::span<const Lifetime> lifetimes,
                const std::function<bool(const Lifetime&, const Lifetime&)>& before) {
  Order order(lifetimes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return before(lifetimes[a], lifetimes[b]); });
  return order;
}

struct Stretch {
  std::size_t begin, end;
};

/// The lowest place for `size` bytes between the taken stretches, which are sorted.
std::size_t lowest_gap(const std::vector<Stretch>& taken, std::size_t size) {
  std::size_t offset = 0;
  for (const Stretch& stretch : taken) {
    if (offset + size <= stretch.begin) break;
    offset = std::max(offset, stretch.end);
  }
  return offset;
}

/// The highest such place below `ceiling`; the lowest one where there is none.
std::size_t highest_gap(const std::vector<Stretch>& taken, std::size_t size, std::size_t ceiling) {
  std::size_t top = ceiling;
  std::vector<Stretch> by_end = taken;
  std::sort(by_end.begin(), by_end.end(), [](const Stretch& a, const Stretch& b) { return a.end > b.end; });
  for (const Stretch& stretch : by_end) {
    if (stretch.end + size <= top) break;
    top = std::min(top, stretch.begin);
  }
  return top >= size ? top - size : lowest_gap(taken, size);
}

/// Places the buffers in this order, each at the lowest free place; with a ceiling every second one at the highest
/// instead, so that the buffers of a chain, of which each meets only its neighbours, hold on to the two ends.
Arena place(std::span<const Lifetime> lifetimes, const Order& order, std::size_t ceiling) {
  Arena arena;
  arena.offsets.resize(lifetimes.size());
  std::vector<Stretch> taken;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Lifetime& wanted = lifetimes[order[i]];
    taken.clear();
    for (std::size_t j = 0; j < i; ++j) {
      const Lifetime& other = lifetimes[order[j]];
      if (other.begin > wanted.end || other.end < wanted.begin) continue;
      taken.push_back({arena.offsets[order[j]], arena.offsets[order[j]] + rounded(other.size)});
    }
    std::sort(taken.begin(), taken.end(), [](const Stretch& a, const Stretch& b) { return a.begin < b.begin; });
    const std::size_t size = rounded(wanted.size);
    const std::size_t offset = ceiling > 0 && i % 2 == 1 ? highest_gap(taken, size, ceiling) : lowest_gap(taken, size);
    arena.offsets[order[i]] = offset;
    arena.size = std::max(arena.size, offset + size);
  }
  return arena;
}

}  // namespace

Arena plan_arena(std::span<const Lifetime> lifetimes) {
  const std::size_t least = fullest_step(lifetimes);
  const std::array<Order, 2> orders = {sorted_by(lifetimes, [](auto& a, auto& b) { return a.size > b.size; }),
                                       sorted_by(lifetimes, [](auto& a, auto& b) { return a.begin < b.begin; })};
  Arena best;
  for (const std::size_t ceiling : {std::size_t{0}, least})
    for (const Order& order : orders) {
      Arena arena = place(lifetimes, order, ceiling);
      if (best.offsets.empty() || arena.size < best.size) best = std::move(arena);
      if (best.size == least) return best;
    }
  return best;
}

}  // namespace lineament
