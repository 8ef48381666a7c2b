// Model files: what is saved comes back, and a file that is not what it was when it was saved is refused.
#include "lineament/model/model.hpp"

#include <sys/resource.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "lineament/file.hpp"
#include "lineament/model/safetensors.hpp"
#include "lineament/model/spec_json.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/zoo/networks.hpp"
#include "nn/networks.hpp"
#include "support/folder.hpp"

using namespace lineament;
using namespace lineament::testing;
using Json = nlohmann::ordered_json;

namespace {

Model small_model() {
  Model model{.network = Network(zoo(), kZooInput, 1),
              .preprocessing = {.size = 48, .margin = 0.25f},
              .trained_on = "8 faces, für Zoë",
              .ranges = {{"stem", {0, 1}}, {"out", {-0.1f, 3.25f}}}};
  randomise(model.network);
  return model;
}

std::vector<float> outputs(const Network& network) {
  InferenceSession session(network, {.batch = 3});
  put(session.input(), random_values<double>(session.input().size(), 1));
  return copy_of(session.forward());
}

void check_same(const Model& a, const Model& b) {
  CHECK(spec_to_json(a.network.spec(), a.network.input_shape()) ==
        spec_to_json(b.network.spec(), b.network.input_shape()));
  CHECK(copy_of(a.network.weights()) == copy_of(b.network.weights()));
  CHECK(a.preprocessing == b.preprocessing);
  CHECK(a.trained_on == b.trained_on);
  REQUIRE(a.ranges.size() == b.ranges.size());
  for (std::size_t i = 0; i < a.ranges.size(); ++i) {
    CHECK(a.ranges[i].layer == b.ranges[i].layer);
    CHECK(a.ranges[i].range.low == b.ranges[i].range.low);
    CHECK(a.ranges[i].range.high == b.ranges[i].range.high);
  }
  CHECK(outputs(a.network) == outputs(b.network));
}

/// What load_model says to this file: one line that begins with the file's name.
std::string refusal(const std::filesystem::path& path) {
  try {
    load_model(path);
  } catch (const ModelError& error) {
    const std::string text = error.what();
    CHECK(text.starts_with(path.string() + ": "));
    CHECK(text.find('\n') == std::string::npos);
    return text;
  }
  return "accepted";
}

/// A saved model, taken apart: to be changed in any way and written again with a checksum that fits.
struct Forgery {
  Folder folder{"model"};
  std::filesystem::path path = folder / "m.safetensors";
  TensorFile file;
  std::vector<std::uint8_t> changed;

  explicit Forgery(const Model& model = small_model()) {
    save_model(path, model);
    file = read_tensor_file(path);
    std::erase_if(file.metadata, [](const auto& entry) { return entry.first.starts_with("lineament.file."); });
  }
  NamedTensor& tensor(const std::string& name) { return const_cast<NamedTensor&>(file.at(name)); }
  /// Changes the first value of a tensor.
  void change_weight(const std::string& name, float add) {
    NamedTensor& t = tensor(name);
    changed.assign(t.data.begin(), t.data.end());
    float value;
    std::memcpy(&value, changed.data(), sizeof value);
    value += add;
    std::memcpy(changed.data(), &value, sizeof value);
    t.data = changed;
  }
  void edit(const std::string& entry, const std::function<void(Json&)>& how) {
    Json json = Json::parse(file.metadata.at(entry));
    how(json);
    file.metadata[entry] = json.dump();
  }
  std::string refused() {
    write_tensor_file(path, file.metadata, file.tensors);
    return refusal(path);
  }
};

}  // namespace

TEST_CASE("a saved model comes back as it was") {
  const Folder folder("model");
  const auto path = folder / "m.safetensors";
  const Model zoo_model = small_model();
  save_model(path, zoo_model);
  check_same(load_model(path), zoo_model);
  CHECK_FALSE(load_checkpoint(path).state);

  Model reference{.network = Network(reference_network(), Shape{16, 16, 3}, 4)};
  save_model(path, reference);  // replaces the other
  check_same(load_model(path), reference);
  CHECK(folder.files() == 1);

  save_model(folder / "again.safetensors", load_model(path));
  CHECK(read_file(folder / "again.safetensors") == read_file(path));
}

