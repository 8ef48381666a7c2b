#include "cli/output_files.hpp"

#include <filesystem>
#include <string>

#include "lineament/error.hpp"
#include "lineament/file.hpp"

namespace lineament::cli {

void make_folder(const Path& folder) {
  if (folder.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw FileError({folder.string(), "the folder cannot be made", "", error.message(), "choose another folder"});
}

void require_other_file(const Path& out, const Path& photo, const char* option) {
  std::error_code error;
  if (std::filesystem::exists(out, error) &&
      std::filesystem::equivalent(out.parent_path() / ".", photo.parent_path() / ".", error))
    throw ArgumentError({out.string(), "a file beside the photo would be replaced", "", "",
                         std::string("give another folder with ") + option});
}

void require_own(const Path& path, std::string_view begin, const char* give) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error) || std::filesystem::file_size(path, error) == 0) return;
  if (!read_text(path).starts_with(begin))
    throw ArgumentError({path.string(), "a file that this program did not write would be replaced", "", "",
                         std::string("give ") + give});
}

void require_model_name(const Path& out) {
  if (out.extension() != ".safetensors")
    throw ArgumentError(
        {"--out", "models are .safetensors files", "a name such as face.safetensors", out.string(), ""});
}

void require_not_there(const Path& out, const char* option) {
  std::error_code error;
  if (std::filesystem::exists(out, error))
    throw ArgumentError(
        {option, "it is there already", "a new file", out.string(), "take another name, or move it away"});
}

void require_json_file(const Path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw ArgumentError({path.string(), "the results cannot be written here", "a file", "a folder",
                         "give --json a file's name, e.g. points.json"});
  require_own(path, "{\"format\": \"lineament-faces\"", "--json another file's name, e.g. points.json");
  make_folder(path.parent_path());
}

}  // namespace lineament::cli
