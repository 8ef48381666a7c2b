// Damaged and misplaced files: one clear line, exit code 2, nothing lost.
#include <csignal>
#include <filesystem>

#include "catch.hpp"
#include "image/bytes.hpp"
#include "lineament/faces/pts.hpp"
#include "lineament/image/file.hpp"
#include "program.hpp"

namespace lineament::test {
namespace {

std::string text_of(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

std::string photo_jpeg() {
  return text_of(encode_jpeg(noise(64, 48, 5)));
}

/// A PNG that claims to be larger than any memory.
std::string huge_png() {
  const Bytes header = join({big32(100'000), big32(100'000), {8, 2, 0, 0, 0}});
  return text_of(
      join({to_bytes("\x89PNG\r\n\x1A\n"), png_chunk("IHDR", header), png_chunk("IDAT", {}), png_chunk("IEND", {})}));
}

void copy_face(const Place& place, int from, const std::string& to) {
  const std::string name = "good/face_0000" + std::to_string(from);
  for (const char* kind : {".png", ".pts"}) place.write(to + kind, place.read(name + kind));
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

/// Eight good faces, and one of each kind of bad sample. Returns the names of the bad files.
Words make_mixed_data(const Place& place) {
  make_faces(place, "good", 8);
  std::filesystem::rename(place / "good", place / "data");
  std::filesystem::create_directory(place / "good");
  for (int i = 0; i < 6; ++i)
    for (const char* kind : {".png", ".pts"}) {
      const std::string name = "face_0000" + std::to_string(i) + kind;
      place.write(Path("good") / name, place.read(Path("data") / name));
    }
  copy_face(place, 0, "data/points67");
  std::string pts = place.read("data/points67.pts");
  pts = replaced(pts, "68", "67");
  const auto last = pts.rfind('\n', pts.rfind('}') - 2);
  place.write("data/points67.pts", pts.substr(0, last + 1) + "}\n");
  copy_face(place, 1, "data/nan");
  pts = place.read("data/nan.pts");
  const auto first = pts.find('{') + 2;
  place.write("data/nan.pts", pts.substr(0, first) + "nan nan" + pts.substr(pts.find('\n', first)));
  copy_face(place, 2, "data/outside");
  Landmarks far = read_pts(place / "data/outside.pts");
  for (Point& p : far) p.x += 500;
  write_pts(place / "data/outside.pts", far);
  copy_face(place, 3, "data/huge");
  place.write("data/huge.png", huge_png());
  copy_face(place, 4, "data/text");
  place.write("data/text.png", "this is no picture\n");
  copy_face(place, 5, "data/cut");
  const std::string whole = place.read("data/cut.png");
  place.write("data/cut.png", whole.substr(0, whole.size() / 2));
  return {"points67", "nan", "outside", "huge", "text", "cut"};
}

}  // namespace

TEST_CASE("a bad photo is refused in one line and the good ones beside it are predicted") {
  const Place place;
  make_model(place);
  const std::string jpeg = photo_jpeg();
  place.write("good 1.jpg", jpeg);
  place.write("gut ü.jpg", jpeg);
  place.write("cut.jpg", jpeg.substr(0, jpeg.size() - jpeg.size() / 3));
  place.write("header.jpg", jpeg.substr(0, 20));
  place.write("huge.png", huge_png());
  place.write("text.jpg", "hello\n\x1B[31m\n");
  place.write("empty.png", "");
  place.write("folder.jpg/x", "");
  const std::vector<std::pair<std::string, Words>> bad{
      {"cut.jpg", {"cut"}},     {"header.jpg", {}},         {"huge.png", {"100000"}},           {"text.jpg", {"JPEG"}},
      {"empty.png", {"empty"}}, {"folder.jpg", {"folder"}}, {"nowhere.jpg", {"check the path"}}};
  Words all{"predict", "model.safetensors", "--whole", "good 1.jpg"};
  for (const auto& [name, parts] : bad) {
    INFO(name);
    Words expected = parts;
    expected.push_back(name + ": ");
    require_refused(place.run({"predict", "model.safetensors", name}), expected);
    all.push_back(name);
  }
  all.insert(all.end(), {"gut ü.jpg", "--json", "all.json", "--overlay", "over/lays/"});
  const Outcome o = place.run(all);
  CHECK(o.code == 2);
  CHECK(complaints(o.err).size() == bad.size());
  REQUIRE(lines_of(o.err).size() == bad.size() + 1);
  CHECK(lines_of(o.err).back() == "2 photos, 2 faces: all.json over/lays/");
  CHECK(place.list("over/lays") == Words{"good 1.png", "gut ü.png"});
  const std::string json = place.read("all.json");
  CHECK(json.find("good 1.jpg") != std::string::npos);
  CHECK(json.find("gut ü.jpg") != std::string::npos);
  CHECK(json.find("cut.jpg") == std::string::npos);
}

TEST_CASE("bad samples are reported and left out, and training goes on") {
  const Place place;
  const Words bad = make_mixed_data(place);
  place.write("small.json", kSmallNetwork);
  const Outcome o = place.run(training("run", {"--data", "data", "--epochs", "1", "--batch", "4", "--val-split", "0"}));
  INFO(o.err);
  CHECK(o.code == 0);
  CHECK(o.err.find("training on 8 faces") != std::string::npos);
  CHECK(complaints(o.err).size() == bad.size());
  const Outcome checked = place.run({"validate", "data"});
  CHECK(checked.code == 2);
  const Outcome measured = place.run({"evaluate", "run/model.safetensors", "--data", "data"});
  CHECK(measured.code == 0);
  for (const std::string& name : bad) {
    INFO(name);
    CHECK(o.err.find("left out: data/" + name + ".p") != std::string::npos);
    CHECK(measured.err.find("left out: data/" + name + ".p") != std::string::npos);
    CHECK(checked.out.find("rejected: data/" + name + ".p") != std::string::npos);
  }
  CHECK(o.err.find("67") != std::string::npos);
  CHECK(o.err.find("100000") != std::string::npos);
}

TEST_CASE("data without faces is refused in one line, and nothing is left behind") {
  const Place place;
  make_model(place);
  place.write("small.json", kSmallNetwork);
  std::filesystem::create_directory(place / "empty");
  place.write("pictures/a.jpg", photo_jpeg());
  place.write("list.txt", "x");
  place.write("bad.xml", "<dataset><images>");
  place.write("bad.csv", "a.jpg,1,2\n");
  place.write("bad.ljson", "{\"version\": 2}");
  for (const std::string& name :
       Words{"empty", "nowhere", "pictures", "list.txt", "bad.xml", "bad.csv", "bad.ljson", "small.json"}) {
    INFO(name);
    for (const Words& words :
         {training("run", {"--data", name}), Words{"evaluate", "model.safetensors", "--data", name}}) {
      const Outcome o = place.run(words);
      INFO(o.err);
      CHECK(o.code == 2);
      REQUIRE(complaints(o.err).size() >= 1);
      CHECK(complaints(o.err).size() == lines_of(o.err).size());
      CHECK(o.err.find(name) != std::string::npos);
    }
    CHECK(place.run({"validate", name}).code == 2);
  }
  CHECK_FALSE(std::filesystem::exists(place / "run"));
}

TEST_CASE("a damaged model is refused in one line by every command that reads one") {
  const Place place;
  make_model(place, "good.safetensors");
  make_faces(place, "faces", 1);
  const std::string good = place.read("good.safetensors");
  const auto damaged = [&](const std::string& bytes, const Words& words) {
    place.write("bad.safetensors", bytes);
    require_refused(place.run(words), {"bad.safetensors"});
  };
  const Words inspect{"inspect", "bad.safetensors"};
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{7}, std::size_t{8}, std::size_t{100}, good.size() / 2, good.size() - 1}) {
    INFO("cut to " << length << " of " << good.size());
    damaged(good.substr(0, length), inspect);
  }
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{3}, std::size_t{7}, std::size_t{8}, std::size_t{20}, std::size_t{60},
        std::size_t{400}, good.size() / 3, good.size() / 2, good.size() - 40'000, good.size() - 1}) {
    INFO("byte " << at << " flipped");
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    damaged(bytes, inspect);
  }
  const std::string cut = good.substr(0, good.size() - 1);
  damaged(cut, {"predict", "bad.safetensors", "faces/face_00000.png"});
  damaged(cut, {"evaluate", "bad.safetensors", "--synthetic", "4"});
  damaged("not a model at all, but long enough to be one\n", inspect);
  damaged(std::string(R"(@)") + std::string(7, '\0') + std::string(64, ' '), inspect);
}

