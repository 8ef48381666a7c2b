#include "lineament/detector/found_measures.hpp"

#include <algorithm>

namespace lineament {
namespace {

enum class Verdict { right, wrong, neither };
struct Judged {
  float score;
  Verdict verdict;
};

void judge(const SearchedPicture& picture, float overlap_wanted, std::vector<Judged>& all) {
  std::vector<FoundFace> found = picture.found;
  std::stable_sort(found.begin(), found.end(),
                   [](const FoundFace& a, const FoundFace& b) { return a.score > b.score; });
  std::vector<bool> taken(picture.truth.size(), false);
  for (const FoundFace& face : found) {
    float most = 0;
    std::size_t best = picture.truth.size();
    bool on_uncounted = false;
    for (std::size_t i = 0; i < picture.truth.size(); ++i) {
      const float both = overlap(face.box, picture.truth[i].box);
      if (both < overlap_wanted) continue;
      if (!picture.truth[i].counts) {
        on_uncounted = true;
      } else if (!taken[i] && both > most) {
        most = both;
        best = i;
      }
    }
    if (best < taken.size()) taken[best] = true;
    all.push_back({face.score, best < taken.size() ? Verdict::right
                               : on_uncounted      ? Verdict::neither
                                                   : Verdict::wrong});
  }
}

}  // namespace

FoundMeasures::FoundMeasures(std::span<const SearchedPicture> pictures, float overlap) {
  std::vector<Judged> all;
  for (const SearchedPicture& picture : pictures) {
    faces_ += static_cast<std::size_t>(
        std::count_if(picture.truth.begin(), picture.truth.end(), [](const TrueFace& t) { return t.counts; }));
    judge(picture, overlap, all);
  }
  std::stable_sort(all.begin(), all.end(), [](const Judged& a, const Judged& b) { return a.score > b.score; });
  FoundAt at;
  for (std::size_t i = 0; i < all.size(); ++i) {
    at.score = all[i].score;
    if (all[i].verdict == Verdict::right) ++at.right;
    if (all[i].verdict == Verdict::wrong) ++at.wrong;
    if (i + 1 == all.size() || all[i + 1].score != at.score) curve_.push_back(at);
  }
}

double FoundMeasures::recall(const FoundAt& at) const {
  return faces_ > 0 ? static_cast<double>(at.right) / static_cast<double>(faces_) : 0;
}

double FoundMeasures::average_precision() const {
  double area = 0, best = 0;
  for (std::size_t i = curve_.size(); i-- > 0;) {
    const FoundAt& at = curve_[i];
    if (at.right + at.wrong > 0)
      best = std::max(best, static_cast<double>(at.right) / static_cast<double>(at.right + at.wrong));
    area += best * (recall(at) - (i > 0 ? recall(curve_[i - 1]) : 0));
  }
  return area;
}

FoundAt FoundMeasures::at_wrong(std::size_t most) const {
  FoundAt best{.score = 1};
  for (const FoundAt& at : curve_)
    if (at.wrong <= most) best = at;
  return best;
}

FoundAt FoundMeasures::at_score(float score) const {
  FoundAt best{.score = score};
  for (const FoundAt& at : curve_)
    if (at.score >= score) best = {score, at.right, at.wrong};
  return best;
}

}  // namespace lineament
