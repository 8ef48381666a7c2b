#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "landmarker/face_weights.hpp"
#include "lineament/error.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/threads.hpp"

namespace lineament {
namespace {

/// Below, all of it would lie between the centres of pixels; above, it has no middle on any map there is.
constexpr double kLeastSigma = 0.1, kMostSigma = 1000;

void require_sigma(double sigma) {
  if (sigma >= kLeastSigma && sigma <= kMostSigma) return;
  throw ArgumentError(
      {"loss of heat maps", "sigma is out of range", "0.1 to 1000 pixels of the map", std::to_string(sigma), ""});
}

/// The true distribution of one point over the pixels near it; elsewhere it is as good as 0.
struct Bump {
  int top = 0, left = 0, rows = 0, columns = 0;
  std::vector<double> at;  ///< rows x columns

  /// x and y in pixels whose centres are at 0.5, 1.5, …
  void place(double x, double y, double sigma, int width, int height) {
    const double reach = 6 * sigma;  // why: beyond it less than 1e-8 of the middle
    left = std::max(0, static_cast<int>(x - reach)), top = std::max(0, static_cast<int>(y - reach));
    columns = std::min(width, static_cast<int>(x + reach) + 1) - left;
    rows = std::min(height, static_cast<int>(y + reach) + 1) - top;
    at.clear();
    double sum = 0;
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < columns; ++c) {
        const double dx = left + c + 0.5 - x, dy = top + r + 0.5 - y;
        at.push_back(std::exp(-(dx * dx + dy * dy) / (2 * sigma * sigma)));
        sum += at.back();
      }
    for (double& t : at) t /= sum;
  }
};

/// Softmaxes over the pixels of each of `points` maps, whose values lie pixel by pixel.
template <class T>
void softmaxes(std::span<const T> maps, std::size_t points, std::vector<T>& shares, std::vector<T>& highest,
               std::vector<T>& sums) {
  highest.assign(maps.begin(), maps.begin() + static_cast<std::ptrdiff_t>(points));
  for (std::size_t p = points; p < maps.size(); p += points)
    for (std::size_t k = 0; k < points; ++k) highest[k] = std::max(highest[k], maps[p + k]);
  shares.resize(maps.size());
  sums.assign(points, T(0));
  for (std::size_t p = 0; p < maps.size(); p += points)
    for (std::size_t k = 0; k < points; ++k) {
      shares[p + k] = std::exp(maps[p + k] - highest[k]);
      sums[k] += shares[p + k];
    }
  for (std::size_t p = 0; p < maps.size(); p += points)
    for (std::size_t k = 0; k < points; ++k) shares[p + k] /= sums[k];
}

/// For one point of one face: t ln(t / m) and h ln(h / m) with m their mean, of true shares t and the map's h. Where t
/// is 0, which is nearly everywhere, h / m is 2 and no logarithm is needed.
class Divergence {
 public:
  void reserve(std::size_t pixels) { by_share_.reserve(pixels); }

  template <class T>
  double value(const Bump& bump, std::span<const T> shares, std::size_t points, std::size_t k, int width) {
    by_share_.clear();
    double sum = 0, inside = 0;
    mean_slope_ = 0;
    each(bump, points, k, width, [&](std::size_t i, double t) {
      const double h = static_cast<double>(shares[i]), m = 0.5 * (t + h);
      const double log_h = h > 0 ? std::log(h / m) : 0.0;
      sum += 0.5 * (t * (t > 0 ? std::log(t / m) : 0.0) + h * log_h);
      by_share_.push_back(0.5 * log_h);
      mean_slope_ += 0.5 * h * log_h;
      inside += h;
    });
    const double outside = std::max(0.0, 1 - inside);
    mean_slope_ += kFar * outside;
    return sum + kFar * outside;
  }

  /// What a pixel's share beyond the bump is multiplied by for its gradient.
  double far() const { return kFar - mean_slope_; }
  /// Calls f(index, slope to add to far()) for the pixels of the bump.
  template <class F>
  void near(const Bump& bump, std::size_t points, std::size_t k, int width, F f) const {
    std::size_t n = 0;
    each(bump, points, k, width, [&](std::size_t i, double) { f(i, by_share_[n++] - kFar); });
  }

 private:
  static constexpr double kFar = 0.5 * std::numbers::ln2;

  template <class F>
  static void each(const Bump& bump, std::size_t points, std::size_t k, int width, F f) {
    std::size_t n = 0;
    for (int r = 0; r < bump.rows; ++r)
      for (int c = 0; c < bump.columns; ++c) {
        const auto pixel = static_cast<std::size_t>((bump.top + r) * width + bump.left + c);
        f(pixel * points + k, bump.at[n++]);
      }
  }

  std::vector<double> by_share_;
  double mean_slope_ = 0;
};

/// One face after the other, on one thread. Allocates nothing after reserve().
template <class T>
class FaceMaps {
 public:
  FaceMaps(std::size_t points, std::size_t pixels)
      : pixels_(pixels), shares_(points * pixels), highest_(points), sums_(points), factors_(points) {}
  /// Before the first face.
  void reserve() {
    bump_.at.reserve(pixels_);
    divergence_.reserve(pixels_);
  }

