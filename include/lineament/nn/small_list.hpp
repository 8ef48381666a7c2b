// A list that holds its first values in itself and any number more on the heap. Unlike std::vector it may be a
// constexpr variable, as long as it keeps to what it holds in itself; libc++ 14 has no constexpr vector at all.
#pragma once
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "lineament/api.hpp"

namespace LINEAMENT_API lineament {

/// Values of T, which has a default. Copying may throw and then changes nothing; moving never does.
template <class T, std::size_t kInline>
class SmallList {
  static_assert(std::is_nothrow_move_assignable_v<T>);

 public:
  constexpr SmallList() : inline_{} {}
  constexpr SmallList(std::initializer_list<T> values) : SmallList() { append(values.begin(), values.size()); }
  constexpr explicit SmallList(std::span<const T> values) : SmallList() { append(values.data(), values.size()); }
  constexpr SmallList(const SmallList& other) : SmallList() { append(other.begin(), other.size_); }
  constexpr SmallList(SmallList&& other) noexcept : SmallList() { take(other); }
  constexpr SmallList& operator=(const SmallList& other) {
    if (this != &other) *this = SmallList(other);
    return *this;
  }
  constexpr SmallList& operator=(SmallList&& other) noexcept {
    if (this != &other) take(other);
    return *this;
  }
  constexpr ~SmallList() {
    delete[] heap_;
    // By hand: g++ 12 does not take the compiler's own way for an array in a temporary as a constant expression.
    if constexpr (!std::is_trivially_destructible_v<T>)
      for (T& value : inline_) std::destroy_at(&value);
  }

  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr T* data() { return begin(); }
  constexpr const T* data() const { return begin(); }
  constexpr T* begin() {
    if (heap_ != nullptr) return heap_;
    return inline_;
  }
  constexpr const T* begin() const {
    if (heap_ != nullptr) return heap_;
    return inline_;
  }
  constexpr T* end() { return begin() + size_; }
  constexpr const T* end() const { return begin() + size_; }
  constexpr T& operator[](std::size_t i) { return begin()[i]; }
  constexpr const T& operator[](std::size_t i) const { return begin()[i]; }

  constexpr void push(T value) {
    if (size_ == capacity_) reserve(2 * size_);
    begin()[size_++] = std::move(value);
  }
  /// More values are T's default, fewer are cut off.
  constexpr void resize(std::size_t size) {
    reserve(size);
    for (std::size_t i = size_; i < size; ++i) begin()[i] = T{};
    size_ = size;
  }
  constexpr void reserve(std::size_t count) {
    if (count <= capacity_) return;
    T* more = new T[count]();
    move_to(more);
    delete[] heap_;
    heap_ = more;
    capacity_ = count;
  }

  friend constexpr bool operator==(const SmallList& a, const SmallList& b) {
    if (a.size_ != b.size_) return false;
    const T *x = a.begin(), *y = b.begin();
    for (std::size_t i = a.size_; i > 0; --i)  // names mostly differ at their end
      if (!(x[i - 1] == y[i - 1])) return false;
    return true;
  }

 private:
  constexpr void append(const T* values, std::size_t count) {
    reserve(size_ + count);
    T* to = begin();
    for (std::size_t i = 0; i < count; ++i) to[size_++] = values[i];
  }
  constexpr void take(SmallList& other) noexcept {
    delete[] heap_;
    heap_ = std::exchange(other.heap_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, kInline);
    if (heap_ != nullptr) return;
    for (std::size_t i = 0; i < size_; ++i) inline_[i] = std::move(other.inline_[i]);
  }
  constexpr void move_to(T* to) noexcept {
    T* from = begin();
    for (std::size_t i = 0; i < size_; ++i) to[i] = std::move(from[i]);
  }

  union {
    T inline_[kInline];
  };
  T* heap_ = nullptr;
  std::size_t size_ = 0, capacity_ = kInline;
};

}  // namespace lineament
