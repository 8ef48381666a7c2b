#include "lineament/track/tracker.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "lineament/error.hpp"
#include "track/sight.hpp"

namespace lineament {
namespace tracking {

struct Track {
  explicit Track(const SmoothingOptions& options) : smoother(options) {}

  TrackedFace face;
  FaceSmoother smoother;
  Box seen{};                          ///< around the raw points of the last frame in which it was there
  Point motion{};                      ///< of that box's centre, pixels a second
  double seconds = 0;                  ///< of that frame
  int missed = 0;                      ///< looks in a row that did not find it
  std::optional<double> lost_since{};  ///< not there now, but remembered
};

}  // namespace tracking

namespace {

using tracking::Track;

void check(const TrackerOptions& o) {
  const auto require = [](const char* name, double value, double low, double high, const char* wanted) {
    if (value >= low && value <= high) return;
    throw ArgumentError({"TrackerOptions::" + std::string(name), "out of range", wanted, std::to_string(value), ""});
  };
  constexpr double kAny = 1e300;
  require("find_every", o.find_every, 0, kAny, "0 or more");
  require("search_every", o.search_every, 0, kAny, "0 or more");
  require("remember", o.remember, 0, kAny, "0 or more");
  require("min_score", static_cast<double>(o.min_score), 0, 1, "0 to 1");
  require("most_faces", o.most_faces, 1, 1000, "1 to 1000");
}

}  // namespace

struct Tracker::State {
  State(Landmarker l, Finder f, const TrackerOptions& o) : landmarker(std::move(l)), finder(std::move(f)), options(o) {
    check(options);
    if (!finder) throw ArgumentError({"finder", "there is none", "a function that finds faces", "an empty one", ""});
    FaceSmoother{options.smoothing};  // checks its options
  }

  void resize(const ImageView& frame);
  void forget(double seconds);
  Box expected(const Track& track, double seconds) const;
  bool is_face(const FaceLandmarks& found, const Box& box) const;
  void take(Track& track, FaceLandmarks found, double seconds);
  void follow(const ImageView& frame, double seconds);
  void merge();
  void look(const ImageView& frame, double seconds);
  void welcome(const ImageView& frame, const std::vector<Box>& boxes, double seconds);
  Track& track_for(const Box& box, double seconds);
  std::size_t present() const;
  void show();

