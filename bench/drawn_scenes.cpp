// Question: how many people of drawn pictures does a detector find, with masks and without? The pictures are such as no
// training draws; --backgrounds are photos without people that lie behind three of four.
//
// drawn_scenes [MODEL] [--backgrounds FOLDER] [--pictures 500] [--seed 977]
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "lineament/detector/face_finder.hpp"
#include "lineament/detector/scenes.hpp"
#include "lineament/error.hpp"
#include "lineament/model/default_models.hpp"
#include "lineament/model/model.hpp"

using namespace lineament;

namespace {

struct Count {
  std::size_t faces = 0, found = 0, others = 0;
};

/// Every face counts once; those that are hidden by half may be found, and need not be.
void judge(const Scene& scene, const std::vector<FoundFace>& found, Count& count) {
  constexpr float kVisible = 0.5f, kOverlap = 0.4f;
  std::vector<bool> taken(scene.faces.size(), false);
  for (const SceneFace& face : scene.faces) count.faces += face.visible >= kVisible;
  for (const FoundFace& f : found) {
    const auto matches = [&](const SceneFace& face) { return overlap(face.box, f.box); };
    const auto best = std::max_element(scene.faces.begin(), scene.faces.end(),
                                       [&](const auto& a, const auto& b) { return matches(a) < matches(b); });
    const auto i = static_cast<std::size_t>(best - scene.faces.begin());
    if (best == scene.faces.end() || matches(*best) < kOverlap || taken[i]) {
      ++count.others;
      continue;
    }
    taken[i] = true;
    count.found += best->visible >= kVisible;
  }
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{"people found in drawn pictures, with masks and without"};
  std::string model(kDefaultDetector);
  std::filesystem::path backgrounds;
  std::uint64_t pictures = 500, seed = 977;
  app.add_option("MODEL", model, "a detector")->capture_default_str();
  app.add_option("--backgrounds", backgrounds, "a folder of photos without people");
  app.add_option("--pictures", pictures)->capture_default_str();
  app.add_option("--seed", seed)->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const auto detector =
      std::make_shared<Model>(model == kDefaultDetector ? load_default_model(model) : load_model(model));
  const Backgrounds photos = backgrounds.empty() ? nullptr : read_backgrounds(backgrounds);
  std::printf("| masks | score | found %% | other boxes |\n|---|---|---|---|\n");
  for (const float masks : {0.0f, 1.0f}) {
    const DrawnScenes scenes = DrawnScenes::draw(seed, 400, photos, {.smallest = 20, .masks = masks});
    for (const float score : {0.3f, 0.4f, 0.5f}) {
      FaceFinder finder(detector, {.smallest = 16, .score = score});
      Count count;
      for (std::uint64_t i = 0; i < pictures; ++i) {
        const Scene scene = scenes.compose(Random(seed, i));
        judge(scene, finder.find(scene.image), count);
      }
      std::printf("| %s | %.1f | %.1f | %zu |\n", masks > 0 ? "all" : "none", static_cast<double>(score),
                  100.0 * static_cast<double>(count.found) / static_cast<double>(count.faces), count.others);
    }
  }
  return 0;
} catch (const Error& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
