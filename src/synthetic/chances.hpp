// How often photos have what drawn faces have, in one table: shares of all faces, of those it can happen to.
#pragma once

namespace lineament::synthetic {

struct Chances {
  float child = 0.15f;
  float wide_gape = 0.3f;  ///< of faces that talk or shout
  float beardless = 0.45f;
  float hanging_beard = 0.6f;  ///< of beards
  float faint_brows = 0.35f;
  float locks = 0.28f;       ///< hair before the face
  float side_light = 0.15f;  ///< with hardly any light from elsewhere
  float dapple = 0.08f;      ///< light in patches
  float photo = 0.75f;       ///< behind the face, where there are any
};
inline constexpr Chances kChances;

/// The same for what is worn or held; DrawOptions::accessories multiplies these.
struct AccessoryChances {
  float beanie = 0.07f, cap = 0.05f, scarf = 0.03f;
  float thin_glasses = 0.09f, thick_glasses = 0.06f, dark_glasses = 0.03f;
  float occluders = 0.13f;  ///< hands, microphones, cups, cloth
};
inline constexpr AccessoryChances kAccessories;

}  // namespace lineament::synthetic
