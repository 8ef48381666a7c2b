#include "cli/ranks.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>

#include "cli/console.hpp"
#include "lineament/error.hpp"
#ifdef LINEAMENT_WITH_MPI
#include "lineament/mpi.hpp"
#endif

namespace lineament::cli {
namespace {

/// How many processes whatever started this one has started, as it tells them: mpirun of Open MPI and of MPICH's
/// family, and Slurm's srun with --mpi. MPI itself is not asked: where it is not meant, it shall not run.
int processes_started() {
  const auto number = [](const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? 0 : std::atoi(value);
  };
  const int slurm = std::getenv("PMIX_RANK") != nullptr ? number("SLURM_STEP_NUM_TASKS") : 0;
  return std::max({1, number("OMPI_COMM_WORLD_SIZE"), number("PMI_SIZE"), number("MV2_COMM_WORLD_SIZE"), slurm});
}

}  // namespace

#ifdef LINEAMENT_WITH_MPI
struct Ranks::Session {
  MpiSession mpi;
};

Ranks::Ranks() {
  if (processes_started() == 1) return;
  session_ = std::make_unique<Session>();
  auto ranks = std::make_unique<MpiCommunicator>(MPI_COMM_WORLD, [](const std::string& line) {
    set_quiet(false);
    say("lineament: " + line);
  });
  if (ranks->size() == 1) return;
  ranks_ = std::move(ranks);
  set_quiet(!writes());
}
#else
struct Ranks::Session {};

Ranks::Ranks() {
  if (processes_started() == 1) return;
  for (const char* rank : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK"})  // one of them speaks
    if (const char* value = std::getenv(rank); value != nullptr && std::atoi(value) > 0) set_quiet(true);
  throw ArgumentError({"mpirun", "this program is built without MPI", "one process",
                       std::to_string(processes_started()),
                       "build it where MPI is installed (LINEAMENT_MPI=ON), or start it alone"});
}
#endif

Ranks::~Ranks() = default;

int Ranks::run(const std::function<int()>& f) {
  if (!ranks_) return f();
  try {
    return f();
  } catch (const std::exception& e) {  // said here: once MPI has ended, mpirun may end the process at any moment
    say(std::string("lineament: ") + e.what());
    return writes() ? 2 : 0;
  }
}

void Ranks::together(const std::function<void()>& f) {
  if (ranks_)
    lineament::together(*ranks_, f);
  else
    f();
}

void Ranks::broadcast(std::vector<std::uint8_t>& bytes) {
  if (!ranks_) return;
  std::uint64_t size = bytes.size();
  ranks_->broadcast(std::as_writable_bytes(std::span(&size, 1)), 0);
  bytes.resize(static_cast<std::size_t>(size));
  ranks_->broadcast(std::as_writable_bytes(std::span(bytes)), 0);
}

std::vector<std::string> Ranks::gather(const std::string& mine) {
  return ranks_ ? gather_texts(*ranks_, mine) : std::vector{mine};
}

void Ranks::say_alone(const std::string& lines) {
  set_quiet(false);
  say((ranks_ ? "rank " + std::to_string(ranks_->rank()) + ": " : "") + lines.substr(0, lines.size() - 1));
  set_quiet(!writes());
}

void Ranks::require_same(const std::string& what, const std::string& mine) {
  if (ranks_)
    lineament::require_same(*ranks_, digest_of_bytes(std::as_bytes(std::span(mine))), what,
                            "all ranks are to have the same program, options and data");
}

}  // namespace lineament::cli
