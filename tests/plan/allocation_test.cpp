// In steady state nothing is allocated: this file replaces malloc and its relatives by ones that count.
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <span>
#include <vector>

#include "catch.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/zoo/networks.hpp"
#include "nn/networks.hpp"
#include "train/calls_in_order.hpp"

// Sanitizers replace malloc themselves; other C libraries offer no second name for theirs.
#if defined(__GLIBC__) && !LINEAMENT_SANITIZED
#define LINEAMENT_COUNTS_ALLOCATIONS 1
#else
#define LINEAMENT_COUNTS_ALLOCATIONS 0
#endif

using namespace lineament;
using namespace lineament::testing;

#if LINEAMENT_COUNTS_ALLOCATIONS
namespace {
std::atomic<bool> counting{false};
std::atomic<long> allocations{0};
void count() {
  if (counting.load(std::memory_order_relaxed)) ++allocations;
}
}  // namespace

// `operator new` of libstdc++ and Eigen's own allocation end here, too.
extern "C" {
void* __libc_malloc(std::size_t) noexcept;
void* __libc_calloc(std::size_t, std::size_t) noexcept;
void* __libc_realloc(void*, std::size_t) noexcept;
void* __libc_memalign(std::size_t, std::size_t) noexcept;

void* malloc(std::size_t size) noexcept {
  count();
  return __libc_malloc(size);
}
void* calloc(std::size_t n, std::size_t size) noexcept {
  count();
  return __libc_calloc(n, size);
}
void* realloc(void* old, std::size_t size) noexcept {
  count();
  return __libc_realloc(old, size);
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  count();
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return memalign(alignment, size);
}
int posix_memalign(void** to, std::size_t alignment, std::size_t size) noexcept {
  *to = memalign(alignment, size);
  return *to == nullptr ? ENOMEM : 0;
}
}

namespace {

template <class F>
long allocations_in(F&& f) {
  allocations = 0;
  counting = true;
  f();
  counting = false;
  return allocations;
}

/// Two parts of a batch that happen to be the same.
class TwinParts final : public BatchParts {
 public:
  int count() const override { return 2; }
  void gather(std::span<const double> mine, std::span<double> all) override {
    std::copy(mine.begin(), mine.end(), all.begin());
    std::copy(mine.begin(), mine.end(), all.begin() + static_cast<std::ptrdiff_t>(mine.size()));
  }
};

/// A training step and an inference, each once to warm up and then counted.
void check_no_allocation(const Spec& spec, const Shape& input, int batch) {
  Network network(spec, input, 1);
  for (const int threads : {1, 3}) {
    INFO(threads << " threads");
    TwinParts twins;
    for (BatchParts* parts : {static_cast<BatchParts*>(nullptr), static_cast<BatchParts*>(&twins)}) {
      TrainingSession train(network, {.batch = batch, .threads = threads, .input_gradient = true, .parts = parts});
      const auto step = [&] {
        train.zero_gradients();
        train.forward();
        train.backward();
      };
      step();
      CHECK(allocations_in(step) == 0);
    }
    InferenceSession infer(network, {.batch = batch, .threads = threads});
    infer.forward();
    CHECK(allocations_in([&] { infer.forward(); }) == 0);
    const std::vector<float> pictures(input.size(), 0.5f);
    const std::vector<LayerRange> ranges = measure_ranges(network, pictures);
    for (const Precision precision : {Precision::bf16, Precision::int8}) {
      InferenceSession lower(network, {.batch = batch, .threads = threads, .precision = precision, .ranges = ranges});
      lower.forward();
      CHECK(allocations_in([&] { lower.forward(); }) == 0);
    }
  }
}

}  // namespace

TEST_CASE("allocations are counted") {
  const auto new_and_delete = [] {
    char* volatile seen = new char[100];  // volatile, or the compiler leaves out both
    delete[] seen;
  };
  CHECK(allocations_in(new_and_delete) == 1);
  CHECK(allocations_in([] { Buffer<float> buffer(100); }) == 1);
  BasicNetwork<double> network(Spec() << Conv2d{}, Shape{4, 4, 1});
  BasicInferenceSession<double> reference(network);  // the definitions make temporaries
  CHECK(allocations_in([&] { reference.forward(); }) > 0);
}

TEST_CASE("calls that ranks make beside a step are posted without allocating") {
  for (const bool own_thread : {false, true}) {
    CallsInOrder calls(own_thread);
    int done = 0;
    const auto step = [&] {
      for (int i = 0; i < 40; ++i) calls.post([&done, i] { done += i; });
      const auto large = [&, a = done, b = done, c = done] { done += a - b + c - c + 1; };
      calls.post(std::ref(large));
      calls.wait();
    };
    for (int warm = 0; warm < 20; ++warm) step();  // how many wait at most is up to the threads
    const long before = done;
    CHECK(allocations_in(step) == 0);
    CHECK(done > before);
  }
}

TEST_CASE("the reference network allocates nothing in steady state") {
  check_no_allocation(reference_network(), kReferenceInput, 2);
}

TEST_CASE("no layer allocates in steady state") {
  check_no_allocation(zoo(), kZooInput, 3);
}

TEST_CASE("no layer allocates in steady state, on larger pictures") {
  check_no_allocation(zoo(), {40, 36, 2}, 5);
}
#else
TEST_CASE("allocations are not counted here") {
  WARN("left out: malloc cannot be replaced in this build");
}
#endif
