// Training that starts from a model: weights by name, frozen layers, and what does not fit.
#include <filesystem>

#include "catch.hpp"
#include "lineament/model/model.hpp"
#include "program.hpp"

namespace lineament::test {
namespace {

std::vector<float> values_of(const Network& network, const std::string& name) {
  const auto values = network.values(network.param(name));
  return {values.begin(), values.end()};
}

/// The small network with another last layer.
const std::string kOtherHead =
    R"({"input": [32, 32, 3], "layers": [{"type": "conv2d", "channels": 8, "kernel": 3, "stride": 2},)"
    R"({"type": "batch_norm"}, {"type": "relu"}, {"type": "max_pool"}, {"type": "flatten"},)"
    R"({"type": "dense", "features": 136, "name": "head"}]})";

}  // namespace

TEST_CASE("--from starts with the model's network, weights and margin") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  REQUIRE(place.run(training("first", {"--synthetic", "32", "--epochs", "2", "--margin", "0.3"})).code == 0);
  const Outcome o = place.run({"train", "--from", "first/model.safetensors", "--synthetic", "24", "--batch", "8",
                               "--epochs", "1", "--lr", "1e-12", "--seed", "3", "--out", "second"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(o.err.find("weights of 3 layers taken from first/model.safetensors\n") != std::string::npos);
  const Model first = load_model(place / "first/model.safetensors"),
              second = load_model(place / "second/model.safetensors");
  CHECK(second.preprocessing == first.preprocessing);
  CHECK(second.trained_on == "24 drawn faces, begun with a model trained on 32 drawn faces");
  // At next to no learning rate the weights are those of the model, the output's bias too.
  for (const char* name : {"conv2d_1.weight", "dense_1.weight", "dense_1.bias"}) {
    const std::vector<float> a = values_of(first.network, name), b = values_of(second.network, name);
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(b[i] == Approx(a[i]).margin(1e-6));
  }
}

TEST_CASE("--from takes what has the same name, --freeze keeps its bits, and the run is resumed with both") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  place.write("other.json", kOtherHead);
  REQUIRE(place.run(training("first", {"--synthetic", "32", "--epochs", "1"})).code == 0);
  const Words tune{"train",    "--network",          "other.json",  "--from", "first/model.safetensors",
                   "--freeze", "conv*,batch_norm_1", "--synthetic", "24",     "--batch",
                   "8",        "--epochs",           "4",           "--out",  "tuned"};
  const Outcome o = place.run(tune);
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(o.err.find("weights of 2 layers taken from first/model.safetensors; new: head\n") != std::string::npos);
  CHECK(o.err.find("frozen: 240 of 70008 weights\n") != std::string::npos);
  const Network first = load_model(place / "first/model.safetensors").network,
                tuned = load_model(place / "tuned/model.safetensors").network;
  for (const ParamInfo& p : tuned.params()) {
    INFO(p.name);
    if (!p.name.starts_with("head.")) CHECK(values_of(tuned, p.name) == values_of(first, p.name));
  }

  const std::string report = place.read("tuned/report.html");
  CHECK(report.find("started from</th><td>first/model.safetensors") != std::string::npos);
  CHECK(report.find("frozen</th><td>conv*, batch_norm_1") != std::string::npos);

  Words again = tune;
  again.back() = "killed";
  place.run_and_kill(
      again, [&] { return std::filesystem::exists(place / "killed/log.jsonl"); }, 9);
  std::filesystem::remove(place / "first/model.safetensors");  // not needed any more
  REQUIRE(place.run({"train", "--resume", "--out", "killed"}).code == 0);
  require_same_model(place, "killed/last.safetensors", "tuned/last.safetensors");
}

TEST_CASE("a model that does not fit the network is refused in one line that names the layer") {
  const Place place;
  make_model(place);
  place.write("wide.json",
              R"({"input": [32, 32, 3], "layers": [{"type": "conv2d", "channels": 12, "kernel": 3, "stride": 2},)"
              R"({"type": "flatten"}, {"type": "dense", "features": 136}]})");
  place.write("else.json", R"({"input": [32, 32, 3], "layers": [{"type": "flatten"},)"
                           R"({"type": "dense", "features": 136, "name": "head"}]})");
  const auto from = [&](const std::string& network) {
    return place.run({"train", "--network", network, "--from", "model.safetensors", "--synthetic", "16"});
  };
  require_refused(from("wide.json"), {"layer 'conv2d_1'", "conv2d_1.weight", "wanted 3x3x3x12", "got 3x3x3x8"});
  require_refused(from("else.json"),
                  {"no layer of the same name", "wanted head", "got conv2d_1, batch_norm_1, dense_1"});
  CHECK_FALSE(std::filesystem::exists(place / "run"));
}

}  // namespace lineament::test
