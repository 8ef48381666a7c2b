// Sessions: a Network made ready to infer, or to train, for one batch size. All memory is planned once into one arena;
// `forward` and `backward` allocate nothing. One session a thread; a const Network may be shared by many.
#pragma once
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/pass.hpp"
#include "lineament/nn/ranges.hpp"
#include "lineament/threads.hpp"

namespace LINEAMENT_API lineament {

/// What a session does to a network's plan before it runs. Each can be left out: values stay the same but for rounding,
/// so this is how to learn what one does, and to find out which one is at fault.
enum class Pass {
  fold_batch_norm,  ///< inferring: into the weights of the convolution or dense layer before it
  choose_kernels,   ///< left out: every layer runs its definition in Eigen; slow, for checking
  fuse_epilogues,   ///< residual sum, ReLU or hard-swish, and 2x2 max-pool in the op before them
  quantise,         ///< int8: bytes between ops
  partition,        ///< inferring: threads go through several ops alone, for an image or for rows of one
  defer_norms,      ///< training: convolutions do the passes over memory of batch norms next to them
  recompute,        ///< training: inputs that norms, sums and gates give again are not kept
  rematerialise,    ///< training: cheap convolutions run again in backward, their outputs are not kept
  share_memory,     ///< values that are never needed at the same time lie in the same memory
};
std::string_view name(Pass);
/// All of them, in the order of the list above.
std::span<const Pass> all_passes();

class PassSet {
 public:
  constexpr PassSet() = default;
  constexpr PassSet(std::initializer_list<Pass> passes) {
    for (const Pass pass : passes) bits_ |= 1u << static_cast<unsigned>(pass);
  }
  constexpr bool contains(Pass pass) const { return (bits_ >> static_cast<unsigned>(pass) & 1u) != 0; }

 private:
  unsigned bits_ = 0;
};

struct Tuning;  // lineament/nn/tuning.hpp

struct InferenceOptions {
  int batch = 1;
  int threads = 1;                        ///< 0: one for each core
  Precision precision = Precision::fp32;  ///< others need Pass::choose_kernels
  std::span<const LayerRange> ranges{};   ///< measure_ranges(): int8 needs them while the session is made
  PassSet without{};
  /// Kernels that tune() found the fastest here, needed while the session is made; one of another machine counts for
  /// nothing. nullptr: the order that is built in.
  const Tuning* tuning = nullptr;
};

/// The other parts of a batch that several sessions share, each with as many samples: in other processes, or threads.
class BatchParts {
 public:
  virtual ~BatchParts() = default;
  virtual int count() const = 0;  ///< parts, this one among them
  /// The values of all parts, one after the other in an order that is the same for all. Every session makes the same
  /// calls in the same order.
  virtual void gather(std::span<const double> mine, std::span<double> all) = 0;
};

struct TrainingOptions {
  int batch = 1;
  int threads = 1;                        ///< 0: one for each core
  Precision precision = Precision::fp32;  ///< or bf16: see Precision
  std::uint64_t seed = 0;                 ///< dropout
  bool input_gradient = false;            ///< also compute the gradient with respect to the (first) input
  PassSet without{};
  /// Batch norms take their statistics over all parts, and gradients flow through these: as if one session had the
  /// whole batch. Those of parameters stay each session's own, to be added up. nullptr: the batch is a whole one. With
  /// the norms' fast kernel, that is, not without Pass::choose_kernels. It must outlive the session.
  BatchParts* parts = nullptr;
};

/// One row of the plan: what runs, on which kernel, and why.
struct PlannedOp {
  std::string layers;  ///< "conv1 + relu1 + pool1"
  std::string kernel;  ///< "direct"
  /// "winograd: needs 16 channels": the kernels that come before it, and one that a Tuning names in vain.
  std::vector<std::string> refused;
  std::string region;  ///< "together", "by image", "by rows"
  Shape output;
  std::string type;       ///< of the output: "f32", "f64", "u8"
  std::size_t bytes = 0;  ///< of the output in memory, of all its copies; 0: it has no place of its own
  int from = 0, to = 0;   ///< the ops during which it is kept; backward ops have numbers above the forward ones
  int again_from = 0, again_to = 0;  ///< training: during which it is there once more, computed again; 0: it is not
  std::size_t workspace = 0;         ///< bytes that the kernel works in
  std::size_t packed = 0;            ///< bytes of weights in the kernel's own order
};

namespace detail {
template <class T>
struct SessionState;
}
template <class T>
class PreparedWeights;

/// What both kinds of session offer. Throws ArgumentError where options are out of range, and for an input or output
/// there is not.
template <class T>
class SessionBase {
 public:
  int batch() const;
  /// batch x input shape; to be filled before each `forward`. `i`: of Network::inputs().
  std::span<T> input(std::size_t i = 0);
  /// Runs the graph. Returns the first output, batch x output shape, valid until the next call. Throws ArgumentError if
  /// force_isa() was called in between: weights lie in the order of the instruction set that the session was made for.
  std::span<const T> forward();
  /// Of the last `forward`; `i`: of Network::outputs().
  std::span<const T> output(std::size_t i = 0) const;