TEST_CASE("a checkpoint also keeps the state of training, and is a model") {
  const Folder folder("model");
  const auto path = folder / "c.safetensors";
  const Model model = small_model();
  TrainingState state{
      .epoch = 7, .step = (std::uint64_t{1} << 40) + 1, .best = 0.1, .best_epoch = 5, .settings = R"({"a": "\n"})"};
  state.optimizer = random_values<float>(101, 3);
  for (const bool empty : {false, true}) {
    if (empty) state.optimizer.clear();
    save_checkpoint(path, model, state);
    const Checkpoint back = load_checkpoint(path);
    check_same(back.model, model);
    REQUIRE(back.state);
    CHECK(back.state->epoch == 7);
    CHECK(back.state->step == state.step);
    CHECK(back.state->best == 0.1);
    CHECK(back.state->best_epoch == 5);
    CHECK(back.state->settings == state.settings);
    CHECK(back.state->optimizer == state.optimizer);
    check_same(load_model(path), model);
  }
}

TEST_CASE("damaged and foreign files are refused with one line") {
  const Folder folder("model");
  const auto path = folder / "m.safetensors";
  save_model(path, small_model());
  const auto good = read_file(path);
  for (std::size_t i = 0; i < good.size(); i += 1 + good.size() / 60) {
    INFO("byte " << i);
    auto bad = good;
    bad[i] ^= 0x10;
    write_file(path, bad);
    CHECK(refusal(path) != "accepted");
    write_file(path, std::span(good).first(i));
    CHECK(refusal(path) != "accepted");
  }
  write_file(path, std::span(good).first(good.size() - 1));
  CHECK(refusal(path) != "accepted");
  write_file(path, std::string_view("# not a model\nat all\n"));
  CHECK(refusal(path) != "accepted");
  const std::vector<float> values{1, 2};
  const std::vector<NamedTensor> tensors{tensor_view<float>("w", {2}, values)};
  write_tensor_file(path, {}, tensors);
  CHECK_THAT(refusal(path),
             Catch::Contains("not a model of this program") && Catch::Contains("safetensors file of another kind"));
  write_tensor_file(path, {{"format", "pt"}}, tensors);
  CHECK_THAT(refusal(path), Catch::Contains("got pt"));
  CHECK_THROWS_AS(load_model(folder / "none"), FileError);
  CHECK_THROWS_AS(load_model(folder.path), FileError);
}

