// The tensor file: round trips, every lie a header can tell, every damaged byte, and an independent Python reader.
#include "lineament/model/safetensors.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <numeric>

#include "catch.hpp"
#include "lineament/file.hpp"

using namespace lineament;
using Bytes = std::vector<std::uint8_t>;

namespace {

const std::array<float, 6> kWeights{1.5f, -2, 0, 0.25f, 1e-20f, 3};
const std::array<std::int64_t, 1> kStep{-7};
const std::array<std::uint8_t, 3> kFlags{1, 2, 255};
const std::map<std::string, std::string> kMetadata{{"spec", R"({"layers": ["a\b"]})"}, {"who", "Zoë"}};

std::vector<NamedTensor> small_tensors() {
  return {tensor_view<std::uint8_t>("flags", {3}, kFlags), tensor_view<float>("conv.weight", {2, 3}, kWeights),
          tensor_view<std::int64_t>("step", {}, kStep)};
}

/// A file by hand: this header, as it is, and so many bytes of data.
Bytes file_with(const std::string& header, std::size_t data) {
  Bytes file(8);
  for (std::size_t i = 0; i < 8; ++i) file[i] = static_cast<std::uint8_t>(header.size() >> (8 * i));
  file.insert(file.end(), header.begin(), header.end());
  file.resize(file.size() + data, 1);
  return file;
}

std::string refusal(const Bytes& file) {
  try {
    decode_tensors(file, "m.safetensors");
  } catch (const ModelError& error) {
    const std::string text = error.what();
    CHECK(text.starts_with("m.safetensors"));
    CHECK(text.find('\n') == std::string::npos);
    return text;
  }
  return "accepted";
}

bool accepts(const Bytes& file) {
  try {
    decode_tensors(file, "m");
    return true;
  } catch (const ModelError&) {
    return false;
  }
}

/// A folder of its own for one test, gone at its end.
struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("lineament_safetensors_" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape, const std::string& at) {
  return '"' + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + at + '}';
}

}  // namespace

TEST_CASE("tensors and metadata come back as they were") {
  const Bytes file = encode_tensors(kMetadata, small_tensors());
  const TensorFile back = decode_tensors(file, "m");
  CHECK(back.metadata == kMetadata);
  REQUIRE(back.tensors.size() == 3);
  // Wider types first.
  CHECK(back.tensors[0].name == "step");
  CHECK(back.tensors[1].name == "conv.weight");
  CHECK(back.tensors[2].name == "flags");
  CHECK(back.at("conv.weight").shape == std::vector<std::int64_t>{2, 3});
  CHECK(back.at("step").shape.empty());
  std::array<float, 6> weights{};
  copy_values<float>(back, "conv.weight", weights);
  CHECK(weights == kWeights);
  std::array<std::int64_t, 1> step{};
  copy_values<std::int64_t>(back, "step", step);
  CHECK(step == kStep);
  // Written again, the same bytes; and data at a multiple of 8.
  CHECK(encode_tensors(back.metadata, back.tensors) == file);
  CHECK(file[0] % 8 == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(back.at("step").data.data()) % 8 == 0);

  CHECK(back.contains("flags"));
  CHECK_FALSE(back.contains("flag"));
  CHECK(back.meta("who") == "Zoë");
  CHECK_THROWS_AS(back.meta("what"), ModelError);
  CHECK_THROWS_WITH(back.at("conv.bias"), Catch::Contains("a tensor is missing (wanted 'conv.bias'"));
  std::array<double, 6> doubles{};
  CHECK_THROWS_WITH(copy_values<double>(back, "conv.weight", doubles),
                    Catch::Contains("wanted 6 values of F64, got 24 bytes of F32"));
  CHECK_THROWS_AS(copy_values<float>(back, "conv.weight", std::span(weights).first(5)), ModelError);
}

TEST_CASE("what was read outlives the variable it was read into") {
  TensorFile copy;
  {
    const TensorFile first = decode_tensors(encode_tensors({}, small_tensors()), "m");
    copy = first;
  }
  std::array<float, 6> weights{};
  copy_values<float>(copy, "conv.weight", weights);
  CHECK(weights == kWeights);
}

