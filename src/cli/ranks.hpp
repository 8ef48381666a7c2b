// The processes that mpirun starts for one training. Rank 0 speaks and writes for all; alone there are no others, and
// nothing here does anything.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lineament/train/communicator.hpp"

namespace lineament::cli {

class Ranks {
 public:
  /// Starts MPI where mpirun has started several processes. Throws ArgumentError if this program is built without it.
  Ranks();
  ~Ranks();
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  Communicator* others() { return ranks_.get(); }  ///< nullptr: there are none
  bool writes() const { return !ranks_ || ranks_->rank() == 0; }

  /// Calls `f`, which returns an exit code. Of an error that all ranks have, rank 0 says the line.
  int run(const std::function<int()>& f);
  /// All do it, or none: see lineament::together().
  void together(const std::function<void()>& f);
  /// Rank 0's bytes become those of all.
  void broadcast(std::vector<std::uint8_t>& bytes);
  /// The text of each rank, in their order.
  std::vector<std::string> gather(const std::string& mine);
  /// Lines of this rank alone, whether it writes or not.
  void say_alone(const std::string& lines);
  /// Throws TrainingError, naming the rank, where one has another.
  void require_same(const std::string& what, const std::string& mine);

 private:
  struct Session;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Communicator> ranks_;
};

}  // namespace lineament::cli
