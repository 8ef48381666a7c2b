// Drawn faces: a parametric 3-D head (identity, expression, pose, skin, hair, light, background) rendered by our own
// code, with its 68 iBUG points known exactly. Any number of them from a seed: the training data that is always there.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/landmarks.hpp"
#include "lineament/image/file.hpp"
#include "lineament/image/image.hpp"

namespace LINEAMENT_API lineament {

/// Photos to put behind drawn faces, shared by all threads that draw.
using Backgrounds = std::shared_ptr<const std::vector<Image>>;

/// Every JPEG, PNG, BMP and PNM file of a folder and those inside it, in the order of their names, shrunk to at most
/// 288 pixels on the shorter side: some 300 KB a photo. Files that cannot be read are left out, and named in
/// `left_out`. People in them would be faces without points: choose photos without. Throws FileError if the folder
/// cannot be listed or has no photo.
Backgrounds read_backgrounds(const std::filesystem::path& folder, const DecodeLimits& limits = {},
                             std::vector<Rejected>* left_out = nullptr);

/// What to draw. Every range is centred so that the default looks like snapshots: mostly near frontal, often smiling.
struct DrawOptions {
  /// Side of the square picture in pixels, 32 … 2048. why 192: a 128-pixel crop of the face is about its true size.
  int size = 192;
  /// Larger side of the points' bounding box as a share of the picture's side, 0.1 … 1; the face lies near the middle.
  /// why: leaves room on all sides for a jittered, rotated crop without wasting pixels on background.
  float smallest_face = 0.46f;
  float largest_face = 0.60f;
  /// Largest turn to either side, degrees, 0 … 75. why 60: beyond, one eye is hidden and the 68 points lose their
  /// meaning.
  float max_yaw = 60;
  /// Largest nod up or down, degrees, 0 … 40.
  float max_pitch = 25;
  /// Largest tilt of the head in the picture's plane, degrees, 0 … 180.
  float max_roll = 30;
  /// How far the face may lie from the picture's middle: 0 not at all, 1 as far as it leaves some room.
  float shift = 1;
  /// 0: neutral with open eyes and closed mouth; 1: as in snapshots. Scales how far expressions go.
  float expression = 1;
  /// 0: everyone is the average person; 1: as people vary.
  float variety = 1;
  /// Multiplies the chances of glasses, hats and things in front of the face, up to 1; 0: none.
  float accessories = 1;
  /// Share of faces that wear a mask over mouth and nose, 0 … 1. Points under it stay where they are. why 0: most
  /// photos show none; detectors are trained with some.
  float masks = 0;
  /// Behind three of four faces; the others, and all when it is empty, have a drawn background.
  Backgrounds backgrounds{};
};

struct DrawnFace {
  Image image;       ///< size x size
  Landmarks points;  ///< in pixels of `image`: 0-based, pixel centres at integers; iBUG order
};

/// Draws face number `index` of the endless sequence that `seed` names.
/// A pure function: the same arguments, backgrounds included, give the same bits, on any thread, in any order.
/// Jaw points of a turned head lie on the visible outline, as annotators of photos put them.
/// Throws ArgumentError if an option is out of the range given beside it.
DrawnFace draw_face(std::uint64_t seed, std::uint64_t index, const DrawOptions& options = {});

/// The points of draw_face with the same arguments, without the picture.
Landmarks drawn_points(std::uint64_t seed, std::uint64_t index, const DrawOptions& options = {});

/// A person without anything behind.
struct DrawnCutout {
  Image image;                      ///< size x size: the person's own colours, also at soft edges
  std::vector<std::uint8_t> cover;  ///< one a pixel: 255 the person, or what is held before them; 0 the background
  Landmarks points;                 ///< as of DrawnFace
};

/// The person of draw_face with the same arguments, to be laid over another picture: image x cover + that picture x
/// (1 - cover), with cover from 0 to 1. The rest as for draw_face.
DrawnCutout draw_cutout(std::uint64_t seed, std::uint64_t index, const DrawOptions& options = {});

/// A picture, size x size, of what is around faces, without one: a background, mostly with hands and things before it,
/// often with shoulders and clothes. For training networks to tell what is no face. Of `options`, size, backgrounds and
/// accessories matter. The rest as for draw_face.
Image draw_scene(std::uint64_t seed, std::uint64_t index, const DrawOptions& options = {});

}  // namespace lineament
