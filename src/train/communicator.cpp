#include "lineament/train/communicator.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <type_traits>

#include "lineament/error.hpp"
#include "nn/bf16.hpp"
#include "train/current_error.hpp"

namespace lineament {
namespace {

using Bf16Word = std::uint16_t;

constexpr std::size_t kBlock = 512;  // values whose sums stay in the first-level cache

void pack(float value, float& to) {
  to = value;
}
void pack(float value, Bf16Word& to) {
  to = to_bf16(value);
}
double unpacked(float word) {
  return static_cast<double>(word);
}
double unpacked(Bf16Word word) {
  return static_cast<double>(from_bf16(word));
}

template <class Word>
std::span<Word> words(std::vector<std::byte>& bytes, std::size_t count) {
  return {reinterpret_cast<Word*>(bytes.data()), count};
}

std::size_t count_of(const Communicator& ranks) {
  return static_cast<std::size_t>(ranks.size());
}

}  // namespace

std::string rank_text(const Communicator& ranks, int rank) {
  return "rank " + std::to_string(rank) + " of " + std::to_string(ranks.size());
}

RankSums::RankSums(Communicator& ranks, std::size_t piece, Precision sent) : ranks_(ranks), piece_(piece), sent_(sent) {
  if (sent != Precision::fp32 && sent != Precision::bf16)
    throw ArgumentError({"sums over ranks", "the precision is out of range", "fp32 or bf16", "another", ""});
  if (piece == 0) throw ArgumentError({"sums over ranks", "a piece has no values", "1 or more", "0", ""});
  const std::size_t slice = (piece + count_of(ranks) - 1) / count_of(ranks),
                    bytes = sent == Precision::fp32 ? sizeof(float) : sizeof(Bf16Word);
  for (std::vector<std::byte>* buffer : {&sent_bytes_, &received_}) buffer->resize(count_of(ranks) * slice * bytes);
  summed_.resize(slice * bytes);
}

void RankSums::operator()(std::span<float> values) {
  if (ranks_.size() == 1) return;
  for (; !values.empty(); values = values.subspan(std::min(piece_, values.size()))) {
    const std::span<float> piece = values.first(std::min(piece_, values.size()));
    if (sent_ == Precision::fp32)
      sum_piece<float>(piece);
    else
      sum_piece<Bf16Word>(piece);
  }
}

/// The sums of this rank's slice: `received` are the slices that all ranks have for it, one after the other.
template <class Word>
void RankSums::sum_slice(std::span<const Word> received, std::span<Word> summed) const {
  for (std::size_t first = 0; first < summed.size(); first += kBlock) {
    const std::size_t count = std::min(kBlock, summed.size() - first);
    std::array<double, kBlock> sums{};
    for (std::size_t at = first; at < received.size(); at += summed.size())
      for (std::size_t i = 0; i < count; ++i) sums[i] += unpacked(received[at + i]);
    for (std::size_t i = 0; i < count; ++i) pack(static_cast<float>(sums[i]), summed[first + i]);
  }
}

template <class Word>
void RankSums::sum_piece(std::span<float> values) {
  const std::size_t ranks = count_of(ranks_), slice = (values.size() + ranks - 1) / ranks, all = ranks * slice;
  const std::span<Word> received = words<Word>(received_, all), summed = words<Word>(summed_, slice);
  if constexpr (std::is_same_v<Word, float>) {
    if (values.size() == all) {  // they can be sent from where they lie
      ranks_.exchange(std::as_bytes(values), std::as_writable_bytes(received));
      sum_slice<Word>(received, summed);
      return ranks_.gather(std::as_bytes(summed), std::as_writable_bytes(values));
    }
  }
  const std::span<Word> sent = words<Word>(sent_bytes_, all);
  for (std::size_t i = 0; i < values.size(); ++i) pack(values[i], sent[i]);
  std::fill(sent.begin() + static_cast<std::ptrdiff_t>(values.size()), sent.end(), Word(0));
  ranks_.exchange(std::as_bytes(sent), std::as_writable_bytes(received));
  sum_slice<Word>(received, summed);
  ranks_.gather(std::as_bytes(summed), std::as_writable_bytes(sent));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(unpacked(sent[i]));
}

std::vector<std::vector<std::byte>> gather_all(Communicator& ranks, std::span<const std::byte> mine) {
  std::vector<std::uint64_t> sizes(count_of(ranks));
  const std::uint64_t size = mine.size();
  ranks.gather(std::as_bytes(std::span(&size, 1)), std::as_writable_bytes(std::span(sizes)));
  const auto most = static_cast<std::size_t>(*std::max_element(sizes.begin(), sizes.end()));
  std::vector<std::byte> padded(mine.begin(), mine.end()), received(most * sizes.size());
  padded.resize(most);
  if (most > 0) ranks.gather(padded, received);
  std::vector<std::vector<std::byte>> all;
  for (std::size_t r = 0; r < sizes.size(); ++r) {
    const auto first = received.begin() + static_cast<std::ptrdiff_t>(r * most);
    all.emplace_back(first, first + static_cast<std::ptrdiff_t>(sizes[r]));
  }
  return all;
}

std::vector<std::string> gather_texts(Communicator& ranks, const std::string& mine) {
  std::vector<std::string> texts;
  for (const std::vector<std::byte>& bytes : gather_all(ranks, std::as_bytes(std::span(mine))))
    texts.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return texts;
}

void require_same(Communicator& ranks, std::uint64_t digest, const std::string& what, const std::string& fix) {
  std::vector<std::uint64_t> all(count_of(ranks));
  ranks.gather(std::as_bytes(std::span(&digest, 1)), std::as_writable_bytes(std::span(all)));
  const auto count = [&](std::uint64_t d) { return std::count(all.begin(), all.end(), d); };
  const std::uint64_t right =  // the first of the largest
      *std::max_element(all.begin(), all.end(), [&](auto a, auto b) { return count(a) < count(b); });
  const auto other = std::find_if(all.begin(), all.end(), [&](auto d) { return d != right; });
  if (other == all.end()) return;
  const auto agreeing = static_cast<std::size_t>(count(right));
  throw TrainingError({rank_text(ranks, static_cast<int>(other - all.begin())), "it has other " + what,
                       "the same as " + std::to_string(agreeing) + (agreeing == 1 ? " other rank" : " other ranks"),
                       "another digest", fix});
}

void together(Communicator& ranks, const std::function<void()>& f) {
  std::string failed;
  std::exception_ptr own;
  try {
    f();
  } catch (...) {
    failed = current_error();
    own = std::current_exception();
  }
  const std::vector<std::string> all = gather_texts(ranks, failed);
  if (own) std::rethrow_exception(own);
  for (std::size_t r = 0; r < all.size(); ++r)
    if (!all[r].empty()) throw TrainingError({rank_text(ranks, static_cast<int>(r)), all[r], "", "", ""});
}

std::uint64_t digest_of_bytes(std::span<const std::byte> bytes, std::uint64_t seed) {
  std::uint64_t digest = (seed ^ bytes.size()) * 0x9E3779B97F4A7C15u + 0xD1B54A32D192ED03u;
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(bytes.size(), sizeof digest))) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), std::min(bytes.size(), sizeof word));
    digest = (digest ^ word) * 0x9E3779B97F4A7C15u;
    digest ^= digest >> 32;
  }
  return digest;
}

}  // namespace lineament
