// The models that a command line names: files, and those that are part of the library.
#pragma once
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "lineament/model/model.hpp"

namespace lineament::cli {

inline constexpr const char* kModelHelp =
    "A .safetensors file written by training, or compact or tiny, which are part of the program (default: compact)";

/// "compact or tiny".
std::string default_models_text();

/// Whether this is a model that is part of the library: it has the name, and no file or folder here has it.
bool names_default_model(const Path& name);

/// Whether this can only be meant as a model: a name that ends in .safetensors, or one of the library's.
bool names_model(const Path& name);

/// The model of this name; the library's own if the name is empty. Throws ArgumentError for a folder and for what is
/// neither, or what load_model() throws.
Model load_named_model(const Path& name);

/// Throws ArgumentError for a model of another kind, as a detector, which finds faces.
void require_points(const Path& name, const Model& model);

/// Throws ArgumentError for a model that finds no faces.
void require_detector(const Path& name, const Model& model);

/// The name to show for it: kDefaultModel for none.
std::string shown_name(const Path& name);

/// Says which model was taken where none was given.
void say_default_model(const Path& name, const std::string& trained_on);

/// Says where faces that are found have other boxes than the model was trained on, and nobody knows how they differ.
void warn_of_found_boxes(const Model& model);

/// "MODEL IMAGE…" or "IMAGE…": a first word that is no model is put before the images. Throws ArgumentError if there is
/// no image, and if the first word is neither a file nor a model.
void sort_out(Path& model, std::vector<Path>& images);

}  // namespace lineament::cli
