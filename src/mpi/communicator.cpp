#include <algorithm>
#include <limits>

#include "lineament/error.hpp"
#include "lineament/mpi.hpp"

namespace lineament {
namespace {

constexpr std::size_t kMost = std::numeric_limits<int>::max();  // of one call: MPI counts in int

void require(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, text, &length);
  std::string got(text, static_cast<std::size_t>(length));
  std::replace(got.begin(), got.end(), '\n', ' ');
  throw TrainingError({call, "MPI cannot reach the other ranks", "", got, "go on from the last checkpoint"});
}

int count_of(std::size_t bytes) {
  if (bytes <= kMost) return static_cast<int>(bytes);
  throw ArgumentError({"MPI", "a message is too long", "at most " + std::to_string(kMost) + " bytes",
                       std::to_string(bytes), "train with smaller batches"});
}

bool runs() {
  int begun = 0, ended = 0;
  MPI_Initialized(&begun);
  MPI_Finalized(&ended);
  return begun != 0 && ended == 0;
}

}  // namespace

MpiSession::MpiSession() {
  if (runs()) return;
  int level = 0;
  require(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &level), "MPI_Init_thread");
  started_ = true;
}

MpiSession::~MpiSession() {
  if (started_ && runs()) MPI_Finalize();
}

MpiCommunicator::MpiCommunicator(MPI_Comm all, std::function<void(const std::string&)> say)
    : MpiCommunicator(all, std::move(say), Alone()) {
  if (level_ >= MPI_THREAD_MULTIPLE) beside_.reset(new MpiCommunicator(all, say_, Alone()));
}

MpiCommunicator::MpiCommunicator(MPI_Comm all, std::function<void(const std::string&)> say, Alone)
    : say_(std::move(say)) {
  if (!runs())
    throw TrainingError(
        {"MPI", "it does not run", "MPI_Init before, and MPI_Finalize after", "", "make an MpiSession"});
  require(MPI_Comm_dup(all, &ranks_), "MPI_Comm_dup");
  MPI_Comm_set_errhandler(ranks_, MPI_ERRORS_RETURN);
  MPI_Comm_rank(ranks_, &rank_);
  MPI_Comm_size(ranks_, &size_);
  MPI_Query_thread(&level_);
}

MpiCommunicator::~MpiCommunicator() {
  if (ranks_ != MPI_COMM_NULL && runs()) MPI_Comm_free(&ranks_);
}

void MpiCommunicator::exchange(std::span<const std::byte> mine, std::span<std::byte> received) {
  const int part = count_of(mine.size() / static_cast<std::size_t>(size_));
  require(MPI_Alltoall(mine.data(), part, MPI_BYTE, received.data(), part, MPI_BYTE, ranks_), "MPI_Alltoall");
}

void MpiCommunicator::gather(std::span<const std::byte> mine, std::span<std::byte> all) {
  const int count = count_of(mine.size());
  require(MPI_Allgather(mine.data(), count, MPI_BYTE, all.data(), count, MPI_BYTE, ranks_), "MPI_Allgather");
}

void MpiCommunicator::broadcast(std::span<std::byte> bytes, int from) {
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(kMost, bytes.size())))
    require(MPI_Bcast(bytes.data(), count_of(std::min(kMost, bytes.size())), MPI_BYTE, from, ranks_), "MPI_Bcast");
}

void MpiCommunicator::end_all(const std::string& line) noexcept {
  try {
    if (say_) say_(rank_text(*this, rank_) + ": " + line);
  } catch (...) {  // what cannot be said must not keep the others
  }
  constexpr int kExitCode = 2;
  MPI_Abort(ranks_, kExitCode);
}

}  // namespace lineament
