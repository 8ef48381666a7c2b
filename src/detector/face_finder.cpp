#include "lineament/detector/face_finder.hpp"

#include <algorithm>
#include <cmath>
#include <list>
#include <string>
#include <utility>

#include "lineament/detector/cells.hpp"
#include "lineament/error.hpp"
#include "lineament/image/warp.hpp"
#include "lineament/model/default_models.hpp"
#include "lineament/model/model.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/zoo/detector_network.hpp"

namespace lineament {
namespace {

/// Pixels of the network's input that the smallest faces have. Why not 12, as it was trained to: of faces that small it
/// misses many (docs/decisions/025).
constexpr float kSmallestSeen = 20;
/// Larger side of an input in which the largest faces are found, too: it was trained on pictures of 256.
constexpr float kSeenWhole = 320;
constexpr float kStep = 3;  ///< from one input to the next smaller one: each finds faces of 20 to 256 pixels
constexpr int kMultiple = kCellStrides.back();

void check(const Model& model, const std::string& name = "face finder") {
  const std::vector<Port>& outputs = model.network.outputs();
  bool fits = outputs.size() == kCellOutputs.size() && model.network.inputs().size() == 1;
  for (std::size_t i = 0; fits && i < outputs.size(); ++i) fits = outputs[i].name == kCellOutputs[i];
  if (!fits) {
    std::string names;
    for (const Port& output : outputs) names += (names.empty() ? "" : ", ") + output.name;
    throw ModelError({name, "the model is no detector", "outputs cells8, cells16 and cells32", names,
                      "models of points are for Landmarker"});
  }
}

Model detector_of(const std::filesystem::path& file) {
  Model model = load_model(file);
  check(model, file.string());
  return model;
}

/// Memory grows with what the network sees, and its sides are whole numbers.
void require_bounded(const ImageView& picture, float scale, float smallest) {
  constexpr double kMostPixels = 64e6;
  const double pixels = static_cast<double>(picture.width) * static_cast<double>(picture.height) *
                        static_cast<double>(scale) * static_cast<double>(scale);
  const double side = static_cast<double>(std::max(picture.width, picture.height)) * static_cast<double>(scale);
  if (pixels <= kMostPixels && side <= kMostPixels / kMultiple) return;
  throw ArgumentError({"FinderOptions::smallest", "it is too small for a picture of this size",
                       "faces of more pixels, or 0",
                       std::to_string(smallest) + " in a picture of " + std::to_string(picture.width) + " x " +
                           std::to_string(picture.height),
                       ""});
}

int rounded_up(float side) {
  return std::max(1, static_cast<int>(std::ceil(side / kMultiple))) * kMultiple;
}

}  // namespace

void check(const FinderOptions& o) {
  const auto require = [](bool good, const char* what, const char* wanted, float got) {
    if (!good)
      throw ArgumentError({std::string("FinderOptions::") + what, "out of range", wanted, std::to_string(got), ""});
  };
  require(o.smallest >= 0 && std::isfinite(o.smallest), "smallest", "0 or more", o.smallest);
  require(o.score > 0 && o.score < 1, "score", "above 0 and below 1", o.score);
  require(o.overlap >= 0 && o.overlap <= 1, "overlap", "0 to 1", o.overlap);
}

struct FaceFinder::State {
  /// The network for one size of pictures.
  struct Sized {
    Sized(const Model& model, int w, int h, const FinderOptions& o)
        : width(w),
          height(h),
          network(Network::zeros(model.network.spec(), Shape{h, w, 3})),
          session((std::copy(model.network.weights().begin(), model.network.weights().end(), network.weights().begin()),
                   network),
                  {.threads = o.threads, .precision = o.precision, .ranges = model.ranges, .tuning = o.tuning.get()}) {}

    int width, height;
    Network network;
    InferenceSession session;
  };

  State(std::shared_ptr<const Model> m, const FinderOptions& o) : model(std::move(m)), options(o) {
    check(*model);
    check(options);
    sized(kMultiple, kMultiple);  // throws for options that do not fit the model
  }

