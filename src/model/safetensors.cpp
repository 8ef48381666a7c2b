// Writing safetensors, and the checksum that makes one damaged byte anywhere visible.
#include "lineament/model/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>
#include <set>

#include "lineament/file.hpp"
#include "model/safetensors_format.hpp"

namespace lineament {
namespace {

static_assert(std::endian::native == std::endian::little, "tensor data would have to be byte-swapped");

[[noreturn]] void refuse(const std::string& where, std::string what, std::string wanted, std::string got) {
  throw ArgumentError(
      {.where = where, .what = std::move(what), .wanted = std::move(wanted), .got = std::move(got), .fix = ""});
}

std::string json_text(const std::string& text, const std::string& where) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::type_error&) {
    refuse(where, "a name or text to be written is not UTF-8", "UTF-8", safetensors::quoted(text));
  }
}

void check(const NamedTensor& tensor, std::set<std::string>& names) {
  const std::string where = "tensor " + safetensors::quoted(tensor.name);
  if (tensor.name == safetensors::kMetadata) refuse(where, "the format keeps this name for itself", "another name", "");
  if (!names.insert(tensor.name).second) refuse(where, "two tensors have this name", "each name once", "");
  const auto width = safetensors::bytes_of(tensor.dtype);
  if (!width) refuse(where, "there is no such type", safetensors::known_types(), safetensors::quoted(tensor.dtype));
  const auto values = safetensors::product(tensor.shape);
  if (!values || *values > tensor.data.size() || *values * *width != tensor.data.size()) {
    refuse(where, "data and shape do not fit together",
           safetensors::to_string(tensor.shape) + " values of " + std::to_string(*width) + " bytes",
           std::to_string(tensor.data.size()) + " bytes");
  }
}

// The header starts with the checksum, at a place that does not depend on anything, still as zeros.
std::string header_of(const std::map<std::string, std::string>& metadata, std::span<const NamedTensor* const> order) {
  std::string header = std::string(safetensors::kChecksumPrefix) + std::string(safetensors::kChecksumDigits, '0') +
                       "\",\"" + std::string(safetensors::kFormatKey) + "\":\"" +
                       std::string(safetensors::kFormatVersion) + '"';
  for (const auto& [key, value] : metadata) {
    const std::string where = "metadata " + safetensors::quoted(key);
    if (key.starts_with(safetensors::kReserved)) {
      refuse(where, "keys that start like this are kept for the file's own use", "another key", "");
    }
    header += ',' + json_text(key, where) + ':' + json_text(value, where);
  }
  header += '}';
  std::size_t offset = 0;
  for (const NamedTensor* tensor : order) {
    const std::size_t end = offset + tensor->data.size();
    header += ',' + json_text(tensor->name, "tensor " + safetensors::quoted(tensor->name)) + ":{\"dtype\":\"" +
              tensor->dtype + "\",\"shape\":" + safetensors::to_string(tensor->shape) + ",\"data_offsets\":[" +
              std::to_string(offset) + ',' + std::to_string(end) + "]}";
    offset = end;
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');
  if (header.size() > safetensors::kMaxHeader) {
    refuse("model file", "names and metadata are too long", std::to_string(safetensors::kMaxHeader) + " bytes",
           std::to_string(header.size()));
  }
  return header;
}

}  // namespace

std::uint64_t tensor_checksum(std::span<const std::uint8_t> bytes) {
  std::uint64_t state = 0xcbf29ce484222325u;
  const auto mix = [&state](std::uint64_t word) {
    state = (state ^ word) * 0x9E3779B97F4A7C15u;
    state ^= state >> 32;  // multiplication only carries upwards: bring the high bits down again
  };
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + i, 8);
    mix(word);
  }
  std::uint64_t rest = 0;
  for (std::size_t k = i; k < bytes.size(); ++k) rest = rest << 8 | bytes[k];
  if (i < bytes.size()) mix(rest);
  mix(bytes.size());
  return state;
}

std::vector<std::uint8_t> encode_tensors(const std::map<std::string, std::string>& metadata,
                                         std::span<const NamedTensor> tensors) {
  std::set<std::string> names;
  std::vector<const NamedTensor*> order;
  std::size_t size = 0;
  for (const NamedTensor& tensor : tensors) {
    check(tensor, names);
    order.push_back(&tensor);
    size += tensor.data.size();
  }
  // Wider types first keeps each tensor at a multiple of its own width, as the Python library does.
  std::stable_sort(order.begin(), order.end(), [](const NamedTensor* a, const NamedTensor* b) {
    return *safetensors::bytes_of(a->dtype) > *safetensors::bytes_of(b->dtype);
  });
  const std::string header = header_of(metadata, order);
  std::vector<std::uint8_t> file;
  file.reserve(8 + header.size() + size);
  for (int byte = 0; byte < 8; ++byte) file.push_back(static_cast<std::uint8_t>(header.size() >> (8 * byte)));
  file.insert(file.end(), header.begin(), header.end());
  for (const NamedTensor* tensor : order) file.insert(file.end(), tensor->data.begin(), tensor->data.end());
  const std::string digits = safetensors::hexadecimal(tensor_checksum(file));
  std::copy(digits.begin(), digits.end(), file.begin() + 8 + safetensors::kChecksumPrefix.size());
  return file;
}

void write_tensor_file(const std::filesystem::path& path, const std::map<std::string, std::string>& metadata,
                       std::span<const NamedTensor> tensors) {
  write_file(path, encode_tensors(metadata, tensors));
}

TensorFile read_tensor_file(const std::filesystem::path& path) {
  return decode_tensors(read_file(path), path.string());
}

bool TensorFile::contains(std::string_view tensor) const {
  return std::any_of(tensors.begin(), tensors.end(), [&](const NamedTensor& t) { return t.name == tensor; });
}

const NamedTensor& TensorFile::at(std::string_view tensor) const {
  for (const NamedTensor& t : tensors) {
    if (t.name == tensor) return t;
  }
  throw ModelError({.where = source,
                    .what = "a tensor is missing",
                    .wanted = safetensors::quoted(tensor),
                    .got = std::to_string(tensors.size()) + " others",
                    .fix = "use a file made for this network"});
}

const std::string& TensorFile::meta(const std::string& key) const {
  const auto found = metadata.find(key);
  if (found != metadata.end()) return found->second;
  throw ModelError({.where = source,
                    .what = "an entry of the metadata is missing",
                    .wanted = safetensors::quoted(key),
                    .got = "",
                    .fix = "use a file written by this library"});
}

}  // namespace lineament
