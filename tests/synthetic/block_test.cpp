// Vectors in one block of memory.
#include "synthetic/block.hpp"

#include <cstdint>
#include <vector>

#include "catch.hpp"

using lineament::synthetic::Block;
using lineament::synthetic::FromBlock;

TEST_CASE("block: vectors lie in it while it lasts, and elsewhere after that") {
  Block block(64);
  const std::vector<char, FromBlock<char>> odd(3, 'a', FromBlock<char>(block));
  std::vector<double, FromBlock<double>> values(2, 1.5, FromBlock<double>(block));
  CHECK(block.holds(odd.data()));
  CHECK(block.holds(values.data()));
  CHECK(reinterpret_cast<std::uintptr_t>(values.data()) % alignof(double) == 0);
  CHECK(odd.data() + odd.size() <= reinterpret_cast<const char*>(values.data()));
  for (int i = 2; i < 100; ++i) values.push_back(i);  // more than the block has
  CHECK(!block.holds(values.data()));
  CHECK(values[1] == 1.5);
  CHECK(values[99] == 99);
  CHECK(odd == std::vector<char, FromBlock<char>>(3, 'a', FromBlock<char>(block)));
}

TEST_CASE("block: what does not fit is refused") {
  Block block(16);
  CHECK(block.take(17, 1) == nullptr);
  CHECK(block.take(16, 1) != nullptr);
  CHECK(block.take(1, 1) == nullptr);
}
