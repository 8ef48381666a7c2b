// What ranks tell each other: sums with the same bits on all, bytes of any length, and who failed.
#include "lineament/train/communicator.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/random.hpp"
#include "lineament/train/local_ranks.hpp"
#include "train/ranks_support.hpp"

using namespace lineament;
using lineament::testing::message_of;

namespace {

std::vector<float> values_of_rank(int rank, std::size_t count) {
  Random random(7, static_cast<std::uint64_t>(rank));
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(random.normal()) * std::pow(10.0f, static_cast<float>(rank));
  return values;
}

std::vector<std::vector<float>> summed(int size, std::size_t count, std::size_t piece, Precision sent) {
  std::vector<std::vector<float>> all(static_cast<std::size_t>(size));
  LocalRanks(size).run([&](Communicator& ranks) {
    std::vector<float>& values = all[static_cast<std::size_t>(ranks.rank())];
    values = values_of_rank(ranks.rank(), count);
    RankSums(ranks, piece, sent)(values);
  });
  return all;
}

}  // namespace

TEST_CASE("every rank gets the sums over ranks, added up in their order") {
  for (const int size : {1, 2, 3, 4})
    for (const std::size_t count : {0u, 1u, 3u, 7u, 129u, 1000u})
      for (const std::size_t piece : {1u, 7u, 128u, 5000u}) {
        std::vector<float> wanted(count);
        for (std::size_t i = 0; i < count; ++i) {
          double sum = 0;
          for (int r = 0; r < size; ++r) sum += static_cast<double>(values_of_rank(r, count)[i]);
          wanted[i] = static_cast<float>(sum);
        }
        for (const std::vector<float>& values : summed(size, count, piece, Precision::fp32)) REQUIRE(values == wanted);
      }
}

TEST_CASE("sums sent in bf16 are the same on all ranks, and near") {
  const auto exact = summed(4, 500, 64, Precision::fp32), rounded = summed(4, 500, 64, Precision::bf16);
  for (const auto& values : rounded) CHECK(values == rounded[0]);
  bool differs = false;
  for (std::size_t i = 0; i < 500; ++i) {
    double terms = 0;
    for (int r = 0; r < 4; ++r) terms += static_cast<double>(std::abs(values_of_rank(r, 500)[i]));
    const double away = std::abs(static_cast<double>(rounded[0][i]) - static_cast<double>(exact[0][i]));
    CHECK(away <= terms / 128);  // half of the last of 8 bits, of each term and of the sum
    differs = differs || away > 0;
  }
  CHECK(differs);
  CHECK(summed(1, 20, 8, Precision::bf16)[0] == values_of_rank(0, 20));  // alone nothing is sent
  LocalRanks ranks(1);
  CHECK_THROWS_AS(RankSums(ranks.rank(0), 8, Precision::int8), ArgumentError);
  CHECK_THROWS_AS(RankSums(ranks.rank(0), 0), ArgumentError);
}

TEST_CASE("bytes of any length reach all ranks") {
  std::vector<std::vector<std::string>> all(3);
  std::vector<int> sent(3);
  LocalRanks(3).run([&](Communicator& ranks) {
    const auto rank = static_cast<std::size_t>(ranks.rank());
    all[rank] = gather_texts(ranks, std::string(rank * 5, static_cast<char>('a' + rank)));
    int value = ranks.rank() + 10;
    ranks.broadcast(std::as_writable_bytes(std::span(&value, 1)), 2);
    sent[rank] = value;
  });
  for (const auto& texts : all) CHECK(texts == std::vector<std::string>{"", "bbbbb", "cccccccccc"});
  CHECK(sent == std::vector<int>{12, 12, 12});
}

TEST_CASE("a rank that has something else is named") {
  const auto with_odd = [](int size, int odd) {
    std::vector<std::string> messages(static_cast<std::size_t>(size));
    LocalRanks(size).run([&](Communicator& ranks) {
      messages[static_cast<std::size_t>(ranks.rank())] =
          message_of([&] { require_same(ranks, ranks.rank() == odd ? 8 : 7, "weights", "look at it"); });
    });
    for (const std::string& m : messages) CHECK(m == messages[0]);
    return messages[0];
  };
  CHECK(with_odd(3, 3) == "nothing was thrown");
  CHECK(with_odd(2, 1) ==
        "rank 1 of 2: it has other weights (wanted the same as 1 other rank, got another digest); look at it");
  CHECK(with_odd(4, 2).find("rank 2 of 4") == 0);
  CHECK(with_odd(3, 0).find("rank 0 of 3") == 0);  // the others agree
}

TEST_CASE("what fails on one rank fails on all, and names it") {
  std::vector<std::string> messages(3);
  LocalRanks(3).run([&](Communicator& ranks) {
    messages[static_cast<std::size_t>(ranks.rank())] = message_of([&] {
      together(ranks, [&] {
        if (ranks.rank() == 1) throw FileError({"a.pts", "it cannot be read", "", "", ""});
      });
    });
  });
  CHECK(messages == std::vector<std::string>{"rank 1 of 3: a.pts: it cannot be read", "a.pts: it cannot be read",
                                             "rank 1 of 3: a.pts: it cannot be read"});
}

