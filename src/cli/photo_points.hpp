// `predict` on one photo: the faces found in it, and the files written of them.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "lineament/detector/face_finder.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/landmarker/landmarker.hpp"
#include "lineament/nn/tuning.hpp"

namespace lineament::cli {

struct PredictOptions {
  Path model;
  std::vector<Path> images;        ///< as given: files, folders, @lists, "-"
  std::vector<std::string> boxes;  ///< as given
  bool whole = false, largest = false;
  Path detector;
  double min_size = 0, min_score = 0.5;
  int passes = 2;
  std::string precision = "fp32";
  Path json, pts, overlay;
  int threads = 0;
  bool mirror = false;
  int max_megapixels = 100;
};

/// What was written for which photo: names need not say it.
struct Written {
  std::string file;
  Path photo;
};

struct PhotoResult {
  std::vector<Face> faces;
  std::vector<Written> written;
  std::vector<std::string> doubtful;  ///< the photo, or its faces, where points were asked for and there is hardly one
  std::string complaint;              ///< why there is no result; else empty
};

/// Shared by all threads.
struct PhotoModels {
  std::shared_ptr<const Model> points;
  std::shared_ptr<const Model> detector;  ///< nullptr: the library's
  std::shared_ptr<const Tuning> tuning;   ///< nullptr: none
};

/// For one thread.
class PhotoPoints {
 public:
  /// `names`: those of all photos, so that no two faces are written to one file. Both must outlive this object.
  PhotoPoints(const PredictOptions& options, const PhotoModels& models, int threads,
              const std::set<std::string>& names);

  /// Throws nothing: one bad photo of many is no reason to lose the others.
  PhotoResult run(const Path& path, const std::string& name);

 private:
  template <class P>
  std::vector<FaceLandmarks> points_of(const Path& path, const P& photo);
  void one(const Path& path, const std::string& name, PhotoResult& result);
  std::vector<std::string> file_names(const std::string& name, std::size_t faces) const;

  const PredictOptions& o_;
  const std::set<std::string>& names_;
  std::vector<Box> boxes_;
  Landmarker landmarker_;
};

}  // namespace lineament::cli
