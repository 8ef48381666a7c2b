// The command line: options, their help, and errors in one clear line with exit code 2.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>

#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/mistakes.hpp"
#include "lineament/error.hpp"
#include "lineament/zoo/networks.hpp"

namespace lineament::cli {
namespace {

constexpr int kMostThreads = 1024;

std::string network_names() {
  std::string names;
  for (const NamedNetwork& n : named_networks()) names += std::string(n.name) + ", ";
  return names;
}

void add_train(CLI::App& app, TrainOptions& o) {
  CLI::App* c = app.add_subcommand("train", "Train a network on annotated photos or on drawn faces");
  c->footer(
      "Examples:\n"
      "  lineament train --synthetic 4000 --epochs 10 --out run        no data needed: faces are drawn\n"
      "  lineament train --data 300w --epochs 60 --out run             a folder with the layout of 300-W\n"
      "  lineament train --resume --out run                            go on after a stop\n"
      "RUN holds model.safetensors (best), last.safetensors (to resume), log.jsonl and report.html.");
  c->add_option("--data", o.data,
                "Folder of photos with .pts files, or a .xml (dlib), .csv or .ljson file; several may be given")
      ->type_name("FOLDER");
  c->add_option("--synthetic", o.synthetic, "Train on this many drawn faces instead")->check(at_least(1));
  c->add_option("--network", o.network, network_names() + "or a JSON file that describes a network")
      ->capture_default_str();
  c->add_option("--epochs", o.epochs, "Passes over the training faces")->capture_default_str()->check(at_least(1));
  c->add_option("--batch", o.batch, "Faces a step")->capture_default_str()->check(at_least(1));
  c->add_option("--lr", o.lr, "Learning rate")->capture_default_str()->check(number(1e-12, 1e6));
  c->add_option("--schedule", o.schedule, "Of the learning rate: constant, step, cosine")->capture_default_str();
  c->add_option("--loss", o.loss, "l2, l1, smooth-l1, wing, nme")->capture_default_str();
  c->add_option("--optimizer", o.optimizer, "sgd, adam, adamw")->capture_default_str();
  c->add_option("--weight-decay", o.weight_decay,
                "Of the weights, not of biases and norms (default: 0.01 for adamw, else 0)")
      ->check(number(0, 1e6));
  c->add_option("--clip", o.clip, "Longest gradient; 0: any")->capture_default_str()->check(number(0, 1e12));
  c->add_option("--augment", o.augment, "none, light, standard, strong")->capture_default_str();
  c->add_option("--copies", o.copies, "Augmented copies of each face in an epoch")
      ->capture_default_str()
      ->check(at_least(1));
  c->add_option("--val-split", o.val_split, "Share of the photos held out")
      ->capture_default_str()
      ->check(number(0, 0.9));
  c->add_option("--patience", o.patience, "Stop after this many epochs without a new best; 0: never")
      ->capture_default_str()
      ->check(at_least(0));
  c->add_option("--box", o.box, "Where a face's box comes from: points, file, image")->capture_default_str();
  c->add_option("--margin", o.margin, "Free border around the box, in box sides")
      ->capture_default_str()
      ->check(number(-0.4, 4));
  c->add_option("--precision", o.precision,
                "Numbers that 1x1 convolutions multiply: fp32, or bf16, faster where the processor has it")
      ->capture_default_str()
      ->check(CLI::IsMember({"fp32", "bf16"}).description(""));
  c->add_option("--seed", o.seed, "Same seed, same bits, for any number of threads")
      ->capture_default_str()
      ->check(any_seed());
  c->add_option("--threads", o.threads, "0: one for each core")->capture_default_str()->check(whole(0, kMostThreads));
  c->add_option("--out", o.out, "Folder of the run")->type_name("FOLDER")->capture_default_str();
  c->add_flag("--resume", o.resume, "Go on with the run in --out, with its settings");
  c->callback([c, &o] {
    for (const CLI::Option* option : c->get_options())
      if (option->count() > 0) o.given.push_back(option->get_single_name());
  });
}

CLI::Option* add_precision(CLI::App* c, std::string& precision) {
  return c->add_option("--precision", precision, "Numbers to multiply: fp32, bf16 or int8, the fastest")
      ->capture_default_str()
      ->check(CLI::IsMember({"fp32", "bf16", "int8"}).description(""));
}

void add_evaluate(CLI::App& app, EvaluateOptions& o) {
  CLI::App* c = app.add_subcommand("evaluate", "Measure a model on annotated faces");
  c->footer(
      "Examples:\n"
      "  lineament evaluate run/model.safetensors --synthetic 500\n"
      "  lineament evaluate run/model.safetensors --data 300w --part test --json");
  c->add_option("MODEL", o.model, "A .safetensors file written by training")->required();
  auto* data = c->add_option("--data", o.data, "As for training; several may be given")->type_name("FOLDER");
  c->add_option("--synthetic", o.synthetic, "This many drawn faces that no training draws")
      ->check(at_least(1))
      ->excludes(data);
  c->add_option("--part", o.part, "Of a folder with the layout of 300-W: train, test, all")
      ->capture_default_str()
      ->check(CLI::IsMember({"train", "test", "all"}).description(""));
  c->add_option("--box", o.box, "Where a face's box comes from: points, file, image")->capture_default_str();
  add_precision(c, o.precision)
      ->description("Numbers to multiply: fp32, bf16 or int8; the last two also print the change of the NME");
  c->add_option("--seed", o.seed, "Of the drawn faces")->capture_default_str()->check(any_seed());
  c->add_option("--threads", o.threads, "0: one for each core")->capture_default_str()->check(whole(0, kMostThreads));
  c->add_flag("--json", o.json, "Print JSON");
}

void add_predict(CLI::App& app, PredictOptions& o, std::string& box) {
  CLI::App* c = app.add_subcommand("predict", "Find the 68 points of a face in photos");
  c->footer(
      "Without --box the face should fill most of the picture. Without --json, --pts and --overlay, JSON is printed.\n"
      "Examples:\n"
      "  lineament predict run/model.safetensors photo.jpg --box 120,80,200,200 --overlay out\n"
      "  lineament predict run/model.safetensors photos/*.jpg --json points.json --pts out");
  c->add_option("MODEL", o.model, "A .safetensors file written by training")->required();
  c->add_option("IMAGE", o.images, "JPEG, PNG, BMP or PNM")->required();
  c->add_option("--box", box, "x,y,width,height of the face, brows to chin, in pixels");
  c->add_option("--passes", o.passes, "Times the face is cropped anew to the points just found")
      ->capture_default_str()
      ->check(whole(1, 10));
  add_precision(c, o.precision);
  c->add_option("--json", o.json, "File for all results")->type_name("FILE");
  c->add_option("--pts", o.pts, "Folder for a .pts file for each photo")->type_name("FOLDER");
  c->add_option("--overlay", o.overlay, "Folder for a picture of each photo with its points")->type_name("FOLDER");
  c->add_option("--threads", o.threads, "0: one for each core")->capture_default_str()->check(whole(0, kMostThreads));
}

Box parse_box(const std::string& text_of_box) {
  Box box;
  char rest = 0;
  if (std::sscanf(text_of_box.c_str(), "%f,%f,%f,%f%c", &box.x, &box.y, &box.width, &box.height, &rest) != 4 ||
      !(box.width > 0) || !(box.height > 0))
    throw ArgumentError({"--box", "not a box", "x,y,width,height with a width and height above 0, e.g. 120,80,200,200",
                         text_of_box, ""});
  return box;
}

int run(int argc, char** argv) {
  CLI::App app("Lineament trains and runs convolutional networks for face landmarks (68 points, iBUG 300-W).");
  app.footer(
      "First steps, with no data at all:\n"
      "  lineament train --synthetic 2000 --epochs 5 --out run\n"
      "  lineament faces --count 1 --seed 7 --out faces\n"
      "  lineament predict run/model.safetensors faces/face_00000.png --overlay out\n"
      "'lineament COMMAND --help' says more.");
  app.name("lineament");
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.get_formatter()->label("Subcommands", "Commands");
  app.require_subcommand(1);
  app.set_version_flag("--version", LINEAMENT_VERSION);
  TrainOptions train_options;
  EvaluateOptions evaluate_options;
  PredictOptions predict_options;
  InspectOptions inspect_options;
  FacesOptions faces_options;
  ValidateOptions validate_options;
  std::string box;
  add_train(app, train_options);
  add_evaluate(app, evaluate_options);
  add_predict(app, predict_options, box);

  CLI::App* c = app.add_subcommand("inspect", "Show a model's or network's layers, weights, multiply-adds and memory");
  c->footer("Examples:\n  lineament inspect reference\n  lineament inspect run/model.safetensors --json");
  c->add_option("MODEL", inspect_options.model, "A .safetensors file, " + network_names() + "or a JSON file")
      ->required();
  c->add_option("--batch", inspect_options.batch, "For the arena's size")->capture_default_str()->check(at_least(1));
  c->add_flag("--json", inspect_options.json, "Print JSON");

  c = app.add_subcommand("faces", "Draw faces with their points, as training does");
  c->footer(
      "Examples:\n"
      "  lineament faces --count 12 --out faces\n"
      "  lineament faces --count 40 --seed 3 --points --sheet faces.png");
  c->add_option("--count", faces_options.count, "How many")->capture_default_str()->check(at_least(1));
  c->add_option("--size", faces_options.size, "Side of a picture, pixels")
      ->capture_default_str()
      ->check(whole(32, 2048));
  c->add_option("--seed", faces_options.seed, "Same seed, same faces")->capture_default_str()->check(any_seed());
  c->add_option("--out", faces_options.out, "Folder for .png and .pts files")
      ->type_name("FOLDER")
      ->capture_default_str();
  c->add_option("--sheet", faces_options.sheet, "One picture of all faces instead")->type_name("FILE");
  c->add_flag("--points", faces_options.points, "Draw the points into the pictures");

  c = app.add_subcommand("validate", "Read whole data sets and list every file that cannot be used, with the reason");
  c->footer(
      "Examples:\n  lineament validate 300w\n  lineament validate my_photos more.xml --json\nThe exit code is 2 if "
      "anything is rejected.");
  c->add_option("DIR", validate_options.data, "As --data of training")->required();
  c->add_flag("--json", validate_options.json, "Print JSON");

  for (CLI::App* command : app.get_subcommands({}))  // of an option given twice the last counts, as in other programs
    for (CLI::Option* option : command->get_options())
      if (option->get_items_expected_max() == 1) option->take_last();
  require_command(app, argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help and --version
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    throw mistake(app, e, argv[1]);
  }
  if (!box.empty()) predict_options.box = parse_box(box);
  const std::string command = app.get_subcommands().front()->get_name();
  if (command == "train") return train(std::move(train_options));
  if (command == "evaluate") {
    if (evaluate_options.data.empty() && evaluate_options.synthetic == 0)
      throw ArgumentError({"evaluate", "it needs faces to measure on", "--data DIR or --synthetic N", "neither", ""});
    return evaluate(evaluate_options);
  }
  if (command == "predict") return predict(predict_options);
  if (command == "inspect") return inspect(inspect_options);
  if (command == "faces") return faces(faces_options);
  return validate(validate_options);
}

}  // namespace
}  // namespace lineament::cli

int main(int argc, char** argv) {
  using lineament::cli::say;
  try {
    const int code = lineament::cli::run(argc, argv);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    say("lineament: standard output: it cannot be written; free some space, or send the output elsewhere");
  } catch (const lineament::Error& e) {
    say(std::string("lineament: ") + e.what());
  } catch (const std::bad_alloc&) {
    say("lineament: not enough memory; use a smaller --batch or fewer faces");
  } catch (const std::exception& e) {
    say(std::string("lineament: ") + e.what());
  }
  return 2;
}
