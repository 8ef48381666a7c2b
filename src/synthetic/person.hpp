// Who is drawn: the numbers of a drawn face, sampled from a seed. Lengths in centimetres, in the head's own frame:
// origin midway between the eyes on the ear's plane, x to the picture's right, y up, z towards the camera. [0] is the
// picture's left side.
#pragma once
#include <cstdint>

#include "lineament/faces/synthetic.hpp"
#include "lineament/random.hpp"
#include "vec.hpp"

namespace lineament::synthetic {

/// Proportions. Defaults: an average adult from general anthropometry (biocular width 9 cm, bizygomatic 13.5 cm, nasion
/// to chin 11.5 cm, mouth 5 cm …), rounded.
struct Identity {
  float face_width = 1.04f, jaw_width = 1.01f, chin_width = 1;  ///< factors
  float chin = -11.2f, chin_out = 0;  ///< height of the chin's lower edge; how far it stands out
  float crown = 11.0f, forehead_slope = 0;
  float roundness = 2.1f;  ///< exponent of the horizontal section: 2 is an ellipse, larger is flatter in front
  float fatness = 0;       ///< -1 hollow cheeks … 1 full
  float cheekbone = 0.85f, brow_ridge = 0.4f, eye_depth = 1;
  float eye_x = 3.24f, eye_half = 1.38f, eye_slant = 0.2f, eye_upper = 0.66f, eye_lower = 0.36f;
  float brow_y = 1.86f, brow_half = 2.23f, brow_arch = 0.78f, brow_tilt = -0.07f, brow_thick = 0.65f, brow_x = 3.64f;
  float nose_tip = -3.22f, nose_base = -4.36f, nose_width = 1.87f, nose_out = 2.3f, nose_bridge = 0.55f;
  float nose_hump = 0, nose_ball = 1, bridge_width = 1;
  float mouth_y = -6.5f, mouth_half = 2.77f, lip_upper = 0.68f, lip_lower = 0.92f, bow = 0.2f, lip_out = 1;
  float age = 0.3f;  ///< 0 child … 1 old: how deep creases are
};

struct Expression {
  float eye_open[2] = {1, 1};    ///< 0 closed, 1 relaxed, 1.4 wide
  float brow_raise[2] = {0, 0};  ///< cm
  float frown = 0;               ///< 0 … 1: inner ends of the brows down and together
  float smile[2] = {0, 0};       ///< -0.6 … 1
  float jaw = 0;                 ///< cm the jaw drops
  float part = 0;                ///< cm between the lips beyond the jaw's drop, from the lips themselves
  float pucker = 0;              ///< 0 … 1
  float gaze_x = 0, gaze_y = 0;  ///< cm the iris is off the eye's centre
};

struct Pose {
  float yaw = 0, pitch = 0, roll = 0;  ///< radians; see rotation()
  float distance = 80;                 ///< of the camera, cm
  float face = 0.5f;                   ///< larger side of the points' box / side of the picture
  float shift_x = 0, shift_y = 0;      ///< of the box's centre / side of the picture
};

enum class HairStyle { bald, buzz, brief, fringe, bob, flowing, tied };
enum class Headwear { none, beanie, cap, scarf };

enum class MaskKind { none, pleated, folded };

/// Over mouth and nose.
struct Mask {
  MaskKind kind = MaskKind::none;
  Vec3 color;
  float top = -1.8f, low = 0.5f;  ///< height of its edge on the nose, cm; how far it reaches below the chin
  float tight = 0.3f;             ///< 0: a tent from nose to chin … 1: lies on the skin
};

/// Colours are linear light.
struct Look {
  Vec3 skin, lips, hair, brow, iris, cloth, cloth2;
  float blush = 0, freckles = 0, mottle = 0, shine = 0, makeup = 0, lash = 0.5f, stubble = 0, beard = 0, moustache = 0;
  float brow_density = 1, neck_light = 0.45f, neck_tone = 0.95f, neck_short = 0, neck_width = 1, dapple = 0,
        dapple_scale = 0.2f, socket = 1, beard_edge = 0.3f, beard_length = 0;
  float lid_tail = 0.2f, mouth_tail = 0.3f;  ///< how far and how dark lids and lips run on past their corners
  HairStyle style = HairStyle::brief;
  float hairline = 6.2f, hair_volume = 1, hair_end = -6, hair_wave = 0, parting = 0, hair_open = 1.2f;
  bool ears = true;  ///< not under the hair
  Headwear headwear = Headwear::none;
  float hat_line = 4;
  int glasses = 0;  ///< 0 none, 1 thin frame, 2 thick frame, 3 sunglasses
  float lens_w = 2.4f, lens_h = 1.8f, lens_round = 3;
  Vec3 frame_color;
  int cloth_kind = 0;  ///< 0 plain, 1 stripes, 2 checks, 3 patches, 4 jacket, shirt and tie

  float collar = -12.5f, neckline = 1.5f;  ///< height of the collar at the sides; how much lower it is in front
  Vec3 key_color, sky_color, ground_color, key_direction, rim_color, rim_direction;
  float shadow = 0.7f, exposure = 1, contrast = 0.4f, saturation = 1;  ///< of the camera
  int occluders = 0, wisps = 0;
  Mask mask;
  std::uint32_t noise_seed = 0;
};

struct Person {
  Identity identity;
  Expression expression;
  Pose pose;
  Look look;
};

/// The random numbers of one aspect of one face. Salted: augmentation may use the same seed with streams of its own.
inline Random stream(std::uint64_t seed, std::uint64_t index, std::uint64_t aspect) {
  return Random(seed ^ 0x6472617766616365u, index, aspect);
}

Identity draw_identity(Random& random, float variety);
Expression draw_expression(Random& random, float strength);
Pose draw_pose(Random& random, const DrawOptions& options);
Look draw_look(Random& random, const Identity& identity, const DrawOptions& options);
Mask draw_mask(Random& random);
/// All of it, each from a stream of its own, so that e.g. another pose range leaves the person unchanged.
Person draw_person(std::uint64_t seed, std::uint64_t index, const DrawOptions& options);

}  // namespace lineament::synthetic