  Threads& threads();
  /// Bytes of the planned arena, without weights and gradients.
  std::size_t arena_bytes() const;
  /// Bytes of packed weights; sessions of one PreparedWeights share them.
  std::size_t packed_bytes() const;
  std::vector<PlannedOp> plan() const;

 protected:
  SessionBase();
  ~SessionBase();
  SessionBase(SessionBase&&) noexcept;
  SessionBase& operator=(SessionBase&&) noexcept;
  std::unique_ptr<detail::SessionState<T>> state_;
};

/// A network made ready to infer. Keeps a reference: `network` must outlive the session, stay where it is and not be
/// assigned to. Batch norms are folded and weights brought into their kernels' order when the session is made, and anew
/// in the next `forward` if `network` has changed since (Network::revision(): not by a span of weights that was kept).
/// The input's memory is reused by `forward`.
template <class T>
class BasicInferenceSession : public SessionBase<T> {
 public:
  explicit BasicInferenceSession(const BasicNetwork<T>& network, const InferenceOptions& options = {});
  BasicInferenceSession(const BasicNetwork<T>&& network, const InferenceOptions& options = {}) = delete;
  /// Shares folded and packed weights with other sessions.
  BasicInferenceSession(std::shared_ptr<PreparedWeights<T>> weights, const InferenceOptions& options);
};

/// A network made ready to train. `network` must outlive the session and stay where it is; `forward` updates its
/// statistics (batch norm) and reads its weights as they are at that moment.
template <class T>
class BasicTrainingSession : public SessionBase<T> {
 public:
  explicit BasicTrainingSession(BasicNetwork<T>& network, const TrainingOptions& options = {});
  BasicTrainingSession(BasicNetwork<T>&& network, const TrainingOptions& options = {}) = delete;

  /// batch x output shape; to be filled between `forward` and `backward` (its memory is reused).
  std::span<T> output_gradient(std::size_t i = 0);
  /// Adds to gradients() what the last `forward` and output_gradient() give. Works in the memory of both: throws
  /// ArgumentError unless there was a `forward` since the last `backward`.
  void backward();
  /// The same; after each op calls done(first): the gradients from number `first` on are complete. `first` never rises,
  /// and is 0 in the end.
  void backward(const std::function<void(std::size_t first)>& done);
  /// Laid out like the first trainable_size() values of the network's weights.
  std::span<T> gradients();
  /// Makes them count as zero: costs nothing, the next `backward` writes over them. A span got before is valid again
  /// after that, or after the next gradients().
  void zero_gradients();
  /// With `input_gradient`: batch x input shape, overwritten by `backward`.
  std::span<const T> input_gradient() const;
  /// Dropout draws a new mask in every `forward`, numbered from here: set on resuming to go on with the same masks.
  /// `backward` needs a new `forward` after it.
  void set_step(std::uint64_t step);
};

using InferenceSession = BasicInferenceSession<float>;
using TrainingSession = BasicTrainingSession<float>;
extern template class SessionBase<float>;
extern template class SessionBase<double>;
extern template class BasicInferenceSession<float>;
extern template class BasicInferenceSession<double>;
extern template class BasicTrainingSession<float>;
extern template class BasicTrainingSession<double>;

/// Folded and packed weights that sessions share, for the instruction set in use. Batch norms are folded, whatever a
/// session's `without` says. `network` must outlive them, and neither it nor a span of its weights may be asked for as
/// something to change. Safe to use from several threads.
template <class T>
std::shared_ptr<PreparedWeights<T>> prepare_weights(const BasicNetwork<T>& network);
template <class T>
std::shared_ptr<PreparedWeights<T>> prepare_weights(const BasicNetwork<T>&& network) = delete;
/// The same for sessions with these options, but for the batch, which keep nothing of `network`: in int8 a quarter of
/// its memory. In bf16, where some kernels are for few samples, a session of another batch may find weights released:
/// its constructor throws ArgumentError.
template <class T>
std::shared_ptr<PreparedWeights<T>> pack_weights(const BasicNetwork<T>& network, const InferenceOptions& options);

}  // namespace lineament
