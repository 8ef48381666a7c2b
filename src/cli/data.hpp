// Faces for the program's commands, from folders or drawn, with what is left out reported.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/train_options.hpp"
#include "lineament/faces/box_convention.hpp"
#include "lineament/faces/dataset.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "lineament/landmarker/negatives.hpp"

namespace lineament::cli {

struct Sets {
  std::unique_ptr<FaceSamples> train;
  std::unique_ptr<FaceSamples> held_out{};  ///< none: nullptr
  std::unique_ptr<FaceSamples> drawn{};     ///< to be mixed in: beside photos; none: nullptr
  std::optional<Negatives> negatives{};
  std::optional<BoxFactors> found_box{};  ///< Model::found_box, of photos with another scheme than the 68 points
  std::string about{};                    ///< "1810 faces of data/300w", in UTF-8
  std::uint64_t backgrounds = 0;          ///< digest of the photos that faces are drawn before; 0: none
  std::size_t reported = 0;               ///< of train->rejected(), said already
};

/// Names the first of them on standard error. `lists`: the command that names all.
void report_rejected(const std::vector<Rejected>& rejected, const std::string& lists = "lineament validate");

/// Throws FormatError where errors of these faces cannot be measured: all lack an eye.
void require_measurable(const FaceSamples& faces, const char* what);

/// Says which photos on one side look like photos on the other.
void report_alike(const FaceSamples& train, const FaceSamples& held_out);

/// Packed faces have no photos to be looked at. Throws ArgumentError.
void require_no_shards(const std::vector<Path>& paths);

/// Reads the data sets as one; says on standard error what is left out. Throws Error when no face is left.
Dataset read_data(const std::vector<Path>& paths, const DatasetOptions& options);

/// Throws ArgumentError where the box is to come from the file and no face has one.
void require_boxes(const Dataset& data, BoxSource box);

/// Loads with a progress bar; says on standard error what is left out.
FaceStore load_faces(std::span<const Face> faces, StoreOptions options, const char* which = "data");

/// What drawn faces are for. Each has a stream of its own for each seed, so that no face is in two of them.
enum class DrawnFor { training, holding_out, evaluation };
FaceStore draw_faces(std::size_t count, std::uint64_t seed, DrawnFor use, StoreOptions options,
                     const DrawOptions& drawing = {});

/// The same, drawn when they are asked for, by the threads that load batches, and kept as far as --memory allows, or
/// half of the machine's. `share`: of that.
std::unique_ptr<FaceSamples> drawn_source(std::size_t count, DrawnFor use, const TrainOptions& options, double share,
                                          const StoreOptions& store, const DrawOptions& drawing);

/// The faces to train on, as --limit says.
void limit_faces(std::vector<std::size_t>& train, const TrainOptions& options);

/// The seed of faces that are drawn for this.
std::uint64_t stream_of(std::uint64_t seed, DrawnFor use);

/// Photos without people, with those that cannot be read named on standard error. `option`: which one gave the folder.
Backgrounds load_backgrounds(const Path& folder, const DecodeLimits& limits, const char* option);

/// Crops without a face, from streams of their own: a picture for each of `faces`, but no fewer than 100, and no more
/// than 1,000.
Negatives draw_negatives(std::size_t faces, std::uint64_t seed, DrawnFor use, const StoreOptions& options,
                         const DrawOptions& drawing = {});

/// What train reads of photos, as the options say. Reports and throws as read_data().
Dataset read_photos(const TrainOptions& options, const Scheme& scheme);

/// Training and held-out faces as the options say, and with `negatives` crops without a face. `photos`: where they have
/// been read; nullptr: they are now.
Sets load_sets(const TrainOptions& options, const Preprocessing& preprocessing, const Scheme& scheme, bool negatives,
               const Dataset* photos = nullptr);

/// The photos, by content, each once. Drawn faces have none.
std::vector<PhotoPrint> photos_of(const FaceSamples& faces);

/// How many of `photos` have the content of one of `known`.
std::size_t count_known(const std::vector<PhotoPrint>& photos, const std::vector<PhotoPrint>& known);

/// A digest of all photos and points of both sets, in their order, or of what shards hold; empty for drawn faces.
std::string digest_of(const Sets& sets);

}  // namespace lineament::cli
