// Ways to find the faces in a picture and their points: ours, and those of the libraries that were there when this was
// built.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "lineament/faces/landmarks.hpp"
#include "lineament/image/image.hpp"

struct FoundPoints {
  lineament::Box box;  ///< brows to chin
  float score = 1;
  lineament::Landmarks points{};  ///< empty: not looked for
  lineament::Box own{};           ///< the box as the finder gave it
};

struct PeerFinder {
  std::string name;
  std::function<std::vector<FoundPoints>(const lineament::Image&)> find;
  /// Adds the points, and leaves out what turns out to be no face. Empty: this one finds no points.
  std::function<void(const lineament::Image&, std::vector<FoundPoints>&)> points;
  bool any_box = false;  ///< `points` takes boxes from brows to chin
};

/// Files in place of the library's own models; may be empty.
struct FinderFiles {
  std::filesystem::path points, detector;
};

/// For faces of at least `smallest` pixels, on one thread. `peers`: other libraries, too.
std::vector<PeerFinder> all_finders(float smallest, const FinderFiles& files, bool peers);
