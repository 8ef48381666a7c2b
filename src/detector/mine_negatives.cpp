// Hard negatives: where a detector takes a background for a face.
#include <algorithm>
#include <optional>
#include <utility>

#include "lineament/detector/face_finder.hpp"
#include "lineament/detector/scenes.hpp"
#include "lineament/threads.hpp"

namespace lineament {

std::size_t DrawnScenes::mine_negatives(std::shared_ptr<const Model> detector, std::size_t most, int threads) {
  // why so low a score: what is nearly taken for a face teaches, too.
  const FinderOptions kLook{.smallest = 20, .score = 0.1f};
  Threads team(threads);
  std::vector<std::optional<FaceFinder>> finders(static_cast<std::size_t>(team.count()));
  std::vector<std::vector<FoundFace>> found(backgrounds());
  team.run(static_cast<int>(found.size()), [&](int task, int thread) {
    const auto number = static_cast<std::size_t>(task), worker = static_cast<std::size_t>(thread);
    if (!finders[worker]) finders[worker].emplace(detector, kLook);
    found[number] = finders[worker]->find(background(number));
  });

  hard_.clear();
  for (std::size_t i = 0; i < found.size(); ++i)
    for (const FoundFace& face : found[i]) hard_.push_back({i, face.box, face.score});
  std::stable_sort(hard_.begin(), hard_.end(), [](const Place& a, const Place& b) { return a.score > b.score; });
  if (hard_.size() > most) hard_.resize(most);
  return static_cast<std::size_t>(
      std::count_if(hard_.begin(), hard_.end(), [](const Place& place) { return place.score > 0.5f; }));
}

}  // namespace lineament
