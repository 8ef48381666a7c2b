// Weights stored in bfloat16: the nearest there is, half the size, and as well guarded as floats.
#include "model/stored_weights.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "lineament/file.hpp"
#include "lineament/model/model.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/zoo/networks.hpp"
#include "nn/bf16.hpp"
#include "nn/networks.hpp"
#include "support/folder.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

Model zoo_model() {
  Model model{.network = Network(zoo(), kZooInput, 1), .preprocessing = {.size = 48}, .trained_on = "8 faces"};
  randomise(model.network);
  return model;
}

std::vector<float> outputs(const Network& network) {
  InferenceSession session(network);
  put(session.input(), random_values<double>(session.input().size(), 1));
  return copy_of(session.forward());
}

/// Whether no number of eight bits of mantissa is nearer, and of two as near this is the even one.
bool is_nearest(float rounded, float value) {
  const std::uint16_t bits = to_bf16(rounded);
  if (from_bf16(bits) != rounded) return false;
  const auto off = [&](int step) {
    return std::abs(static_cast<double>(from_bf16(static_cast<std::uint16_t>(bits + step))) -
                    static_cast<double>(value));
  };
  const bool tie = off(0) == off(1) || off(0) == off(-1);
  return off(0) <= off(1) && off(0) <= off(-1) && (!tie || bits % 2 == 0);
}

