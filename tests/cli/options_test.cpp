// The command line itself: help that teaches, and mistakes that are named.
#include <algorithm>
#include <map>

#include "catch.hpp"
#include "program.hpp"

namespace lineament::test {

TEST_CASE("the help of each command names every option and shows an example") {
  const Place place;
  const std::map<std::string, Words> options{
      {"train",
       {"--data",     "--synthetic", "--network",      "--epochs",      "--batch",     "--lr",        "--schedule",
        "--loss",     "--optimizer", "--weight-decay", "--clip",        "--augment",   "--copies",    "--val-split",
        "--patience", "--box",       "--margin",       "--seed",        "--threads",   "--out",       "--resume",
        "--from",     "--freeze",    "--precision",    "--recipe",      "--mix",       "--mix-until", "--mirror-until",
        "--beta2",    "--ema",       "--heatmap-term", "--backgrounds", "--negatives", "--limit",     "--accumulate",
        "--warmup",   "--sums",      "--norms",        "--memory"}},
      {"adapt", {"--data", "--out", "--from", "--steps", "--val-split", "--limit", "--resume", "--missing", "--group"}},
      {"evaluate",
       {"MODEL", "--data", "--synthetic", "--part", "--box", "--seed", "--threads", "--json", "--predictions",
        "--mirror", "--jitter", "--report", "--val-split", "--negatives"}},
      {"predict",
       {"MODEL", "IMAGE", "--box", "--whole", "--largest", "--min-size", "--min-score", "--passes", "--mirror",
        "--json", "--pts", "--overlay", "--threads"}},
      {"track",
       {"MODEL", "INPUT", "--fps", "--raw", "--format", "--detector", "--box", "--find-every", "--min-size", "--json",
        "--pts", "--overlay", "--no-smooth", "--max-pixels", "--precision", "--threads"}},
      {"inspect", {"MODEL", "--batch", "--json", "--input", "--verify"}},
      {"export",
       {"MODEL", "--out", "--weights", "--trained-on", "--calibrate", "--val-split", "--seed", "--box", "--missing",
        "--group", "--max-pixels", "--threads"}},
      {"faces",
       {"--count", "--size", "--seed", "--out", "--sheet", "--points", "--backgrounds", "--film", "--fps", "--noise",
        "--people"}},
      {"validate", {"DIR", "--json"}},
      {"pack",
       {"DATA", "--synthetic", "--out", "--raw", "--quality", "--shard-size", "--size", "--margin", "--box", "--scheme",
        "--missing", "--seed", "--threads", "--backgrounds"}}};
  const Outcome all = place.run({"--help"});
  CHECK(all.code == 0);
  CHECK(all.out.find("Usage: lineament [OPTIONS] COMMAND") != std::string::npos);
  for (const auto& [command, names] : options) {
    INFO(command);
    CHECK(all.out.find("  " + command) != std::string::npos);
    const Outcome o = place.run({command, "--help"});
    CHECK(o.code == 0);
    CHECK(o.err.empty());
    for (const std::string& name : names) CHECK(o.out.find("  " + name + " ") != std::string::npos);
    CHECK(o.out.find("  lineament " + command + " ") != std::string::npos);
  }
}

TEST_CASE("wrong commands and options are refused in one line") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  std::filesystem::create_directory(place / "folder");
  const auto train = [](const Words& more) {
    Words words{"train", "--synthetic", "16", "--network", "small.json", "--out", "run"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const std::vector<std::pair<Words, Words>> cases{
      {{}, {"command is missing", "train", "--help"}},
      {{""}, {"command is missing"}},
      {{"trian", "--synthetic", "8"}, {"'trian'", "did you mean train?"}},
      {{"paint"}, {"'paint'", "evaluate", "--help"}},
      {{"--verison"}, {"did you mean --version?"}},
      {{"-v"}, {"no such command", "'-v'", "--help"}},
      {{"help"}, {"did you mean --help?"}},
      {{"TRAIN"}, {"did you mean train?"}},
      {{"--train"}, {"did you mean train?"}},
      {{"train", "300w"}, {"300w", "--data FOLDER"}},
      {{"train", "--data", "nowhere"}, {"nowhere", "check the path"}},
      {{"train"}, {"--data DIR or --synthetic N", "neither"}},
      {{"train", "--data", "x", "--synthetic", "8"}, {"--data DIR or --synthetic N", "both", "add --mix 0.5"}},
      {train({"--mix", "0.5"}), {"--mix", "--synthetic alone"}},
      {train({"--mix", "1"}), {"--mix", "0 to 0.99"}},
      {train({"--mix-until", "0.8,0.6"}), {"--mix-until", "e.g. 0.6,0.8"}},
      {train({"--loss", "laplace"}), {"loss laplace", "no output 'spread'", "got dense_1"}},
      {train({"--heatmap-term", "0.3"}), {"heat maps", "no output 'heatmaps'"}},
      {train({"--network", "tiny", "--loss", "wing"}), {"loss wing", "'spread' would learn nothing"}},
      {train({"--ema", "1"}), {"--ema"}},
      {train({"--recipe", "", "--epochs", "1"}), {"--recipe", "a value is empty", "variable"}},
      {train({"--backgrounds="}), {"--backgrounds", "a value is empty"}},
      {{"predict", "m.safetensors", ""}, {"predict: a value is empty"}},
      {{"train", "--recipe", "tiny", "--data", "x", "--from", "none"}, {"--from none", "--network NAME"}},
      {train({"--limit", "5"}), {"--limit", "--data DIR", "--synthetic alone"}},
      {train({"--recipe", "huge"}), {"--recipe", "compact, drawn, large, tiny", "'huge'"}},
      {train({"--recipe", "none.json"}), {"none.json"}},
      {{"train", "--data", "x", "--backgrounds", "folder"}, {"--backgrounds", "--synthetic N"}},
      {train({"--backgrounds", "folder"}), {"folder", "no photo"}},
      {{"faces", "--backgrounds", "nowhere"}, {"nowhere"}},
      {train({"--precision", "int8"}), {"--precision", "int8", "fp32", "bf16"}},
      {train({"--accumulate", "0"}), {"--accumulate", "1 or more"}},
      {train({"--sums", "int8"}), {"--sums", "int8", "fp32", "bf16"}},
      {train({"--norms", "none"}), {"--norms", "none", "batch", "rank"}},
      {train({"--epoch", "3"}), {"--epoch", "did you mean --epochs?"}},
      {train({"--colour=red"}), {"no such option", "--colour", "train --help"}},
      {train({"--epochs"}), {"--epochs", "train --help"}},
      {train({"--epochs", "0"}), {"--epochs", "1 or more", "'0'"}},
      {train({"--epochs", "-3"}), {"--epochs", "1 or more", "'-3'"}},
      {train({"--epochs", "3.5"}), {"--epochs", "'3.5'"}},
      {train({"--epochs", "many"}), {"--epochs", "'many'"}},
      {train({"--epochs", "99999999999999999999"}), {"--epochs", "whole number"}},
      {train({"--batch", "0"}), {"--batch", "1 or more", "'0'"}},
      {train({"--batch", "17"}), {"--batch", "at most 16", "17", "use --batch 16"}},
      {train({"--lr", "nan"}), {"--lr", "'nan'"}},
      {train({"--lr", "-1"}), {"--lr", "'-1'"}},
      {train({"--lr", "1e-3x"}), {"--lr", "'1e-3x'"}},
      {train({"--clip", "-1"}), {"--clip", "'-1'"}},
      {train({"--patience", "-1"}), {"--patience", "0 or more"}},
      {train({"--margin", "9"}), {"--margin", "-0.4 to 4"}},
      {train({"--val-split", "1"}), {"--val-split", "0 to 0.9"}},
      {train({"--threads", "-1"}), {"--threads", "0 to "}},
      {train({"--seed", "-1"}), {"--seed", "'-1'"}},
      {train({"--loss", "huber"}), {"loss", "wing", "'huber'"}},
      {train({"--optimizer", "lion"}), {"optimizer", "adamw", "'lion'"}},
      {train({"--schedule", "linear"}), {"schedule", "cosine", "'linear'"}},
      {train({"--augment", "wild"}), {"augment", "standard", "wild"}},
      {train({"--box", "detector"}), {"box", "points, file or image", "detector"}},
      {train({"--box", "file"}), {"box"}},
      {train({"--loss", "cross-entropy"}),
       {"loss", "laplace, gaussian, l2, l1, smooth-l1, wing, soft-wing, nme", "'cross-entropy'"}},
      {train({"--freeze", "conv2d_1,dense_7"}), {"'dense_7'", "no layer", "conv2d_1, batch_norm_1, dense_1"}},
      {train({"--freeze", "*"}), {"--freeze", "nothing left to train"}},
      {train({"--from", "nowhere.safetensors"}), {"nowhere.safetensors", "check the path"}},
      {train({"--from", "folder"}), {"folder", "folder/model.safetensors"}},
      {{"train", "--synthetic", "8", "--network", "resnet"}, {"network", "reference", "resnet"}},
      {{"train", "--synthetic", "1000000000"}, {"--synthetic", "memory", "at most"}},
      {{"train", "--resume", "--out", "nowhere"}, {"nowhere", "no run to resume", "without --resume"}},
      {{"evaluate", "m.safetensors"}, {"--data DIR or --synthetic N", "neither"}},
      {{"evaluate", "m.safetensors", "--synthetic", "4", "--data", "x"}, {"--data"}},
      {{"evaluate", "m.safetensors", "x"}, {"x", "--data FOLDER"}},
      {{"evaluate", "detector", "--synthetic", "4"}, {"detector", "not the points of a face"}},
      {{"evaluate", "--synthetic", "4", "--report", "-"}, {"--report", "e.g. report.html"}},
      {{"evaluate", "--synthetic", "4", "--report", "small.json"}, {"small.json", "did not write"}},
      {{"track", "folder", "--format", "gray"}, {"--format", "--raw"}},
      {{"evaluate", "folder", "--synthetic", "4"}, {"folder", "a folder is not a model", "folder/model.safetensors"}},
      {{"predict", "folder"}, {"folder", "holds no image"}},
      {{"inspect", "folder"}, {"folder/model.safetensors"}},
      {{"evaluate", "--data", "x", "m.safetensors"}, {"m.safetensors", "check the path"}},
      {{"evaluate", "--data", "x"}, {"x: "}},
      {{"evaluate", "m.safetensors", "--predictions", "p", "--data", "x"}, {"both", "evaluate --help"}},
      {{"evaluate", "m.safetensors", "--data", "x", "--part", "third"}, {"--part", "third"}},
      {{"predict"}, {"IMAGE", "predict --help"}},
      {{"predict", "m.safetensors"}, {"IMAGE", "predict --help"}},
      {{"predict", "m.safetensors", "a.png", "--box", "1,2,3"}, {"--box", "x,y,width,height", "1,2,3"}},
      {{"predict", "m.safetensors", "a.png", "--box", "garbage"}, {"--box", "garbage"}},
      {{"predict", "m.safetensors", "a.png", "--box", "1,2,3,4,5"}, {"--box", "1,2,3,4,5"}},
      {{"predict", "m.safetensors", "a.png", "--box", "1,2,-3,4"}, {"--box", "above 0"}},
      {{"predict", "m.safetensors", "a.png", "--passes", "0"}, {"--passes", "1 to 10"}},
      {{"predict", "nowhere.safetensors", "a.png"}, {"nowhere.safetensors", "check the path"}},
      {{"inspect", "nothing"}, {"nothing", "reference"}},
      {{"inspect", "small.json", "--batch", "0"}, {"--batch"}},
      {{"faces", "--size", "16"}, {"--size", "32 to 2048"}},
      {{"faces", "extra"}, {"extra", "faces --help"}},
      {train({"--memory", "lots"}), {"--memory", "0 to 1048576G", "'lots'"}},
      {train({"--memory", "-1M"}), {"--memory", "'-1M'"}},
      {{"train", "--data", "folder", "--memory", "512M"}, {"--memory", "photos are kept in memory", "lineament pack"}},
      {{"train", "--synthetic", "1000000000"}, {"--synthetic", "memory", "at most 100000000"}},
      {{"inspect", "reference", "--verify"}, {"--verify", "packed faces"}},
      {{"pack", "--out", "run"}, {"DATA or --synthetic N", "neither"}},
      {{"pack", "folder", "--synthetic", "4", "--out", "run"}, {"DATA or --synthetic N", "both"}},
      {{"pack", "folder"}, {"--out", "pack --help"}},
      {{"pack", "nowhere", "--out", "run"}, {"nowhere", "check the path"}},
      {{"pack", "--synthetic", "4", "--out", "run", "--shard-size", "1K"}, {"--shard-size", "64K to 1G", "'1K'"}},
      {{"pack", "--synthetic", "4", "--out", "run", "--quality", "80"}, {"--quality", "91 to 100"}},
      {{"pack", "--synthetic", "4", "--out", "run", "--raw", "--quality", "95"}, {"--quality", "--raw"}},
      {{"pack", "--synthetic", "4", "--out", "run", "--box", "file"}, {"--box", "--synthetic"}},
      {{"pack", "--synthetic", "4", "--out", "run", "--group", "a"}, {"--group", "--synthetic"}},
      {{"evaluate", "--synthetic", "4", "--missing", "mask"}, {"--missing", "--synthetic"}},
      {{"evaluate", "--synthetic", "4", "--part", "test"}, {"--part", "--synthetic"}},
      {{"evaluate", "--synthetic", "4", "--scheme", "ibug-68"}, {"--scheme", "--predictions"}},
      {{"export", "tiny", "--out", "run", "--max-pixels", "4"}, {"--max-pixels", "--calibrate"}},
      {{"pack", "folder", "--backgrounds", "folder", "--out", "run"}, {"--backgrounds", "--synthetic N"}},
      {{"validate"}, {"DIR", "validate --help"}}};
  for (const auto& [words, parts] : cases) {
    std::string line;
    for (const std::string& w : words) line += w + " ";
    INFO("lineament " << line);
    const Outcome o = place.run(words);
    require_refused(o, parts);
    CHECK(o.out.empty());
    CHECK_FALSE(std::filesystem::exists(place / "run"));
  }
  CHECK_FALSE(std::filesystem::exists(place / "nowhere"));
  const Outcome twice = place.run(train({"--epochs", "7", "--epochs", "1", "--batch", "4", "--batch", "8"}));
  INFO(twice.err);
  CHECK(twice.code == 0);
  CHECK(twice.err.find("epoch   1/1") != std::string::npos);
}

TEST_CASE("an option without effect is said to have none, and not where a recipe gave it") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  place.write("mixed.json", R"({"optimizer": "sgd", "beta2": 0.9, "mix-until": "0.5,0.7"})");
  const Words run{"train", "--synthetic", "16", "--network", "small.json", "--epochs", "1", "--batch", "4", "--out"};
  const auto notes_of = [&](const char* out, Words more) {
    more.insert(more.begin(), run.begin(), run.end());
    more.insert(more.begin() + static_cast<std::ptrdiff_t>(run.size()), out);
    const Outcome o = place.run(more);
    INFO(o.err);
    CHECK(o.code == 0);
    Words named;
    constexpr std::string_view kBegin = "note: --", kEnd = " has no effect here: ";
    for (std::size_t at = 0; (at = o.err.find(kBegin, at)) != std::string::npos; ++at)
      if (const auto end = o.err.find(kEnd, at); end != std::string::npos)
        named.push_back(o.err.substr(at + kBegin.size(), end - at - kBegin.size()));
    return named;
  };
  CHECK(notes_of("all",
                 {"--augment",   "none",    "--missing", "mask", "--group",        "a",   "--max-pixels",  "4",
                  "--mix-until", "0.1,0.2", "--beta2",   "0.9",  "--optimizer",    "sgd", "--coarse-term", "1",
                  "--sums",      "bf16",    "--norms",   "rank", "--mirror-until", "0.5", "--negatives",   "0.06"}) ==
        Words{"missing", "group", "max-pixels", "mix-until", "mirror-until", "negatives", "beta2", "coarse-term",
              "sums", "norms"});
  CHECK(notes_of("image", {"--box", "image"}) == Words{});  // of the whole drawn picture
  require_refused(place.run({"train", "--recipe", "tiny", "--data", "small.json", "--box", "file", "--out", "file"}),
                  {"--box", "drawn faces have no boxes in files", "--mix 0"});
  CHECK(notes_of("none", {"--beta2", "0.9"}) == Words{});
  CHECK(notes_of("recipe", {"--recipe", "mixed.json"}) == Words{});
}

TEST_CASE("networks that do not fit are refused in one line") {
  const Place place;
  const auto network = [](const std::string& layers) {
    return R"({"input": [32, 32, 3], "layers": [)" + layers + "]}";
  };
  const std::string dense = R"({"type": "dense", "features": 136})";
  const std::vector<std::pair<std::string, Words>> cases{
      {network(dense), {"dense_1", "flatten"}},
      {network(R"({"type": "flaten"}, )" + dense), {"layer 1", "flaten", "flatten"}},
      {network(R"({"type": "flatten", "size": 3}, )" + dense), {"layer 1", "size"}},
      {network(R"({"type": "flatten"}, {"type": "dense", "features": 130})"), {"136", "130"}},
      {network(R"({"type": "flatten"}, {"type": "dense", "features": "136"})"),
       {"layer 2", "features", "whole number"}},
      {network(R"({"type": "flatten"}, {"type": "dense", "features": -1})"), {"features"}},
      {network(R"({"type": "add", "inputs": ["input", "later"]})"), {"layer 1", "later"}},
      {network(""), {"not a network"}},
      {R"({"input": [32, 16, 3], "layers": [{"type": "flatten"}, {"type": "dense", "features": 136}]})",
       {"square", "32x16x3"}},
      {R"({"layers": []})", {"input", "[128, 128, 3]"}},
      {"[1, 2", {"JSON"}},
      {"", {"JSON"}},
      {"\x01\x02\nx", {"JSON"}}};
  for (const auto& [text, parts] : cases) {
    INFO(text);
    place.write("net.json", text);
    const Outcome o = place.run({"train", "--synthetic", "16", "--network", "net.json"});
    require_refused(o, parts);
    CHECK(o.err.find("net.json") != std::string::npos);
  }
  CHECK_FALSE(std::filesystem::exists(place / "run"));
}

}  // namespace lineament::test