  Landmarker landmarker;
  Finder finder;
  TrackerOptions options;
  std::vector<Track> tracks;  ///< in the order of their numbers
  std::vector<TrackedFace> shown;
  std::uint64_t last_id = 0;
  int width = 0, height = 0;
  std::optional<double> last_frame, last_look;
  bool lost_one = false;  ///< in this frame
};

/// Faces go with a picture that is scaled as a whole, as senders of films do when the line is slow.
void Tracker::State::resize(const ImageView& frame) {
  if (frame.width == width && frame.height == height) return;
  if (width > 0) {
    const float x = static_cast<float>(frame.width) / static_cast<float>(width);
    const float y = static_cast<float>(frame.height) / static_cast<float>(height);
    constexpr float kAlike = 0.02f;
    const bool scaled = std::abs(x / y - 1) < kAlike;
    for (Track& track : tracks) {
      track.smoother.restart();
      if (!scaled) continue;
      const Box b = track.seen;  // its edges go from -0.5 to the side less 0.5
      track.seen = {(b.x + 0.5f) * x - 0.5f, (b.y + 0.5f) * y - 0.5f, b.width * x, b.height * y};
      track.motion = {track.motion.x * x, track.motion.y * y};
    }
  }
  width = frame.width;
  height = frame.height;
}

/// Faces that were lost long ago; and the first of them where there are many, so that memory does not grow.
void Tracker::State::forget(double seconds) {
  std::erase_if(tracks, [&](const Track& t) { return t.lost_since && seconds - *t.lost_since > options.remember; });
  std::size_t over = tracks.size() - present();
  over -= std::min(over, static_cast<std::size_t>(options.most_faces));
  std::erase_if(tracks, [&](const Track& t) { return t.lost_since && over > 0 && over-- > 0; });
}

/// Where a face is now, if it goes on nearly as it did. Why nearly: heads stop more often than they start.
Box Tracker::State::expected(const Track& track, double seconds) const {
  constexpr float kGoesOn = 0.75f;
  Box box = track.seen;
  const float passed = kGoesOn * static_cast<float>(seconds - track.seconds), farthest = 0.3f * larger_side(box);
  box.x += std::clamp(track.motion.x * passed, -farthest, farthest);
  box.y += std::clamp(track.motion.y * passed, -farthest, farthest);
  return box;
}

bool Tracker::State::is_face(const FaceLandmarks& found, const Box& box) const {
  return found.score.value_or(1) >= options.min_score && points_fit(found.points, box);
}

void Tracker::State::take(Track& track, FaceLandmarks found, double seconds) {
  const Box before = track.seen;
  track.seen = bounding_box(found.points);
  const float passed = static_cast<float>(seconds - track.seconds);
  track.motion = passed > 0 && !track.lost_since ? (track.seen.center() - before.center()) * (1 / passed) : Point{};
  track.seconds = seconds;
  track.lost_since.reset();
  track.face.raw = found.points;
  track.face.face = std::move(found);
  Landmarks& points = track.face.face.points;
  if (options.smooth) track.smoother.next(points, track.face.face.spread, seconds, points);
  track.face.box = bounding_box(points);
}

std::size_t Tracker::State::present() const {
  return static_cast<std::size_t>(
      std::count_if(tracks.begin(), tracks.end(), [](const Track& t) { return !t.lost_since; }));
}

/// One pass for each face, in the place where it is expected.
void Tracker::State::follow(const ImageView& frame, double seconds) {
  std::vector<Box> boxes;
  std::vector<Track*> followed;
  const auto lose = [&](Track& track) {
    track.lost_since = seconds;
    track.smoother.restart();
    lost_one = true;
  };
  for (Track& track : tracks) {
    if (track.lost_since) continue;
    const Box box = expected(track, seconds);
    if (!is_in_sight(box, frame)) {
      lose(track);
      continue;
    }
    boxes.push_back(box);
    followed.push_back(&track);
  }
  std::vector<FaceLandmarks> found = landmarker.predict(frame, boxes, {.passes = 1});
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (is_face(found[i], boxes[i]))
      take(*followed[i], std::move(found[i]), seconds);
    else
      lose(*followed[i]);
  }
}

/// Ends tracks that have come to lie on the face of an older one.
void Tracker::State::merge() {
  constexpr float kShared = 0.5f;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (tracks[i].lost_since) continue;
    const auto same = [&](const Track& later) {
      return !later.lost_since && overlap(later.seen, tracks[i].seen) > kShared;
    };
    tracks.erase(std::remove_if(tracks.begin() + static_cast<std::ptrdiff_t>(i) + 1, tracks.end(), same), tracks.end());
  }
}

void Tracker::State::look(const ImageView& frame, double seconds) {
  std::vector<FoundFace> finds = finder(frame);  // where it throws, the look is due in the next frame again
  last_look = seconds;
  lost_one = false;
  std::erase_if(finds, [](const FoundFace& f) { return std::isnan(f.score); });
  std::stable_sort(finds.begin(), finds.end(),
                   [](const FoundFace& a, const FoundFace& b) { return a.score > b.score; });
  for (Track& track : tracks) {
    if (track.lost_since) continue;
    const bool seen =
        std::any_of(finds.begin(), finds.end(), [&](const FoundFace& f) { return on_one_face(f.box, track.seen); });
    track.missed = seen ? 0 : track.missed + 1;
    if (track.missed < 2 || track.face.face.score) continue;
    track.lost_since = seconds;
    track.smoother.restart();
  }
  std::vector<Box> boxes;
  for (const FoundFace& find : finds) {
    const bool known = std::any_of(tracks.begin(), tracks.end(),
                                   [&](const Track& t) { return !t.lost_since && on_one_face(find.box, t.seen); });
    if (!known && is_in_sight(find.box, frame) &&
        present() + boxes.size() < static_cast<std::size_t>(options.most_faces))
      boxes.push_back(find.box);
  }
  if (!boxes.empty()) welcome(frame, boxes, seconds);
}

