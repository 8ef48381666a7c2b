// What augmentation may do to a training sample, and how much of it.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/error.hpp"

namespace LINEAMENT_API lineament {

/// The defaults are the level "standard". Where it says deviation, the amount is drawn from a normal distribution cut
/// at two deviations; where it says chance, the effect happens to that share of the samples. 0 turns an effect off.
struct AugmentOptions {
  // Where the face is: all of it composed into one map, so image and points move together in one resampling.
  float mirror = 0.5f;     ///< Chance. Why a half: a mirrored face is as likely as the face itself.
  float rotation = 14.0f;  ///< Deviation, degrees. Why: heads tilt; boxes do not.
  float scale = 0.08f;     ///< Deviation of log(size). Why: boxes around one face differ by 10-20 %.
  float shift = 0.025f;    ///< Deviation, crop sides. Why: so do their centres.
  float aspect = 0.04f;    ///< Deviation of log(width / height). Why: faces are narrow and broad, lenses wide and long.
  float box_jitter = 0.02f;  ///< Deviation of each edge of the box, crop sides. Why: a detector errs on each edge.

  // What it looks like. Pixels are in [0, 1].
  float brightness = 0.06f;  ///< Deviation, added. Why: haze and black level.
  float contrast = 0.15f;    ///< Deviation of log(factor), about mid-grey.
  float gamma = 0.25f;       ///< Deviation of log2(exponent). Why: exposure moves the mid-tones, not black and white.
  float shade = 0.15f;  ///< Deviation of the light's change from the centre to the border, in x and y. Why: side light.
  float saturation = 0.25f;  ///< Deviation of log(factor).
  float grey = 0.1f;         ///< Chance of no colour at all. Why: old and infrared pictures.
  float cast = 0.06f;        ///< Deviation of log(gain) of each colour. Why: lamps and white balance.
  /// Chance of a random filter over places and colours. Why 0: it is for drawn faces, whose skin and light are too much
  /// alike. Xu et al., "Robust and generalizable visual representation learning via random convolutions", ICLR 2021.
  float filter = 0;
  float blur = 0.2f;           ///< Chance. Why: focus, motion, and small faces that were enlarged.
  float blur_radius = 0.010f;  ///< Largest deviation of the blur along x or y, crop sides (1.3 pixels of 128).
  float noise = 0.3f;          ///< Chance. Why: dim light.
  float noise_level = 0.04f;   ///< Largest deviation of the noise.
  float patches = 0.3f;        ///< Chance of one to three occluding patches. Why: hands, hair, glasses, microphones.
  float patch_size = 0.3f;     ///< Largest side of a patch, crop sides.

  friend constexpr bool operator==(const AugmentOptions&, const AugmentOptions&) = default;
};

/// All amounts times `factor`; chances stay at or below 1, and a mirrored face stays as likely as the face itself.
constexpr AugmentOptions scaled(AugmentOptions o, float factor) {
  for (float* amount : {&o.rotation, &o.scale, &o.shift, &o.aspect, &o.box_jitter, &o.brightness, &o.contrast, &o.gamma,
                        &o.shade, &o.saturation, &o.cast, &o.blur_radius, &o.noise_level, &o.patch_size}) {
    *amount *= factor;
  }
  for (float* chance : {&o.grey, &o.filter, &o.blur, &o.noise, &o.patches}) *chance = std::min(1.0f, *chance * factor);
  if (factor == 0) o.mirror = 0;
  return o;
}

/// "none", "light", "standard", "strong", or "drawn": standard with filters, for drawn faces alone. Throws
/// ArgumentError for any other name.
inline AugmentOptions augment_level(std::string_view name) {
  if (name == "none") return scaled({}, 0);
  if (name == "light") return scaled({}, 0.5f);
  if (name == "standard") return {};
  if (name == "strong") return scaled({}, 1.5f);
  if (name == "drawn") return {.filter = 0.5f};  // for half of them the look is left alone
  throw ArgumentError(
      {"augment", "there is no such level", "none, light, standard, strong or drawn", std::string(name), ""});
}

}  // namespace lineament