  /// Those used last are kept, the newest first.
  Sized& sized(int width, int height) {
    constexpr std::size_t kKept = 4;
    const auto known = std::find_if(sizes.begin(), sizes.end(),
                                    [&](const Sized& s) { return s.width == width && s.height == height; });
    if (known != sizes.end()) {
      sizes.splice(sizes.begin(), sizes, known);
    } else {
      if (sizes.size() == kKept) sizes.pop_back();
      sizes.emplace_front(*model, width, height, options);
    }
    return sizes.front();
  }

  /// Adds the faces that are seen at this scale.
  void look(const ImageView& picture, float scale, std::vector<FoundFace>& faces) {
    Sized& at = sized(rounded_up(static_cast<float>(picture.width) * scale),
                      rounded_up(static_cast<float>(picture.height) * scale));
    const float step = 1 / scale, first = 0.5f * step - 0.5f;  // outer edges of the first pixels meet
    warp(picture, {step, 0, first, 0, step, first}, at.width, at.height, at.session.input());
    at.session.forward();
    const std::size_t before = faces.size();
    for (std::size_t i = 0; i < kCellStrides.size(); ++i)
      cells_to_faces(at.session.output(i), kCellStrides[i], at.width, at.height, options.score, faces);
    for (std::size_t i = before; i < faces.size(); ++i) {
      FoundFace& f = faces[i];
      f.box = {f.box.x * step + first, f.box.y * step + first, f.box.width * step, f.box.height * step};
      for (Point& eye : f.eyes) eye = eye * step + Point{first, first};
    }
  }

  /// Of the smallest faces in a picture of which the larger side is `side`.
  float smallest(float side) const {
    return options.smallest > 0 ? options.smallest : std::max(kSmallestSeen, side / 36);
  }

  std::vector<FoundFace> find(const ImageView& picture, float smallest) {
    std::vector<FoundFace> faces;
    if (picture.width == 0 || picture.height == 0) return faces;
    check(picture);
    const float side = static_cast<float>(std::max(picture.width, picture.height));
    float scale = kSmallestSeen / smallest;
    require_bounded(picture, scale, smallest);
    look(picture, scale, faces);
    while (side * scale > kSeenWhole) {
      scale /= kStep;
      look(picture, scale, faces);
    }
    return without_doubles(std::move(faces), options.overlap);
  }

  std::shared_ptr<const Model> model;
  FinderOptions options;
  std::list<Sized> sizes;
};

FaceFinder::FaceFinder() : FaceFinder(FinderOptions()) {}
FaceFinder::FaceFinder(const FinderOptions& options) : FaceFinder(shared_default_model(kDefaultDetector), options) {}
FaceFinder::FaceFinder(std::shared_ptr<const Model> model, const FinderOptions& options) {
  if (model == nullptr) throw ArgumentError({"model", "there is none", "a model", "a null pointer", ""});
  state_ = std::make_unique<State>(std::move(model), options);
}
FaceFinder::FaceFinder(Model model, const FinderOptions& options)
    : FaceFinder(std::make_shared<const Model>(std::move(model)), options) {}
FaceFinder::FaceFinder(const std::filesystem::path& model, const FinderOptions& options)
    : FaceFinder(detector_of(model), options) {}
FaceFinder::~FaceFinder() = default;
FaceFinder::FaceFinder(FaceFinder&&) noexcept = default;
FaceFinder& FaceFinder::operator=(FaceFinder&&) noexcept = default;

std::vector<FoundFace> FaceFinder::find(const ImageView& picture) {
  return state_->find(picture, state_->smallest(static_cast<float>(std::max(picture.width, picture.height))));
}

std::vector<FoundFace> FaceFinder::find(const ReducedPhoto& photo) {
  if (photo.reduced == 1) return find(photo.image);
  const auto reduced = static_cast<float>(photo.reduced);
  const float side = reduced * static_cast<float>(std::max(photo.image.width(), photo.image.height()));
  std::vector<FoundFace> faces = state_->find(photo.image, state_->smallest(side) / reduced);
  for (FoundFace& face : faces) {
    face.box = moved(face.box, photo.to_photo);
    for (Point& eye : face.eyes) eye = photo.to_photo(eye);
  }
  return faces;
}

int FaceFinder::reduction(int width, int height) const {
  return reduction_for(state_->smallest(static_cast<float>(std::max(width, height))) / kSmallestSeen);
}

}  // namespace lineament
