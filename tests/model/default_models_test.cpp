// The models that are part of the library load, and are the files of data/models.
#include "lineament/model/default_models.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>

#include "catch.hpp"
#include "lineament/file.hpp"
#include "lineament/model/safetensors.hpp"
#include "model/compiled_models.hpp"

using namespace lineament;

TEST_CASE("the library's models are the files of data/models, byte for byte, and aligned") {
  const auto names = default_model_names();
  REQUIRE(std::find(names.begin(), names.end(), kDefaultModel) != names.end());
  CHECK(std::is_sorted(names.begin(), names.end()));
  CHECK(std::find(names.begin(), names.end(), kDefaultDetector) == names.end());  // it finds no points
  const auto all = compiled_model_names();
  REQUIRE(all.size() == names.size() + 1);
  for (std::size_t i = 0; i < all.size(); ++i) {
    INFO(all[i]);
    const auto file =
        read_file(std::filesystem::path(LINEAMENT_SOURCE_DIR) / "data/models" / (std::string(all[i]) + ".safetensors"));
    const auto compiled = compiled_model(i);
    REQUIRE(compiled.size() == file.size());
    CHECK(std::equal(file.begin(), file.end(), compiled.begin()));
    CHECK(reinterpret_cast<std::uintptr_t>(compiled.data()) % 8 == 0);
    CHECK(compiled.size() <= 1'500'000);
  }
}

TEST_CASE("the library's detector is small, and all who use it share it") {
  const Model model = load_default_model(kDefaultDetector);
  CHECK(model.network.weight_count() <= 250'000);
  CHECK_FALSE(model.ranges.empty());
  CHECK_FALSE(model.trained_on.empty());
  CHECK(shared_default_model(kDefaultDetector) == shared_default_model(kDefaultDetector));
  CHECK(shared_default_model() != shared_default_model(kDefaultDetector));
}

TEST_CASE("each of the library's models of points loads: a network for 68 points, in bf16, that names no folder") {
  for (const std::string_view name : default_model_names()) {
    INFO(name);
    const Model model = load_default_model(name);
    CHECK(model.network.outputs().front().shape == Shape{kValues});
    CHECK(model.scheme.name == ibug_68().name);
    CHECK_FALSE(model.trained_on.empty());
    CHECK_FALSE(model.ranges.empty());  // int8 needs them
    CHECK(model.metadata.count("command") == 0);
    for (const auto& [key, text] : model.metadata) {
      INFO(key << ": " << text);
      CHECK(text.find("/home/") == std::string::npos);
      CHECK(text.find("\"/") == std::string::npos);
    }
    const auto file = decode_tensors(
        read_file(std::filesystem::path(LINEAMENT_SOURCE_DIR) / "data/models" / (std::string(name) + ".safetensors")),
        name);
    CHECK(
        std::any_of(file.tensors.begin(), file.tensors.end(), [](const NamedTensor& t) { return t.dtype == "BF16"; }));
  }
  CHECK(load_default_model().network.weight_count() == load_default_model("compact").network.weight_count());
  CHECK(load_default_model("tiny").network.weight_count() * 2 < load_default_model().network.weight_count());
}

TEST_CASE("a name that is none is refused with those that are") {
  CHECK_THROWS_AS(load_default_model("huge"), ModelError);
  CHECK_THROWS_WITH(load_default_model("huge"), Catch::Contains("wanted compact, tiny, detector, got 'huge'"));
  CHECK_THROWS_WITH(load_default_model(""), Catch::Contains("compact, tiny, detector"));
  // It is easily taken for a file.
  CHECK_THROWS_AS(load_model("compact"), FileError);
  CHECK_THROWS_WITH(load_model("compact"), Catch::Contains("load_default_model(\"compact\")"));
}
