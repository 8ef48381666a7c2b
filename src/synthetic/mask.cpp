// Masks over mouth and nose: a sheet from the nose's bridge to below the chin, and loops around the ears.
#include "mesh.hpp"

namespace lineament::synthetic {
namespace {

constexpr int kRows = 24, kColumns = 33;

/// The sheet's own shape: where it is on the head, before it is seen.
class Sheet {
 public:
  Sheet(const Head& head, const Mask& mask)
      : head_(&head),
        mask_(&mask),
        least_(0.6f * head.section(head.features().mouth.y).width),
        tip_y_(head.features().nose.tip),
        tip_z_(skin(0, tip_y_)),
        chin_z_(skin(0, head.chin() + 0.8f) + 0.3f) {}

  /// a across, -1 … 1; b from the upper edge to the lower one, 0 … 1.
  Vec3 at(float a, float b) const {
    const float side = a * a, top = mask_->top - 1.6f * side, low = head_->chin() - mask_->low + 3.4f * side;
    const float y = mix(top, low, b), half = width(y);
    const float x = 0.9f * a * half, on_skin = skin(x, y), edge = skin(0.9f * half, y);
    const float tent = mix(std::max(middle(y), skin(0, y)), edge, std::pow(std::abs(a), 1.7f));
    return {x, y, std::max(on_skin, mix(tent, on_skin, mask_->tight)) + 0.15f};
  }

 private:
  float inside(float y) const { return std::max(y, head_->chin() + 0.3f); }
  float width(float y) const { return std::max(head_->section(inside(y)).width, least_); }
  float skin(float x, float y) const {
    const Section s = head_->section(inside(y));
    return head_->depth(std::clamp(x, -0.98f * s.width, 0.98f * s.width), inside(y), s);
  }
  /// Stretched from the tip of the nose to the chin.
  float middle(float y) const { return mix(tip_z_, chin_z_, clamp01((tip_y_ - y) / (tip_y_ - head_->chin()))); }

  const Head* head_;
  const Mask* mask_;
  float least_, tip_y_, tip_z_, chin_z_;
};

}  // namespace

Mask draw_mask(Random& random) {
  Mask mask;
  mask.kind = random.chance(0.7f) ? MaskKind::pleated : MaskKind::folded;
  const float kind = random.uniform(), level = random.uniform(0.5f, 0.85f);
  if (kind < 0.35f)
    mask.color = Vec3{0.35f, 0.65f, 0.85f} * level;  // of a surgeon
  else if (kind < 0.65f)
    mask.color = Vec3{1, 1, 0.98f} * level;
  else if (kind < 0.85f)
    mask.color = Vec3{1, 1, 1} * random.uniform(0.01f, 0.06f);
  else
    mask.color = {random.uniform(0.02f, 0.8f), random.uniform(0.02f, 0.8f), random.uniform(0.02f, 0.8f)};
  mask.top = random.uniform(-2.6f, -1.1f);
  mask.low = random.uniform(0.1f, 0.9f);
  mask.tight = random.uniform(0, 0.7f);
  return mask;
}

void draw_mask(Raster& raster, const Head& head, const Camera& camera, const Look& look) {
  const Sheet sheet(head, look.mask);
  Grid grid(kRows, kColumns);
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < kColumns; ++c) {
      const float a = 2 * static_cast<float>(c) / (kColumns - 1) - 1, b = static_cast<float>(r) / (kRows - 1);
      Vertex& v = grid.at(r, c);
      v.at = camera.view(sheet.at(a, b));
      v.a = a;
      v.b = b;
    }
  }
  grid.set_normals();
  raster.draw(std::move(grid), Material::mask, true);

  const Section ear = head.section(-1);
  for (const float side : {-1.0f, 1.0f}) {
    for (const float b : {0.04f, 0.96f}) {
      const Vec3 loop[] = {camera.view(sheet.at(side, b)),
                           camera.view({side * (ear.width + 0.25f), b < 0.5f ? -0.5f : -3.5f, ear.outline - 0.6f}),
                           camera.view({side * (ear.width + 0.1f), b < 0.5f ? 0.5f : -2.5f, ear.outline - 2})};
      raster.draw(ribbon(loop, 0.12f), Material::mask, true);
    }
  }
}

}  // namespace lineament::synthetic
