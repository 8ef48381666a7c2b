// Losses of networks that say more of a face than its points: how sure they are, heat maps, points before a refinement
// (zoo/heatmap_networks.hpp).
// Likelihoods with a learnt scale: Kendall & Gal, "What uncertainties do we need in Bayesian deep learning for computer
// vision?", NeurIPS 2017. Divergence of heat maps: Nibali et al., "Numerical coordinate regression with convolutional
// neural networks", 2018.
#pragma once
#include <array>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/threads.hpp"
#include "lineament/train/joint_loss.hpp"
#include "lineament/train/losses.hpp"

namespace LINEAMENT_API lineament {

/// How errors are spread around a point.
enum class ErrorLaw { laplace, gaussian };

/// The negative log-likelihood of a face's points, with one log scale s for each point that the network gives itself.
/// With e the error of a point's x or y, in units of the true distance of the outer eye corners, u = 20 |e| exp(-s) and
/// s clamped to -6 … 3 (no gradient reaches one beyond):
/// - laplace:  u + s
/// - gaussian: u^2 / pi + s
/// and the value is the weighted mean over all x and y. Where s is right, exp(s) / 20 is the mean of |e| under either
/// law: see spread_of(). Values of weight 0 are left out, and faces of which an eye corner has weight 0. A distance of
/// the eye corners below 0.05 of the crop's side, a face seen from the side, counts as 0.05. Sums run in double and in
/// index order. Throws ArgumentError for sizes that do not fit, and for true eye corners in one place.
struct PointLikelihood {
  ErrorLaw law = ErrorLaw::laplace;
  int points = kPoints;
  std::array<int, 2> eye_corners{36, 45};

  /// `output`, `truth`, `weights` (or none): batch x 2 * points; `scales`: batch x points. Gradients are overwritten;
  /// none is "not wanted".
  template <std::floating_point T>
  T operator()(std::span<const T> output, detail::In<T> scales, detail::In<T> truth, detail::In<T> weights,
               detail::Out<T> gradient, detail::Out<T> scale_gradient, int batch) const;
};

/// The distance that a point of log scale `s` is expected to be off, in the unit of `inter_ocular`, the distance of the
/// outer eye corners: 1.6 exp(s) / 20 * inter_ocular. Why 1.6: errors of x and y with a mean of b each make a mean
/// distance of 1.62 b under Laplace's law and of 1.57 b under Gauss'.
float spread_of(float s, float inter_ocular);

/// The distance of the outer eye corners that spreads are given in: as predicted, but at least a fifth of the side of
/// the crop. Points that have collapsed into a heap have no size, and nothing is sure about them.
float spread_unit(const Landmarks& predicted, float crop_side, const Scheme& scheme = ibug_68());

/// The Jensen-Shannon divergence, in nats, of the softmax over the pixels of each point's heat map from a Gaussian of
/// `sigma` pixels of the map around the true point: the weighted mean over points. Points outside the map are left out,
/// and those of weight 0. It keeps maps narrow, which their mean position alone does not ask for. Throws ArgumentError
/// for sizes that do not fit, and a sigma out of range.
struct HeatmapDivergence {
  int height = 32, width = 32, points = kPoints;
  double sigma = 1;  ///< 0.1 to 1000

  /// `maps` and `gradient`: batch x height x width x points; `truth`, `weights` (or none): batch x 2 * points, in units
  /// of the map's sides. `threads` share the faces, which changes no bit; nullptr: the caller's alone. Maps may be
  /// those of some faces of the batch alone, from `first` on: the value is then what they add to the whole batch's.
  template <std::floating_point T>
  T operator()(std::span<const T> maps, detail::In<T> truth, detail::In<T> weights, detail::Out<T> gradient, int batch,
               Threads* threads = nullptr, std::optional<std::size_t> first = {}) const;
};

/// The cross-entropy of the output "face", one log odds z a sample, in nats: the mean over the batch of
/// log(1 + exp(-z)) where the crop shows a face, of log(1 + exp(z)) where it shows none. A crop of which no point is
/// known shows none: one whose weights are all 0 (see Negatives). Without weights all are faces, and the output would
/// learn to say so of anything. Throws ArgumentError for sizes that do not fit.
struct FaceCrossEntropy {
  int points = kPoints;

  /// `output` and `gradient`: batch; `weights` (or none): batch x 2 * points.
  template <std::floating_point T>
  T operator()(std::span<const T> output, detail::In<T> weights, detail::Out<T> gradient, int batch) const;
};

/// Shares of what is added to the loss of the points.
struct FaceLossTerms {
  double coarse = 0.5;  ///< of the loss of the output "coarse", if there is one; scales learn nothing by it
  double heatmaps = 0;  ///< of HeatmapDivergence, for the output "heatmaps"
  double face = 0.2;    ///< of FaceCrossEntropy, for the output "face", if there is one
};

/// The losses that a network's faces can be trained by: "laplace" and "gaussian", which need the output "spread", and
/// those of face_losses().
std::vector<std::string> face_loss_names(const Scheme& scheme = ibug_68());

/// Throws ArgumentError, listing the names, for another.
void require_face_loss(std::string_view name, const Scheme& scheme = ibug_68());

/// Whether the loss of that name is a PointLikelihood.
bool needs_spread(std::string_view loss);

/// Whether the network has an output of that name.
bool has_output(const Network& network, std::string_view name);

/// The loss `name` of the network's first output, its points, with the terms. Throws ArgumentError, naming what is
/// missing, for an output there is not, and for a loss by which the output "spread" would stay as it is: untrained
/// scales would look like any others. `threads`: that work on heat maps, 0: one for each core; they change no bit.
/// Copies share them, and one waits while another has them. Heat maps may be a rank's own: see face_loss_own_outputs().
JointLoss joint_face_loss(std::string_view name, const Network& network, const FaceLossTerms& terms = {},
                          const Scheme& scheme = ibug_68(), int threads = 1);

/// FitOptions::own_outputs for it: the output "heatmaps", if there is one. One face's are some hundred KB.
std::vector<std::string> face_loss_own_outputs(const Network& network);

extern template float PointLikelihood::operator()(std::span<const float>, detail::In<float>, detail::In<float>,
                                                  detail::In<float>, detail::Out<float>, detail::Out<float>, int) const;
extern template double PointLikelihood::operator()(std::span<const double>, detail::In<double>, detail::In<double>,
                                                   detail::In<double>, detail::Out<double>, detail::Out<double>,
                                                   int) const;
extern template float FaceCrossEntropy::operator()(std::span<const float>, detail::In<float>, detail::Out<float>,
                                                   int) const;
extern template double FaceCrossEntropy::operator()(std::span<const double>, detail::In<double>, detail::Out<double>,
                                                    int) const;
extern template float HeatmapDivergence::operator()(std::span<const float>, detail::In<float>, detail::In<float>,
                                                    detail::Out<float>, int, Threads*,
                                                    std::optional<std::size_t>) const;
extern template double HeatmapDivergence::operator()(std::span<const double>, detail::In<double>, detail::In<double>,
                                                     detail::Out<double>, int, Threads*,
                                                     std::optional<std::size_t>) const;

}  // namespace lineament
