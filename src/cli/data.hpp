// Faces for the program's commands, from folders or drawn, with what is left out reported.
#pragma once
#include <optional>
#include <string>

#include "cli/train_options.hpp"
#include "lineament/faces/dataset.hpp"
#include "lineament/landmarker/face_store.hpp"

namespace lineament::cli {

struct Sets {
  FaceStore train;
  std::optional<FaceStore> held_out;
  std::string about;  ///< "1810 faces of data/300w", in UTF-8
};

/// Reads every data set given, one after the other. Throws Error when no face is left.
Dataset read_data(const std::vector<Path>& paths, Part part);

/// Loads with a progress bar; says on standard error what is left out.
FaceStore load_faces(std::span<const Face> faces, StoreOptions options);
/// Draws faces. Those for training and those held out are of different seeds, so that none is in both.
FaceStore draw_faces(std::size_t count, std::uint64_t seed, bool held_out, StoreOptions options);

/// Training and held-out faces as the options say.
Sets load_sets(const TrainOptions& options, const Preprocessing& preprocessing);

/// The NME, in %, of finding the mean shape of the training faces in every held-out face (in every training
/// face where none are held out): what a network reaches that does not look.
double mean_shape_nme(const Sets& sets);

}  // namespace lineament::cli
