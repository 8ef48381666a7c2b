// Sets of things numbered from 0 that grow together: union-find.
#pragma once
#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace lineament {

class DisjointSets {
 public:
  /// Each is in a set of its own.
  explicit DisjointSets(std::size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }

  /// The smallest of the set that `i` is in.
  std::size_t of(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(std::size_t a, std::size_t b) { parent_[std::max(of(a), of(b))] = std::min(of(a), of(b)); }

 private:
  std::vector<std::size_t> parent_;
};

}  // namespace lineament