  /// share_of(point): of the point in the loss. Writes the points' `terms` and, unless it is empty, the gradient `to`.
  template <class Share>
  void add(const HeatmapDivergence& loss, std::span<const T> maps, std::span<const T> truth, Share share_of,
           std::span<T> to, std::span<double> terms) {
    const std::size_t count = terms.size();
    softmaxes<T>(maps, count, shares_, highest_, sums_);
    for (std::size_t k = 0; k < count; ++k) {
      const double share = share_of(k);
      factors_[k] = T(0);
      if (!(share > 0)) continue;
      bump_.place(static_cast<double>(truth[2 * k]) * loss.width, static_cast<double>(truth[2 * k + 1]) * loss.height,
                  loss.sigma, loss.width, loss.height);
      terms[k] = share * divergence_.template value<T>(bump_, shares_, count, k, loss.width);
      if (to.empty()) continue;
      factors_[k] = static_cast<T>(share * divergence_.far());
      divergence_.near(bump_, count, k, loss.width,
                       [&](std::size_t at, double slope) { to[at] = static_cast<T>(share * slope) * shares_[at]; });
    }
    for (std::size_t p = 0; p < to.size(); p += count)
      for (std::size_t k = 0; k < count; ++k) to[p + k] += factors_[k] * shares_[p + k];
  }

 private:
  std::size_t pixels_;
  std::vector<T> shares_, highest_, sums_, factors_;
  Bump bump_;
  Divergence divergence_;
};

/// Calls add(face, maps) for each, with one `maps` for each thread. `threads` may be nullptr.
template <class T, class Add>
void for_each_face(int faces, Threads* threads, const FaceMaps<T>& maps, Add add) {
  std::vector<FaceMaps<T>> of_threads(threads != nullptr ? static_cast<std::size_t>(threads->count()) : 1, maps);
  for (FaceMaps<T>& own : of_threads) own.reserve();
  const auto one = [&](int face, int thread) {
    add(static_cast<std::size_t>(face), of_threads[static_cast<std::size_t>(thread)]);
  };
  if (threads != nullptr)
    threads->run(faces, one);
  else
    for (int face = 0; face < faces; ++face) one(face, 0);
}

}  // namespace

template <std::floating_point T>
T HeatmapDivergence::operator()(std::span<const T> maps, detail::In<T> truth, detail::In<T> weights,
                                detail::Out<T> gradient, int batch, Threads* threads,
                                std::optional<std::size_t> first) const {
  const char* loss = "of heat maps";
  if (points < 1 || height < 1 || width < 1)
    throw ArgumentError({"loss of heat maps", "there are no maps", "points, height and width of 1 or more",
                         std::to_string(points) + ", " + std::to_string(height) + " and " + std::to_string(width), ""});
  detail::check_sizes(loss, truth.size(), truth.size(), weights.size(), 0, batch);
  require_faces("loss of heat maps", truth.size() / static_cast<std::size_t>(batch), points);
  const auto count = static_cast<std::size_t>(points), pixels = static_cast<std::size_t>(height * width) * count;
  const std::size_t in_batch = static_cast<std::size_t>(batch), faces = maps.size() / pixels;
  const bool fit = first ? maps.size() % pixels == 0 && *first + faces <= in_batch : maps.size() == pixels * in_batch;
  if (!fit || (gradient.size() != maps.size() && !gradient.empty()))
    wrong_size(loss, "the maps do not fit", std::to_string(pixels * in_batch) + " values", maps.size());
  require_sigma(sigma);
  detail::sum_of_weights<T>(loss, weights, truth.size());
  // The weight of a point that counts: known, and on the map.
  const auto weight_of = [&](std::size_t i) {
    const double weight = point_weight<T>(weights, i);
    const auto on_map = [](T v) { return v >= 0 && v <= 1; };
    return weight > 0 && on_map(truth[i]) && on_map(truth[i + 1]) ? weight : 0.0;
  };
  double total = 0;
  for (std::size_t i = 0; i < truth.size(); i += 2) total += weight_of(i);
  std::fill(gradient.begin(), gradient.end(), T(0));
  if (!(total > 0)) return T(0);
  std::vector<double> terms(faces * count, 0.0);  // of each point: added up in their order, whoever worked them out
  const auto of_face = [&](std::size_t face, FaceMaps<T>& work) {
    const std::size_t points_before = (first.value_or(0) + face) * count;
    const auto share_of = [&](std::size_t k) { return weight_of(2 * (points_before + k)) / total; };
    work.add(*this, maps.subspan(face * pixels, pixels), truth.subspan(2 * points_before, 2 * count), share_of,
             gradient.empty() ? gradient : gradient.subspan(face * pixels, pixels),
             std::span(terms).subspan(face * count, count));
  };
  for_each_face<T>(static_cast<int>(faces), threads, FaceMaps<T>(count, static_cast<std::size_t>(height * width)),
                   of_face);
  double sum = 0;
  for (const double term : terms) sum += term;
  return static_cast<T>(sum);
}

template float HeatmapDivergence::operator()(std::span<const float>, detail::In<float>, detail::In<float>,
                                             detail::Out<float>, int, Threads*, std::optional<std::size_t>) const;
template double HeatmapDivergence::operator()(std::span<const double>, detail::In<double>, detail::In<double>,
                                              detail::Out<double>, int, Threads*, std::optional<std::size_t>) const;

}  // namespace lineament
