// Photos as backgrounds: read and shrunk once, then cut at random for each face.
#include "photo_background.hpp"

#include "lineament/error.hpp"
#include "lineament/faces/dataset.hpp"
#include "lineament/image/file.hpp"
#include "lineament/image/warp.hpp"

namespace lineament {

Backgrounds read_backgrounds(const std::filesystem::path& folder, const DecodeLimits& limits,
                             std::vector<Rejected>* left_out) {
  constexpr int kShorterSide = 288;  // a background is seen through crops of 128: finer detail would not be kept
  auto photos = std::make_shared<std::vector<Image>>();
  for (const std::filesystem::path& file : images_in(folder)) {
    Image photo;
    try {
      photo = read_image(file, limits);
    } catch (const Error& e) {
      if (left_out) left_out->push_back({file.string(), reason_of(e)});
      continue;
    }
    const float shrink =
        std::max(1.0f, static_cast<float>(std::min(photo.width(), photo.height())) / static_cast<float>(kShorterSide));
    const float offset = 0.5f * (shrink - 1);
    const auto side = [&](int length) { return std::max(1, static_cast<int>(static_cast<float>(length) / shrink)); };
    photos->push_back(warp(photo, {shrink, 0, offset, 0, shrink, offset}, side(photo.width()), side(photo.height())));
  }
  if (photos->empty())
    throw FileError(
        {folder.string(), "no photo that can be read is in this folder", "JPEG, PNG, BMP or PNM files", "none", ""});
  return photos;
}

namespace synthetic {

void draw_photo(std::span<Vec3> color, const Raster& raster, const Image& photo, float exposure, Random& random) {
  const int size = raster.size();
  const float shorter = static_cast<float>(std::min(photo.width(), photo.height()));
  // From a near wall to a wide view.
  const float step = shorter * random.uniform(0.3f, 1) / static_cast<float>(size);
  const float span = step * static_cast<float>(size - 1);
  const auto start = [&](int length) {
    return random.uniform(0, 1) * std::max(0.0f, static_cast<float>(length - 1) - span);
  };
  const float left = start(photo.width()), top = start(photo.height());
  const bool mirrored = random.chance(0.5f);
  const float sx = mirrored ? -step : step, x0 = mirrored ? left + span : left;
  // Out of focus: seen at a coarser scale.
  const int coarse = random.chance(0.4f) ? 2 + static_cast<int>(random.below(7)) : 1;
  const int small = (size + coarse - 1) / coarse;
  const float k = static_cast<float>(coarse), middle = 0.5f * (k - 1);
  Image view = warp(photo, {sx * k, 0, x0 + sx * middle, 0, step * k, top + step * middle}, small, small);
  if (coarse > 1) view = warp(view, {1 / k, 0, -middle / k, 0, 1 / k, -middle / k}, size, size);
  const float gain = std::exp(random.normal(-0.35f, 0.35f)) / exposure;
  std::array<float, 256> linear;
  for (int i = 0; i < 256; ++i) linear[i] = gain * std::pow(static_cast<float>(i) / 255, 2.2f);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      if (raster.material(x, y) != Material::none) continue;
      const Color c = view.at(x, y);
      color[static_cast<std::size_t>(y * size + x)] = {linear[c.r], linear[c.g], linear[c.b]};
    }
  }
}

}  // namespace synthetic
}  // namespace lineament