TEST_CASE("a file whose parts do not belong together is refused, though its checksum fits") {
  Forgery f;
  CHECK(f.refused() == "accepted");
  SECTION("a weight") {
    f.change_weight("out.weight", 0.5f);
    CHECK_THAT(f.refused(), Catch::Contains("does not give the output it gave when it was saved"));
  }
  SECTION("a running mean") {
    f.change_weight("norm2.running_mean", 0.5f);
    CHECK_THAT(f.refused(), Catch::Contains("does not give the output"));
  }
  SECTION("a weight that is no number") {
    f.change_weight("out.weight", std::numeric_limits<float>::quiet_NaN());
    CHECK_THAT(f.refused(), Catch::Contains("does not give the output"));
  }
  SECTION("a layer's option") {
    f.edit("spec", [](Json& j) { j["layers"][0]["kernel"] = 5; });
    CHECK_THAT(f.refused(), Catch::Contains("the tensor 'stem.weight' has the wrong shape (wanted 5x5x2x4"));
  }
  SECTION("a layer's option that changes no weight") {
    f.edit("spec", [](Json& j) { j["layers"][1]["type"] = "relu"; });
    CHECK_THAT(f.refused(), Catch::Contains("does not give the output"));
  }
  SECTION("a spec of nothing that is known") {
    f.edit("spec", [](Json& j) { j["layers"][1]["type"] = "nonsense"; });
    CHECK_THAT(f.refused(), Catch::Contains("the network's description cannot be used") && Catch::Contains("nonsense"));
  }
  SECTION("a layer of somebody's own: the file is whole, and training again would not help") {
    f.edit("spec", [](Json& j) { j["layers"][1] = {{"name", "x"}, {"type", "custom"}, {"layer", "mine"}}; });
    CHECK_THAT(f.refused(), Catch::Contains("register_layer") && !Catch::Contains("train again"));
  }
  SECTION("a range of activations that is none") {
    f.edit("ranges", [](Json& j) { j["stem"] = {1, 0}; });
    CHECK_THAT(f.refused(), Catch::Contains("the range of 'stem' makes no sense"));
  }
  SECTION("ranges of another kind") {
    f.edit("ranges", [](Json& j) { j["stem"] = "wide"; });
    CHECK_THAT(f.refused(), Catch::Contains("the entry 'ranges' cannot be understood"));
  }
  SECTION("a spec without layers") {
    f.edit("spec", [](Json& j) { j["layers"] = Json::array(); });
    CHECK_THAT(f.refused(), Catch::Contains("cannot be used") && Catch::Contains("not a network"));
  }
  SECTION("a spec with an unused layer") {
    f.edit("spec", [](Json& j) { j["layers"].push_back({{"name", "x"}, {"type", "sigmoid"}, {"inputs", {"stem"}}}); });
    CHECK_THAT(f.refused(), Catch::Contains("cannot be used") && Catch::Contains("never used"));
  }
  SECTION("a tensor's shape") {
    f.tensor("out.weight").shape = {3, 9};
    CHECK_THAT(f.refused(), Catch::Contains("the tensor 'out.weight' has the wrong shape (wanted 9x3, got 3x9)"));
  }
  SECTION("a tensor's type") {
    f.tensor("out.bias").dtype = "I32";
    CHECK_THAT(f.refused(), Catch::Contains("wanted 3 values of F32, got 12 bytes of I32"));
  }
  SECTION("a missing tensor") {
    std::erase_if(f.file.tensors, [](const NamedTensor& t) { return t.name == "out.bias"; });
    CHECK_THAT(f.refused(), Catch::Contains("a tensor is missing (wanted 'out.bias'"));
  }
  SECTION("entries") {
    for (const char* entry : {"spec", "preprocessing", "self_test", "trained_on"}) {
      INFO(entry);
      const std::string kept = f.file.metadata.at(entry);
      f.file.metadata.erase(entry);
      CHECK_THAT(f.refused(), Catch::Contains(entry));
      if (entry != std::string("trained_on")) {
        for (const char* wrong : {"{", "[]", "null", R"({"size": "large", "output": 3, "input": {}})"}) {
          f.file.metadata[entry] = wrong;
          CHECK(f.refused() != "accepted");
        }
      }
      f.file.metadata[entry] = kept;
    }
    CHECK(f.refused() == "accepted");
  }
  SECTION("the self-test's length") {
    f.edit("self_test", [](Json& j) { j["output"].push_back(0); });
    CHECK_THAT(f.refused(), Catch::Contains("the self-test has the wrong size (wanted 3, got 4)"));
  }
  SECTION("preprocessing") {
    f.edit("preprocessing", [](Json& j) { j["margin"] = 1000; });
    CHECK_THAT(f.refused(), Catch::Contains("the preprocessing makes no sense"));
  }
  SECTION("the state of training") {
    f.file.metadata["training"] = R"({"epoch": 1})";
    CHECK_THAT(f.refused(), Catch::Contains("'training' cannot be understood"));
    f.file.metadata["training"] = R"({"epoch": 1, "step": 2, "best": 0.5, "best_epoch": 1, "settings": ""})";
    CHECK_THAT(f.refused(), Catch::Contains("training.optimizer"));
  }
}