TEST_CASE("a file without tensors, without metadata, with empty tensors") {
  CHECK(decode_tensors(encode_tensors({}, {}), "m").tensors.empty());
  CHECK(decode_tensors(file_with("{}", 0), "m").tensors.empty());
  const std::array<float, 1> two{2};
  const std::vector<NamedTensor> empty{tensor_view<float>("a", {0, 4}, {}), tensor_view<float>("b", {1}, two),
                                       tensor_view<float>("c", {0}, {})};
  const TensorFile back = decode_tensors(encode_tensors({}, empty), "m");
  CHECK(back.tensors.size() == 3);
  CHECK(back.at("a").shape == std::vector<std::int64_t>{0, 4});
}

TEST_CASE("what the format cannot hold is not written") {
  const auto write = [](const NamedTensor& t) { return encode_tensors({}, std::array{t}); };
  const std::array<float, 2> two{1, 2};
  CHECK_NOTHROW(write(tensor_view<float>("a", {2}, two)));
  CHECK_THROWS_WITH(write(tensor_view<float>("a", {3}, two)),
                    "tensor 'a': data and shape do not fit together (wanted [3] "
                    "values of 4 bytes, got 8 bytes)");
  CHECK_THROWS_AS(write(tensor_view<float>("a", {-2, -1}, two)), ArgumentError);
  // 2^62 times 4 bytes is 0 in 64 bits.
  CHECK_THROWS_AS(write(tensor_view<float>("a", {std::int64_t{1} << 62}, {})), ArgumentError);
  CHECK_THROWS_AS(write(tensor_view<float>("__metadata__", {2}, two)), ArgumentError);
  CHECK_THROWS_AS(write(tensor_view<float>("\xff", {2}, two)), ArgumentError);
  NamedTensor odd = tensor_view<float>("a", {2}, two);
  odd.dtype = "F31";
  CHECK_THROWS_AS(write(odd), ArgumentError);
  const NamedTensor a = tensor_view<float>("a", {2}, two);
  CHECK_THROWS_AS(encode_tensors({}, std::array{a, a}), ArgumentError);
  CHECK_THROWS_AS(encode_tensors({{"k", "\xc3"}}, {}), ArgumentError);
  CHECK_THROWS_AS(encode_tensors({{"lineament.file.checksum", "0"}}, {}), ArgumentError);
}

TEST_CASE("every single damaged byte is found") {
  const Bytes file = encode_tensors(kMetadata, small_tensors());
  REQUIRE(accepts(file));
  std::size_t missed = 0;
  for (std::size_t at = 0; at < file.size(); ++at) {
    Bytes damaged = file;
    for (int change = 1; change < 256; ++change) {
      damaged[at] = static_cast<std::uint8_t>(file[at] ^ change);
      missed += accepts(damaged);
    }
  }
  CHECK(missed == 0);
}

TEST_CASE("a file cut short or grown is found, at every length") {
  const Bytes file = encode_tensors(kMetadata, small_tensors());
  for (std::size_t size = 0; size < file.size(); ++size) {
    if (accepts({file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)}))
      FAIL("accepted " << size << " bytes");
  }
  Bytes grown = file;
  grown.push_back(0);
  CHECK(refusal(grown).find("checksum") != std::string::npos);
}

TEST_CASE("the checksum sees what sums do not") {
  const Bytes zeros(16, 0), more(24, 0), few(15, 0);
  CHECK(tensor_checksum(zeros) != tensor_checksum(more));
  CHECK(tensor_checksum(zeros) != tensor_checksum(few));
  Bytes swapped(16);
  std::iota(swapped.begin(), swapped.end(), std::uint8_t{0});
  const std::uint64_t before = tensor_checksum(swapped);
  std::swap_ranges(swapped.begin(), swapped.begin() + 8, swapped.begin() + 8);
  CHECK(tensor_checksum(swapped) != before);
  // The top bit of two neighbouring words: a multiplication alone would lose it.
  Bytes top = zeros;
  top[7] = top[15] = 0x80;
  CHECK(tensor_checksum(top) != tensor_checksum(zeros));
}

