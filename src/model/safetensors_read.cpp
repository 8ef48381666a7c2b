// Reading safetensors: nothing in the file is believed before it is checked.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "lineament/model/safetensors.hpp"
#include "model/safetensors_format.hpp"

namespace lineament {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& where, std::string what, std::string wanted, std::string got) {
  throw ModelError({.where = where,
                    .what = std::move(what),
                    .wanted = std::move(wanted),
                    .got = std::move(got),
                    .fix = "the file is damaged or not a safetensors file: copy it again or use another"});
}

std::string in_bytes(std::size_t n) {
  return std::to_string(n) + " bytes";
}

std::size_t header_size(std::span<const std::uint8_t> file, const std::string& where) {
  if (file.size() < 8) refuse(where, "the file is too short for a header", "at least 8 bytes", in_bytes(file.size()));
  std::uint64_t size = 0;
  for (std::size_t byte = 0; byte < 8; ++byte) size |= std::uint64_t{file[byte]} << (8 * byte);
  if (size > safetensors::kMaxHeader) {
    refuse(where, "the header is too long", "at most " + in_bytes(safetensors::kMaxHeader), in_bytes(size));
  }
  if (size > file.size() - 8) {
    refuse(where, "the file is cut short within its header", in_bytes(8 + size), in_bytes(file.size()));
  }
  if (size == 0 || file[8] != '{') refuse(where, "the header is not a JSON object", "'{' as its first character", "");
  return size;
}

// True: the checksum is there, in the place where we put it, and fits. False: there is none in that place.
bool has_good_checksum(std::vector<std::uint8_t>& file, std::size_t header, const std::string& where) {
  const std::string_view prefix = safetensors::kChecksumPrefix;
  if (header < prefix.size() + safetensors::kChecksumDigits) return false;
  if (!std::equal(prefix.begin(), prefix.end(), file.begin() + 8)) return false;
  // It was computed with zeros in its own place.
  const auto digits = file.begin() + 8 + static_cast<std::ptrdiff_t>(prefix.size());
  const std::string stored(digits, digits + safetensors::kChecksumDigits);
  std::fill_n(digits, safetensors::kChecksumDigits, std::uint8_t{'0'});
  const std::string computed = safetensors::hexadecimal(tensor_checksum(file));
  std::copy(stored.begin(), stored.end(), digits);
  if (stored != computed) refuse(where, "the checksum does not fit the content", safetensors::quoted(stored), computed);
  return true;
}

json parse_header(std::string_view text, const std::string& where) {
  // The JSON library keeps the last of equal keys without a word: look at them as they go by.
  std::vector<std::set<std::string>> open;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    const bool opens = event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
    if (opens && depth > 2) refuse(where, "the header is nested too deeply", "tensors only", "");
    if (event == json::parse_event_t::object_start) open.emplace_back();
    if (event == json::parse_event_t::object_end) open.pop_back();
    if (event == json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second) {
      refuse(where, "a name is used twice in the header", "each once",
             safetensors::quoted(parsed.get_ref<const std::string&>()));
    }
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), watch);
  } catch (const json::exception& error) {
    const auto* at = dynamic_cast<const json::parse_error*>(&error);
    refuse(where, "the header is not JSON in UTF-8", "", at ? "an error at its byte " + std::to_string(at->byte) : "");
  }
}

std::map<std::string, std::string> metadata_of(const json& value, const std::string& where) {
  if (!value.is_object()) refuse(where, "the metadata is not an object", "texts by name", value.type_name());
  std::map<std::string, std::string> metadata;
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) {
      refuse(where, "metadata " + safetensors::quoted(key) + " is not a text", "a text", text.type_name());
    }
    metadata.emplace(key, text.get<std::string>());
  }
  return metadata;
}

std::vector<std::int64_t> whole_numbers(const json& tensor, const char* key, const std::string& where) {
  const json& list = tensor.at(key);
  std::vector<std::int64_t> numbers;
  if (!list.is_array()) refuse(where, std::string(key) + " is not a list", "whole numbers", list.type_name());
  for (const json& number : list) {
    if (!number.is_number_unsigned() || number.get<std::uint64_t>() > std::uint64_t{INT64_MAX}) {
      refuse(where, "a number in " + std::string(key) + " is out of range", "whole numbers from 0", number.dump());
    }
    numbers.push_back(number.get<std::int64_t>());
  }
  return numbers;
}

