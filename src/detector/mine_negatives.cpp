// Hard negatives: where a detector takes a background for a face.
#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "lineament/detector/face_finder.hpp"
#include "lineament/detector/scenes.hpp"
#include "lineament/threads.hpp"

namespace lineament {

std::size_t DrawnScenes::mine_negatives(std::shared_ptr<const Model> detector, std::size_t most, int threads) {
  // why so low a score: what is nearly taken for a face teaches, too.
  const FinderOptions kLook{.smallest = 20, .score = 0.1f};
  { const FaceFinder fits(detector, kLook); }  // or throws here, and not on a thread
  Threads team(threads);
  std::vector<std::optional<FaceFinder>> finders(static_cast<std::size_t>(team.count()));
  std::vector<std::vector<FoundFace>> found(backgrounds());
  std::vector<std::exception_ptr> stopped(finders.size());  // for want of memory
  team.run(static_cast<int>(found.size()), [&](int task, int thread) {
    const auto number = static_cast<std::size_t>(task), worker = static_cast<std::size_t>(thread);
    if (stopped[worker]) return;
    try {
      if (!finders[worker]) finders[worker].emplace(detector, kLook);
      found[number] = finders[worker]->find(background(number));
    } catch (...) {
      stopped[worker] = std::current_exception();
    }
  });
  for (const std::exception_ptr& reason : stopped)
    if (reason) std::rethrow_exception(reason);

  hard_.clear();
  for (std::size_t i = 0; i < found.size(); ++i)
    for (const FoundFace& face : found[i]) hard_.push_back({i, face.box, face.score});
  std::stable_sort(hard_.begin(), hard_.end(), [](const Place& a, const Place& b) { return a.score > b.score; });
  if (hard_.size() > most) hard_.resize(most);
  return static_cast<std::size_t>(
      std::count_if(hard_.begin(), hard_.end(), [](const Place& place) { return place.score > 0.5f; }));
}

}  // namespace lineament