TEST_CASE("a file of ours that lost its checksum is refused, one from elsewhere is not") {
  const std::string a = tensor("a", "U8", "[4]", "[0,4]");
  CHECK(accepts(file_with("{" + a + "}", 4)));
  CHECK(accepts(file_with("{" + a + "}   ", 4)));
  CHECK(accepts(file_with(R"({"__metadata__":{"format":"pt"},)" + a + "}", 4)));
  CHECK(refusal(file_with(R"({"__metadata__":{"lineament.file.format":"1"},)" + a + "}", 4))
            .find("the checksum is not") != std::string::npos);
  // Saved again by another program, with our metadata in another order: the old checksum proves nothing.
  CHECK_FALSE(
      accepts(file_with(R"({"__metadata__":{"who":"x","lineament.file.checksum":"0123456789abcdef"},)" + a + "}", 4)));
}

TEST_CASE("every lie of a header is refused") {
  const std::string a = tensor("a", "U8", "[4]", "[0,4]");
  const auto refused = [](const std::string& header, std::size_t data, const std::string& reason) {
    CAPTURE(header);
    CHECK_THAT(refusal(file_with(header, data)), Catch::Contains(reason));
  };
  refused("", 0, "not a JSON object");
  refused("[]", 0, "not a JSON object");
  refused(" {}", 0, "not a JSON object");
  refused("{", 0, "not JSON");
  refused("{} x", 0, "not JSON");
  refused("{\"\xff\":1}", 0, "not JSON in UTF-8");
  refused("{" + a + "," + a + "}", 4, "used twice in the header (wanted each once, got 'a')");
  refused(R"({"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 4, "used twice");
  refused(R"({"__metadata__":{},"__metadata__":{},)" + a + "}", 4, "used twice");
  refused(R"({"__metadata__":{"k":"1","k":"2"},)" + a + "}", 4, "used twice");
  refused(R"({"__metadata__":[],)" + a + "}", 4, "metadata is not an object");
  refused(R"({"__metadata__":{"k":1},)" + a + "}", 4, "metadata 'k' is not a text");
  refused(R"({"a":[[[[1]]]]})", 0, "nested too deeply");
  refused(R"({"a":1})", 0, "its description is not one");
  refused(R"({"a":{"dtype":"U8","shape":[4]}})", 4, "its description is not one");
  refused(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"more":1}})", 4, "its description is not one");
  refused(R"({"a":{"dtype":8,"shape":[4],"data_offsets":[0,4]}})", 4, "its description is not one");
  refused("{" + tensor("a", "F33", "[1]", "[0,4]") + "}", 4, "its type is not known");
  refused("{" + tensor("a", "U8", "4", "[0,4]") + "}", 4, "shape is not a list");
  refused("{" + tensor("a", "U8", "[-4]", "[0,4]") + "}", 4, "out of range");
  refused("{" + tensor("a", "U8", "[4.0]", "[0,4]") + "}", 4, "out of range");
  refused("{" + tensor("a", "U8", "[9223372036854775808]", "[0,4]") + "}", 4, "out of range");
  refused("{" + tensor("a", "U8", "[4]", "[0,18446744073709551616]") + "}", 4, "out of range");
  refused("{" + tensor("a", "U8", "[4]", "[0,4,4]") + "}", 4, "its data is not in the file");
  refused("{" + tensor("a", "U8", "[4]", "[0,5]") + "}", 4, "its data is not in the file");
  refused("{" + tensor("a", "U8", "[4]", "[4,0]") + "}", 4, "its data is not in the file");
  refused("{" + tensor("a", "U8", "[5]", "[0,4]") + "}", 4, "not of one size");
  refused("{" + tensor("a", "F32", "[1]", "[0,3]") + "}", 3, "not of one size");
  // Products that are 0 or 4 in 64 bits.
  refused("{" + tensor("a", "U8", "[4294967296,4294967296]", "[0,0]") + "}", 0, "not of one size");
  refused("{" + tensor("a", "F32", "[4611686018427387904]", "[0,0]") + "}", 0, "not of one size");
  refused("{" + tensor("a", "F32", "[4611686018427387905]", "[0,4]") + "}", 4, "not of one size");
  // A hole before, between and after; an overlap.
  refused("{" + tensor("a", "U8", "[3]", "[1,4]") + "}", 4, "does not follow on");
  refused("{" + a + "," + tensor("b", "U8", "[2]", "[5,7]") + "}", 7, "does not follow on");
  refused("{" + a + "}", 5, "longer or shorter than its tensors");
  refused("{" + a + "," + tensor("b", "U8", "[4]", "[2,6]") + "}", 6, "does not follow on");
  refused("{" + a + "," + tensor("b", "U8", "[4]", "[0,4]") + "}", 4, "does not follow on");
  refused("{" + tensor("a\\nb", "U8", "[5]", "[0,4]") + "}", 4, "'a?b'");
}

