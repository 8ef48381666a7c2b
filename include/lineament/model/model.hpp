// Model files: a network, how its input is made, and a test of itself, in one .safetensors file. A checkpoint is the
// same file with the state of training beside the weights.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/box_convention.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/faces/photo.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/ranges.hpp"
#include "lineament/train/training_state.hpp"

namespace LINEAMENT_API lineament {

struct Model {
  Network network{};
  Preprocessing preprocessing{};
  std::string trained_on{};          ///< in words: "4000 drawn faces"; a model's licence follows its data's
  std::vector<LayerRange> ranges{};  ///< of activations, for inference in int8; empty: not calibrated
  Scheme scheme = ibug_68();         ///< what the outputs are
  /// Where the boxes that it is trained on lie in those that the library's detector finds: see fit_found_box(). Empty:
  /// they are the same, as of the 68 points, or nobody knows.
  std::optional<BoxFactors> found_box{};
  /// Digest and look of photos, without their names: those trained on, and those that chose the best epoch. A face of
  /// either measures nothing any more.
  std::vector<PhotoPrint> trained_photos{}, held_out_photos{};
  /// Texts of your own, by name, kept as they are. The program writes "version", "command" and "date".
  std::map<std::string, std::string> metadata{};
};

/// The numbers that weights are stored as.
enum class Stored {
  f32,
  /// bfloat16, 8 bits of mantissa, rounded to nearest: half the size, to ship a model that is trained. Statistics of
  /// batch norms and biases of convolutions and dense layers stay in 32 bits. Loaded again, weights are floats.
  bf16,
};

struct SaveOptions {
  Stored weights = Stored::f32;
};

/// Writes the model, replacing `path` in one step. Throws FileError, ModelError (the network gives values that are no
/// numbers, or is none that loading takes) or ArgumentError (a text that is not UTF-8; a scheme, ranges or
/// preprocessing that make no sense); then the old file is still there, whole. The file's test of itself is made with
/// the weights as they are stored.
void save_model(const std::filesystem::path& path, const Model& model, const SaveOptions& options = {});
/// The same with the training state, and weights as they are.
void save_checkpoint(const std::filesystem::path& path, const Model& model, const TrainingState& state);

struct Checkpoint {
  Model model;
  std::optional<TrainingState> state;  ///< empty: the file is a model and cannot be trained on
};

/// Reads either kind of file. The network is run once on a drawn-from-seed input and must give the stored output.
/// Throws FileError, or ModelError: damaged, of another program, or giving other results than when it was saved.
Model load_model(const std::filesystem::path& path);
Checkpoint load_checkpoint(const std::filesystem::path& path);
/// From memory; `name` stands in messages only.
Model load_model(std::vector<std::uint8_t> bytes, std::string_view name = "model");
Checkpoint load_checkpoint(std::vector<std::uint8_t> bytes, std::string_view name = "checkpoint");

}  // namespace lineament
