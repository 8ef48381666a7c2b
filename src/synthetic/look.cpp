// Sampling of colours, hair, clothes, things worn, and light.
#include <numbers>

#include "chances.hpp"
#include "person.hpp"

namespace lineament::synthetic {
namespace {

/// sRGB 0 … 255 to linear light.
Vec3 rgb(float r, float g, float b) {
  return {std::pow(r / 255, 2.2f), std::pow(g / 255, 2.2f), std::pow(b / 255, 2.2f)};
}
Vec3 any_color(Random& random, float low, float high) {
  const float grey = random.uniform(low, high), s = square(random.uniform()) * 0.9f;
  const Vec3 hue{random.uniform(low, high), random.uniform(low, high), random.uniform(low, high)};
  return mix({grey, grey, grey}, hue, s);
}

void color_person(Look& look, const Identity& who, Random& random) {
  // Light to dark: pale, fair, tan, olive, brown, deep.
  static constexpr float kSkin[6][3] = {{240, 206, 186}, {228, 184, 156}, {212, 164, 128},
                                        {186, 136, 98},  {138, 92, 64},   {92, 60, 44}};
  const float tone = random.chance(0.72f) ? random.uniform(0, 2.6f) : random.uniform(2.2f, 5);
  const int i = std::min(static_cast<int>(tone), 4);
  const float* a = kSkin[i];
  const float* b = kSkin[i + 1];
  look.skin = mix(rgb(a[0], a[1], a[2]), rgb(b[0], b[1], b[2]), tone - static_cast<float>(i));
  look.skin =
      look.skin * Vec3{random.uniform(0.93f, 1.06f), random.uniform(0.93f, 1.05f), random.uniform(0.88f, 1.12f)};
  const float painted = random.chance(0.3f) ? random.uniform(0.2f, 1) : 0;
  const Vec3 natural = look.skin * Vec3{0.82f, 0.52f, 0.55f};
  const float blue = random.uniform(50, 130), green = random.uniform(30, 110), red = random.uniform(120, 230);
  const Vec3 stick = mix(rgb(190, 30, 50), rgb(red, green, blue), 0.6f);
  look.lips = mix(mix(look.skin, natural, random.uniform(0.35f, 1)), stick, painted);
  look.makeup = random.chance(0.3f) ? random.uniform(0.2f, 1) : 0;
  look.lash = random.uniform(0.25f, 0.7f) + 0.4f * look.makeup;
  static constexpr float kHair[7][3] = {{18, 15, 14},   {36, 26, 22},    {68, 46, 32}, {108, 76, 46},
                                        {168, 128, 80}, {206, 176, 128}, {120, 52, 26}};
  int shade = static_cast<int>(random.below(7));
  if (tone > 2.5f) shade = static_cast<int>(random.below(2));
  const float lighter = random.uniform(0.5f, 1.25f);
  look.hair = rgb(kHair[shade][0], kHair[shade][1], kHair[shade][2]) * lighter;
  look.brow = mix(look.hair, rgb(40, 28, 22), random.uniform(0.2f, 0.8f));
  const float grey = who.age > 0.6f && random.chance(0.6f) ? random.uniform(0.2f, 1) : 0;
  const float silver = random.uniform(0.3f, 0.8f);
  look.hair = mix(look.hair, {silver, silver, silver}, grey);
  look.brow = mix(look.brow, {0.25f, 0.25f, 0.25f}, 0.6f * grey);
  static constexpr float kIris[5][3] = {{58, 34, 20}, {78, 50, 28}, {92, 84, 48}, {84, 112, 132}, {104, 120, 124}};
  const std::uint32_t iris = tone > 2.5f ? random.below(2) : random.below(5);
  look.iris = rgb(kIris[iris][0], kIris[iris][1], kIris[iris][2]) * random.uniform(0.7f, 1.4f);
  look.blush = random.uniform(0, 1);
  look.freckles = random.chance(0.12f) ? random.uniform(0.3f, 1) : 0;
  look.brow_density = random.chance(kChances.faint_brows) ? random.uniform(0.25f, 0.8f) : random.uniform(0.8f, 1);
  look.socket = random.uniform(0.6f, 2.6f);
  look.lid_tail = random.uniform(0, 0.45f);
  look.mouth_tail = random.uniform(0, 0.45f);
  look.mottle = random.uniform(0.2f, 1);
  look.shine = square(random.uniform()) * 0.7f;
}

void grow_hair(Look& look, const Identity& who, Random& random, float accessories) {
  const bool beardless = who.age < 0.1f || look.makeup > 0 || random.chance(kChances.beardless);
  if (!beardless) {
    look.stubble = random.uniform(0, 1);
    look.beard_edge = random.uniform(0.1f, 0.35f);
    if (random.chance(0.35f)) look.moustache = random.uniform(0.4f, 1);
    if (random.chance(0.3f)) {
      look.beard = random.uniform(0.5f, 1), look.moustache = std::max(look.moustache, 0.5f);
      if (random.chance(kChances.hanging_beard)) look.beard_length = 0.3f + 3 * square(random.uniform());
    }
  }
  static constexpr HairStyle kAll[] = {HairStyle::brief,   HairStyle::brief,   HairStyle::fringe, HairStyle::bob,
                                       HairStyle::flowing, HairStyle::flowing, HairStyle::tied};
  look.style = kAll[random.below(7)];
  if (!beardless)
    look.style = random.chance(0.7f) ? HairStyle::brief : random.chance(0.5f) ? HairStyle::fringe : HairStyle::buzz;
  if (random.chance(!beardless && who.age > 0.4f ? 0.2f : 0.02f)) look.style = HairStyle::bald;
  look.hairline = random.uniform(4.2f, 6.6f);
  if (who.age > 0.6f) look.hairline += random.uniform(0, 1.5f);
  look.hair_volume = random.uniform(0.5f, 2.2f);
  look.hair_wave = square(random.uniform());
  look.parting = random.uniform(-1, 1);
  look.hair_open = random.uniform(0.72f, 1.35f);
  look.ears = (look.style != HairStyle::bob && look.style != HairStyle::flowing) || random.chance(0.25f);
  if (look.style == HairStyle::fringe) look.hairline = random.uniform(1.9f, 4.4f);
  look.hair_end = look.style == HairStyle::bob ? random.uniform(-11, -5) : random.uniform(-24, -12);
  constexpr AccessoryChances kWorn = kAccessories;
  // Of many accessories none is left out: where all wear one, the chances of each keep their ratio.
  const float hats = std::min(accessories, 1 / (kWorn.beanie + kWorn.cap + kWorn.scarf));
  const float hat = random.uniform();
  if (hat < kWorn.beanie * hats)
    look.headwear = Headwear::beanie;
  else if (hat < (kWorn.beanie + kWorn.cap) * hats)
    look.headwear = Headwear::cap;
  else if (hat < (kWorn.beanie + kWorn.cap + kWorn.scarf) * hats)
    look.headwear = Headwear::scarf;
  if (look.headwear != Headwear::none) look.hair_volume = std::min(look.hair_volume, 0.3f);  // pressed flat
  look.hat_line = random.uniform(2.9f, 5.2f);
  const float lenses = random.uniform(), thick = kWorn.thin_glasses + kWorn.thick_glasses;
  const float worn = std::min(accessories, 1 / (thick + kWorn.dark_glasses));
  look.glasses = lenses < kWorn.thin_glasses * worn             ? 1
                 : lenses < thick * worn                        ? 2
                 : lenses < (thick + kWorn.dark_glasses) * worn ? 3
                                                                : 0;
  look.lens_w = random.uniform(2.2f, 2.9f);
  look.lens_h = random.uniform(1.4f, 2.3f);
  look.lens_round = random.uniform(2, 5);
  look.frame_color = random.chance(0.6f) ? any_color(random, 0.005f, 0.05f) : any_color(random, 0.02f, 0.6f);
  look.cloth = any_color(random, 0.01f, 0.8f);
  look.cloth2 = any_color(random, 0.01f, 0.8f);
  look.cloth_kind = random.chance(0.4f) ? 0 : 1 + static_cast<int>(random.below(4));
  if (look.cloth_kind == 4) {  // a dark jacket over a light shirt
    look.cloth = look.cloth * 0.2f;
    look.cloth2 = mix(look.cloth2, {0.8f, 0.8f, 0.82f}, 0.8f);
  }
  look.collar = random.uniform(-14, -9.5f);
  look.neckline = random.uniform(0, 1) < 0.3f ? random.uniform(2, 6) : random.uniform(0, 2);
}

void set_light(Look& look, Random& random) {
  // Half of all snapshots are lit from about where the camera is: by a flash, a window, an overcast sky.
  const float azimuth = random.normal(0, random.chance(0.45f) ? 0.35f : 1.05f), height = random.normal(0.5f, 0.35f);
  look.key_direction = {std::sin(azimuth) * std::cos(height), std::sin(height), std::cos(azimuth) * std::cos(height)};
  // Tungsten to overcast.
  const float warm = random.normal(0.05f, 0.1f), warm2 = random.normal(0.03f, 0.1f);
  const float share =
      random.chance(kChances.side_light) ? random.uniform(0.9f, 0.98f) : random.uniform(0.4f, 0.9f);  // of the key
  const auto tint = [](float w) { return Vec3{1 + w, 1, 1 - w}; };
  look.key_color = tint(warm) * (1.5f * share);
  const float ambient = 1.15f * (1 - share);
  look.sky_color = tint(warm2) * (ambient * random.uniform(0.8f, 1.2f));
  const float ground = ambient * random.uniform(0.25f, 0.9f);
  look.ground_color = tint(warm2 + random.uniform(0, 0.25f)) * ground;
  if (random.chance(0.35f)) {
    const float rim = random.uniform(0.2f, 1);
    look.rim_color = tint(random.normal(0, 0.2f)) * rim;
  }
  const float side = random.chance(0.5f) ? 1.0f : -1.0f;
  look.rim_direction = normalized({side, random.uniform(-0.1f, 0.8f), random.uniform(-0.8f, 0.1f)});
  look.shadow = random.uniform(0.3f, 1);
  if (random.chance(kChances.dapple)) look.dapple = random.uniform(0.5f, 1);
  look.dapple_scale = random.uniform(0.1f, 0.35f);
  look.neck_tone = random.uniform(0.75f, 1.1f);
  look.neck_short = random.uniform(-0.5f, 4);
  look.neck_width = random.uniform(0.8f, 1.08f);
  look.neck_light = random.uniform(0.2f, 0.9f);
  // The camera exposes for the face, most of the way.
  const float level =
      (look.key_color.y * 0.75f + 0.5f * (look.sky_color.y + look.ground_color.y)) * std::pow(look.skin.y, 0.5f);
  look.exposure = 0.52f / level * std::exp(random.normal(0, 0.4f));
  look.contrast = random.uniform(0.1f, 0.9f);
  look.saturation = random.uniform(0.8f, 1.3f);
}

}  // namespace

Look draw_look(Random& random, const Identity& who, const DrawOptions& options) {
  Look look;
  color_person(look, who, random);
  grow_hair(look, who, random, options.accessories);
  set_light(look, random);
  if (look.style != HairStyle::bald && look.style != HairStyle::buzz && look.headwear == Headwear::none &&
      random.chance(kChances.locks))
    look.wisps = 2 + static_cast<int>(random.below(22));
  look.occluders =
      random.chance(kAccessories.occluders * options.accessories) ? 1 + static_cast<int>(random.below(2)) : 0;
  look.noise_seed = random.bits();
  return look;
}

}  // namespace lineament::synthetic