TEST_CASE("header sizes beyond the file and beyond the limit") {
  Bytes file = file_with("{}", 0);
  file[0] = 3;
  CHECK_THAT(refusal(file), Catch::Contains("cut short"));
  file[4] = 1;
  CHECK_THAT(refusal(file), Catch::Contains("the header is too long (wanted at most 100000000 bytes"));
  std::fill_n(file.begin(), 8, std::uint8_t{255});
  CHECK_THAT(refusal(file), Catch::Contains("too long"));
  CHECK_THAT(refusal({}), Catch::Contains("too short"));
  CHECK_THAT(refusal({1, 2, 3}), Catch::Contains("too short"));
}

TEST_CASE("files on disk: written whole or not at all") {
  const Folder folder;
  const auto path = folder.path / "m.safetensors";
  write_tensor_file(path, kMetadata, small_tensors());
  CHECK(read_tensor_file(path).metadata == kMetadata);
  // A tensor that cannot be written leaves the old file as it was.
  CHECK_THROWS_AS(write_tensor_file(path, {{"k", "\xff"}}, {}), ArgumentError);
  CHECK(read_tensor_file(path).metadata == kMetadata);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
  CHECK_THROWS_AS(read_tensor_file(folder.path / "none"), FileError);
  write_file(path, std::string_view("not a model"));
  CHECK_THROWS_WITH(read_tensor_file(path), Catch::Contains("m.safetensors: "));
}

TEST_CASE("an independent reader and writer in Python agrees") {
  const auto script = std::filesystem::path(LINEAMENT_SOURCE_DIR) / "tests/model/safetensors_reference.py";
  if (std::system("python3 -c pass >/dev/null 2>&1") != 0 || !std::filesystem::exists(script)) {
    WARN("left out: it needs python3 and " << script.string());
    return;
  }
  const Folder folder;
  const auto path = folder.path / "m.safetensors", out = folder.path / "out.json";
  const auto python = [&](const std::string& verb) {
    return std::system(
        ("python3 '" + script.string() + "' " + verb + " '" + path.string() + "' > '" + out.string() + "' 2>&1")
            .c_str());
  };
  write_tensor_file(path, kMetadata, small_tensors());
  const int status = python("dump");
  INFO(read_text(out));
  REQUIRE(status == 0);
  const auto seen = nlohmann::json::parse(read_text(out));
  CHECK(seen.at("metadata").at("who") == "Zoë");
  CHECK(seen.at("metadata").at("spec") == kMetadata.at("spec"));
  CHECK(seen.at("tensors").size() == 3);
  CHECK(seen.at("tensors").at(1).at("name") == "conv.weight");
  CHECK(seen.at("tensors").at(1).at("shape") == std::vector<int>{2, 3});
  for (std::size_t i = 0; i < kWeights.size(); ++i) {
    CHECK(seen.at("tensors").at(1).at("values").at(i).get<float>() == kWeights[i]);
  }
  CHECK(seen.at("tensors").at(0).at("values").at(0) == -7);

  REQUIRE(python("make") == 0);
  const TensorFile made = read_tensor_file(path);
  CHECK(made.meta("made by") == "hand ☃");
  std::array<float, 4> a{};
  copy_values<float>(made, "a", a);
  CHECK(a == std::array{1.5f, -2.0f, 0.0f, 1e-3f});
  std::array<std::int64_t, 1> b{};
  copy_values<std::int64_t>(made, "b", b);
  CHECK(b[0] == -7);
  CHECK(made.at("empty").shape == std::vector<std::int64_t>{0, 3});
}