/// Faces at boxes of the detector: two passes, as its boxes are not those of points.
void Tracker::State::welcome(const ImageView& frame, const std::vector<Box>& boxes, double seconds) {
  std::vector<FaceLandmarks> found = landmarker.predict(frame, boxes, {.passes = 2});
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!is_face(found[i], boxes[i])) continue;
    const Box box = bounding_box(found[i].points);
    const bool known = std::any_of(tracks.begin(), tracks.end(),
                                   [&](const Track& t) { return !t.lost_since && on_one_face(box, t.seen); });
    if (!known) take(track_for(box, seconds), std::move(found[i]), seconds);
  }
}

/// The one that was lost there, or a new one.
Track& Tracker::State::track_for(const Box& box, double seconds) {
  for (Track& track : tracks)
    if (track.lost_since && on_one_face(box, expected(track, seconds))) {
      track.missed = 0;
      return track;
    }
  Track& track = tracks.emplace_back(options.smoothing);
  track.face.id = ++last_id;
  track.face.since = seconds;
  track.seconds = seconds;
  return track;
}

void Tracker::State::show() {
  shown.resize(present());
  std::size_t i = 0;
  for (const Track& track : tracks)
    if (!track.lost_since) shown[i++] = track.face;
}

Tracker::Tracker(Landmarker landmarker, FaceFinder finder, const TrackerOptions& options) {
  const auto kept = std::make_shared<FaceFinder>(std::move(finder));  // a std::function is copied
  state_ = std::make_unique<State>(
      std::move(landmarker), [kept](const ImageView& picture) { return kept->find(picture); }, options);
  state_->finder = [kept, state = state_.get()](const ImageView& picture) {
    std::vector<FoundFace> faces = kept->find(picture);
    for (FoundFace& face : faces) face.box = state->landmarker.box_of_found(face.box);
    return faces;
  };
}
Tracker::Tracker(Landmarker landmarker, Finder finder, const TrackerOptions& options)
    : state_(std::make_unique<State>(std::move(landmarker), std::move(finder), options)) {}
Tracker::~Tracker() = default;
Tracker::Tracker(Tracker&&) noexcept = default;
Tracker& Tracker::operator=(Tracker&&) noexcept = default;

const std::vector<TrackedFace>& Tracker::next(const ImageView& frame, double seconds) {
  State& s = *state_;
  check(frame);
  if (!std::isfinite(seconds) || (s.last_frame && !(seconds > *s.last_frame)))
    throw ArgumentError({"seconds", "time does not go on",
                         s.last_frame ? "more than " + std::to_string(*s.last_frame) : "a number",
                         std::to_string(seconds), "call reset() for another film"});
  s.last_frame = seconds;
  s.resize(frame);
  s.forget(seconds);
  s.follow(frame, seconds);
  s.merge();
  const double every = s.present() == 0 ? s.options.search_every : s.options.find_every;
  if (s.lost_one || !s.last_look || seconds - *s.last_look >= every) s.look(frame, seconds);
  s.show();
  return s.shown;
}

void Tracker::reset() {
  state_->tracks.clear();
  state_->shown.clear();
  state_->last_frame.reset();
  state_->last_look.reset();
  state_->lost_one = false;
  state_->width = state_->height = 0;
}

const Scheme& Tracker::scheme() const {
  return state_->landmarker.scheme();
}
const std::string& Tracker::trained_on() const {
  return state_->landmarker.trained_on();
}

}  // namespace lineament
