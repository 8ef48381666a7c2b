#include "finders.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "lineament/faces/box_convention.hpp"
#include "lineament/landmarker/landmarker.hpp"
#include "lineament/model/default_models.hpp"
#include "lineament/model/model.hpp"

#ifdef LINEAMENT_HAS_DLIB
#include "dlib_pixels.hpp"

#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#endif
#ifdef LINEAMENT_HAS_OPENCV
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>
#endif

using namespace lineament;

namespace {

using ModelPtr = std::shared_ptr<const Model>;

PeerFinder detector_alone(const ModelPtr& detector, float smallest) {
  const auto finder = std::make_shared<FaceFinder>(
      detector, FinderOptions{.smallest = smallest, .score = LandmarkerOptions().finder.score});
  PeerFinder f{"ours, the detector alone, fp32", {}, {}, false};
  f.find = [finder](const Image& image) {
    std::vector<FoundPoints> faces;
    for (const FoundFace& face : finder->find(image)) faces.push_back({face.box, face.score, {}, {}});
    return faces;
  };
  return f;
}

PeerFinder ours(const std::string& name, const ModelPtr& model, const ModelPtr& detector, float smallest,
                Precision precision) {
  // Two objects, so that the two stages can be timed apart; Landmarker::predict(photo) does both.
  const LandmarkerOptions options{.precision = precision};
  const auto finder = std::make_shared<FaceFinder>(
      detector, FinderOptions{.smallest = smallest, .score = options.finder.score, .precision = precision});
  const auto landmarker = std::make_shared<Landmarker>(model, options);
  PeerFinder f{name, {}, {}, false};
  f.find = [finder](const Image& image) {
    std::vector<FoundPoints> faces;
    for (const FoundFace& face : finder->find(image)) faces.push_back({face.box, face.score, {}});
    return faces;
  };
  f.any_box = true;
  f.points = [landmarker, options](const Image& image, std::vector<FoundPoints>& faces) {
    std::vector<Box> boxes;
    for (const FoundPoints& face : faces) boxes.push_back(face.box);
    const std::vector<FaceLandmarks> found = landmarker->predict(image, boxes);
    for (std::size_t i = 0; i < found.size(); ++i) {
      faces[i].points = found[i].points;
      faces[i].box = bounding_box(found[i].points);
      faces[i].score = found[i].score.value_or(1);
    }
    std::erase_if(faces, [&](const FoundPoints& face) { return face.score < options.min_score; });
  };
  return f;
}

#ifdef LINEAMENT_HAS_DLIB
/// Its detector finds faces from 80 pixels; asked for smaller ones, the picture is enlarged, as its documentation says.
PeerFinder dlibs(float smallest) {
  struct State {
    dlib::frontal_face_detector detector = dlib::get_frontal_face_detector();
    dlib::shape_predictor trees;
    bool has_trees = false;
  };
  const auto state = std::make_shared<State>();
  try {
    dlib::deserialize("/usr/share/dlib/shape_predictor_68_face_landmarks.dat") >> state->trees;
    state->has_trees = true;
  } catch (const dlib::error&) {  // libdlib-data is not installed
  }
  const bool enlarge = smallest < 80;
  PeerFinder f{enlarge ? "dlib, enlarged to find faces from 40 pixels" : "dlib, faces from 80 pixels", {}, {}, false};
  f.find = [state, enlarge](const Image& image) {
    DlibPixels pixels;
    fill(pixels, image);
    if (enlarge) dlib::pyramid_up(pixels);
    std::vector<FoundPoints> faces;
    for (const dlib::rectangle& r : state->detector(pixels)) {
      const float s = enlarge ? 0.5f : 1.0f;
      const Box box{s * static_cast<float>(r.left()), s * static_cast<float>(r.top()),
                    s * static_cast<float>(r.width()), s * static_cast<float>(r.height())};
      faces.push_back({box_from(BoxConvention::dlib_hog, box), 1, {}, box});
    }
    return faces;
  };
  if (!state->has_trees) return f;
  f.points = [state](const Image& image, std::vector<FoundPoints>& faces) {
    DlibPixels pixels;
    fill(pixels, image);
    for (FoundPoints& face : faces) {
      const Box& b = face.own;
      const dlib::rectangle rectangle(std::lround(b.x), std::lround(b.y), std::lround(b.x + b.width) - 1,
                                      std::lround(b.y + b.height) - 1);
      const dlib::full_object_detection shape = state->trees(pixels, rectangle);
      for (unsigned long k = 0; k < shape.num_parts(); ++k)
        face.points.push_back({static_cast<float>(shape.part(k).x()), static_cast<float>(shape.part(k).y())});
      face.box = bounding_box(face.points);
    }
  };
  return f;
}
#endif

#ifdef LINEAMENT_HAS_OPENCV
PeerFinder cascade(const std::string& name, const std::string& file, BoxConvention convention, float smallest) {
  const auto classifier = std::make_shared<cv::CascadeClassifier>(file);
  PeerFinder f{name, {}, {}, false};
  if (classifier->empty()) return f;
  f.find = [=](const Image& image) {
    const cv::Mat rgb(image.height(), image.width(), CV_8UC3, const_cast<std::uint8_t*>(image.pixels().data()));
    cv::Mat grey;
    cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
    std::vector<cv::Rect> rects;
    const int least = static_cast<int>(smallest);
    classifier->detectMultiScale(grey, rects, 1.1, 3, 0, cv::Size(least, least));
    std::vector<FoundPoints> faces;
    for (const cv::Rect& r : rects) {
      const Box box{static_cast<float>(r.x) - 0.5f, static_cast<float>(r.y) - 0.5f, static_cast<float>(r.width),
                    static_cast<float>(r.height)};
      faces.push_back({box_from(convention, box), 1, {}});
    }
    return faces;
  };
  return f;
}
#endif

}  // namespace

std::vector<PeerFinder> all_finders(float smallest, const FinderFiles& files, bool peers) {
  const ModelPtr detector = files.detector.empty() ? shared_default_model(kDefaultDetector)
                                                   : std::make_shared<const Model>(load_model(files.detector));
  std::vector<PeerFinder> all{detector_alone(detector, smallest)};
  const auto add = [&](const char* name, const ModelPtr& points, Precision precision) {
    all.push_back(ours(name, points, detector, smallest, precision));
  };
  if (files.points.empty()) {
    add("ours, `compact`, fp32", shared_default_model(), Precision::fp32);
    add("ours, `compact`, int8", shared_default_model(), Precision::int8);
    add("ours, `tiny`, int8", shared_default_model("tiny"), Precision::int8);
  } else {
    const auto given = std::make_shared<const Model>(load_model(files.points));
    add("ours, the model given, fp32", given, Precision::fp32);
    add("ours, the model given, int8", given, Precision::int8);
  }
  if (!peers) return all;
#ifdef LINEAMENT_HAS_DLIB
  all.push_back(dlibs(80));
  all.push_back(dlibs(40));
#endif
#ifdef LINEAMENT_HAS_OPENCV
  cv::setNumThreads(1);
  all.push_back(cascade("OpenCV, Haar alt2", "/usr/share/opencv4/haarcascades/haarcascade_frontalface_alt2.xml",
                        BoxConvention::haar_alt2, smallest));
  all.push_back(cascade("OpenCV, LBP", "/usr/share/opencv4/lbpcascades/lbpcascade_frontalface.xml", BoxConvention::lbp,
                        smallest));
#endif
  std::erase_if(all, [](const PeerFinder& f) { return !f.find; });
  return all;
}