TEST_CASE("a small file that would fill the memory is refused") {
  const Spec spec = Spec() << Conv2d{.channels = 1} << Upsample{.factor = 2} << GlobalAvgPool{} << Dense{.features = 2};
  Forgery f({.network = Network(spec, {1, 1, 1}, 1)});
  CHECK(f.refused() == "accepted");
  f.edit("spec", [](Json& j) { j["layers"][1]["factor"] = 32767; });  // a billion values, and the same output
  CHECK_THAT(f.refused(), Catch::Contains("too large (wanted at most 536870912 values, got 10736"));
}

namespace {

/// Saving must fail with `Error` and leave the old model as it was and nothing beside it.
template <class Error>
void check_kept(const Folder& folder, const std::filesystem::path& path, const Model& model,
                const TrainingState* state = nullptr) {
  const auto before = read_file(path);
  const auto files = folder.files();
  CHECK_THROWS_AS(state ? save_checkpoint(path, model, *state) : save_model(path, model), Error);
  CHECK(read_file(path) == before);
  CHECK(folder.files() == files);
}

/// Writing more than `bytes` to a file fails, as on a full disk.
struct FullDisk {
  rlimit old{};
  void (*handler)(int);
  explicit FullDisk(rlim_t bytes) : handler(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old);
    const rlimit small{bytes, old.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, handler);
  }
};

}  // namespace

TEST_CASE("a model that cannot be saved leaves the old one in place") {
  const Folder folder("model");
  const auto path = folder / "m.safetensors";
  Model model = small_model();
  save_model(path, model);
  {
    const FullDisk full(1000);
    check_kept<FileError>(folder, path, model);
    check_kept<FileError>(folder, path, model, &static_cast<const TrainingState&>(TrainingState()));
  }
  CHECK_THROWS_AS(save_model(folder / "none/m.safetensors", model), FileError);
  CHECK_FALSE(std::filesystem::exists(folder / "none"));
  std::filesystem::create_directories(folder / "taken/by a folder");
  CHECK_THROWS_AS(save_model(folder / "taken", model), FileError);
  CHECK(std::filesystem::is_directory(folder / "taken/by a folder"));
  CHECK(folder.files() == 2);

  const TrainingState latin{.settings = "caf\xe9"};
  check_kept<ArgumentError>(folder, path, model, &latin);
  model.trained_on = "caf\xe9";
  check_kept<ArgumentError>(folder, path, model);
  model = small_model();
  model.network.values(model.network.param("out.bias"))[1] = std::numeric_limits<float>::quiet_NaN();
  check_kept<ModelError>(folder, path, model);
}

TEST_CASE("an independent reader in Python finds every weight under its name") {
  const auto script = std::filesystem::path(LINEAMENT_SOURCE_DIR) / "tests/model/safetensors_reference.py";
  if (std::system("python3 -c pass >/dev/null 2>&1") != 0) {
    WARN("left out: it needs python3");
    return;
  }
  const Folder folder("model");
  const auto path = folder / "m.safetensors", out = folder / "out.json";
  const Model model = small_model();
  save_model(path, model);
  REQUIRE(std::system(
              ("python3 '" + script.string() + "' dump '" + path.string() + "' > '" + out.string() + "'").c_str()) ==
          0);
  const auto seen = nlohmann::json::parse(read_text(out));
  CHECK(seen.at("metadata").at("trained_on") == model.trained_on);
  CHECK(nlohmann::json::parse(seen.at("metadata").at("spec").get<std::string>()).at("layers").size() ==
        static_cast<std::size_t>(zoo().size()));
  REQUIRE(seen.at("tensors").size() == model.network.params().size());
  for (const auto& tensor : seen.at("tensors")) {
    const ParamInfo& p = model.network.param(tensor.at("name").get<std::string>());
    CHECK(tensor.at("dtype") == "F32");
    CHECK(tensor.at("shape").size() == static_cast<std::size_t>(p.shape.rank()));
    CHECK(tensor.at("values").get<std::vector<float>>() == copy_of(model.network.values(p)));
  }
}
