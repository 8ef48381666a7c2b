// The team of threads: every task once, whatever the number of threads, for as many rounds as one likes.
#include "lineament/threads.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <numeric>

#include "catch.hpp"

using namespace lineament;

TEST_CASE("threads: every task runs exactly once, in many rounds") {
  for (const int count : {1, 2, 4, 8}) {
    Threads threads(count);
    CHECK(threads.count() == count);
    std::vector<int> times(257, 0);  // no two tasks share an entry, so plain numbers do: a race would show in TSan
    std::size_t sum = 0;
    constexpr int kRounds = 400;
    for (int round = 0; round < kRounds; ++round) {
      const int tasks = round % 258;
      std::atomic<int> strays{0};
      threads.run(tasks, [&](int task, int thread) {
        if (task < 0 || task >= tasks || thread < 0 || thread >= count)
          ++strays;
        else
          ++times[static_cast<std::size_t>(task)];
      });
      sum += static_cast<std::size_t>(tasks);
      REQUIRE(strays == 0);
      REQUIRE(std::accumulate(times.begin(), times.end(), std::size_t{0}) == sum);  // all done on return
    }
    for (int task = 0; task < 257; ++task) {
      int wanted = 0;
      for (int round = 0; round < kRounds; ++round) wanted += task < round % 258;
      REQUIRE(times[static_cast<std::size_t>(task)] == wanted);
    }
  }
}

TEST_CASE("threads: each thread has its own number, so it may have memory of its own") {
  Threads threads(4);
  std::vector<std::size_t> done(4 * 64, 0);  // a cache line apart
  constexpr std::size_t kTasks = 10000;
  threads.run(kTasks, [&](int, int thread) { ++done[static_cast<std::size_t>(thread) * 64]; });
  CHECK(std::accumulate(done.begin(), done.end(), std::size_t{0}) == kTasks);
}

TEST_CASE("threads: a round sees what the rounds before it wrote") {
  Threads threads(4);
  std::vector<int> values(64, 0);
  for (int round = 0; round < 200; ++round) {
    std::vector<int> next(64, 0);
    threads.run(64, [&](int task, int) {
      next[static_cast<std::size_t>(task)] = values[static_cast<std::size_t>(63 - task)] + 1;
    });
    values = next;
  }
  CHECK(values == std::vector<int>(64, 200));
}

TEST_CASE("threads: sleeping workers wake up again") {
  Threads threads(3);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(3));  // longer than they stay awake
    std::atomic<int> done{0};
    threads.run(100, [&](int, int) { ++done; });
    REQUIRE(done == 100);
  }
}

TEST_CASE("threads: made and unmade, used or not, awake or asleep") {
  for (int i = 0; i < 50; ++i) {
    Threads threads(1 + i % 8);
    if (i % 3 == 0) continue;
    std::atomic<int> done{0};
    threads.run(i, [&](int, int) { ++done; });
    REQUIRE(done == i);
    if (i % 3 == 1) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(Threads(0).count() >= 1);
}

TEST_CASE("threads: several teams at once do not meet") {
  std::vector<std::thread> callers;
  std::array<std::atomic<int>, 3> done{};
  for (std::size_t caller = 0; caller < done.size(); ++caller)
    callers.emplace_back([&done, caller] {
      Threads threads(2);
      for (int round = 0; round < 100; ++round) threads.run(10, [&](int, int) { ++done[caller]; });
    });
  for (auto& caller : callers) caller.join();
  for (const auto& d : done) CHECK(d == 1000);
}

TEST_CASE("threads: the exception of the first task that threw comes out, and the team goes on") {
  for (const int count : {1, 2, 4}) {
    INFO(count << " threads");
    Threads threads(count);
    for (int round = 0; round < 200; ++round) {
      std::array<std::atomic<int>, 64> begun{};
      const auto fail = [&](int task, int) {
        ++begun[static_cast<std::size_t>(task)];
        if (task == 21 || task == 40 || task == 63) throw task;
      };
      int thrown = -1;
      try {
        threads.run(64, fail);
      } catch (const int task) {
        thrown = task;
      }
      REQUIRE(thrown == 21);
      for (std::size_t task = 0; task < 64; ++task) {
        REQUIRE(begun[task] <= 1);
        if (task <= 21) REQUIRE(begun[task] == 1);
      }
      std::atomic<int> done{0};
      threads.run(64, [&](int, int) { ++done; });
      REQUIRE(done == 64);
    }
  }
}

TEST_CASE("threads: a run within a run is an error, and the team goes on") {
  Threads threads(3);
  for (int round = 0; round < 20; ++round) {
    CHECK_THROWS_WITH(threads.run(6, [&](int, int) { threads.run(6, [](int, int) {}); }),
                      Catch::Contains("the team is at work"));
    std::atomic<int> done{0};
    threads.run(64, [&](int, int) { ++done; });
    REQUIRE(done == 64);
  }
}
