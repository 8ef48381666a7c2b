// The orientation tag of EXIF (JEITA CP-3451, section 4.6.4: tag 0x0112 in the first directory of a TIFF structure).
#include "image/formats.hpp"

namespace lineament::detail {

int exif_orientation(Bytes tiff) {
  if (tiff.size() < 8) return 1;
  const bool little = tiff[0] == 'I' && tiff[1] == 'I';
  if (!little && !(tiff[0] == 'M' && tiff[1] == 'M')) return 1;
  const Source s{tiff, {}, {}};
  const auto u16 = [&](std::size_t at) { return little ? s.little16(at) : s.big16(at); };
  const auto u32 = [&](std::size_t at) { return little ? s.little32(at) : s.big32(at); };
  if (u16(2) != 42) return 1;
  const std::size_t directory = u32(4);
  if (!s.has(directory, 2)) return 1;
  const std::size_t entries = u16(directory);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (!s.has(entry, 12)) return 1;
    if (u16(entry) != 0x0112) continue;
    const std::uint32_t type = u16(entry + 2);  // 3: 16 bits, 4: 32 bits, which some programs write.
    const std::uint32_t value = type == 3 ? u16(entry + 8) : type == 4 ? u32(entry + 8) : 1;
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace lineament::detail
