// Named tensors in one file: the safetensors format (https://github.com/huggingface/safetensors), read strictly and
// written with a checksum, so that a damaged file is refused and never half understood.
#pragma once
#include <concepts>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/error.hpp"

namespace LINEAMENT_API lineament {

/// One tensor: a view of bytes that somebody else keeps (the weight buffer when writing, the TensorFile when reading).
struct NamedTensor {
  std::string name;                    ///< UTF-8
  std::string dtype;                   ///< "F32", "F64", "I64", "U8", …
  std::vector<std::int64_t> shape;     ///< {} is a single value
  std::span<const std::uint8_t> data;  ///< little-endian, row-major
};

/// What a file holds. A value: copies share the bytes read.
struct TensorFile {
  std::map<std::string, std::string> metadata;             ///< UTF-8
  std::vector<NamedTensor> tensors;                        ///< in the file's order
  std::string source;                                      ///< where it came from, for messages
  std::shared_ptr<const std::vector<std::uint8_t>> bytes;  ///< what `tensors` view; empty in a file made in memory

  bool contains(std::string_view tensor) const;
  /// Throws ModelError when there is no tensor of that name.
  const NamedTensor& at(std::string_view tensor) const;
  /// Throws ModelError when there is no metadata of that key.
  const std::string& meta(const std::string& key) const;
};

/// The bytes of a file with these tensors and metadata, checksum included. Data starts at a multiple of 8; tensors of
/// wider types come first, otherwise the order is kept. Throws ArgumentError: two tensors of one name, a size that is
/// not shape x type, an unknown type, a text that is not UTF-8, a metadata key starting with "lineament.file.".
std::vector<std::uint8_t> encode_tensors(const std::map<std::string, std::string>& metadata,
                                         std::span<const NamedTensor> tensors);

/// Reads what encode_tensors(), or any other writer of the format, has made; `name` is used in messages. Throws
/// ModelError on anything the format forbids (sizes, offsets, holes, overlaps, names twice, text that is not UTF-8 or
/// JSON), and when the checksum does not fit. A file without checksum is accepted only when nothing in it says that we
/// wrote it.
TensorFile decode_tensors(std::vector<std::uint8_t> bytes, std::string_view name);

/// encode_tensors() and write_file(): the old file stays until the new one is complete. Throws FileError,
/// ArgumentError.
void write_tensor_file(const std::filesystem::path& path, const std::map<std::string, std::string>& metadata,
                       std::span<const NamedTensor> tensors);
/// read_file() and decode_tensors(). Throws FileError, ModelError.
TensorFile read_tensor_file(const std::filesystem::path& path);

/// 64-bit checksum in the manner of FNV-1a, eight bytes at a time. Every step is a bijection of the state, so damage
/// within any eight bytes is always found.
std::uint64_t tensor_checksum(std::span<const std::uint8_t> bytes);

/// "F32" for float and so on.
template <class T>
constexpr std::string_view dtype_of() {
  if constexpr (std::same_as<T, float>)
    return "F32";
  else if constexpr (std::same_as<T, double>)
    return "F64";
  else if constexpr (std::same_as<T, std::uint8_t>)
    return "U8";
  else if constexpr (std::same_as<T, std::int32_t>)
    return "I32";
  else if constexpr (std::same_as<T, std::int64_t>)
    return "I64";
  else {
    static_assert(std::same_as<T, std::uint64_t>, "no safetensors type for this");
    return "U64";
  }
}

/// A view of `values` as a tensor to write. `values` must outlive it.
template <class T>
NamedTensor tensor_view(std::string name, std::vector<std::int64_t> shape, std::span<const T> values) {
  return {std::move(name),
          std::string(dtype_of<T>()),
          std::move(shape),
          {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()}};
}

/// Copies a tensor's values out. Throws ModelError when its type or number of values is another.
template <class T>
void copy_values(const TensorFile& file, std::string_view tensor, std::span<T> values) {
  const NamedTensor& from = file.at(tensor);
  if (from.dtype != dtype_of<T>() || from.data.size() != values.size_bytes()) {
    throw ModelError({.where = file.source + ": tensor '" + std::string(tensor) + "'",
                      .what = "type or size is not what the model needs",
                      .wanted = std::to_string(values.size()) + " values of " + std::string(dtype_of<T>()),
                      .got = std::to_string(from.data.size()) + " bytes of " + from.dtype,
                      .fix = "use a file made for this network"});
  }
  // Not a cast: in a file from elsewhere the data need not be aligned.
  if (!values.empty()) std::memcpy(values.data(), from.data.data(), values.size_bytes());
}

}  // namespace lineament
