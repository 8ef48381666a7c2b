// What a detector is trained by: is there a face, where are its edges, where its eyes.
// Focal: Lin et al., "Focal loss for dense object detection", ICCV 2017. Boxes: Rezatofighi et al., "Generalized
// intersection over union", CVPR 2019.
#pragma once
#include <concepts>
#include <span>

#include "lineament/api.hpp"
#include "lineament/train/joint_loss.hpp"
#include "lineament/train/losses.hpp"

namespace LINEAMENT_API lineament {

/// A JointLoss of the outputs kCellOutputs, for truth and weights as faces_to_cells() writes them. The sum over all
/// cells of
/// - the focal cross-entropy of the log odds: share (1 - p)^focus log(1 / p) where there is a face,
///   (1 - share) p^focus log(1 / (1 - p)) where there is none;
/// - `box` (1 - generalised IoU) at cells with a face;
/// - `eyes` times the mean of |e| over both eyes' x and y there, in sides of the face, e^2 / (2 * 0.05) + 0.025 near 0;
/// divided by the number of cells with a face in the batch, or 1. Sums run in double and in index order. Throws
/// ArgumentError for outputs, truth or weights of other sizes.
struct DetectionLoss {
  double share = 0.5, focus = 2;
  double box = 1, eyes = 1;

  template <std::floating_point T>
  double operator()(std::span<const OutputBatch<T>> outputs, detail::In<T> truth, detail::In<T> weights,
                    int batch) const;
};

extern template double DetectionLoss::operator()(std::span<const OutputBatch<float>>, detail::In<float>,
                                                 detail::In<float>, int) const;
extern template double DetectionLoss::operator()(std::span<const OutputBatch<double>>, detail::In<double>,
                                                 detail::In<double>, int) const;

}  // namespace lineament
