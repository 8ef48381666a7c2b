// The list under Spec: inline, on the heap, copied and moved between the two, with elements that own memory and that
// throw.
#include "lineament/nn/small_list.hpp"

#include <stdexcept>

#include "catch.hpp"

using lineament::SmallList;

namespace {

using Inner = SmallList<int, 2>;

constexpr SmallList<Inner, 3> lists(int count) {
  SmallList<Inner, 3> list;
  for (int i = 0; i < count; ++i) {
    Inner inner;
    for (int k = 0; k <= i; ++k) inner.push(k);
    list.push(inner);
  }
  return list;
}
template <class List>
constexpr bool is_as_made(const List& list, int count) {
  if (list.size() != static_cast<std::size_t>(count)) return false;
  for (int i = 0; i < count; ++i) {
    const Inner& inner = list[static_cast<std::size_t>(i)];
    if (inner.size() != static_cast<std::size_t>(i + 1) || inner[inner.size() - 1] != i) return false;
  }
  return true;
}

/// Every way from one size to another.
constexpr bool copies_and_moves(int from, int to) {
  const SmallList<Inner, 3> source = lists(from);
  SmallList<Inner, 3> copy(source), assigned = lists(to), moved = lists(to), taken(lists(from));
  assigned = source;
  moved = lists(from);
  copy = *&copy;
  bool right = is_as_made(source, from) && is_as_made(copy, from) && is_as_made(assigned, from) &&
               is_as_made(moved, from) && is_as_made(taken, from);
  SmallList<Inner, 3> last(std::move(moved));
  moved = source;  // what was moved from can be used again
  return right && is_as_made(last, from) && is_as_made(moved, from) && (source == copy) && !(source == lists(from + 1));
}
static_assert(copies_and_moves(2, 1) && copies_and_moves(2, 7) && copies_and_moves(7, 2) && copies_and_moves(7, 9));

constexpr SmallList<int, 4> kInline{1, 2, 3, 4};
static_assert(kInline.size() == 4 && kInline[3] == 4);
static_assert(SmallList<int, 4>{1, 2} == SmallList<int, 4>{1, 2});
static_assert(!(SmallList<int, 4>{1, 2} == SmallList<int, 4>{1, 3}));

/// Counts its copies, and throws at the one asked for.
struct Fragile {
  static inline int copies_left = 1000;
  static inline int alive = 0;
  int value = 0;
  Fragile(int v = 0) : value(v) { ++alive; }
  Fragile(const Fragile& other) : value(other.value) {
    if (copies_left-- == 0) throw std::runtime_error("fragile");
    ++alive;
  }
  Fragile& operator=(const Fragile& other) {
    if (copies_left-- == 0) throw std::runtime_error("fragile");
    value = other.value;
    return *this;
  }
  Fragile& operator=(Fragile&& other) noexcept {
    value = other.value;
    return *this;
  }
  ~Fragile() { --alive; }
};

}  // namespace

TEST_CASE("small list: copied and moved, inline and on the heap") {
  for (int from = 0; from < 9; ++from)
    for (int to = 0; to < 9; ++to) {
      INFO(from << " to " << to);
      CHECK(copies_and_moves(from, to));
    }
  SmallList<int, 2> list{1, 2, 3};
  list.push(list[0]);  // an element of itself, while it grows
  CHECK(list == SmallList<int, 2>{1, 2, 3, 1});
  list.resize(2);
  list.resize(5);
  CHECK(list == SmallList<int, 2>{1, 2, 0, 0, 0});
}

TEST_CASE("small list: a copy that throws changes nothing and loses nothing") {
  const int alive = Fragile::alive;
  {
    SmallList<Fragile, 2> source;
    for (int i = 0; i < 5; ++i) source.push(Fragile(i));
    SmallList<Fragile, 2> target;
    target.push(Fragile(42));
    for (int copies = 0; copies < 5; ++copies) {
      Fragile::copies_left = copies;
      CHECK_THROWS_AS(target = source, std::runtime_error);
      REQUIRE(target.size() == 1);
      CHECK(target[0].value == 42);
    }
    Fragile::copies_left = 1000;
    target = source;
    CHECK(target.size() == 5);
    CHECK(target[4].value == 4);
  }
  CHECK(Fragile::alive == alive);
}
