// Ranks that are threads of one process: to test what is meant for many machines on one, without MPI.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/train/communicator.hpp"

namespace LINEAMENT_API lineament {

class LocalRanks {
 public:
  /// Throws ArgumentError unless there is at least one.
  explicit LocalRanks(int size);
  ~LocalRanks();
  LocalRanks(const LocalRanks&) = delete;
  LocalRanks& operator=(const LocalRanks&) = delete;

  int size() const { return static_cast<int>(ranks_.size()); }
  Communicator& rank(int rank) { return *ranks_.at(static_cast<std::size_t>(rank)); }

  /// Calls `f` in a thread for each rank, and returns when all are done. Where one throws, all end: what it threw is
  /// thrown here, or what the system gives for a thread that it does not start. To be called once.
  void run(const std::function<void(Communicator&)>& f);

 private:
  struct Meeting;
  class Rank;
  std::unique_ptr<Meeting> meeting_, beside_;
  std::vector<std::unique_ptr<Communicator>> ranks_;
};

}  // namespace lineament