TEST_CASE("a full disk while saving loses nothing") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  const Words start = training("run", {"--synthetic", "32", "--epochs", "2", "--seed", "3"});
  // Too small for anything: refused before the first epoch.
  const Outcome early = place.run(start, 20'000);
  INFO(early.err);
  CHECK(early.code == 2);
  CHECK(complaints(early.err).size() == 1);
  CHECK(early.err.find("run/last.safetensors") != std::string::npos);
  CHECK(early.err.find("epoch   1") == std::string::npos);
  CHECK_FALSE(std::filesystem::exists(place / "run"));
  // Room for the model (284 KB), not for the checkpoint with the optimiser's state (three times that).
  const Outcome late = place.run(start, 400'000);
  INFO(late.err);
  CHECK(late.code == 2);
  REQUIRE(complaints(late.err).size() == 1);
  CHECK(complaints(late.err)[0].find("run/last.safetensors: cannot be written") != std::string::npos);
  CHECK(place.list("run") == Words{"last.safetensors", "log.jsonl", "model.safetensors"});
  CHECK(place.run({"inspect", "run/model.safetensors"}).code == 0);
  CHECK(place.run({"inspect", "run/last.safetensors"}).code == 0);
  // With room again it goes on as if nothing had been.
  CHECK(place.run({"train", "--resume", "--out", "run"}).code == 0);
  CHECK(place.run(training("other", {"--synthetic", "32", "--epochs", "2", "--seed", "3"})).code == 0);
  require_same_model(place, "run/model.safetensors", "other/model.safetensors");
  require_same_model(place, "run/last.safetensors", "other/last.safetensors");

  make_faces(place, "faces", 1);
  const Outcome predicted =
      place.run({"predict", "run/model.safetensors", "faces/face_00000.png", "--overlay", "out"}, 500);
  require_refused(predicted, {"out/face_00000.png"});
  CHECK(place.list("out").empty());
}

TEST_CASE("folders that take no files are refused in one line") {
  const Place place;
  make_model(place);
  make_faces(place, "faces", 1);
  place.write("small.json", kSmallNetwork);
  place.write("file", "x");
  const std::string photo = "faces/face_00000.png", model = "model.safetensors";
  const std::vector<Words> cases{training("file/below", {"--synthetic", "16"}),
                                 {"predict", model, photo, "--pts", "file/below"},
                                 {"predict", model, photo, "--overlay", "file/below"},
                                 {"predict", model, photo, "--json", "file/below/x.json"},
                                 {"faces", "--count", "1", "--out", "file/below"}};
  for (const Words& words : cases) {
    INFO(words[0]);
    require_refused(place.run(words), {"file/below", "other folder"});
  }
  require_refused(place.run({"faces", "--count", "1", "--sheet", "file/below.png"}), {"file/below.png"});
  require_refused(place.run({"faces", "--count", "1", "--sheet", "faces.txt"}), {"--sheet", "PNG", "faces.txt"});
  make_faces(place, "photos", 1);
  require_refused(place.run({"predict", "photos", "--overlay", "photos"}), {"--overlay", "among the photos"});
  require_refused(place.run({"predict", model, photo, "--json", "faces"}), {"faces", "a file's name"});
  CHECK(place.read("file") == "x");
  if (!Place::permissions_hold()) {
    WARN("left out: root may write anywhere here");
    return;
  }
  std::filesystem::create_directory(place / "locked");
  std::filesystem::permissions(place / "locked",
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  for (Words words : cases) {
    for (std::string& w : words)
      if (w.rfind("file/below", 0) == 0) w = "locked" + w.substr(10);
    require_refused(place.run(words), {"locked", "ermission"});
  }
}

TEST_CASE("what a person made is never written over") {
  const Place place;
  make_model(place);
  make_faces(place, "faces", 1);
  const std::string photo = place.read("faces/face_00000.png"), points = place.read("faces/face_00000.pts");
  const Words predict{"predict", "model.safetensors", "faces/face_00000.png"};
  const auto with = [&](const std::string& option, const std::string& value) {
    Words words = predict;
    words.insert(words.end(), {option, value});
    return words;
  };
  require_refused(place.run(with("--overlay", "faces")), {"faces/face_00000.png", "--overlay"});
  require_refused(place.run(with("--pts", "./faces/")), {"face_00000.pts", "--pts"});
  require_refused(place.run(with("--json", "faces/face_00000.png")), {"face_00000.png", "did not write"});
  CHECK(place.read("faces/face_00000.png") == photo);
  CHECK(place.read("faces/face_00000.pts") == points);
  CHECK(place.run(with("--json", "points.json")).code == 0);
  CHECK(place.run(with("--json", "points.json")).code == 0);
  CHECK(place.run(with("--json", "/dev/null")).code == 0);
  CHECK(std::filesystem::is_character_file("/dev/null"));

  place.write("small.json", kSmallNetwork);
  place.write("mine/model.safetensors", "precious");
  require_refused(place.run(training("mine", {"--synthetic", "16"})), {"mine", "a model in this folder", "--out"});
  CHECK(place.read("mine/model.safetensors") == "precious");

  place.write("photos/grandma.pts", points);
  for (const Words& what : {Words{"--count", "1"}, Words{"--film", "2"}, Words{"--people", "2"}}) {
    Words words{"faces", "--out", "photos"};
    words.insert(words.end(), what.begin(), what.end());
    require_refused(place.run(words), {"photos/grandma.pts", "not drawn", "--out"});
  }
  CHECK(place.list("photos").size() == 1);
  place.write("a.png", photo);
  require_refused(place.run({"faces", "--count", "1", "--sheet", "a.png"}), {"--sheet", "a.png", "there already"});
  CHECK(place.read("a.png") == photo);
  make_faces(place, "faces", 1);  // drawn ones, drawn again
}

TEST_CASE("models of another kind are called by their name") {
  const Place place;
  make_faces(place, "faces", 1);
  make_model(place);
  REQUIRE(place.run({"export", "detector", "--out", "finds.safetensors"}).code == 0);
  const std::string photo = "faces/face_00000.png";
  require_refused(place.run({"predict", "finds.safetensors", photo}), {"finds.safetensors", "points of a face"});
  require_refused(place.run({"predict", photo, "--detector", "model.safetensors"}),
                  {"model.safetensors", "no detector"});
  require_refused(place.run({"track", "faces", "--detector", "model.safetensors"}),
                  {"model.safetensors", "no detector"});
  require_refused(place.run({"track", "finds.safetensors", "faces"}), {"finds.safetensors", "points of a face"});
  require_refused(place.run({"inspect", "mobil"}), {"mobil", ".safetensors", "detector"});
  require_refused(place.run({"track", "faces", "--overlay", "out.mp4"}), {"--overlay", "out.mp4", "ffmpeg"});
  CHECK_FALSE(std::filesystem::exists(place / "out.mp4"));
}

TEST_CASE("a run is neither started anew nor resumed by mistake") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  const Words start = training("run", {"--synthetic", "16", "--epochs", "1"});
  REQUIRE(place.run(start).code == 0);
  const std::string model = place.read("run/model.safetensors"), last = place.read("run/last.safetensors");
  require_refused(place.run(start), {"run: there is a run in this folder", "--resume", "--out"});
  const std::vector<Words> differing{{"--seed", "2"}, {"--loss", "l1"},         {"--synthetic", "17"}, {"--lr", "0.1"},
                                     {"--data", "x"}, {"--freeze", "conv2d_1"}, {"--from", "x"}};
  for (const Words& option : differing) {
    INFO(option[0]);
    Words words{"train", "--resume", "--out", "run/"};
    words.insert(words.end(), option.begin(), option.end());
    require_refused(place.run(words), {option[0] + ": it differs", option[1], "leave the option out"});
  }
  CHECK(place.run({"train", "--resume", "--out", "run", "--epochs", "1", "--threads", "2"}).code == 0);
  CHECK(place.read("run/model.safetensors") == model);
  CHECK(place.read("run/last.safetensors") == last);
  std::filesystem::copy(place / "run/model.safetensors", place / "run/last.safetensors",
                        std::filesystem::copy_options::overwrite_existing);
  require_refused(place.run({"train", "--resume", "--out", "run"}), {"last.safetensors", "no state of training"});
}

TEST_CASE("two trainings do not share a folder") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  Outcome second;
  bool tried = false;
  const Outcome first = place.run_and_kill(
      training("run", {"--synthetic", "32", "--epochs", "100000"}),
      [&] {
        if (!std::filesystem::exists(place / "run/model.safetensors")) return false;
        second = place.run({"train", "--resume", "--out", "run"});
        tried = true;
        return true;
      },
      SIGINT);
  REQUIRE(tried);
  require_refused(second, {"run: another training is writing to this folder", "--out"});
  CHECK(first.signal == SIGINT);
  CHECK(first.err.find("stopped; this goes on after the last whole epoch: lineament train --resume --out run") !=
        std::string::npos);
}

}  // namespace lineament::test