std::string refusal(const std::filesystem::path& path) {
  try {
    load_model(path);
  } catch (const ModelError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("bfloat16 rounds to the nearest, ties to even, and widens exactly") {
  CHECK(from_bf16(to_bf16(1.0f)) == 1.0f);
  CHECK(from_bf16(to_bf16(1.0f + 0x1p-8f)) == 1.0f);                // halfway to 1 + 2^-7: the even one is below
  CHECK(from_bf16(to_bf16(1.0f + 3 * 0x1p-8f)) == 1.0f + 0x1p-6f);  // and here above
  CHECK(from_bf16(to_bf16(1.0f + 0x1.01p-8f)) == 1.0f + 0x1p-7f);   // just over halfway
  CHECK(std::signbit(from_bf16(to_bf16(-0.0f))));
  CHECK(std::isnan(from_bf16(to_bf16(std::numeric_limits<float>::quiet_NaN()))));
  CHECK(std::isinf(from_bf16(to_bf16(std::numeric_limits<float>::max()))));
  for (std::uint32_t bits = 0; bits < 0x10000; bits += 7) {
    const float value = from_bf16(static_cast<std::uint16_t>(bits));
    if (!std::isnan(value)) CHECK(to_bf16(value) == bits);
  }
}

TEST_CASE("in bf16 each weight comes back as the nearest, statistics and biases as they were") {
  const Folder folder("stored");
  const auto path = folder / "m.safetensors";
  const Model model = zoo_model();
  save_model(path, model, {.weights = Stored::bf16});
  const TensorFile file = read_tensor_file(path);
  const Model back = load_model(path);
  std::size_t rounded = 0, kept = 0;
  for (const ParamInfo& p : model.network.params()) {
    INFO(p.name);
    const auto before = model.network.values(p);
    const auto after = back.network.values(p);
    const bool norm = type_of(model.network.spec()[p.node].layer) == "batch_norm";
    const bool half =
        norm ? !p.name.ends_with("running_mean") && !p.name.ends_with("running_var") : !p.name.ends_with(".bias");
    CHECK(file.at(p.name).dtype == (half ? "BF16" : "F32"));
    CHECK(file.at(p.name).data.size() == p.size * (half ? 2 : 4));
    (half ? rounded : kept) += p.size;
    for (std::size_t i = 0; i < p.size; ++i) REQUIRE((half ? is_nearest(after[i], before[i]) : after[i] == before[i]));
  }
  CHECK(rounded > kept);
  CHECK(kept > 0);
  CHECK(back.trained_on == model.trained_on);

  // Rounded weights are rounded to themselves: the file's test of itself is of them, and the bytes are the same again.
  CHECK(outputs(back.network) == outputs(as_stored(model.network, Stored::bf16)));
  CHECK(outputs(back.network) != outputs(model.network));
  save_model(folder / "again.safetensors", back, {.weights = Stored::bf16});
  CHECK(read_file(folder / "again.safetensors") == read_file(path));
  save_model(folder / "wide.safetensors", back);
  CHECK(copy_of(load_model(folder / "wide.safetensors").network.weights()) == copy_of(back.network.weights()));
}

TEST_CASE("a compact network is at most 1.5 MB in bf16") {
  const Folder folder("stored");
  const auto path = folder / "m.safetensors";
  const NamedNetwork* compact = nullptr;
  for (const NamedNetwork& n : named_networks())
    if (n.name == "compact") compact = &n;
  REQUIRE(compact != nullptr);
  Model model{.network = Network(compact->spec(true, kValues), compact->input, 1), .trained_on = "nothing"};
  for (const Node* node = nullptr; const ParamInfo& p : model.network.params()) {
    // As training leaves them: ranges for int8 of each layer that multiplies.
    if (&model.network.spec()[p.node] != node)
      model.ranges.push_back({model.network.spec()[p.node].name.str(), {-1.23456789f, 9.87654321f}});
    node = &model.network.spec()[p.node];
  }
  model.metadata = {{"options", std::string(1000, 'x')}};
  save_model(path, model, {.weights = Stored::bf16});
  CHECK(std::filesystem::file_size(path) <= 1'500'000);
}

TEST_CASE("damage to a file in bf16 is found, and so is a checkpoint's optimiser that is not in 32 bits") {
  const Folder folder("stored");
  const auto path = folder / "m.safetensors";
  save_model(path, zoo_model(), {.weights = Stored::bf16});
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
  write_file(path, good);

  // With a checksum that fits: another weight, another size, another type of the same size.
  TensorFile file = read_tensor_file(path);
  const auto forged = [&](const char* name, auto&& change) {
    TensorFile copy = file;
    NamedTensor& tensor = const_cast<NamedTensor&>(copy.at(name));
    std::vector<std::uint8_t> data(tensor.data.begin(), tensor.data.end());
    change(tensor, data);
    tensor.data = data;
    write_tensor_file(path, copy.metadata, copy.tensors);
    return refusal(path);
  };
  CHECK(forged("out.weight", [](NamedTensor&, auto&) {}) == "accepted");
  CHECK_THAT(forged("out.weight", [](NamedTensor&, auto& data) { data[1] ^= 0x41; }),
             Catch::Contains("the output it gave"));
  CHECK_THAT(forged("out.weight", [](NamedTensor& t, auto&) { t.dtype = "F16"; }), Catch::Contains("F16"));
  CHECK_THAT(forged("out.weight",
                    [](NamedTensor& t, auto& data) {
                      t.dtype = "F32";
                      data.resize(data.size() * 2);
                    }),
             Catch::Contains("the output it gave"));
  CHECK_THAT(forged("out.weight",
                    [](NamedTensor& t, auto& data) {
                      t.dtype = "U8";
                      data.resize(data.size() / 2);
                    }),
             Catch::Contains("U8"));

  save_checkpoint(path, zoo_model(), {.optimizer = std::vector<float>(8, 1.0f)});
  file = read_tensor_file(path);
  for (const NamedTensor& t : file.tensors) CHECK(t.dtype == "F32");
  CHECK_THAT(forged("training.optimizer",
                    [](NamedTensor& t, auto&) {
                      t.dtype = "BF16";
                      t.shape = {16};
                    }),
             Catch::Contains("BF16"));
}

TEST_CASE("weights that are beyond bfloat16's range are not written as such") {
  const Folder folder("stored");
  Model model = zoo_model();
  model.network.values(model.network.param("out.weight"))[0] = std::numeric_limits<float>::max();
  CHECK_THROWS_AS(save_model(folder / "m.safetensors", model, {.weights = Stored::bf16}), ModelError);
  CHECK(folder.files() == 0);
}
