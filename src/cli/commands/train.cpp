#include <memory>

#include "cli/command.hpp"
#include "cli/recipes.hpp"
#include "cli/train_options.hpp"
#include "cli/training.hpp"

namespace lineament::cli {

Command train_command() {
  const auto o = std::make_shared<TrainOptions>();
  return {.name = "train",
          .about = "Train a network on annotated photos or on drawn faces",
          .footer =
              "Examples:\n"
              "  lineament train --synthetic 4000 --epochs 10 --out run        no data needed: faces are drawn\n"
              "  lineament train --data 300w --epochs 60 --out run             a folder with the layout of 300-W\n"
              "  lineament train --recipe compact --data 300w --out run         the options of a recipe\n"
              "  lineament train --data shards --memory 512M --out run          more than memory holds: see 'pack'\n"
              "  lineament train --resume --out run                            go on after a stop\n"
              "  lineament train --data mine --from run/model.safetensors --out tuned\n"
              "                                                                go on with other faces\n"
              "  lineament train --data mine --from compact --out tuned        the same from the program's own model\n"
              "  mpirun -n 4 lineament train --data 300w --batch 256 --out run  on four machines, or cores: "
              "docs/scaling.md\n"
              "RUN holds model.safetensors (best), last.safetensors (to resume), log.jsonl and report.html.",
          .options = [o](CLI::App& c) { add_train_options(c, *o); },
          .run =
              [o] {
                Ranks ranks;
                return ranks.run([&] {
                  if (!o->resume) ranks.together([&] { apply_recipe(*o); });
                  return run_training(*o, ranks);
                });
              }};
}

}  // namespace lineament::cli
