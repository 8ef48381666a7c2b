// Ranks that MPI connects: processes on one machine or many, started by mpirun. For programs that have MPI: link them
// with lineament::mpi, too. No other header of the library includes mpi.h.
#pragma once
#include <mpi.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "lineament/api.hpp"
#include "lineament/train/communicator.hpp"

namespace LINEAMENT_API lineament {

/// MPI from here to the end of this object, for programs that do not start it themselves: one at a time, on the main
/// thread. Does nothing if MPI runs already.
class MpiSession {
 public:
  /// Throws TrainingError if MPI does not start.
  MpiSession();
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;

 private:
  bool started_ = false;
};

/// The ranks of an MPI communicator, on a duplicate of it: no message gets in the way of the caller's own. MPI must run
/// until this object is gone. any_thread() is true where MPI was started with MPI_THREAD_SERIALIZED or more, and
/// beside() is there with MPI_THREAD_MULTIPLE, which MpiSession asks for.
class MpiCommunicator final : public Communicator {
 public:
  /// `say` is given the line of end_all(), which then calls MPI_Abort: all processes end with exit code 2. Making one
  /// is a call that all ranks of `all` make. Throws TrainingError if MPI does not run.
  explicit MpiCommunicator(MPI_Comm all = MPI_COMM_WORLD, std::function<void(const std::string&)> say = {});
  ~MpiCommunicator() override;
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  bool any_thread() const override { return level_ >= MPI_THREAD_SERIALIZED; }
  Communicator* beside() override { return beside_.get(); }
  void exchange(std::span<const std::byte> mine, std::span<std::byte> received) override;
  void gather(std::span<const std::byte> mine, std::span<std::byte> all) override;
  void broadcast(std::span<std::byte> bytes, int from) override;
  void end_all(const std::string& line) noexcept override;

 private:
  struct Alone {};
  MpiCommunicator(MPI_Comm all, std::function<void(const std::string&)> say, Alone);

  MPI_Comm ranks_ = MPI_COMM_NULL;
  std::function<void(const std::string&)> say_;
  int rank_ = 0, size_ = 1, level_ = MPI_THREAD_SINGLE;
  std::unique_ptr<MpiCommunicator> beside_;
};

}  // namespace lineament
