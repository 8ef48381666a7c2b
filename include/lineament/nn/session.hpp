// Session: a Network made ready for one batch size and one mode. All memory is planned once into one arena; `forward`
// and `backward` allocate nothing. One Session a thread; a const Network may be shared by many.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lineament/nn/network.hpp"
#include "lineament/nn/pass.hpp"
#include "lineament/nn/ranges.hpp"
#include "lineament/threads.hpp"

namespace lineament {

enum class KernelChoice {
  fast,       ///< the first kernel in each layer's list that fits
  reference,  ///< the Eigen definition of each layer: slow, for checking
};

struct SessionOptions {
  Mode mode = Mode::infer;
  int batch = 1;
  int threads = 1;  ///< 0: one for each core
  KernelChoice kernels = KernelChoice::fast;
  bool input_gradient = false;            ///< train mode: also compute the gradient of the input
  std::uint64_t seed = 0;                 ///< dropout
  Precision precision = Precision::fp32;  ///< others: fast kernels, int8: infer mode; otherwise ArgumentError
  std::span<const LayerRange> ranges{};   ///< measure_ranges(): int8 needs them while the session is made
};

/// One row of the plan: what runs, fused or not, and on which kernel.
struct PlannedStep {
  std::string layers;  ///< "conv1 + relu1 + pool1"
  std::string kernel;  ///< "direct"
  Shape output;
};

template <class T>
class BasicSession {
 public:
  /// For either mode. Keeps a reference: `network` must outlive the session and stay where it is. In train mode
  /// `forward` updates its statistics (batch norm). In infer mode batch norm is folded and weights are brought into
  /// their kernels' order now: of later changes of `network`, some are seen and some are not, so make a new session
  /// after one.
  BasicSession(BasicNetwork<T>& network, const SessionOptions& options);
  /// Infer mode only (ArgumentError otherwise).
  BasicSession(const BasicNetwork<T>& network, const SessionOptions& options = {});
  ~BasicSession();
  BasicSession(BasicSession&&) noexcept;
  BasicSession& operator=(BasicSession&&) noexcept;

  int batch() const;
  /// batch x input shape; to be filled before each `forward` (its memory is reused when inferring).
  std::span<T> input();
  /// Runs the graph. Returns batch x output shape, valid until the next call.
  std::span<const T> forward();

  /// Train mode: batch x output shape; to be filled between `forward` and `backward` (its memory is reused).
  std::span<T> output_gradient();
  /// Adds to gradients() what the last `forward` and output_gradient() give.
  void backward();
  /// Laid out like the first trainable_size() values of the network's weights.
  std::span<T> gradients();
  /// Makes them count as zero: costs nothing, the next `backward` writes over them. A span got before is valid again
  /// after that, or after the next gradients().
  void zero_gradients();
  /// With `input_gradient`: batch x input shape, overwritten by `backward`.
  std::span<const T> input_gradient() const;

  /// Dropout draws a new mask in every `forward`, numbered from here: set on resuming to go on with the same masks.
  void set_step(std::uint64_t step);

  Threads& threads();
  /// Bytes of the planned arena, without weights and gradients.
  std::size_t arena_bytes() const;
  const std::vector<PlannedStep>& plan() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

using Session = BasicSession<float>;
extern template class BasicSession<float>;
extern template class BasicSession<double>;

}  // namespace lineament
