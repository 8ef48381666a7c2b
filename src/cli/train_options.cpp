#include "cli/train_options.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "cli/checks.hpp"
#include "cli/json_text.hpp"
#include "cli/models.hpp"
#include "cli/options.hpp"
#include "cli/recipes.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/train/optimizers.hpp"
#include "lineament/train/schedules.hpp"
#include "lineament/zoo/networks.hpp"

namespace lineament::cli {
namespace {

using Json = nlohmann::ordered_json;

// How an option's value is stored with a run.

/// A text, or the list of its bytes where it is not UTF-8: names of files may be anything, and a resumed run needs them
/// unchanged.
Json stored_form(const std::string& value) {
  if (utf8(value) == value) return value;
  return std::vector<std::uint8_t>(value.begin(), value.end());
}
/// Absolute, so that a run can be resumed from another folder; but for a model of the program, which is in none.
Json stored_form(const Path& path) {
  if (names_default_model(path)) return path.string();
  return path.empty() ? Json("") : stored_form(std::filesystem::absolute(path).lexically_normal().string());
}
Json stored_form(const auto& number) {
  return number;
}
template <class Element>
Json stored_form(const std::vector<Element>& values) {
  Json list = Json::array();
  for (const Element& value : values) list.push_back(stored_form(value));
  return list;
}

void take(const Json& stored, std::string& value) {
  if (stored.is_array()) {
    const auto bytes = stored.get<std::vector<std::uint8_t>>();
    value.assign(bytes.begin(), bytes.end());
  } else {
    stored.get_to(value);
  }
}
void take(const Json& stored, Path& path) {
  std::string name;
  take(stored, name);
  path = name;
}
void take(const Json& stored, auto& number) {
  stored.get_to(number);
}
template <class Element>
void take(const Json& stored, std::vector<Element>& values) {
  values.clear();
  for (const Json& element : stored) take(element, values.emplace_back());
}

/// One option: all that is to be known of it, but for its use.
class RunOption {
 public:
  template <class Value>
  RunOption(const char* name, Value TrainOptions::*member, std::string help, Check check = {})
      : name_(name),
        add_([=, flag = "--" + name_](CLI::App& c, TrainOptions& o) -> CLI::Option* {
          if constexpr (std::is_same_v<Value, bool>)
            return c.add_flag(flag, o.*member, help);
          else
            return c.add_option(flag, o.*member, help);
        }),
        store_([=](const TrainOptions& o) { return stored_form(o.*member); }),
        take_([=](const Json& stored, TrainOptions& o) { take(stored, o.*member); }),
        check_(std::move(check)) {}

  /// There is none, or none to be said.
  RunOption&& no_default() && {
    shows_default_ = has_default_ = false;
    return std::move(*this);
  }
  /// The help says it in its own words.
  RunOption&& default_in_help() && {
    shows_default_ = false;
    return std::move(*this);
  }
  /// What stands for the value in the help.
  RunOption&& type(const char* word) && {
    type_ = word;
    return std::move(*this);
  }
  /// Several values may stand in one word, separated by commas.
  RunOption&& with_commas() && {
    commas_ = true;
    return std::move(*this);
  }
  /// May be another when the run is resumed.
  RunOption&& may_change() && {
    may_change_ = true;
    return std::move(*this);
  }
  /// Changes nothing of the result: not stored.
  RunOption&& not_stored() && {
    stored_ = false;
    return std::move(*this);
  }

  const std::string& name() const { return name_; }
  bool is_stored() const { return stored_; }

  void add(CLI::App& command, TrainOptions& options) const {
    CLI::Option* option = add_(command, options);
    if (shows_default_) option->capture_default_str();
    if (!type_.empty()) option->type_name(type_);
    if (commas_) option->delimiter(',');
    if (check_) option->check(check_);
  }
  Json stored(const TrainOptions& options) const { return store_(options); }
  /// Neither given nor anything by default: where it stood, -1 or "" would stand for "none".
  bool is_absent(const TrainOptions& options) const { return !has_default_ && store_(options) == store_({}); }

