// Networks, one of the library's or a JSON file, and precisions as the command line names them.
#pragma once
#include <filesystem>
#include <string>

#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "lineament/model/spec_json.hpp"
#include "lineament/nn/precision.hpp"
#include "lineament/zoo/networks.hpp"

namespace lineament::cli {

inline bool is_model_file(const std::string& name) {
  return name.ends_with(".safetensors");
}

/// Throws ArgumentError for the folder of a run, which is easily given in place of a file in it.
inline void require_no_folder(const std::filesystem::path& model) {
  std::error_code error;
  if (std::filesystem::is_directory(model, error))
    throw ArgumentError({model.string(), "a folder is not a model", "a .safetensors file", "",
                         "give a file of a run, e.g. " + (model / "model.safetensors").string()});
}

/// `values`: outputs of a named network. Throws ArgumentError listing the names, or what reading the file throws.
/// `others`: what else the option takes, as "detector, ".
inline SpecFile network_by_name(const std::string& name, int values = kValues, const std::string& others = "") {
  std::string known = others;
  for (const NamedNetwork& n : named_networks()) {
    if (n.name == name) return {n.spec(true, values), n.input};
    known += std::string(n.name) + ", ";
  }
  if (name.ends_with(".json")) return spec_from_json(read_text(name), name);
  throw ArgumentError(
      {"network", "there is no network of this name", known + "or a file ending in .json", name, "check the spelling"});
}

/// The option's values are checked before.
inline Precision precision_by_name(const std::string& name) {
  return name == "int8" ? Precision::int8 : name == "bf16" ? Precision::bf16 : Precision::fp32;
}

}  // namespace lineament::cli
