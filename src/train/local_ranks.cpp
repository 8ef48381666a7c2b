#include "lineament/train/local_ranks.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "lineament/error.hpp"
#include "train/current_error.hpp"

namespace lineament {

/// Where all ranks wait for each other, with what they show the others.
struct LocalRanks::Meeting {
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<std::span<std::byte>> shown;
  std::size_t here = 0, round = 0;
  bool ended = false;
  int ended_by = 0;
  std::string line;

  void meet(const Communicator& rank) {
    std::unique_lock lock(mutex);
    const std::size_t mine = round;
    if (!ended && ++here == shown.size()) {
      here = 0;
      ++round;
      wake.notify_all();
    }
    wake.wait(lock, [&] { return ended || round != mine; });
    if (ended && round == mine) throw TrainingError({rank_text(rank, ended_by), line, "", "", ""});
  }

  /// After a meeting that all came to. It is kept even if the run is ended meanwhile, by another thread of some rank:
  /// who left would take away what others are still reading.
  void part() {
    std::unique_lock lock(mutex);
    const std::size_t mine = round;
    if (++here == shown.size()) {
      here = 0;
      ++round;
      wake.notify_all();
    }
    wake.wait(lock, [&] { return round != mine; });
  }
};

class LocalRanks::Rank final : public Communicator {
 public:
  Rank(Meeting& meeting, int rank, std::unique_ptr<Rank> beside)
      : meeting_(meeting), rank_(rank), beside_(std::move(beside)) {}
  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(meeting_.shown.size()); }
  bool any_thread() const override { return true; }
  Communicator* beside() override { return beside_.get(); }

  void exchange(std::span<const std::byte> mine, std::span<std::byte> received) override {
    const std::size_t part = mine.size() / meeting_.shown.size();
    each_other(mine, [&](std::size_t r, std::span<const std::byte> theirs) {
      copy(theirs.subspan(static_cast<std::size_t>(rank_) * part, part), received.subspan(r * part, part));
    });
  }
  void gather(std::span<const std::byte> mine, std::span<std::byte> all) override {
    each_other(mine, [&](std::size_t r, std::span<const std::byte> theirs) {
      copy(theirs, all.subspan(r * mine.size(), mine.size()));
    });
  }
  void broadcast(std::span<std::byte> bytes, int from) override {
    each_other(bytes, [&](std::size_t r, std::span<const std::byte> theirs) {
      if (static_cast<int>(r) == from && from != rank_) copy(theirs, bytes);
    });
  }
  void end_all(const std::string& line) noexcept override {
    {
      const std::lock_guard lock(meeting_.mutex);
      if (meeting_.ended) return;
      meeting_.ended = true;
      meeting_.ended_by = rank_;
      meeting_.line = line;
    }
    meeting_.wake.notify_all();
    if (beside_) beside_->end_all(line);
  }

 private:
  static void copy(std::span<const std::byte> from, std::span<std::byte> to) {
    std::copy(from.begin(), from.end(), to.begin());
  }

  /// Calls f(rank, what it shows) for all. Nobody leaves before all have read.
  void each_other(std::span<const std::byte> mine, auto&& f) {
    // Read only, but by broadcast(), whose own bytes they are.
    meeting_.shown[static_cast<std::size_t>(rank_)] = {const_cast<std::byte*>(mine.data()), mine.size()};
    meeting_.meet(*this);
    const auto another = [&](const std::span<std::byte>& theirs) { return theirs.size() != mine.size(); };
    const bool unlike = std::any_of(meeting_.shown.begin(), meeting_.shown.end(), another);
    if (unlike) {  // all see it, and all leave
      meeting_.part();
      throw TrainingError({"ranks", "they exchange different numbers of bytes", "as many of each",
                           std::to_string(mine.size()) + " of rank " + std::to_string(rank_),
                           "every rank makes the same calls"});
    }
    for (std::size_t r = 0; r < meeting_.shown.size(); ++r) f(r, std::span<const std::byte>(meeting_.shown[r]));
    meeting_.part();
  }

  Meeting& meeting_;
  int rank_;
  std::unique_ptr<Rank> beside_;
};

namespace {

/// Does it only say what another rank has thrown?
bool is_of_another(const std::exception_ptr& error, const Communicator& rank) {
  try {
    std::rethrow_exception(error);
  } catch (const TrainingError& e) {
    for (int r = 0; r < rank.size(); ++r)
      if (r != rank.rank() && e.problem().where == rank_text(rank, r)) return true;
  } catch (...) {
  }
  return false;
}

}  // namespace

LocalRanks::LocalRanks(int size) : meeting_(std::make_unique<Meeting>()), beside_(std::make_unique<Meeting>()) {
  if (size < 1) throw ArgumentError({"local ranks", "there are none", "1 or more", std::to_string(size), ""});
  for (Meeting* meeting : {meeting_.get(), beside_.get()}) meeting->shown.resize(static_cast<std::size_t>(size));
  for (int r = 0; r < size; ++r)
    ranks_.push_back(std::make_unique<Rank>(*meeting_, r, std::make_unique<Rank>(*beside_, r, nullptr)));
}

LocalRanks::~LocalRanks() = default;

void LocalRanks::run(const std::function<void(Communicator&)>& f) {
  std::vector<std::exception_ptr> errors(ranks_.size());
  std::vector<std::thread> threads;
  threads.reserve(ranks_.size());
  const auto join = [&] {
    for (std::thread& thread : threads) thread.join();
  };
  try {
    for (std::size_t r = 0; r < ranks_.size(); ++r)
      threads.emplace_back([&, r] {
        try {
          f(*ranks_[r]);
        } catch (...) {
          errors[r] = std::current_exception();
          ranks_[r]->end_all(current_error());
        }
      });
  } catch (...) {  // those that run wait for one that the system does not start
    ranks_[threads.size()]->end_all("its thread could not be started: " + current_error());
    join();
    throw;
  }
  join();
  for (std::size_t r = 0; r < errors.size(); ++r)
    if (errors[r] && !is_of_another(errors[r], *ranks_[r])) std::rethrow_exception(errors[r]);
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace lineament
