// What data-parallel training asks of whatever connects its ranks: MPI (lineament/mpi.hpp), threads of one process
// (local_ranks.hpp), or a user's own. Sums are built here on two exchanges of bytes, so that they are added up in the
// order of ranks, and give the same bits run after run, whatever carries them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/nn/precision.hpp"

namespace LINEAMENT_API lineament {

/// One rank's way to the others. Every rank makes the same calls in the same order; a call returns when this rank has
/// what it is to get. Calls throw TrainingError where the others cannot be reached any more.
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;  ///< 0 … size() - 1
  virtual int size() const = 0;

  /// Part r of `mine`, which is size() parts of one length, goes to rank r; part r of `received` comes from rank r.
  virtual void exchange(std::span<const std::byte> mine, std::span<std::byte> received) = 0;
  /// Everyone's bytes, as many of each, one after the other in the order of ranks.
  virtual void gather(std::span<const std::byte> mine, std::span<std::byte> all) = 0;
  /// Those of rank `from` go to all others.
  virtual void broadcast(std::span<std::byte> bytes, int from) = 0;

  /// Ends the run on all ranks, at once, with this line: what a rank calls that cannot go on while others wait for it.
  /// Depending on what connects them, the others throw a TrainingError with the line, or end as processes.
  virtual void end_all(const std::string& line) noexcept = 0;

  /// Whether calls may come from another thread than the one that made it, one at a time: sums then go on beside the
  /// backward pass.
  virtual bool any_thread() const { return false; }

  /// A second way to the same ranks, on which a thread may make calls while another makes some here: batch norms then
  /// wait for no gradients that are on their way. nullptr: there is none.
  virtual Communicator* beside() { return nullptr; }
};

/// "rank 1 of 4".
std::string rank_text(const Communicator& ranks, int rank);

/// Replaces values by their sums over ranks. Each rank adds up a slice of them, in double and in the order of ranks,
/// and gets the others' slices: every rank ends with the same bits. One rank alone changes nothing.
class RankSums {
 public:
  /// In pieces of at most `piece` values. `sent`: fp32, or bf16, which halves what is sent and rounds it: each rank's
  /// values, and each sum. Throws ArgumentError for another precision, or no values.
  RankSums(Communicator& ranks, std::size_t piece, Precision sent = Precision::fp32);
  void operator()(std::span<float> values);

 private:
  template <class Word>
  void sum_piece(std::span<float> values);
  template <class Word>
  void sum_slice(std::span<const Word> received, std::span<Word> summed) const;

  Communicator& ranks_;
  std::size_t piece_;
  Precision sent_;
  std::vector<std::byte> sent_bytes_, received_, summed_;
};

/// Everyone's bytes, of any length, in the order of ranks.
std::vector<std::vector<std::byte>> gather_all(Communicator& ranks, std::span<const std::byte> mine);
std::vector<std::string> gather_texts(Communicator& ranks, const std::string& mine);

/// Throws TrainingError on every rank, naming the first that differs, unless all have the same digest of `what`
/// ("weights"). The one that most have counts as right; where as many have another, that of the lowest rank.
void require_same(Communicator& ranks, std::uint64_t digest, const std::string& what, const std::string& fix = "");

/// Calls `f`, and returns when all ranks have done so. Where it throws on any rank, whatever that is, all throw:
/// those that failed their own, the others a TrainingError that names the first of them.
void together(Communicator& ranks, const std::function<void()>& f);

/// Of any bytes. Digests may be chained: `seed` is the one before.
std::uint64_t digest_of_bytes(std::span<const std::byte> bytes, std::uint64_t seed = 0);

}  // namespace lineament
