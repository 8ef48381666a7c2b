// Weights that PyTorch has trained, for a network of the same layers.
#pragma once
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/model/safetensors.hpp"
#include "lineament/nn/network.hpp"

namespace LINEAMENT_API lineament {

/// Fills all weights from a state_dict() that `safetensors.torch.save_file` has written, in F32 or BF16: layers have
/// the names of the modules ("layer1.0.conv1", "bn1", "fc"). What lies in another order is permuted: convolutions {out,
/// in, h, w} -> {h, w, in, out}, dense layers {out, in} -> {in, out}, and what follows a Flatten from channels first
/// to channels last. Returns the names of tensors that the network has no place for; a module that counts its batches
/// is not among them. Throws ModelError, with the weights as they were, if a tensor is missing, has another shape or
/// type, or reads flattened values that several layers bring together.
///
/// Options are the caller's: PyTorch's `padding=1` is Padding::fixed with `pad = 1`; Padding::same is Keras's, which
/// with a stride of 2 pads at the bottom and right.
std::vector<std::string> take_pytorch_weights(Network& network, const TensorFile& file);

}  // namespace lineament