struct Entry {
  NamedTensor tensor;
  std::size_t begin, end;
};

Entry entry_of(const std::string& name, const json& value, std::span<const std::uint8_t> data,
               const std::string& file) {
  const std::string where = file + ": tensor " + safetensors::quoted(name);
  if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") ||
      !value.contains("data_offsets") || !value.at("dtype").is_string()) {
    refuse(where, "its description is not one", "dtype, shape and data_offsets", "");
  }
  const std::string type = value.at("dtype").get<std::string>();
  const auto width = safetensors::bytes_of(type);
  if (!width) refuse(where, "its type is not known", safetensors::known_types(), safetensors::quoted(type));
  std::vector<std::int64_t> shape = whole_numbers(value, "shape", where);
  const std::vector<std::int64_t> offsets = whole_numbers(value, "data_offsets", where);
  if (offsets.size() != 2 || offsets[0] > offsets[1] || static_cast<std::size_t>(offsets[1]) > data.size()) {
    refuse(where, "its data is not in the file", "two offsets up to " + std::to_string(data.size()),
           safetensors::to_string(offsets));
  }
  const auto begin = static_cast<std::size_t>(offsets[0]), end = static_cast<std::size_t>(offsets[1]);
  const auto values = safetensors::product(shape);
  // Compared by division: the product with the width may not fit.
  if (!values || (end - begin) % *width != 0 || (end - begin) / *width != *values) {
    refuse(where, "shape and data are not of one size",
           safetensors::to_string(shape) + " values of " + in_bytes(*width), in_bytes(end - begin));
  }
  return {{name, type, std::move(shape), data.subspan(begin, end - begin)}, begin, end};
}

void check_no_holes(const std::vector<Entry>& entries, std::size_t size, const std::string& where) {
  std::size_t at = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != at) {
      refuse(where + ": tensor " + safetensors::quoted(entry.tensor.name), "its data does not follow on from the last",
             "offset " + std::to_string(at), std::to_string(entry.begin));
    }
    at = entry.end;
  }
  if (at != size) refuse(where, "the file is longer or shorter than its tensors", in_bytes(at), in_bytes(size));
}

}  // namespace

TensorFile decode_tensors(std::vector<std::uint8_t> bytes, std::string_view name) {
  const std::string where(name);
  const std::size_t header = header_size(bytes, where);
  const bool proved = has_good_checksum(bytes, header, where);
  const auto kept = std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
  const std::span<const std::uint8_t> file(*kept);
  const std::span<const std::uint8_t> data = file.subspan(8 + header);
  const json description = parse_header({reinterpret_cast<const char*>(file.data()) + 8, header}, where);

  TensorFile result{.metadata = {}, .tensors = {}, .source = where, .bytes = kept};
  std::vector<Entry> entries;
  for (const auto& [key, value] : description.items()) {
    if (key == safetensors::kMetadata) {
      result.metadata = metadata_of(value, where);
    } else {
      entries.push_back(entry_of(key, value, data, where));
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.tensor.name) < std::tie(b.begin, b.end, b.tensor.name);
  });
  check_no_holes(entries, data.size(), where);
  for (Entry& entry : entries) result.tensors.push_back(std::move(entry.tensor));

  const auto ours = std::find_if(result.metadata.begin(), result.metadata.end(),
                                 [](const auto& item) { return item.first.starts_with(safetensors::kReserved); });
  if (!proved && ours != result.metadata.end()) {
    // One damaged byte in the checksum's own name ends here, and so does a file saved again by another program.
    refuse(where, "the checksum is not where this library writes it", "it at the start of the header",
           "only " + safetensors::quoted(ours->first) + " in the metadata");
  }
  if (proved && result.metadata[std::string(safetensors::kFormatKey)] != safetensors::kFormatVersion) {
    refuse(where, "the file was written by a newer version of this library", std::string(safetensors::kFormatVersion),
           safetensors::quoted(result.metadata[std::string(safetensors::kFormatKey)]));
  }
  result.metadata.erase(std::string(safetensors::kChecksumKey));
  result.metadata.erase(std::string(safetensors::kFormatKey));
  return result;
}

}  // namespace lineament