  void take_from(TrainOptions& options, const TrainOptions& from) const { take_(store_(from), options); }

  /// Takes the stored value over, unless the command line has another and may.
  void restore(TrainOptions& options, const Json& stored, const Path& file) const {
    const Json here = store_(options);
    const bool differs = options.typed(name_) && here != stored;
    if (differs && !may_change_)
      throw ArgumentError({"--" + name_, "it differs from the run that is resumed, " + file.string(), json_text(stored),
                           json_text(here), "leave the option out, or start a new run in another folder"});
    if (!differs) take_(stored, options);
  }

 private:
  std::string name_;
  std::function<CLI::Option*(CLI::App&, TrainOptions&)> add_;
  std::function<Json(const TrainOptions&)> store_;
  std::function<void(const Json&, TrainOptions&)> take_;
  Check check_;
  std::string type_;
  bool shows_default_ = true, has_default_ = true, commas_ = false, may_change_ = false, stored_ = true;
};

/// "a, b, c".
template <class List, class NameOf>
std::string names_of(const List& list, NameOf name_of) {
  std::string names;
  for (const auto& element : list) names += (names.empty() ? "" : ", ") + std::string(name_of(element));
  return names;
}
std::string names_of(const auto& list) {
  return names_of(list, [](std::string_view name) { return name; });
}

/// Every option, in the order of the help. A new one is a member of TrainOptions and an entry here.
const std::vector<RunOption>& run_options() {
  using O = TrainOptions;
  static const std::vector<RunOption> options{
      RunOption("recipe", &O::recipe,
                "Options from " + recipe_names() + ", or from a JSON file of options; those given here override it")
          .type("NAME")
          .no_default()
          .not_stored(),
      RunOption("data", &O::data,
                "Folder of photos with .pts files, or a list (dlib's .xml, .csv, COCO's .json and others), or a folder "
                "that pack wrote; several may be given")
          .type("FOLDER")
          .no_default(),
      RunOption("synthetic", &O::synthetic, "Train on this many drawn faces instead, or with --mix beside the photos",
                at_least(1))
          .no_default(),
      RunOption(
          "mix", &O::mix,
          "With --data and --synthetic: the share of drawn faces in each batch. An epoch is one pass over the photos",
          number(0, 0.99))
          .no_default(),
      RunOption("mix-until", &O::mix_until,
                "When that share begins to fall, and when it is 0, as shares of the run's epochs", number(0, 1))
          .type("FROM,TO")
          .with_commas(),
      RunOption("backgrounds", &O::backgrounds,
                "Photos without people, for behind drawn faces and as crops without a face")
          .type("FOLDER")
          .no_default(),
      RunOption("negatives", &O::negatives,
                "For networks that say whether a crop shows a face: the share of crops without one in each batch",
                number(0.001, 0.9)),
      RunOption("network", &O::network,
                network_names() + "or a JSON file that describes a network (default with --from: its network)"),
      RunOption("from", &O::from,
                "Start from the weights of this model, a file or " + default_models_text() +
                    ", taken over by the layers' names; none: untrained, where a recipe names a model, with --network")
          .type("MODEL")
          .no_default(),
      RunOption("freeze", &O::freeze,
                "Layers that stay as they are: names, or patterns such as 'conv*', with commas between")
          .type("NAMES")
          .with_commas()
          .no_default(),
      RunOption(
          "epochs", &O::epochs,
          "Epochs; with --resume the run becomes longer or shorter, and its learning rate follows the new schedule",
          at_least(1))
          .may_change(),
      RunOption("batch", &O::batch, "Batch size", at_least(1)),
      RunOption("accumulate", &O::accumulate,
                "Average the gradients of so many batches before a step (default: 1): a larger batch in less memory",
                at_least(1))
          .default_in_help(),
      RunOption("lr", &O::lr, "Learning rate", number(1e-12, 1e6)),
      RunOption("warmup", &O::warmup,
                "Epochs in which the learning rate rises to it (default: 0.5); larger batches want more",
                number(0, 1e6))
          .default_in_help(),
      RunOption("schedule", &O::schedule,
                "Of the learning rate: " + names_of(kScheduleNames) + "; step: a tenth every 10 epochs"),
      RunOption("loss", &O::loss, names_of(face_loss_names()) + "; for networks with a spread the default is laplace"),
      RunOption("coarse-term", &O::coarse_term,
                "Share of the loss of points before their refinement, where there are any", number(0, 1e6)),
      RunOption("heatmap-term", &O::heatmap_term, "Share of the divergence of heat maps from narrow ones",
                number(0, 1e6)),
      RunOption("optimizer", &O::optimizer, names_of(kOptimizerNames)),
      RunOption("weight-decay", &O::weight_decay,
                "Of the weights, not of biases and norms (default: 0.01 for adamw, else 0)", number(0, 1e6))
          .no_default(),
      RunOption("beta2", &O::beta2, "Of adam and adamw: how slowly the mean of squared gradients follows",
                number(0, 0.9999999)),
      RunOption("clip", &O::clip, "Clip the gradient norm; 0: off", number(0, 1e12)),
      RunOption("ema", &O::ema,
                "Keep the average of the network over its steps, with this decay, e.g. 0.999; 0: the network as it is",
                number(0, 0.9999999)),
      RunOption("augment", &O::augment,
                "none, light, standard, strong; drawn: standard, with filters that make skin and light less alike"),
      RunOption("mirror-until", &O::mirror_until,
                "When faces are no longer mirrored at random, as a share of the run's epochs: to which side annotators "
                "err is learnt after it",
                number(0, 1)),
      RunOption("copies", &O::copies, "Augmented copies of each face in an epoch", at_least(1)),
      RunOption("val-split", &O::val_split, "Share of the photos held out", number(0, 0.9)),
      RunOption("limit", &O::limit,
                "Train on so many of the faces that are not held out, drawn by the seed: how much do photos bring?",
                at_least(1))
          .no_default(),
      RunOption("patience", &O::patience,
                "Stop after this many epochs without a new best; 0: never; may be another with --resume", at_least(0))
          .may_change(),
      RunOption("box", &O::box, "Where a face's box comes from: points, file, image"),
      RunOption("margin", &O::margin, "Free border around the box, in box sides", number(-0.4, 4)),
      RunOption("scheme", &O::scheme, "What the points are: ibug-68, or a JSON file that describes another scheme"),
      RunOption("missing", &O::missing, kMissingHelp, one_of({"reject", "mask"})),
      RunOption("group", &O::group, kGroupHelp).type("NAME").no_default(),
      RunOption("max-pixels", &O::max_megapixels, kMaxPixelsHelp, whole(1, 100000)),
      RunOption("precision", &O::precision,
                "Arithmetic precision of 1x1 convolutions: fp32, or bf16, faster where the processor has it",
                one_of({"fp32", "bf16"})),
      RunOption("sums", &O::sums, "On several machines: gradients are sent in fp32 (default), or in bf16, half as much",
                one_of({"fp32", "bf16"}))
          .no_default()
          .may_change(),
      RunOption("norms", &O::norms,
                "On several machines: batch norms see the whole batch (default), or with 'rank' each machine's share",
                one_of({"batch", "rank"}))
          .no_default()
          .may_change(),
      RunOption("seed", &O::seed, "Same seed, same bits, for any number of threads", any_seed()),
      RunOption(
          "memory", &O::memory,
          "For packed and for drawn faces: keep so much of them in memory and make the others anew in each epoch; "
          "changes nothing of the result (default: 512M for packed faces, half the machine's for drawn ones)",
          bytes_between("0", "1048576G"))
          .type("SIZE")
          .no_default()
          .may_change(),
      RunOption("threads", &O::threads, "0: one for each core", whole(0, kMostThreads)).not_stored(),
      RunOption("out", &O::out, "Folder of the run").type("FOLDER").not_stored(),
      RunOption("resume", &O::resume, "Go on with the run in --out, with its settings").no_default().not_stored()};
  return options;
}

void require_known(const Json& stored, const Path& file) {
  for (const auto& [name, value] : stored.get_ref<const Json::object_t&>())
    if (std::none_of(run_options().begin(), run_options().end(),
                     [&, &wanted = name](const RunOption& o) { return o.is_stored() && o.name() == wanted; }))
      throw ModelError({file.string(), "the run was begun with an option that this program does not know", "",
                        "'" + name + "'", "resume it with the program that began it"});
}

}  // namespace

bool TrainOptions::typed(const std::string& name) const {
  return std::find(given.begin(), given.end(), name) != given.end();
}
bool TrainOptions::has(const std::string& name) const {
  return typed(name) || std::find(of_recipe.begin(), of_recipe.end(), name) != of_recipe.end();
}

void add_train_options(CLI::App& command, TrainOptions& options) {
  for (const RunOption& option : run_options()) option.add(command, options);
  command.callback([&command, &options] {
    for (const CLI::Option* option : command.get_options())
      if (option->count() > 0) options.given.push_back(option->get_single_name());
  });
}

std::vector<std::string> stored_option_names() {
  std::vector<std::string> names;
  for (const RunOption& option : run_options())
    if (option.is_stored()) names.push_back(option.name());
  return names;
}

void take_given(TrainOptions& to, const TrainOptions& from) {
  for (const RunOption& option : run_options()) {
    if (!option.is_stored() || !from.has(option.name()) || to.has(option.name())) continue;
    option.take_from(to, from);
    to.of_recipe.push_back(option.name());
  }
}

std::string settings_of(const TrainOptions& options) {
  TrainOptions known = options;
  if (known.weight_decay < 0) known.weight_decay = optimizer_by_name(known.optimizer).weight_decay;
  Json settings;
  for (const RunOption& option : run_options())
    if (option.is_stored() && !option.is_absent(known)) settings[option.name()] = option.stored(known);
  return json_text(settings);
}

namespace {

bool is_built_in(const std::string& name) {
  const auto networks = named_networks();
  return names_default_model(name) || name == ibug_68().name ||
         std::any_of(networks.begin(), networks.end(), [&](const NamedNetwork& n) { return n.name == name; });
}

/// An option that names a file, unless it names a part of the program.
void erase_file(Json& settings, const char* name) {
  const auto option = settings.find(name);
  if (option != settings.end() && !(option->is_string() && is_built_in(option->get<std::string>())))
    settings.erase(option);
}

}  // namespace

std::string without_paths(const std::string& settings) {
  Json public_ones = Json::parse(settings);
  for (const char* path : {"data", "backgrounds"}) public_ones.erase(path);
  erase_file(public_ones, "from");
  return json_text(public_ones);
}

std::string without_files(const std::string& settings) {
  Json public_ones = Json::parse(without_paths(settings));
  for (const char* name : {"network", "scheme"}) erase_file(public_ones, name);
  return json_text(public_ones);
}

DifferentOption different_option(const std::string& first, const std::string& second) {
  const Json a = Json::parse(first), b = Json::parse(second);
  const auto value = [](const Json& settings, const std::string& name) {
    return settings.contains(name) ? json_text(settings.at(name)) : "none";
  };
  for (const std::string& name : stored_option_names())
    if (value(a, name) != value(b, name)) return {name, value(a, name), value(b, name)};
  return {"option", first, second};
}

void restore_settings(TrainOptions& options, const std::string& settings, const Path& file) {
  try {
    const Json stored = Json::parse(settings);
    require_known(stored, file);
    for (const RunOption& option : run_options())
      if (option.is_stored())
        option.restore(options,
                       stored.contains(option.name()) ? stored.at(option.name()) : option.stored(TrainOptions{}), file);
  } catch (const Json::exception& e) {
    throw ModelError({file.string(), "the run's settings cannot be understood", "", e.what(), "start a new run"});
  }
}

}  // namespace lineament::cli
