// What CMake makes of data/models/*.safetensors (cmake/models.cmake).
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace lineament {

/// Their names, in alphabetical order.
std::span<const std::string_view> compiled_model_names();
/// The file of that number, as it is, at a multiple of 8 bytes.
std::span<const std::uint8_t> compiled_model(std::size_t number);

}  // namespace lineament