TEST_CASE("a rank that ends all frees those that wait for it") {
  std::vector<std::string> messages(3);
  const auto f = [&](Communicator& ranks) {
    if (ranks.rank() == 2) throw FileError({"b.pts", "it is gone", "", "", ""});
    std::byte mine{1};
    std::vector<std::byte> all(3);
    messages[static_cast<std::size_t>(ranks.rank())] = message_of([&] { ranks.gather(std::span(&mine, 1), all); });
  };
  LocalRanks ranks(3);
  CHECK_THROWS_AS(ranks.run(f), FileError);
  CHECK(messages[0] == "rank 2 of 3: b.pts: it is gone");
  CHECK(messages[1] == messages[0]);
  CHECK_THROWS_AS(LocalRanks(0), ArgumentError);
}

TEST_CASE("what is thrown and is no exception of the library frees the others, too") {
  std::vector<std::string> messages(3);
  std::vector<int> thrown(3);
  LocalRanks(3).run([&](Communicator& ranks) {
    const auto rank = static_cast<std::size_t>(ranks.rank());
    try {
      messages[rank] = message_of([&] {
        together(ranks, [&] {
          if (rank == 2) throw 42;
        });
      });
    } catch (int number) {
      thrown[rank] = number;
    }
  });
  CHECK(thrown == std::vector<int>{0, 0, 42});
  CHECK(messages[0] == "rank 2 of 3: something was thrown that is no std::exception");
  CHECK(messages[1] == messages[0]);

  LocalRanks ranks(2);
  CHECK_THROWS_AS(ranks.run([&](Communicator& own) {
    if (own.rank() == 1) throw 42;
    std::byte mine{}, all[2];
    messages[0] = message_of([&] { own.gather({&mine, 1}, all); });
  }),
                  int);
  CHECK(messages[0] == "rank 1 of 2: something was thrown that is no std::exception");
}

TEST_CASE("a thread that the system does not start ends those that wait for it") {
  if (LINEAMENT_SANITIZED) return;  // a sanitizer needs memory of its own for each
  LocalRanks ranks(64);
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  REQUIRE(pages > 0);
  rlimit old{};
  ::getrlimit(RLIMIT_AS, &old);
  rlimit little = old;
  little.rlim_cur = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + (std::size_t{48} << 20);  // some stacks
  ::setrlimit(RLIMIT_AS, &little);
  bool failed = false;
  try {
    ranks.run([](Communicator& own) { gather_texts(own, "here"); });
  } catch (const std::system_error&) {
    failed = true;
  }
  ::setrlimit(RLIMIT_AS, &old);
  CHECK(failed);
}

/// What a sanitizer looks at: the bytes of a rank that has left are gone.
TEST_CASE("a rank that ends all from another thread takes no bytes away from those who read them") {
  for (int round = 0; round < 50; ++round) {
    LocalRanks local(3);
    std::atomic<bool> wrong{false};
    std::atomic<int> calls{0};
    std::thread other([&] {
      while (calls < 20) std::this_thread::yield();
      local.rank(0).end_all("enough");
    });
    const std::string said = message_of([&] {
      local.run([&](Communicator& ranks) {
        for (const std::size_t size = 1 << 14;; ++calls) {
          const std::vector<std::byte> mine(size, static_cast<std::byte>(ranks.rank()));
          std::vector<std::byte> all(3 * size);
          ranks.gather(mine, all);
          for (std::size_t r = 0; r < 3; ++r)
            if (all[r * size] != static_cast<std::byte>(r) || all[(r + 1) * size - 1] != static_cast<std::byte>(r))
              wrong = true;
        }
      });
    });
    other.join();
    CHECK(said == "rank 0 of 3: enough");
    CHECK_FALSE(wrong);
  }
}

TEST_CASE("calls beside do not wait for a call that is on its way, and end with it") {
  std::vector<int> got(2);
  LocalRanks(2).run([&](Communicator& ranks) {
    Communicator& beside = *ranks.beside();
    const std::vector<std::byte> mine(8, static_cast<std::byte>(ranks.rank() + 1));
    std::vector<std::byte> received(8), all(16);
    std::thread other;
    if (ranks.rank() == 0) other = std::thread([&] { ranks.exchange(mine, received); });
    beside.gather(mine, all);  // rank 1 exchanges nothing before it has this
    if (ranks.rank() == 1) ranks.exchange(mine, received);
    if (other.joinable()) other.join();
    got[static_cast<std::size_t>(beside.rank())] =
        100 * beside.size() + 10 * static_cast<int>(all[8]) + static_cast<int>(received[7]);
  });
  CHECK(got == std::vector<int>{222, 222});
  const std::string why = message_of([] {
    LocalRanks(2).run([](Communicator& ranks) {
      if (ranks.rank() == 1) throw TrainingError({"here", "it went wrong", "", "", ""});
      std::byte mine{}, all[2];
      ranks.beside()->gather({&mine, 1}, all);
    });
  });
  CHECK_THAT(why, Catch::Contains("it went wrong"));
}

TEST_CASE("digests tell bytes apart") {
  const auto digest = [](std::string_view text, std::uint64_t seed = 0) {
    return digest_of_bytes(std::as_bytes(std::span(text.data(), text.size())), seed);
  };
  CHECK(digest("abcdefgh") == digest("abcdefgh"));
  CHECK(digest("abcdefgh") != digest("abcdefgi"));
  CHECK(digest("abcdefgh1") != digest("abcdefgh2"));
  CHECK(digest("") != digest(std::string_view("\0", 1)));
  CHECK(digest("a", digest("b")) != digest("b", digest("a")));
}
