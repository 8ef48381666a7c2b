#include "image/jpeg_pixels.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

#ifdef LINEAMENT_TURBO_JPEG
#include <turbojpeg.h>
#endif

namespace lineament::detail {

#ifdef LINEAMENT_TURBO_JPEG
Decoded decode_jpeg_by_turbo(Bytes bytes, const Header& header, int reduce) {
  constexpr int kCmyk = 4;  // turbo gives these as they are, stb as RGB
  Decoded decoded;
  if (header.components == kCmyk) return decoded;
  struct Close {
    void operator()(void* handle) const { tjDestroy(handle); }
  };
  // One a thread: making one costs as much as a small picture.
  thread_local const std::unique_ptr<void, Close> turbo(tjInitDecompress());
  if (!turbo) throw std::bad_alloc();
  // Turbo is told the sides and takes the largest of its factors (eighths) that fits them: from 8 pixels on, one only.
  if (std::max(header.width, header.height) < 8) reduce = 1;
  decoded.reduced = reduce;
  decoded.width = TJSCALED(static_cast<int>(header.width), (tjscalingfactor{1, reduce}));
  decoded.height = TJSCALED(static_cast<int>(header.height), (tjscalingfactor{1, reduce}));
  const std::size_t size = static_cast<std::size_t>(decoded.width) * static_cast<std::size_t>(decoded.height) * 3;
  decoded.pixels.reset(static_cast<std::uint8_t*>(std::malloc(size)));
  if (!decoded.pixels) throw std::bad_alloc();
  // Damage is no more than a warning to turbo; with so many scans a small file costs hours.
  constexpr int kStrict = TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS | TJFLAG_ACCURATEDCT;
  if (tjDecompress2(turbo.get(), bytes.data(), bytes.size(), decoded.pixels.get(), decoded.width, 0, decoded.height,
                    TJPF_RGB, kStrict) != 0)
    decoded.pixels.reset();
  return decoded;
}
#else
Decoded decode_jpeg_by_turbo(Bytes, const Header&, int) {
  return {};
}
#endif

Decoded decode_jpeg(Bytes bytes, const Header& header, std::size_t largest_block, int reduce) {
  Decoded decoded = decode_jpeg_by_turbo(bytes, header, reduce);
  return decoded.pixels ? std::move(decoded) : stb_decode(bytes, 3, largest_block);
}

}  // namespace lineament::detail
