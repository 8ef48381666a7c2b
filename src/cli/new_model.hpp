// The model that a training run begins with.
#pragma once
#include <string>
#include <vector>

#include "cli/train_options.hpp"
#include "lineament/model/model.hpp"

namespace lineament::cli {

struct NewModel {
  Model model{};
  std::string begun_with{};          ///< with --from: what that model was trained on, to be added to this one's data
  std::vector<std::string> notes{};  ///< to be said once it is certain that there will be a run
};

/// A new network, or that of --from with what the options change. What they leave open is set in them: the network, the
/// loss, the crop's margin. Throws for options that do not fit the network.
NewModel new_model(TrainOptions& options);

}  // namespace lineament::cli
