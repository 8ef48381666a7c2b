#include "cli/idle_options.hpp"

#include "lineament/landmarker/face_losses.hpp"
#include "lineament/zoo/heatmap_networks.hpp"

namespace lineament::cli {

std::vector<std::string> idle_options(const TrainOptions& o, const Network& network, int ranks) {
  const bool drawn = o.data.empty();
  const struct {
    const char* name;
    bool idle;
    const char* why;
  } options[] = {{"missing", drawn, "drawn faces lack no point"},
                 {"group", drawn, "it is for .ljson files"},
                 {"max-pixels", drawn && o.backgrounds.empty(), "no photo is read"},
                 {"mix-until", o.mix == 0, "nothing is mixed"},
                 {"mirror-until", o.augment == "none", "no face is mirrored"},
                 {"negatives", !has_output(network, kFaceOutput), "the network does not say whether there is a face"},
                 {"recipe", o.resume, "a run goes on as it was begun"},
                 {"beta2", o.optimizer == "sgd", "it is of adam and adamw"},
                 {"coarse-term", !has_output(network, kCoarseOutput), "the network has no refinement"},
                 {"sums", ranks < 2, "one process sends no gradients"},
                 {"norms", ranks < 2, "one process sees the whole batch"}};
  std::vector<std::string> notes;
  for (const auto& option : options)
    if (option.idle && o.typed(option.name))
      notes.push_back("note: --" + std::string(option.name) + " has no effect here: " + option.why);
  return notes;
}

}  // namespace lineament::cli
